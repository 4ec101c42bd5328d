"""Questions of pruning: which neurons go, on which clips, and what the run itself found."""

from typing import Literal

import pandas as pd

from and_core.algorithms.ablation import CLOSED_SIMILARITY, CLOSED_TOP
from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_CLIPS, MAX_NEURONS, MAX_ROWS

Strategy = Literal["open_concept", "description_based"]
"""Description-based pruning takes the neurons with the class among their three best concepts (paper, section 4.3)."""


def pruned_by(store: Store, network_id: int, class_id: int, strategy: Strategy) -> pd.DataFrame:
    """The neurons that a strategy prunes to make a network forget a class, the surest first.

    `open_concept`: a noun of the calibrated summary is a content word of the class name (paper: OCP); surest is the
    neuron that says it most often. `description_based`: the class is among the three best concepts by cos cubed;
    surest is the best rank, then the highest score.

    Columns: neuron_id, layer, position, depth, kind.
    """
    chosen = {
        "open_concept": """
            SELECT neuron_id, -sum(count) AS first, 0 AS second FROM open_concept, class
            WHERE class_id = $class AND part_of_speech = 'noun' AND list_contains(lemmas, word) GROUP BY neuron_id""",
        "description_based": f"""
            SELECT neuron_id, rank AS first, -score AS second
            FROM closed_concept JOIN concept USING (concept_id) JOIN class ON class.name = concept.name
            WHERE class_id = $class AND method = 'description_based' AND similarity = '{CLOSED_SIMILARITY}'
                AND rank <= {CLOSED_TOP}""",
    }[strategy]
    return store.query(
        f"""
        WITH chosen AS ({chosen})
        SELECT neuron_id, name AS layer, position, depth, kind
        FROM chosen JOIN neuron USING (neuron_id) JOIN layer USING (layer_id) WHERE network_id = $network
        ORDER BY first, second, neuron_id LIMIT {MAX_NEURONS}""",
        {"network": network_id, "class": class_id},
    )


def layer_widths(store: Store, network_id: int) -> dict[str, int]:
    """Layer name -> number of neurons, shallow to deep."""
    rows = store.query(
        f"SELECT name, width FROM layer WHERE network_id = ? ORDER BY layer_id LIMIT {MAX_ROWS}", [network_id]
    )
    return dict(zip(rows["name"], rows["width"].tolist(), strict=True))


def class_outputs(store: Store, network_id: int) -> pd.DataFrame:
    """output, class_id, name: the network's outputs that have a class in the data set, by output."""
    return store.query(
        f"""
        SELECT output, class_id, class.name FROM network_class JOIN class USING (class_id)
        WHERE network_id = ? ORDER BY output LIMIT {MAX_ROWS}""",
        [network_id],
    )


def output_names(store: Store, network_id: int) -> list[str]:
    """What each output of the network is called, in order."""
    rows = store.query(
        f"SELECT name FROM network_class WHERE network_id = ? ORDER BY output LIMIT {MAX_ROWS}", [network_id]
    )
    return list(rows["name"])


def evaluation_clips(store: Store, network_id: int, per_class: int, fold: int | None = None) -> pd.DataFrame:
    """Up to `per_class` clips of every class that the network can name, with what the unpruned network said.

    Columns: clip_id, filename, class_id, class_name, output (the class's own), fold, seconds, audio, spectrogram,
    logits (one per output).
    """
    return store.query(
        f"""
        WITH ranked AS (SELECT *, row_number() OVER (PARTITION BY class_id ORDER BY clip_id) AS turn FROM clip
                        WHERE class_id IS NOT NULL AND ($fold IS NULL OR fold = $fold))
        SELECT clip_id, filename, class_id, class.name AS class_name, output, fold, seconds, audio, spectrogram, logits
        FROM ranked JOIN class USING (class_id) JOIN baseline_logit USING (clip_id)
            JOIN network_class USING (network_id, class_id)
        WHERE network_id = $network AND turn <= $per_class ORDER BY class_id, clip_id LIMIT {MAX_CLIPS}""",
        {"network": network_id, "per_class": per_class, "fold": fold},
    )


def ablation_results(store: Store, network_id: int, class_id: int) -> pd.DataFrame:
    """The run's own pruning experiments for a class, one row an experiment and class.

    Columns: ablation_id, strategy, control_of, seed, neuron_count, clips, class_name, logit_before, logit_after,
    probability_before, probability_after, accuracy_before, accuracy_after, is_target.
    """
    return store.query(
        f"""
        SELECT ablation_id, strategy, control_of, seed, neuron_count, clips, class.name AS class_name,
            logit_before, logit_after, probability_before, probability_after, accuracy_before, accuracy_after,
            result.class_id = ablation.class_id AS is_target
        FROM ablation JOIN ablation_result AS result USING (ablation_id) JOIN class ON class.class_id = result.class_id
        WHERE network_id = ? AND ablation.class_id = ? ORDER BY ablation_id, class.name LIMIT {MAX_ROWS}""",
        [network_id, class_id],
    )
