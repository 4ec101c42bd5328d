"""Questions that many neurons answer: tables of them, and search."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_ROWS

SortKey = Literal["position", "concept", "margin", "adjectives", "shared_clips", "peak"]


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
    best AS (SELECT neuron_id, text AS concept, margin FROM best_concept JOIN concept USING (concept_id)
             SEMI JOIN chosen USING (neuron_id)),
    kept AS (SELECT neuron_id, arg_min(point, position) AS first_point FROM summary_point
             SEMI JOIN chosen USING (neuron_id) WHERE polarity = 'high' AND kept GROUP BY neuron_id),
    words AS (SELECT neuron_id, list(word ORDER BY count DESC, word) AS adjectives FROM open_concept
              SEMI JOIN chosen USING (neuron_id) WHERE part_of_speech = 'adjective' GROUP BY neuron_id),
    peaks AS (SELECT neuron_id, activation AS peak FROM exemplar SEMI JOIN chosen USING (neuron_id)
              WHERE polarity = 'high' AND rank = 1)
    SELECT neuron_id, name AS layer, position, concept, margin, first_point, adjectives, shared_clips, k,
        interpretable, peak
    FROM neuron SEMI JOIN chosen USING (neuron_id) JOIN layer USING (layer_id) LEFT JOIN best USING (neuron_id)
        LEFT JOIN kept USING (neuron_id) LEFT JOIN words USING (neuron_id) LEFT JOIN peaks USING (neuron_id)
        LEFT JOIN run_interpretability USING (neuron_id)"""


def most_interpretable(store: Store, network_id: int, limit: int = 1) -> list[int]:
    """Ids of the neurons whose exemplars share a cluster most often; among equals the widest concept margin first."""
    rows = store.query(
        """
        WITH chosen AS (SELECT neuron_id FROM neuron JOIN layer USING (layer_id) WHERE network_id = $network)
        SELECT neuron_id FROM run_interpretability SEMI JOIN chosen USING (neuron_id)
            LEFT JOIN best_concept USING (neuron_id)
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
            SELECT neuron_id, 2, text FROM best_concept JOIN concept USING (concept_id)
            UNION ALL
            SELECT neuron_id, 3, point FROM summary_point WHERE polarity = 'high' AND kept)
        SELECT neuron_id, ['adjective', 'concept', 'point'][min(place)] AS place, arg_min(text, place) AS text
        FROM said JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE network_id = $network AND ({" OR ".join(has)})
        GROUP BY neuron_id HAVING {" AND ".join(f"bool_or({test})" for test in has)}
        ORDER BY min(place), neuron_id LIMIT $limit""",
        {"network": network_id, "limit": min(limit, MAX_ROWS), **{f"word{i}": word for i, word in enumerate(wanted)}},
    )
