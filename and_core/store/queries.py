"""Every question that is asked of a store, one function each. The only SELECTs of the project outside build.py.

Each query has a LIMIT and takes a few milliseconds; frames name their columns in the docstring. A neuron is given by
its dense id and shown by `layer` and `position`: layer3_output#42.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from and_core.algorithms.ablation import CLOSED_SIMILARITY, CLOSED_TOP
from and_core.algorithms.evaluation import LastLayerConcepts
from and_core.errors import StoreError
from and_core.store.connection import PUBLISH, Store

MAX_ROWS = 500
"""Of a table that a person reads."""
MAX_CLIPS = 100_000
MAX_NEURONS = 1_000_000
SortKey = Literal["position", "concept", "margin", "adjectives", "shared_clips", "peak"]
Strategy = Literal["open_concept", "description_based"]
"""Description-based pruning takes the neurons with the class among their three best concepts (paper, section 4.3)."""


# ---------------------------------------------------------------- the run
def meta(store: Store) -> dict[str, str]:
    """What the store says about itself: names and values of `store_meta`."""
    rows = store.query("SELECT name, value FROM store_meta ORDER BY name LIMIT 200")
    return dict(zip(rows["name"], rows["value"], strict=True))


def stage_runs(store: Store) -> pd.DataFrame:
    """stage, network, key, items, seconds, settings, versions: what was computed, from what, for how long."""
    return store.query(
        f"SELECT stage, network, key, items, seconds, settings, versions FROM stage_run LIMIT {MAX_ROWS}"
    )


@dataclass(frozen=True)
class Dataset:
    """The probing dataset of the run."""

    name: str
    kind: str
    clip_count: int
    class_count: int


def dataset(store: Store) -> Dataset:
    rows = store.query(
        "SELECT name, kind, clip_count, (SELECT count(*) FROM class) AS class_count FROM dataset LIMIT 1"
    )
    return Dataset(**_record(rows, 0))


def classes(store: Store) -> pd.DataFrame:
    """class_id, name, clips: the data set's classes with their number of clips, by name."""
    return store.query(f"""
        SELECT class_id, any_value(name) AS name, count(clip_id) AS clips
        FROM class LEFT JOIN clip USING (class_id) GROUP BY class_id ORDER BY name LIMIT {MAX_ROWS}""")


def folds(store: Store) -> list[int]:
    """The folds of the data set, none where it has no folds."""
    rows = store.query("SELECT DISTINCT fold FROM clip WHERE fold IS NOT NULL ORDER BY fold LIMIT 100")
    return [int(fold) for fold in rows["fold"]]


def evaluation_fold(store: Store, network: str) -> int | None:
    """The fold that the run itself evaluated pruning on; None where it took every fold."""
    rows = store.query(
        """SELECT CAST(json_extract_string(settings, '$.fold') AS INTEGER) AS fold
        FROM stage_run WHERE stage = 'ablations' AND network = ? LIMIT 1""",
        [network],
    )
    return None if rows.empty or pd.isna(rows["fold"].iloc[0]) else int(rows["fold"].iloc[0])


def skipped_clips(store: Store) -> pd.DataFrame:
    """filename, reason: clips left out of the run."""
    return store.query(f"SELECT filename, reason FROM skipped_clip ORDER BY filename LIMIT {MAX_ROWS}")


# ---------------------------------------------------------------- networks and layers
@dataclass(frozen=True)
class Network:
    """A target network of the run."""

    network_id: int
    name: str
    kind: str
    settings: dict[str, Any]
    """What the configuration said, to load the network again."""
    fingerprint: str
    pool: str
    sample_rate_hz: int
    longest_s: float | None
    """Seconds of a clip that it hears; None where it hears clips of any length."""
    neuron_count: int


def networks(store: Store) -> list[Network]:
    rows = store.query(f"""
        SELECT network_id, name, kind, settings, fingerprint, pool, sample_rate_hz, longest_s, neuron_count
        FROM network ORDER BY network_id LIMIT {MAX_ROWS}""")
    records = [_record(rows, row) for row in range(len(rows))]
    try:
        return [Network(**{**record, "settings": json.loads(record["settings"])}) for record in records]
    except json.JSONDecodeError as error:
        raise StoreError(f"{store.path} says nonsense of a network's settings: {error}.", PUBLISH) from error


def layer_names(store: Store, network_id: int) -> list[str]:
    """The layers of a network, shallow to deep."""
    rows = store.query(f"SELECT name FROM layer WHERE network_id = ? ORDER BY layer_id LIMIT {MAX_ROWS}", [network_id])
    return list(rows["name"])


def depth(store: Store, network_id: int) -> int:
    """Number of transformer blocks: the deepest layer that is not the classification head."""
    rows = store.query(
        "SELECT max(depth) AS depth FROM layer WHERE network_id = ? AND kind <> 'fc' LIMIT 1", [network_id]
    )
    return int(_or_none(rows["depth"].iloc[0]) or 0)


def layers(store: Store, network_id: int) -> pd.DataFrame:
    """Every layer of a network with what its neurons are like, shallow to deep.

    Columns: layer_id, name, kind, depth, neurons, interpretable_share (at the run's tau), adjectives_per_neuron,
    named_share (more than half of the similarity functions put the same concept first), points_per_neuron (kept by
    calibration), described (neurons with at least one kept point).
    """
    return store.query(
        f"""
        WITH own AS (SELECT layer_id, neuron_id FROM neuron JOIN layer USING (layer_id) WHERE network_id = $network),
        tau AS (SELECT CAST(value AS INTEGER) AS tau FROM store_meta WHERE name = 'tau'),
        shared AS (SELECT neuron_id, shared_clips >= (SELECT tau FROM tau) AS interpretable FROM interpretability),
        spoken AS (SELECT neuron_id, count(*) AS adjectives FROM open_concept
                   WHERE part_of_speech = 'adjective' GROUP BY neuron_id),
        points AS (SELECT neuron_id, count(*) AS points FROM summary_point
                   WHERE polarity = 'high' AND kept GROUP BY neuron_id),
        votes AS (SELECT neuron_id, concept_id, count(*) AS votes FROM closed_concept
                  WHERE rank = 1 AND method = 'description_based' GROUP BY ALL),
        named AS (SELECT neuron_id, 2 * max(votes) > sum(votes) AS named FROM votes GROUP BY neuron_id)
        SELECT layer_id, any_value(name) AS name, any_value(kind) AS kind, any_value(depth) AS depth,
            count(*) AS neurons,
            avg(CAST(coalesce(interpretable, false) AS INTEGER)) AS interpretable_share,
            avg(coalesce(adjectives, 0)) AS adjectives_per_neuron,
            avg(CAST(coalesce(named, false) AS INTEGER)) AS named_share,
            avg(coalesce(points, 0)) AS points_per_neuron,
            count(points) AS described
        FROM own JOIN layer USING (layer_id) LEFT JOIN shared USING (neuron_id) LEFT JOIN spoken USING (neuron_id)
            LEFT JOIN points USING (neuron_id) LEFT JOIN named USING (neuron_id)
        GROUP BY layer_id ORDER BY layer_id LIMIT {MAX_ROWS}""",
        {"network": network_id},
    )


# ---------------------------------------------------------------- lists of neurons
def neurons_of_layer(
    store: Store, layer_id: int, sort: SortKey = "position", descending: bool = False, limit: int = 100, offset: int = 0
) -> pd.DataFrame:
    """One page of a layer's neurons; columns as in `neurons`."""
    order = {"adjectives": "len(adjectives)"}.get(sort, sort)
    direction = "DESC" if descending else "ASC"
    return store.query(
        f"""WITH chosen AS (SELECT neuron_id FROM neuron WHERE layer_id = $layer), {_NEURON_ROWS}
        ORDER BY {order} {direction} NULLS LAST, neuron_id LIMIT $limit OFFSET $offset""",
        {"layer": layer_id, "limit": min(limit, MAX_ROWS), "offset": offset},
    )


def neurons(store: Store, neuron_ids: Sequence[int]) -> pd.DataFrame:
    """Rows for a table of neurons, in the order given.

    Columns: neuron_id, layer, position, concept, margin (its score less the second concept's), first_point (kept by
    calibration), adjectives (list), shared_clips, k, interpretable, peak (highest activation).
    """
    return store.query(
        f"""WITH chosen AS (SELECT unnest($ids) AS neuron_id), {_NEURON_ROWS}
        ORDER BY list_position($ids, neuron_id) LIMIT {MAX_ROWS}""",
        {"ids": list(neuron_ids)},
    )


_NEURON_ROWS = """
    shown AS (SELECT method, similarity FROM closed_concept
              WHERE neuron_id = (SELECT min(neuron_id) FROM closed_concept)
              ORDER BY method <> 'description_based', similarity <> 'cos_cubed', similarity LIMIT 1),
    best AS (SELECT neuron_id, max(text) FILTER (rank = 1) AS concept,
                 max(score) FILTER (rank = 1) - max(score) FILTER (rank = 2) AS margin
             FROM closed_concept JOIN concept USING (concept_id) JOIN shown USING (method, similarity)
             SEMI JOIN chosen USING (neuron_id) WHERE rank <= 2 GROUP BY neuron_id),
    kept AS (SELECT neuron_id, arg_min(point, position) AS first_point FROM summary_point
             SEMI JOIN chosen USING (neuron_id) WHERE polarity = 'high' AND kept GROUP BY neuron_id),
    words AS (SELECT neuron_id, list(word ORDER BY count DESC, word) AS adjectives FROM open_concept
              SEMI JOIN chosen USING (neuron_id) WHERE part_of_speech = 'adjective' GROUP BY neuron_id),
    peaks AS (SELECT neuron_id, activation AS peak FROM exemplar SEMI JOIN chosen USING (neuron_id)
              WHERE polarity = 'high' AND rank = 1),
    tau AS (SELECT CAST(value AS INTEGER) AS tau FROM store_meta WHERE name = 'tau')
    SELECT neuron_id, name AS layer, position, concept, margin, first_point, adjectives, shared_clips, k,
        shared_clips >= (SELECT tau FROM tau) AS interpretable, peak
    FROM neuron SEMI JOIN chosen USING (neuron_id) JOIN layer USING (layer_id) LEFT JOIN best USING (neuron_id)
        LEFT JOIN kept USING (neuron_id) LEFT JOIN words USING (neuron_id) LEFT JOIN peaks USING (neuron_id)
        LEFT JOIN interpretability USING (neuron_id)"""


def most_interpretable(store: Store, network_id: int, limit: int = 1) -> list[int]:
    """Ids of the neurons whose exemplars share a cluster most often; among equals the widest concept margin first."""
    rows = store.query(
        """
        WITH chosen AS (SELECT neuron_id FROM interpretability JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
                        WHERE network_id = $network),
        margin AS (SELECT neuron_id, max(score) FILTER (rank = 1) - max(score) FILTER (rank = 2) AS margin
                   FROM closed_concept SEMI JOIN chosen USING (neuron_id)
                   WHERE method = 'description_based' AND similarity = 'cos_cubed' AND rank <= 2 GROUP BY neuron_id)
        SELECT neuron_id FROM interpretability SEMI JOIN chosen USING (neuron_id) LEFT JOIN margin USING (neuron_id)
        ORDER BY shared_clips DESC, margin DESC NULLS LAST, neuron_id LIMIT $limit""",
        {"network": network_id, "limit": limit},
    )
    return [int(value) for value in rows["neuron_id"]]


def search(store: Store, network_id: int, words: Sequence[str], limit: int = 100) -> pd.DataFrame:
    """Neurons in whose adjectives, best concept or kept points all the `words` stand, each word anywhere in them.

    Returns:
        neuron_id, place (adjective, concept, point), text: one row a neuron, the first place that has one of the words;
        adjectives first, points last.
    """
    wanted = [word.lower() for word in words if word.strip()]
    if not wanted:
        return pd.DataFrame({"neuron_id": [], "place": [], "text": []})
    has = [f"contains(lower(text), $word{i})" for i in range(len(wanted))]
    return store.query(
        f"""
        WITH said AS (
            SELECT neuron_id, 1 AS place, word AS text FROM open_concept WHERE part_of_speech = 'adjective'
            UNION ALL
            SELECT neuron_id, 2, text FROM closed_concept JOIN concept USING (concept_id)
            WHERE rank = 1 AND method = 'description_based' AND similarity = 'cos_cubed'
            UNION ALL
            SELECT neuron_id, 3, point FROM summary_point WHERE polarity = 'high' AND kept)
        SELECT neuron_id, ['adjective', 'concept', 'point'][min(place)] AS place, arg_min(text, place) AS text
        FROM said JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE network_id = $network AND ({" OR ".join(has)})
        GROUP BY neuron_id HAVING {" AND ".join(f"bool_or({test})" for test in has)}
        ORDER BY min(place), neuron_id LIMIT $limit""",
        {"network": network_id, "limit": min(limit, MAX_ROWS), **{f"word{i}": word for i, word in enumerate(wanted)}},
    )


# ---------------------------------------------------------------- one neuron
@dataclass(frozen=True)
class Neuron:
    """One neuron and where it sits."""

    neuron_id: int
    position: int
    layer_id: int
    layer: str
    kind: str
    depth: int
    width: int
    mean: float
    std: float

    @property
    def label(self) -> str:
        """layer3_output#42"""
        return f"{self.layer}#{self.position}"


_NEURON = """SELECT neuron_id, position, layer_id, name AS layer, kind, depth, width, mean, std
    FROM neuron JOIN layer USING (layer_id)"""


def find_neuron(store: Store, network_id: int, layer: str, position: int) -> Neuron | None:
    """The neuron of that name; None where the network has none."""
    rows = store.query(
        f"{_NEURON} WHERE network_id = ? AND name = ? AND position = ? LIMIT 1", [network_id, layer, position]
    )
    return None if rows.empty else Neuron(**_record(rows, 0))


def neuron(store: Store, neuron_id: int) -> Neuron:
    """The neuron with that id, which must exist."""
    return Neuron(**_record(store.query(f"{_NEURON} WHERE neuron_id = ? LIMIT 1", [neuron_id]), 0))


def neuron_range(store: Store, network_id: int) -> tuple[int, int]:
    """First and last neuron id of a network; all ids between are its own."""
    rows = store.query(
        """SELECT min(neuron_id) AS first, max(neuron_id) AS last FROM neuron JOIN layer USING (layer_id)
        WHERE network_id = ? LIMIT 1""",
        [network_id],
    )
    return int(rows["first"].iloc[0]), int(rows["last"].iloc[0])


def exemplars(store: Store, neuron_id: int) -> pd.DataFrame:
    """The top-K and bottom-K clips of a neuron, the most extreme first.

    Columns: polarity, rank, activation, clip_id, filename, class_name, fold, seconds, sample_rate_hz, audio,
    spectrogram, caption, and of the caption: raw, problem.
    """
    return store.query(
        f"""
        SELECT polarity, rank, activation, clip_id, filename, class.name AS class_name, fold, seconds, sample_rate_hz,
            audio, spectrogram, caption, raw, problem
        FROM exemplar JOIN clip USING (clip_id) LEFT JOIN class USING (class_id) LEFT JOIN caption USING (clip_id)
        WHERE neuron_id = ? ORDER BY polarity, rank LIMIT {MAX_ROWS}""",
        [neuron_id],
    )


def token_traces(store: Store, neuron_id: int) -> pd.DataFrame:
    """When and in which band a neuron fired in its exemplars, in the order of `exemplars`; none without traces.

    Columns: polarity, rank, lowest, highest, trace (uint8 [steps]), bands (uint8 [bands], or None where there is one),
    start_s, end_s ([steps] each), low_hz, high_hz ([bands] each, or None). `algorithms.token_traces.restore` makes
    numbers of `trace` and `bands`.
    """
    return store.query(
        f"""
        SELECT polarity, rank, lowest, highest, trace, bands, start_s, end_s, low_hz, high_hz
        FROM token_trace JOIN exemplar USING (neuron_id, polarity, rank) JOIN neuron USING (neuron_id)
            JOIN layer USING (layer_id) JOIN token_grid USING (network_id, clip_id)
        WHERE neuron_id = ? ORDER BY polarity, rank LIMIT {MAX_ROWS}""",
        [neuron_id],
    )


def clip(store: Store, clip_id: int) -> dict[str, Any]:
    """One clip, which must exist: the columns of `exemplars` that are about the clip."""
    rows = store.query(
        """
        SELECT clip_id, filename, class.name AS class_name, fold, seconds, sample_rate_hz, audio, spectrogram, caption,
            raw, problem
        FROM clip LEFT JOIN class USING (class_id) LEFT JOIN caption USING (clip_id) WHERE clip_id = ? LIMIT 1""",
        [clip_id],
    )
    return _record(rows, 0)


def points(store: Store, neuron_id: int) -> pd.DataFrame:
    """polarity, position, point, kept, similarity, low_point (the nearest of S_l): S_h and S_l by point."""
    return store.query(
        f"""
        SELECT high.polarity, high.position, high.point, high.kept, high.similarity, low.point AS low_point
        FROM summary_point AS high LEFT JOIN summary_point AS low
            ON low.neuron_id = high.neuron_id AND low.polarity = 'low' AND low.position = high.nearest_low
        WHERE high.neuron_id = ? ORDER BY high.polarity, high.position LIMIT {MAX_ROWS}""",
        [neuron_id],
    )


@dataclass(frozen=True)
class Summary:
    """What a summarizer said of a neuron's exemplars."""

    summary: str | None
    """None where they share nothing, or with a problem."""
    raw: str | None
    """The model's reply as it came; None where no model was asked."""
    problem: str | None
    """Why the reply cannot be used."""


def summaries(store: Store, neuron_id: int) -> dict[str, Summary]:
    """polarity -> its summary; no entry where none was written."""
    rows = store.query("SELECT polarity, summary, raw, problem FROM summary WHERE neuron_id = ? LIMIT 2", [neuron_id])
    records = (_record(rows, row) for row in range(len(rows)))
    return {record.pop("polarity"): Summary(**record) for record in records}


def prompts(store: Store) -> pd.DataFrame:
    """name, hash, text: what language models were asked in this run."""
    return store.query(f"SELECT name, hash, text FROM prompt ORDER BY name LIMIT {MAX_ROWS}")


def closed_concepts(store: Store, neuron_id: int) -> pd.DataFrame:
    """method, similarity, rank, concept, score: what every function found, the paper's choice (cos cubed) first."""
    return store.query(
        f"""
        SELECT method, similarity, rank, text AS concept, score FROM closed_concept JOIN concept USING (concept_id)
        WHERE neuron_id = ? ORDER BY method <> 'description_based', method, similarity <> 'cos_cubed', similarity, rank
        LIMIT {MAX_ROWS}""",
        [neuron_id],
    )


def open_concepts(store: Store, neuron_id: int) -> pd.DataFrame:
    """word, part_of_speech, count: what module C found in the calibrated summary, the most frequent first."""
    return store.query(
        f"""
        SELECT word, part_of_speech, count FROM open_concept WHERE neuron_id = ?
        ORDER BY part_of_speech, count DESC, word LIMIT {MAX_ROWS}""",
        [neuron_id],
    )


def candidate_words(store: Store, neuron_id: int) -> pd.DataFrame:
    """word, kept, dropped_by, reply: every adjective considered, the filter that dropped it, the judge's own words."""
    return store.query(
        f"""
        SELECT word, kept, dropped_by, raw AS reply FROM candidate_word LEFT JOIN acoustic_word USING (word)
        WHERE neuron_id = ?
        ORDER BY kept DESC, word LIMIT {MAX_ROWS}""",
        [neuron_id],
    )


@dataclass(frozen=True)
class Interpretability:
    """Algorithm 1's answer for one neuron."""

    k: int
    shared_clips: int
    cluster_id: int | None
    words: list[str]
    """The most telling words of the shared cluster."""
    interpretable: bool


def interpretability(store: Store, neuron_id: int) -> Interpretability | None:
    """None where the run did not look."""
    rows = store.query(
        """
        SELECT k, shared_clips, cluster_id, words,
            shared_clips >= (SELECT CAST(value AS INTEGER) FROM store_meta WHERE name = 'tau') AS interpretable
        FROM interpretability LEFT JOIN cluster USING (cluster_id) WHERE neuron_id = ? LIMIT 1""",
        [neuron_id],
    )
    if rows.empty:
        return None
    found = _record(rows, 0)
    words = [] if found["words"] is None else [str(word) for word in found["words"]]
    cluster_id = None if found["cluster_id"] is None else int(found["cluster_id"])
    return Interpretability(**{**found, "words": words, "cluster_id": cluster_id})


def reached_by_chance(store: Store, shared_clips: int | None = None) -> float | None:
    """Share of draws, 0..1, in which k clips drawn by chance share a cluster as often as `shared_clips` or more.

    Args:
        shared_clips: the run's tau where None, so that the answer is what an interpretable share is worth.

    Returns:
        None where the run did not look.
    """
    rows = store.query(
        """
        WITH tau AS (SELECT CAST(value AS INTEGER) AS tau FROM store_meta WHERE name = 'tau')
        SELECT sum(CASE WHEN shared_clips >= coalesce(CAST(? AS INTEGER), tau) THEN share ELSE 0 END) AS share
        FROM interpretability_by_chance, tau LIMIT 1""",
        [shared_clips],
    )
    share = _or_none(rows["share"].iloc[0])
    return None if share is None else float(share)


def activations(store: Store, neuron_id: int) -> pd.DataFrame:
    """clip_id, filename, class_name, activation of every clip; empty in a run with more than 10,000 clips."""
    return store.query(
        f"""
        WITH place AS (SELECT *, row_number() OVER (ORDER BY clip_id) AS place FROM clip),
        value AS (SELECT unnest(CAST(activations AS FLOAT[])) AS activation,
                      unnest(range(1, len(CAST(activations AS FLOAT[])) + 1)) AS place
                  FROM activation WHERE neuron_id = ?)
        SELECT clip_id, filename, name AS class_name, activation
        FROM value JOIN place USING (place) LEFT JOIN class USING (class_id) ORDER BY clip_id LIMIT {MAX_CLIPS}""",
        [neuron_id],
    )


def quantiles(store: Store, neuron_id: int) -> npt.NDArray[np.float32]:
    """[33] activations at the quantiles 0, 1/32, ..., 1 over all clips."""
    rows = store.query("SELECT quantiles FROM neuron WHERE neuron_id = ? LIMIT 1", [neuron_id])
    return np.asarray(rows["quantiles"].iloc[0], dtype=np.float32)


def nearest_neurons(store: Store, neuron_id: int, network_id: int, limit: int = 8) -> pd.DataFrame:
    """neuron_id, cosine: neurons whose centred activations over all clips point most nearly the same way."""
    return store.query(
        """
        WITH this AS (SELECT activations AS own, mean AS own_mean, std AS own_std
                      FROM activation JOIN neuron USING (neuron_id) WHERE neuron_id = $neuron)
        SELECT neuron_id, (array_inner_product(activations, own) / len(CAST(own AS FLOAT[])) - mean * own_mean)
                / nullif(std * own_std, 0) AS cosine
        FROM activation JOIN neuron USING (neuron_id) JOIN layer USING (layer_id), this
        WHERE network_id = $network AND neuron_id <> $neuron AND std > 0 AND own_std > 0
        ORDER BY cosine DESC, neuron_id LIMIT $limit""",
        {"neuron": neuron_id, "network": network_id, "limit": limit},
    )


# ---------------------------------------------------------------- adjectives
def adjectives(store: Store, network_id: int, layer_id: int | None = None, limit: int = 30) -> pd.DataFrame:
    """word, neurons: how many neurons of a network, or of one of its layers, use an adjective; the commonest first."""
    return store.query(
        """
        SELECT word, count(DISTINCT neuron_id) AS neurons
        FROM open_concept JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE part_of_speech = 'adjective' AND network_id = $network AND ($layer IS NULL OR layer_id = $layer)
        GROUP BY word ORDER BY neurons DESC, word LIMIT $limit""",
        {"network": network_id, "layer": layer_id, "limit": min(limit, MAX_ROWS)},
    )


def adjective_by_layer(store: Store, network_id: int, word: str) -> pd.DataFrame:
    """name, kind, depth, neurons, share: how many neurons of each layer speak of `word`, shallow to deep."""
    return store.query(
        f"""
        SELECT any_value(name) AS name, any_value(kind) AS kind, any_value(depth) AS depth, count(word) AS neurons,
            count(word) / count(*) AS share
        FROM neuron JOIN layer USING (layer_id) LEFT JOIN
            (SELECT DISTINCT neuron_id, word FROM open_concept WHERE part_of_speech = 'adjective' AND word = $word)
            USING (neuron_id)
        WHERE network_id = $network GROUP BY layer_id ORDER BY layer_id LIMIT {MAX_ROWS}""",
        {"network": network_id, "word": word},
    )


def neurons_with_adjective(store: Store, network_id: int, word: str, limit: int = 200) -> list[int]:
    """Ids of the neurons that speak of `word`, those that say it most often first."""
    rows = store.query(
        """
        SELECT neuron_id FROM open_concept JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE part_of_speech = 'adjective' AND word = $word AND network_id = $network
        ORDER BY count DESC, neuron_id LIMIT $limit""",
        {"word": word, "network": network_id, "limit": min(limit, MAX_ROWS)},
    )
    return [int(value) for value in rows["neuron_id"]]


# ---------------------------------------------------------------- pruning
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


# ---------------------------------------------------------------- evaluation
def last_layer_concepts(store: Store) -> list[LastLayerConcepts]:
    """What every method and similarity function says of every output neuron whose class the data set has.

    A neuron to which a function gives no answer has no concepts.
    """
    rows = store.query(
        f"""
        WITH asked AS (SELECT DISTINCT method, similarity FROM closed_concept),
            outputs AS (
                SELECT network.network_id, network.name AS network, neuron_id, class.name AS class_name
                FROM network JOIN layer USING (network_id) JOIN neuron USING (layer_id)
                    JOIN network_class ON network_class.network_id = network.network_id AND output = neuron.position
                    JOIN class USING (class_id)
                WHERE layer.kind = 'fc'
            )
        SELECT network, method, similarity, class_name,
            list(concept.name ORDER BY rank) FILTER (concept.name IS NOT NULL) AS concepts
        FROM outputs CROSS JOIN asked LEFT JOIN closed_concept USING (neuron_id, method, similarity)
            LEFT JOIN concept USING (concept_id)
        GROUP BY network_id, network, neuron_id, class_name, method, similarity
        ORDER BY network_id, method, similarity, neuron_id LIMIT {MAX_NEURONS}"""
    )
    return [
        LastLayerConcepts(
            network=row["network"],
            method=row["method"],
            similarity=row["similarity"],
            class_name=row["class_name"],
            concepts=tuple(row["concepts"]) if isinstance(row["concepts"], (list, np.ndarray)) else (),
        )
        for row in rows.to_dict("records")
    ]


# ---------------------------------------------------------------- rows as Python values
def _record(rows: pd.DataFrame, row: int) -> dict[str, Any]:
    """One row with numpy's scalars as Python's own and missing values as None."""
    return {name: _or_none(rows[name].iloc[row]) for name in rows.columns}


def _or_none(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, np.ndarray)):
        return value
    return None if pd.isna(value) else value
