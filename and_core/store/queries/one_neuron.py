"""Questions about one neuron: everything its page shows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_CLIPS, MAX_ROWS, METHODS, record


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
    return None if rows.empty else Neuron(**record(rows, 0))


def neuron(store: Store, neuron_id: int) -> Neuron:
    """The neuron with that id, which must exist."""
    return Neuron(**record(store.query(f"{_NEURON} WHERE neuron_id = ? LIMIT 1", [neuron_id]), 0))


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
    return record(rows, 0)


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
    records = (record(rows, row) for row in range(len(rows)))
    return {record.pop("polarity"): Summary(**record) for record in records}


def prompts(store: Store) -> pd.DataFrame:
    """name, hash, text: what language models were asked in this run."""
    return store.query(f"SELECT name, hash, text FROM prompt ORDER BY name LIMIT {MAX_ROWS}")


def closed_concepts(store: Store, neuron_id: int) -> pd.DataFrame:
    """method, similarity, rank, concept, score: what every function found, the paper's choice (cos cubed) first.

    In context, similarity and score are missing.
    """
    return store.query(
        f"""
        SELECT method, similarity, rank, text AS concept, score FROM closed_concept JOIN concept USING (concept_id)
        WHERE neuron_id = ? ORDER BY list_position({METHODS}, method), similarity <> 'cos_cubed', similarity, rank
        LIMIT {MAX_ROWS}""",
        [neuron_id],
    )


def concept_picks(store: Store, neuron_id: int) -> pd.DataFrame:
    """The answer of every method that the run asked: the first says it for the neuron.

    Columns: method, similarity, concept (None where there is no answer), margin, share (how often it stays first when
    the clips are drawn anew), raw, problem.
    """
    return store.query(
        f"""
        SELECT method, similarity, text AS concept, margin, share, raw, problem
        FROM concept_pick LEFT JOIN concept USING (concept_id)
        WHERE neuron_id = ? ORDER BY list_position({METHODS}, method) LIMIT {MAX_ROWS}""",
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
        SELECT k, shared_clips, cluster_id, words, interpretable
        FROM run_interpretability LEFT JOIN cluster USING (cluster_id) WHERE neuron_id = ? LIMIT 1""",
        [neuron_id],
    )
    if rows.empty:
        return None
    found = record(rows, 0)
    words = [] if found["words"] is None else [str(word) for word in found["words"]]
    cluster_id = None if found["cluster_id"] is None else int(found["cluster_id"])
    return Interpretability(**{**found, "words": words, "cluster_id": cluster_id})


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
    first, last = neuron_range(store, network_id)
    # Products come before any join, and one of their factors is a constant: joins would copy the wide arrays about.
    return store.query(
        """
        WITH multiplied AS (
            SELECT neuron_id, array_inner_product(
                activations, (SELECT activations FROM activation WHERE neuron_id = $neuron)
            ) / (SELECT count(*) FROM clip) AS product
            FROM activation WHERE neuron_id BETWEEN $first AND $last),
        this AS (SELECT mean AS own_mean, std AS own_std FROM neuron WHERE neuron_id = $neuron)
        SELECT neuron_id, (product - mean * own_mean) / (std * own_std) AS cosine
        FROM multiplied JOIN neuron USING (neuron_id), this
        WHERE neuron_id <> $neuron AND std > 0 AND own_std > 0
        ORDER BY cosine DESC, neuron_id LIMIT $limit""",
        {"neuron": neuron_id, "first": first, "last": last, "limit": limit},
    )
