"""Questions of module C: words by part of speech, layer by layer, how long descriptions are, and what was filtered."""

from typing import Literal, get_args

import pandas as pd

from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_ROWS

WordKind = Literal["adjective", "noun", "verb", "preposition"]
WORD_KINDS: tuple[WordKind, ...] = get_args(WordKind)
LENGTH_BIN = 5
"""Words of a description in a bar of the histogram of lengths."""

_OWN = "own AS (SELECT neuron_id FROM neuron JOIN layer USING (layer_id) WHERE network_id = $network)"
_LENGTHS = """
    lengths AS (SELECT neuron_id, CAST(sum(1 + length(point) - length(replace(point, ' ', ''))) AS INTEGER) AS words
                FROM summary_point SEMI JOIN own USING (neuron_id)
                WHERE polarity = 'high' AND kept GROUP BY neuron_id)"""
"""Words of every calibrated summary. Points hold no doubled spaces, so that a space is the end of a word."""


def word_kinds(store: Store, network_id: int) -> pd.DataFrame:
    """part_of_speech, words (different ones), neurons (that have one), uses (pairs of neuron and word)."""
    return store.query(
        f"""
        WITH {_OWN}
        SELECT part_of_speech, count(DISTINCT word) AS words, count(DISTINCT neuron_id) AS neurons, count(*) AS uses
        FROM open_concept SEMI JOIN own USING (neuron_id) GROUP BY part_of_speech
        ORDER BY list_position({list(WORD_KINDS)}, part_of_speech) LIMIT {MAX_ROWS}""",
        {"network": network_id},
    )


def words(
    store: Store,
    network_id: int,
    kind: WordKind = "adjective",
    layer_id: int | None = None,
    limit: int = 30,
    hidden: bool = False,
) -> pd.DataFrame:
    """word, neurons: how many neurons of a network, or of one of its layers, use a word; the commonest first.

    Args:
        hidden: leave the classification head out.
    """
    return store.query(
        """
        SELECT word, count(DISTINCT neuron_id) AS neurons
        FROM open_concept JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE part_of_speech = $kind AND network_id = $network AND ($layer IS NULL OR layer_id = $layer)
            AND NOT ($hidden AND layer.kind = 'fc')
        GROUP BY word ORDER BY neurons DESC, word LIMIT $limit""",
        {
            "network": network_id,
            "kind": kind,
            "layer": layer_id,
            "limit": min(limit, MAX_ROWS),
            "hidden": hidden,
        },
    )


def word_by_layer(store: Store, network_id: int, word: str, kind: WordKind = "adjective") -> pd.DataFrame:
    """name, kind, depth, neurons, share: how many neurons of each layer speak of `word`, shallow to deep."""
    return store.query(
        f"""
        SELECT any_value(name) AS name, any_value(kind) AS kind, any_value(depth) AS depth, count(word) AS neurons,
            count(word) / count(*) AS share
        FROM neuron JOIN layer USING (layer_id) LEFT JOIN
            (SELECT DISTINCT neuron_id, word FROM open_concept WHERE part_of_speech = $kind AND word = $word)
            USING (neuron_id)
        WHERE network_id = $network GROUP BY layer_id ORDER BY layer_id LIMIT {MAX_ROWS}""",
        {"network": network_id, "word": word, "kind": kind},
    )


def neurons_with_word(
    store: Store, network_id: int, word: str, kind: WordKind = "adjective", limit: int = 200
) -> list[int]:
    """Ids of the neurons that speak of `word`, those that say it most often first."""
    rows = store.query(
        """
        SELECT neuron_id FROM open_concept JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE part_of_speech = $kind AND word = $word AND network_id = $network
        ORDER BY count DESC, neuron_id LIMIT $limit""",
        {"word": word, "kind": kind, "network": network_id, "limit": min(limit, MAX_ROWS)},
    )
    return [int(value) for value in rows["neuron_id"]]


def words_by_layer(store: Store, network_id: int) -> pd.DataFrame:
    """Words a neuron, layer by layer, shallow to deep.

    Columns: name, kind, depth, neurons, described (neurons with a calibrated summary), adjective, noun, verb,
    preposition (different words a neuron, means), length (words of a calibrated summary, mean over the described).
    """
    kinds = ", ".join(f"count(*) FILTER (part_of_speech = '{kind}') AS {kind}" for kind in WORD_KINDS)
    return store.query(
        f"""
        WITH {_OWN}, {_LENGTHS},
        counted AS (SELECT neuron_id, {kinds} FROM open_concept SEMI JOIN own USING (neuron_id) GROUP BY neuron_id)
        SELECT any_value(name) AS name, any_value(kind) AS kind, any_value(depth) AS depth, count(*) AS neurons,
            count(lengths.words) AS described, avg(coalesce(adjective, 0)) AS adjective, avg(coalesce(noun, 0)) AS noun,
            avg(coalesce(verb, 0)) AS verb, avg(coalesce(preposition, 0)) AS preposition, avg(lengths.words) AS length
        FROM own JOIN neuron USING (neuron_id) JOIN layer USING (layer_id) LEFT JOIN counted USING (neuron_id)
            LEFT JOIN lengths USING (neuron_id)
        GROUP BY layer_id ORDER BY layer_id LIMIT {MAX_ROWS}""",
        {"network": network_id},
    )


def length_counts(store: Store, network_id: int) -> pd.DataFrame:
    """shortest, neurons: calibrated summaries of `shortest` to `shortest + LENGTH_BIN - 1` words, in rising order."""
    return store.query(
        f"""
        WITH {_OWN}, {_LENGTHS}
        SELECT words // {LENGTH_BIN} * {LENGTH_BIN} AS shortest, count(*) AS neurons
        FROM lengths GROUP BY shortest ORDER BY shortest LIMIT {MAX_ROWS}""",
        {"network": network_id},
    )


def neurons_of_length(store: Store, network_id: int, shortest: int, limit: int = 200) -> list[int]:
    """Ids of the neurons in one bar of `length_counts`, the longest descriptions first."""
    rows = store.query(
        f"""
        WITH {_OWN}, {_LENGTHS}
        SELECT neuron_id FROM lengths WHERE words // {LENGTH_BIN} * {LENGTH_BIN} = $shortest
        ORDER BY words DESC, neuron_id LIMIT $limit""",
        {"network": network_id, "shortest": shortest, "limit": min(limit, MAX_ROWS)},
    )
    return [int(value) for value in rows["neuron_id"]]


def candidate_audit(store: Store, network_id: int, limit: int = MAX_ROWS) -> pd.DataFrame:
    """Every adjective that was considered, those of most neurons first, and what became of it.

    Columns: word, neurons (that have it in their calibrated summary), kept (neurons in which it was), and in how many
    neurons each filter dropped it: stop_word, negated, not_acoustic, not_judged; then what the judge said, where it was
    asked: is_acoustic, reply (as it came), problem (why the reply cannot be used), judge.
    """
    filters = ", ".join(
        f"count(*) FILTER (dropped_by = '{name}') AS {name.replace(' ', '_')}"
        for name in ("stop word", "negated", "not acoustic", "not judged")
    )
    return store.query(
        f"""
        WITH {_OWN},
        counted AS (SELECT word, count(*) AS neurons, count(*) FILTER (kept) AS kept, {filters}
                    FROM candidate_word SEMI JOIN own USING (neuron_id) GROUP BY word)
        SELECT counted.*, is_acoustic, raw AS reply, problem, judge
        FROM counted LEFT JOIN acoustic_word USING (word) ORDER BY neurons DESC, word LIMIT $limit""",
        {"network": network_id, "limit": min(limit, MAX_ROWS)},
    )


def neurons_with_candidate(store: Store, network_id: int, word: str, kept: bool, limit: int = 200) -> list[int]:
    """Ids of the neurons in which an adjective was kept, or dropped."""
    rows = store.query(
        """
        SELECT DISTINCT neuron_id FROM candidate_word JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE word = $word AND kept = $kept AND network_id = $network ORDER BY neuron_id LIMIT $limit""",
        {"network": network_id, "word": word, "kept": kept, "limit": min(limit, MAX_ROWS)},
    )
    return [int(value) for value in rows["neuron_id"]]
