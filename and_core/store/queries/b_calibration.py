"""Questions of module B: what calibration strikes, at the run's own threshold or at any other.

A point's cosine with the nearest point of S_l is stored, so that no model is needed to ask what another threshold would
do. Cosines are float32 and so is the threshold they are compared with, as in `algorithms.b_calibration`.
"""

import pandas as pd

from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_ROWS

COSINE_BIN = 0.02
"""Width of a bar in the histogram of cosines."""

_HIGH = """
    own AS (SELECT neuron_id, position, layer_id, layer.name AS layer, kind, depth
            FROM neuron JOIN layer USING (layer_id)
            WHERE network_id = $network AND ($layer IS NULL OR layer_id = $layer)),
    high AS (SELECT neuron_id, point, kept, nearest_low, similarity,
                 coalesce(similarity <= CAST($threshold AS FLOAT), true) AS kept_at
             FROM summary_point SEMI JOIN own USING (neuron_id) WHERE polarity = 'high')"""
"""The neurons of a network or of one of its layers, and the points of their S_h."""


def calibration_by_layer(store: Store, network_id: int, threshold: float) -> pd.DataFrame:
    """What calibration does to every layer, shallow to deep: as the run did it, and as `threshold` would.

    Columns: layer_id, name, kind, depth, neurons, described (neurons with a point of S_h), points (of S_h), kept,
    kept_at (with `threshold`), touched (neurons that lose a point), touched_at, emptied (neurons that lose every
    point), emptied_at.
    """
    return store.query(
        f"""
        WITH {_HIGH},
        counted AS (SELECT neuron_id, count(*) AS points, count(*) FILTER (kept) AS kept,
                        count(*) FILTER (kept_at) AS kept_at FROM high GROUP BY neuron_id)
        SELECT layer_id, any_value(layer) AS name, any_value(kind) AS kind, any_value(depth) AS depth,
            count(*) AS neurons, count(points) AS described,
            CAST(coalesce(sum(points), 0) AS INTEGER) AS points,
            CAST(coalesce(sum(kept), 0) AS INTEGER) AS kept,
            CAST(coalesce(sum(kept_at), 0) AS INTEGER) AS kept_at,
            count(*) FILTER (kept < points) AS touched, count(*) FILTER (kept_at < points) AS touched_at,
            count(*) FILTER (kept = 0) AS emptied, count(*) FILTER (kept_at = 0) AS emptied_at
        FROM own LEFT JOIN counted USING (neuron_id) GROUP BY layer_id ORDER BY layer_id LIMIT {MAX_ROWS}""",
        {"network": network_id, "layer": None, "threshold": threshold},
    )


def cosine_counts(store: Store, network_id: int) -> pd.DataFrame:
    """upto, points: how many points of S_h have a cosine with the nearest point of S_l in (upto - COSINE_BIN, upto].

    Points of neurons without an S_l have no cosine and are not among them.
    """
    return store.query(
        f"""
        SELECT CAST(round(ceil(round(CAST(similarity AS DOUBLE) / {COSINE_BIN}, 4)) * {COSINE_BIN}, 2) AS DOUBLE)
                AS upto, count(*) AS points
        FROM summary_point JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE polarity = 'high' AND similarity IS NOT NULL AND network_id = ?
        GROUP BY upto ORDER BY upto LIMIT {MAX_ROWS}""",
        [network_id],
    )


def points_that_change_sides(
    store: Store, network_id: int, threshold: float, layer_id: int | None = None, limit: int = 100
) -> pd.DataFrame:
    """Points that the run kept and `threshold` would strike, or the other way round; those of most neurons first.

    Columns: point, low_point (nearest of S_l), similarity, kept (by the run), neurons, neuron_id (the first of them),
    layer, position.
    """
    return store.query(
        f"""
        WITH {_HIGH},
        changed AS (SELECT DISTINCT high.neuron_id, high.point, low.point AS low_point, high.similarity, high.kept
                    FROM high JOIN summary_point AS low ON low.neuron_id = high.neuron_id AND low.polarity = 'low'
                        AND low.position = high.nearest_low
                    WHERE high.kept <> kept_at),
        most AS (SELECT point, low_point, max(similarity) AS similarity, kept, count(*) AS neurons,
                     min(neuron_id) AS neuron_id
                 FROM changed GROUP BY point, low_point, kept
                 ORDER BY neurons DESC, similarity, point, low_point LIMIT $limit)
        SELECT point, low_point, similarity, kept, neurons, neuron_id, layer, position
        FROM most JOIN own USING (neuron_id)
        ORDER BY neurons DESC, similarity, point, low_point LIMIT $limit""",
        {"network": network_id, "layer": layer_id, "threshold": threshold, "limit": min(limit, MAX_ROWS)},
    )


def neurons_left_without_a_point(
    store: Store, network_id: int, threshold: float, layer_id: int | None = None, limit: int = 200
) -> list[int]:
    """Ids of the neurons that have points of S_h, every one of which `threshold` would strike."""
    rows = store.query(
        f"""
        WITH {_HIGH}
        SELECT neuron_id FROM high GROUP BY neuron_id HAVING NOT bool_or(kept_at) ORDER BY neuron_id LIMIT $limit""",
        {"network": network_id, "layer": layer_id, "threshold": threshold, "limit": min(limit, MAX_ROWS)},
    )
    return [int(value) for value in rows["neuron_id"]]


def most_struck_points(store: Store, network_id: int, limit: int = 50) -> pd.DataFrame:
    """The sentences that the run's calibration strikes in most neurons.

    Columns: point, struck (neurons in which it is struck), said (neurons that have it in S_h), low_point (the point of
    S_l that strikes it most often), similarity (the highest).
    """
    return store.query(
        """
        WITH own AS (SELECT neuron_id FROM neuron JOIN layer USING (layer_id) WHERE network_id = $network),
        high AS (SELECT * FROM summary_point SEMI JOIN own USING (neuron_id) WHERE polarity = 'high'),
        most AS (SELECT point FROM high WHERE NOT kept GROUP BY point ORDER BY count(*) DESC, point LIMIT $limit),
        counted AS (SELECT point, count(DISTINCT neuron_id) AS said,
                        count(DISTINCT neuron_id) FILTER (NOT kept) AS struck, max(similarity) AS similarity
                    FROM high SEMI JOIN most USING (point) GROUP BY point),
        striker AS (SELECT high.point, mode(low.point) AS low_point
                    FROM high SEMI JOIN most USING (point) JOIN summary_point AS low
                        ON low.neuron_id = high.neuron_id AND low.polarity = 'low' AND low.position = high.nearest_low
                    WHERE NOT high.kept GROUP BY high.point)
        SELECT point, struck, said, low_point, similarity FROM counted JOIN striker USING (point)
        ORDER BY struck DESC, point""",
        {"network": network_id, "limit": min(limit, MAX_ROWS)},
    )


def neurons_with_point_struck(store: Store, network_id: int, point: str, limit: int = 200) -> list[int]:
    """Ids of the neurons in which the run's calibration strikes that sentence."""
    rows = store.query(
        """
        SELECT DISTINCT neuron_id FROM summary_point JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE polarity = 'high' AND NOT kept AND point = $point AND network_id = $network
        ORDER BY neuron_id LIMIT $limit""",
        {"network": network_id, "point": point, "limit": min(limit, MAX_ROWS)},
    )
    return [int(value) for value in rows["neuron_id"]]
