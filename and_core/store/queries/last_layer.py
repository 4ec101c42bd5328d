"""Questions of the last-layer evaluation."""

import numpy as np

from and_core.algorithms.evaluation import LastLayerConcepts
from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_NEURONS, METHODS, or_none


def last_layer_concepts(store: Store, network_id: int | None = None) -> list[LastLayerConcepts]:
    """What every method and similarity function says of every output neuron whose class the data set has.

    A neuron to which a function gives no answer has no concepts.

    Args:
        network_id: one network alone; all of the run where None.
    """
    rows = store.query(
        f"""
        WITH asked AS (SELECT DISTINCT method, similarity FROM closed_concept),
            outputs AS (
                SELECT network.network_id, network.name AS network, neuron_id, layer.name AS layer, neuron.position,
                    class_id, class.name AS class_name
                FROM network JOIN layer USING (network_id) JOIN neuron USING (layer_id)
                    JOIN network_class ON network_class.network_id = network.network_id AND output = neuron.position
                    JOIN class USING (class_id)
                WHERE layer.kind = 'fc' AND ($network IS NULL OR network.network_id = $network)
            )
        SELECT any_value(network) AS network, asked.method, asked.similarity, any_value(class_name) AS class_name,
            any_value(layer) AS layer, any_value(outputs.position) AS position,
            list(concept.name ORDER BY rank) FILTER (concept.name IS NOT NULL) AS concepts,
            any_value(cosine) FILTER (rank = 1) AS cosine
        FROM outputs CROSS JOIN asked
            LEFT JOIN closed_concept AS found ON found.neuron_id = outputs.neuron_id AND found.method = asked.method
                AND found.similarity IS NOT DISTINCT FROM asked.similarity
            LEFT JOIN concept USING (concept_id)
            LEFT JOIN name_cosine ON name_cosine.concept_id = found.concept_id
                AND name_cosine.class_id = outputs.class_id
        GROUP BY network_id, outputs.neuron_id, asked.method, asked.similarity
        ORDER BY network_id, list_position({METHODS}, asked.method), asked.similarity, outputs.neuron_id
        LIMIT {MAX_NEURONS}""",
        {"network": network_id},
    )
    return [
        LastLayerConcepts(
            network=row["network"],
            method=row["method"],
            similarity=or_none(row["similarity"]),
            class_name=row["class_name"],
            concepts=tuple(row["concepts"]) if isinstance(row["concepts"], (list, np.ndarray)) else (),
            cosine=or_none(row["cosine"]),
            layer=row["layer"],
            position=int(row["position"]),
        )
        for row in rows.to_dict("records")
    ]
