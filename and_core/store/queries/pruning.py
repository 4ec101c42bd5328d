"""Questions of pruning: which neurons go, on which clips, and what the run itself found."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from and_core.algorithms.ablation.evidence import Evidence, LayerPlace
from and_core.algorithms.ablation.strategies import CLOSED_SIMILARITY, CLOSED_TOP
from and_core.algorithms.evaluation import normalised_name
from and_core.store.connection import Store
from and_core.store.queries.c_open_concept import WORD_KINDS
from and_core.store.queries.rows import MAX_CLIPS, MAX_CONCEPTS, MAX_NEURONS, MAX_ROWS

MAX_WORDS = 100 * MAX_NEURONS


def evidence(store: Store, network_id: int) -> Evidence:
    """What selections of a network's neurons are made from: of closed-set concepts only those that any selection reads.

    It takes a moment for a network of the paper's size: keep it, as long as the store is the same.
    """
    layers = store.query(
        f"SELECT name, width, depth, kind = 'fc' AS is_head FROM layer WHERE network_id = ? "
        f"ORDER BY layer_id LIMIT {MAX_ROWS}",
        [network_id],
    )
    own = """WITH own AS (SELECT neuron_id, row_number() OVER (ORDER BY neuron_id) - 1 AS neuron
                          FROM neuron JOIN layer USING (layer_id) WHERE network_id = $network)"""
    network = {"network": network_id}
    words = store.query(
        f"""{own} SELECT neuron, word, {as_category("part_of_speech", WORD_KINDS)}, count
            FROM open_concept JOIN own USING (neuron_id) ORDER BY neuron, part_of_speech, word LIMIT {MAX_WORDS}""",
        network,
    )
    counted = " ".join(f"WHEN '{method}' THEN '{name}'" for method, name in CLOSED_SIMILARITY.items() if name)
    functions = sorted({name for name in CLOSED_SIMILARITY.values() if name})
    picks = store.query(
        f"""{own} SELECT neuron, {as_category("method", CLOSED_SIMILARITY)}, {as_category("similarity", functions)},
                concept.name AS concept, rank, score
            FROM closed_concept JOIN own USING (neuron_id) JOIN concept USING (concept_id)
            WHERE rank <= {CLOSED_TOP} AND similarity IS NOT DISTINCT FROM CASE method {counted} END
            ORDER BY neuron, CAST(method AS VARCHAR), rank LIMIT {MAX_WORDS}""",
        network,
    )
    summaries = store.query(
        f"""{own}, spoken AS (SELECT neuron_id, sum(len(string_split(point, ' '))) AS words
                              FROM summary_point WHERE polarity = 'high' AND kept GROUP BY neuron_id)
            SELECT coalesce(words, 0) AS words FROM own LEFT JOIN spoken USING (neuron_id)
            ORDER BY neuron LIMIT {MAX_NEURONS}""",
        network,
    )
    classes = store.query(f"SELECT name, lemmas FROM class ORDER BY class_id LIMIT {MAX_ROWS}")
    return Evidence(
        layers=tuple(
            LayerPlace(row["name"], row["width"], row["depth"], row["is_head"]) for row in layers.to_dict("records")
        ),
        words=words,
        picks=picks,
        summary_words=summaries["words"].to_numpy(np.int64),
        lemmas={
            normalised_name(name): tuple(lemmas)
            for name, lemmas in zip(classes["name"], classes["lemmas"], strict=True)
        },
    )


def as_category(column: str, values: Iterable[str]) -> str:
    """A column of few known words, in SQL: it comes as a pandas categorical, which takes a fifth of the time."""
    return f"CAST({column} AS ENUM({', '.join(map(repr, values))})) AS {column}"


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


def related_classes(store: Store, name: str, limit: int) -> dict[str, float]:
    """Class -> cosine of its name with that of the class `name`, the nearest classes first.

    By the encoder of the run's concepts; empty where the class is none of them.
    """
    concepts = store.query(f"SELECT concept_id, name FROM concept ORDER BY concept_id LIMIT {MAX_CONCEPTS}")
    own = concepts["concept_id"][concepts["name"].map(normalised_name) == normalised_name(name)]
    if own.empty:
        return {}
    nearest = store.query(
        """SELECT name, cosine FROM name_cosine JOIN class USING (class_id)
        WHERE concept_id = $concept AND name != $name ORDER BY cosine DESC, name LIMIT $limit""",
        {"concept": int(own.iloc[0]), "name": name, "limit": limit},
    )
    return dict(zip(nearest["name"], nearest["cosine"].astype(float).tolist(), strict=True))


def evaluation_clips(store: Store, network_id: int, per_class: int, fold: int | None = None) -> pd.DataFrame:
    """Up to `per_class` clips of every class that the network can name, with what the unpruned network said.

    First the first clip of every class, then the second of every class, and so on: whoever plays only the beginning
    has played every class. Columns: clip_id, filename, class_id, class_name, output (the class's own), fold,
    source_recording, seconds, audio, spectrogram, logits (one per output).
    """
    return store.query(
        f"""
        WITH ranked AS (SELECT *, row_number() OVER (PARTITION BY class_id ORDER BY clip_id) AS turn FROM clip
                        WHERE class_id IS NOT NULL AND ($fold IS NULL OR fold = $fold))
        SELECT clip_id, filename, class_id, class.name AS class_name, output, fold, source_recording, seconds, audio,
            spectrogram, logits
        FROM ranked JOIN class USING (class_id) JOIN baseline_logit USING (clip_id)
            JOIN network_class USING (network_id, class_id)
        WHERE network_id = $network AND turn <= $per_class ORDER BY turn, class_id LIMIT {MAX_CLIPS}""",
        {"network": network_id, "per_class": per_class, "fold": fold},
    )


def ablation_results(store: Store, network_id: int, class_id: int) -> pd.DataFrame:
    """The run's own pruning experiments for a class, one row an experiment and class.

    Columns: ablation_id, strategy, selection, control_of, seed, neuron_count, clips, class_name, logit_before,
    logit_after, probability_before, probability_after, accuracy_before, accuracy_after, is_target.
    """
    return store.query(
        f"""
        SELECT ablation_id, strategy, selection, control_of, seed, neuron_count, clips, class.name AS class_name,
            logit_before, logit_after, probability_before, probability_after, accuracy_before, accuracy_after,
            result.class_id = ablation.class_id AS is_target
        FROM ablation JOIN ablation_result AS result USING (ablation_id) JOIN class ON class.class_id = result.class_id
        WHERE network_id = ? AND ablation.class_id = ? ORDER BY ablation_id, class.name LIMIT {MAX_ROWS}""",
        [network_id, class_id],
    )


def ablation_deltas(store: Store, network_id: int) -> pd.DataFrame:
    """The run's own pruning experiments on every class, one row a strategy and class, with their random controls.

    Columns: strategy, class_name, selection, neuron_count, clips, delta_ablated and delta_remaining (mean change of the
    logit of the class to forget, and of the others), gap (their difference), controls (how many), control_gap (the mean
    over them), control_lowest, control_highest.
    """
    return store.query(
        f"""
        WITH change AS (
            SELECT ablation_id,
                avg(logit_after - logit_before) FILTER (WHERE result.class_id = ablation.class_id) AS delta_ablated,
                avg(logit_after - logit_before) FILTER (WHERE result.class_id <> ablation.class_id) AS delta_remaining,
                delta_remaining - delta_ablated AS gap
            FROM ablation JOIN ablation_result AS result USING (ablation_id) WHERE network_id = $network
            GROUP BY ablation_id),
        control AS (
            SELECT control_of AS ablation_id, count(*) AS controls, avg(gap) AS control_gap, min(gap) AS control_lowest,
                max(gap) AS control_highest
            FROM ablation JOIN change USING (ablation_id) WHERE control_of IS NOT NULL GROUP BY control_of)
        SELECT strategy, class.name AS class_name, selection, neuron_count, clips, delta_ablated, delta_remaining, gap,
            coalesce(controls, 0) AS controls, control_gap, control_lowest, control_highest
        FROM ablation JOIN change USING (ablation_id) LEFT JOIN control USING (ablation_id) JOIN class USING (class_id)
        WHERE control_of IS NULL ORDER BY ablation_id LIMIT {MAX_ROWS}""",
        {"network": network_id},
    )
