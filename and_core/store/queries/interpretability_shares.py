"""Questions about interpretability over all neurons of a network, at any K, tau and reading (Algorithm 1)."""

import pandas as pd

from and_core.algorithms.readings import COLUMNS, Reading
from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_CLIPS, MAX_ROWS, or_none


def numbers_of_clips(store: Store) -> list[int]:
    """Every K that neurons were judged by, rising; empty where the run did not look."""
    rows = store.query("SELECT DISTINCT k FROM interpretability ORDER BY k LIMIT 100")
    return [int(k) for k in rows["k"]]


def shared_by_layer(store: Store, network_id: int) -> pd.DataFrame:
    """How many neurons of every layer have how much in common: the share at any K, tau and reading is a sum of these.

    Columns: k, reading, layer_id, name, kind, depth, shared (count of the reading), neurons; shallow to deep, `shared`
    rising.
    """
    counts = " UNION ALL ".join(
        f"""SELECT k, '{reading}' AS reading, layer_id, {column} AS shared, count(*) AS neurons
        FROM judged GROUP BY ALL"""
        for reading, column in COLUMNS.items()
    )
    return store.query(
        f"""
        WITH judged AS (SELECT layer_id, k, {", ".join(COLUMNS.values())} FROM interpretability
                        JOIN neuron USING (neuron_id) JOIN layer USING (layer_id) WHERE network_id = $network),
        counted AS ({counts})
        SELECT k, reading, layer_id, name, kind, depth, shared, neurons FROM counted JOIN layer USING (layer_id)
        ORDER BY k, reading, layer_id, shared LIMIT {MAX_CLIPS}""",
        {"network": network_id},
    )


def shared_by_chance(store: Store) -> pd.DataFrame:
    """How much K clips drawn by chance have in common, in which share of draws.

    Columns: k, reading, shared, share; `shared` rising.
    """
    return store.query(
        f"""SELECT k, reading, shared, share FROM interpretability_by_chance
        ORDER BY k, reading, shared LIMIT {MAX_CLIPS}"""
    )


def reached_by_chance(store: Store, shared_clips: int | None = None) -> float | None:
    """Share of draws, 0..1, in which K clips drawn by chance share a cluster as often as `shared_clips` or more.

    Args:
        shared_clips: the run's tau where None, so that the answer is what an interpretable share is worth.

    Returns:
        None where the run did not look. K is the run's own.
    """
    rows = store.query(
        """
        WITH tau AS (SELECT CAST(value AS INTEGER) AS tau FROM store_meta WHERE name = 'tau')
        SELECT sum(CASE WHEN shared >= coalesce(CAST(? AS INTEGER), tau) THEN share ELSE 0 END) AS share
        FROM interpretability_by_chance, tau
        WHERE reading = 'clips' AND k = (SELECT any_value(k) FROM run_interpretability) LIMIT 1""",
        [shared_clips],
    )
    share = or_none(rows["share"].iloc[0])
    return None if share is None else float(share)


def run_criterion(store: Store) -> tuple[int, int]:
    """K and tau of the run: a neuron is interpretable when tau of its K clips share a cluster."""
    rows = store.query("""
        SELECT CAST(max(value) FILTER (name = 'exemplar_k') AS INTEGER) AS k,
            CAST(max(value) FILTER (name = 'tau') AS INTEGER) AS tau, (SELECT count(*) FROM clip) AS clips
        FROM store_meta LIMIT 1""")
    return min(int(rows["k"].iloc[0]), int(rows["clips"].iloc[0])), int(rows["tau"].iloc[0])


def neurons_judged(
    store: Store,
    network_id: int,
    k: int,
    tau: int,
    reading: Reading = "clips",
    interpretable: bool = True,
    layer: str | None = None,
    limit: int = 200,
) -> list[int]:
    """Ids of the neurons interpretable at K and tau, those that share most first; or of the others, the least first.

    Args:
        layer: of that layer alone; None for all.
    """
    column = COLUMNS[reading]
    test, order = (">=", "DESC") if interpretable else ("<", "ASC")
    rows = store.query(
        f"""
        SELECT neuron_id FROM interpretability JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE network_id = $network AND k = $k AND {column} {test} $tau AND ($layer IS NULL OR name = $layer)
        ORDER BY {column} {order}, neuron_id LIMIT $limit""",
        {"network": network_id, "k": k, "tau": tau, "layer": layer, "limit": min(limit, MAX_ROWS)},
    )
    return [int(value) for value in rows["neuron_id"]]
