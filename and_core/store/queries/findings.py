"""Questions of the paper's analyses: measures of every neuron of a network, for figures over all of them."""

import pandas as pd

from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_NEURONS, MAX_ROWS


def hidden_neurons(store: Store, network_id: int) -> pd.DataFrame:
    """Every neuron outside the classification head, shallow to deep (paper, Figures 5 and 6).

    Columns: depth, kind, adjectives (how many different ones it has), interpretable (0 or 1, at the run's tau among its
    K exemplars). The head is left out: it is a block of its own and would bend the line.
    """
    return store.query(
        f"""
        WITH spoken AS (SELECT neuron_id, count(*) AS adjectives FROM open_concept
                        WHERE part_of_speech = 'adjective' GROUP BY neuron_id)
        SELECT depth, kind, coalesce(adjectives, 0) AS adjectives,
            CAST(coalesce(interpretable, false) AS INTEGER) AS interpretable
        FROM neuron JOIN layer USING (layer_id) LEFT JOIN spoken USING (neuron_id)
            LEFT JOIN run_interpretability USING (neuron_id)
        WHERE network_id = ? AND kind <> 'fc' ORDER BY neuron_id LIMIT {MAX_NEURONS}""",
        [network_id],
    )


def hidden_count(store: Store, network_id: int) -> int:
    """How many neurons `hidden_neurons` gives."""
    rows = store.query(
        "SELECT coalesce(sum(width), 0) AS neurons FROM layer WHERE network_id = ? AND kind <> 'fc' LIMIT 1",
        [network_id],
    )
    return int(rows["neurons"].iloc[0])


def measured_names(store: Store) -> list[str]:
    """Names of what was measured in the clips: loudness_dbfs, pitch_hz, ..."""
    rows = store.query(
        f"SELECT DISTINCT name FROM clip_measurement WHERE origin = 'measured' ORDER BY name LIMIT {MAX_ROWS}"
    )
    return list(rows["name"])


def clip_measurements(store: Store, network_id: int, word: str, measurement: str) -> pd.DataFrame:
    """What the exemplars of every neuron measure, and whether it speaks of a word (paper, Figure 8).

    All neurons, the classification head too, as the paper's numbers of neurons add up to all of them. Constant neurons,
    whose exemplars mean nothing, and neurons without an exemplar that has the measurement are left out.

    Columns: value (mean over the neuron's most activating clips), has_word, top_clip (id of the clip that excites it
    most).
    """
    return store.query(
        f"""
        WITH measured AS (SELECT clip_id, value FROM clip_measurement
                          WHERE origin = 'measured' AND name = $measurement AND value IS NOT NULL),
        heard AS (SELECT neuron_id, avg(value) AS value, arg_min(clip_id, rank) AS top_clip
                  FROM exemplar JOIN measured USING (clip_id) WHERE polarity = 'high' GROUP BY neuron_id),
        spoken AS (SELECT DISTINCT neuron_id FROM open_concept WHERE part_of_speech = 'adjective' AND word = $word)
        SELECT value, spoken.neuron_id IS NOT NULL AS has_word, top_clip
        FROM heard JOIN neuron USING (neuron_id) JOIN layer USING (layer_id) LEFT JOIN spoken USING (neuron_id)
        WHERE network_id = $network AND std > 0 ORDER BY neuron_id LIMIT {MAX_NEURONS}""",
        {"network": network_id, "word": word, "measurement": measurement},
    )


def told_apart(store: Store, network_id: int, best: bool, limit: int) -> list[int]:
    """Ids of the hidden neurons that are described best, or worst: one a layer, so that every depth is heard.

    Best described is whose exemplars share a cluster most often, among equals who keeps most points, then whose highest
    activation stands out most. Constant neurons are left out.
    """
    direction = "DESC" if best else "ASC"
    rows = store.query(
        f"""
        WITH points AS (SELECT neuron_id, count(*) AS points FROM summary_point
                        WHERE polarity = 'high' AND kept GROUP BY neuron_id),
        ranked AS (SELECT neuron_id, layer_id, coalesce(shared_clips, 0) AS shared, coalesce(points, 0) AS points,
                       (quantiles[33] - mean) / std AS stands_out
                   FROM neuron JOIN layer USING (layer_id) LEFT JOIN run_interpretability USING (neuron_id)
                       LEFT JOIN points USING (neuron_id)
                   WHERE network_id = $network AND kind <> 'fc' AND std > 0
                   QUALIFY row_number() OVER (PARTITION BY layer_id
                       ORDER BY shared {direction}, points {direction}, stands_out {direction}, neuron_id) = 1)
        SELECT neuron_id FROM ranked
        ORDER BY shared {direction}, points {direction}, stands_out {direction}, neuron_id LIMIT $limit""",
        {"network": network_id, "limit": min(limit, MAX_ROWS)},
    )
    return [int(value) for value in rows["neuron_id"]]
