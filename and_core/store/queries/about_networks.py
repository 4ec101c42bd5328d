"""Questions about the target networks and their layers."""

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

from and_core.errors import StoreError
from and_core.store.connection import PUBLISH, Store
from and_core.store.queries.rows import MAX_ROWS, or_none, record


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
    training: str | None
    """supervised, finetuned or frozen; None where the configuration did not say."""


def networks(store: Store) -> list[Network]:
    rows = store.query(f"""
        SELECT network_id, name, kind, settings, fingerprint, pool, sample_rate_hz, longest_s, neuron_count, training
        FROM network ORDER BY network_id LIMIT {MAX_ROWS}""")
    records = [record(rows, row) for row in range(len(rows))]
    try:
        return [Network(**{**record, "settings": json.loads(record["settings"])}) for record in records]
    except json.JSONDecodeError as error:
        raise StoreError(f"{store.path} says nonsense of a network's settings: {error}.", PUBLISH) from error


def layer_names(store: Store, network_id: int) -> list[str]:
    """The layers of a network, shallow to deep."""
    rows = store.query(f"SELECT name FROM layer WHERE network_id = ? ORDER BY layer_id LIMIT {MAX_ROWS}", [network_id])
    return list(rows["name"])


def layer_ids(store: Store, network_id: int) -> dict[str, int]:
    """Layer name -> its id, shallow to deep."""
    rows = store.query(
        f"SELECT name, layer_id FROM layer WHERE network_id = ? ORDER BY layer_id LIMIT {MAX_ROWS}", [network_id]
    )
    return dict(zip(rows["name"], rows["layer_id"].tolist(), strict=True))


def depth(store: Store, network_id: int) -> int:
    """Number of transformer blocks: the deepest layer that is not the classification head."""
    rows = store.query(
        "SELECT max(depth) AS depth FROM layer WHERE network_id = ? AND kind <> 'fc' LIMIT 1", [network_id]
    )
    return int(or_none(rows["depth"].iloc[0]) or 0)


def layers(store: Store, network_id: int) -> pd.DataFrame:
    """Every layer of a network with what its neurons are like, shallow to deep.

    Columns: layer_id, name, kind, depth, neurons, interpretable_share (at the run's K and tau), adjectives_per_neuron,
    named_share (more than half of the similarity functions put the same concept first), points_per_neuron (kept by
    calibration), described (neurons with at least one kept point), agreeing_share (of the neurons that two or more
    methods name, those to which all of them give the same concept; None where there is no such neuron).
    """
    return store.query(
        f"""
        WITH own AS (SELECT layer_id, neuron_id FROM neuron JOIN layer USING (layer_id) WHERE network_id = $network),
        spoken AS (SELECT neuron_id, count(*) AS adjectives FROM open_concept
                   WHERE part_of_speech = 'adjective' GROUP BY neuron_id),
        points AS (SELECT neuron_id, count(*) AS points FROM summary_point
                   WHERE polarity = 'high' AND kept GROUP BY neuron_id),
        votes AS (SELECT neuron_id, concept_id, count(*) AS votes FROM closed_concept
                  WHERE rank = 1 AND method = 'description_based' GROUP BY ALL),
        named AS (SELECT neuron_id, 2 * max(votes) > sum(votes) AS named FROM votes GROUP BY neuron_id),
        agreed AS (SELECT neuron_id, min(concept_id) = max(concept_id) AS agree FROM concept_pick
                   GROUP BY neuron_id HAVING count(concept_id) >= 2)
        SELECT layer_id, any_value(name) AS name, any_value(kind) AS kind, any_value(depth) AS depth,
            count(*) AS neurons,
            avg(CAST(coalesce(interpretable, false) AS INTEGER)) AS interpretable_share,
            avg(coalesce(adjectives, 0)) AS adjectives_per_neuron,
            avg(CAST(coalesce(named, false) AS INTEGER)) AS named_share,
            avg(coalesce(points, 0)) AS points_per_neuron,
            count(points) AS described,
            avg(CAST(agree AS INTEGER)) AS agreeing_share
        FROM own JOIN layer USING (layer_id) LEFT JOIN run_interpretability USING (neuron_id)
            LEFT JOIN spoken USING (neuron_id) LEFT JOIN points USING (neuron_id) LEFT JOIN named USING (neuron_id)
            LEFT JOIN agreed USING (neuron_id)
        GROUP BY layer_id ORDER BY layer_id LIMIT {MAX_ROWS}""",
        {"network": network_id},
    )
