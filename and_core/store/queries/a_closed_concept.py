"""Questions of module A: which concepts the neurons of a network stand for, and how far its methods agree.

A function is a method with a similarity, such as description_based and cos_cubed; in_context has no similarity (None).
"""

from collections.abc import Sequence

import pandas as pd

from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_CONCEPTS, MAX_ROWS, METHODS

CERTAINTY_BIN = 0.05
_CERTAINTY = (
    f"CAST(round(least(floor(CAST(share AS DOUBLE) / {CERTAINTY_BIN} + 1e-6) * {CERTAINTY_BIN}, "
    f"{1 - CERTAINTY_BIN}), 2) AS DOUBLE)"
)
_OWN = "own AS (SELECT neuron_id, layer_id FROM neuron JOIN layer USING (layer_id) WHERE network_id = $network)"
_FIRST = """
    first AS (SELECT neuron_id, layer_id, concept_id, score FROM closed_concept JOIN own USING (neuron_id)
              WHERE rank = 1 AND method = $method AND similarity IS NOT DISTINCT FROM $similarity
                  AND ($layer IS NULL OR layer_id = $layer))"""
"""The best concept of every neuron that one function gives an answer."""


def concept_functions(store: Store, network_id: int) -> pd.DataFrame:
    """method, similarity, neurons (with an answer): what the run asked, the paper's choice (cos cubed) first."""
    return store.query(
        f"""
        WITH {_OWN}
        SELECT method, similarity, count(*) AS neurons FROM closed_concept SEMI JOIN own USING (neuron_id)
        WHERE rank = 1 GROUP BY method, similarity
        ORDER BY list_position({METHODS}, method),
            similarity <> 'cos_cubed', similarity LIMIT {MAX_ROWS}""",
        {"network": network_id},
    )


def concept_counts(
    store: Store,
    network_id: int,
    method: str,
    similarity: str | None,
    layer_id: int | None = None,
    limit: int = MAX_ROWS,
) -> pd.DataFrame:
    """concept, neurons, score (their mean): for how many neurons each concept is the best, the commonest first.

    Concepts that are no neuron's best have no row.
    """
    return store.query(
        f"""
        WITH {_OWN}, {_FIRST}
        SELECT text AS concept, count(*) AS neurons, avg(score) AS score FROM first JOIN concept USING (concept_id)
        GROUP BY text ORDER BY neurons DESC, text LIMIT $limit""",
        {
            "network": network_id,
            "method": method,
            "similarity": similarity,
            "layer": layer_id,
            "limit": min(limit, MAX_CONCEPTS),
        },
    )


def concept_count(store: Store) -> int:
    """Size of the concept set."""
    return int(store.query("SELECT count(*) AS concepts FROM concept LIMIT 1")["concepts"].iloc[0])


def concepts_by_layer(
    store: Store, network_id: int, method: str, similarity: str | None, concepts: Sequence[str]
) -> pd.DataFrame:
    """layer, width, concept, neurons: how many neurons of each layer have one of `concepts` as their best.

    Shallow to deep; only pairs that occur.
    """
    return store.query(
        f"""
        WITH {_OWN}, {_FIRST}
        SELECT any_value(layer.name) AS layer, any_value(width) AS width, text AS concept, count(*) AS neurons
        FROM first JOIN concept USING (concept_id) JOIN layer USING (layer_id)
        WHERE list_contains($concepts, text) GROUP BY layer_id, text
        ORDER BY layer_id, text LIMIT {MAX_CONCEPTS}""",
        {
            "network": network_id,
            "method": method,
            "similarity": similarity,
            "layer": None,
            "concepts": list(concepts),
        },
    )


def neurons_of_concept(
    store: Store,
    network_id: int,
    method: str,
    similarity: str | None,
    concept: str,
    layer_id: int | None = None,
    limit: int = 200,
) -> pd.DataFrame:
    """neuron_id, score: neurons whose best concept it is, the highest score first (None in context)."""
    return store.query(
        f"""
        WITH {_OWN}, {_FIRST}
        SELECT neuron_id, score FROM first JOIN concept USING (concept_id) WHERE text = $concept
        ORDER BY score DESC NULLS LAST, neuron_id LIMIT $limit""",
        {
            "network": network_id,
            "method": method,
            "similarity": similarity,
            "layer": layer_id,
            "concept": concept,
            "limit": min(limit, MAX_ROWS),
        },
    )


def function_agreement(store: Store, network_id: int) -> pd.DataFrame:
    """For every two functions, each pair once: to how many neurons both give the same best concept.

    Columns: method, similarity, other_method, other_similarity, neurons (that both give an answer), agreeing.
    """
    return store.query(
        f"""
        WITH {_OWN},
        asked AS (SELECT method, similarity, row_number() OVER (ORDER BY method, similarity) AS number
                  FROM (SELECT DISTINCT method, similarity FROM closed_concept)),
        best AS (SELECT neuron_id, number, concept_id
                 FROM closed_concept JOIN asked ON asked.method = closed_concept.method
                     AND asked.similarity IS NOT DISTINCT FROM closed_concept.similarity
                 SEMI JOIN own USING (neuron_id) WHERE rank = 1),
        pairs AS (SELECT one.number AS one, other.number AS other, count(*) AS neurons,
                      count(*) FILTER (one.concept_id = other.concept_id) AS agreeing
                  FROM best AS one JOIN best AS other ON one.neuron_id = other.neuron_id AND one.number < other.number
                  GROUP BY one.number, other.number)
        SELECT one.method, one.similarity, other.method AS other_method, other.similarity AS other_similarity,
            neurons, agreeing
        FROM pairs JOIN asked AS one ON one.number = pairs.one JOIN asked AS other ON other.number = pairs.other
        ORDER BY pairs.one, pairs.other LIMIT {MAX_ROWS}""",
        {"network": network_id},
    )


def neurons_that_disagree(
    store: Store, network_id: int, one: tuple[str, str | None], other: tuple[str, str | None], limit: int = 200
) -> pd.DataFrame:
    """neuron_id, concept, other_concept: neurons to which two functions give different best concepts, in order.

    Args:
        one: method and similarity.
    """
    return store.query(
        f"""
        WITH {_OWN},
        best AS (SELECT neuron_id, method, similarity, concept_id, text
                 FROM closed_concept SEMI JOIN own USING (neuron_id) JOIN concept USING (concept_id) WHERE rank = 1)
        SELECT neuron_id, one.text AS concept, other.text AS other_concept
        FROM best AS one JOIN best AS other USING (neuron_id)
        WHERE one.method = $method AND one.similarity IS NOT DISTINCT FROM $similarity
            AND other.method = $other_method AND other.similarity IS NOT DISTINCT FROM $other_similarity
            AND one.concept_id <> other.concept_id
        ORDER BY neuron_id LIMIT $limit""",
        {
            "network": network_id,
            "method": one[0],
            "similarity": one[1],
            "other_method": other[0],
            "other_similarity": other[1],
            "limit": min(limit, MAX_ROWS),
        },
    )


def pick_certainty(store: Store, network_id: int) -> pd.DataFrame:
    """How sure the picks of every method are: in what share of resamples of the clips they stay first.

    Columns: method, similarity, at_least (lower edge of a bin of CERTAINTY_BIN; the last holds 1 too), neurons. No rows
    for a method of which nobody looked.
    """
    return store.query(
        f"""
        WITH {_OWN}
        SELECT method, similarity, {_CERTAINTY} AS at_least, count(*) AS neurons
        FROM concept_pick SEMI JOIN own USING (neuron_id) WHERE share IS NOT NULL
        GROUP BY method, similarity, at_least
        ORDER BY list_position({METHODS}, method), similarity, at_least LIMIT {MAX_ROWS}""",
        {"network": network_id},
    )


def neurons_of_certainty(store: Store, network_id: int, method: str, at_least: float, limit: int = 200) -> pd.DataFrame:
    """neuron_id, concept, share: the neurons in one bin of `pick_certainty`, the least sure first."""
    return store.query(
        f"""
        WITH {_OWN}
        SELECT neuron_id, text AS concept, share
        FROM concept_pick SEMI JOIN own USING (neuron_id) JOIN concept USING (concept_id)
        WHERE method = $method AND {_CERTAINTY} = round($at_least, 2) ORDER BY share, neuron_id LIMIT $limit""",
        {"network": network_id, "method": method, "at_least": at_least, "limit": min(limit, MAX_ROWS)},
    )
