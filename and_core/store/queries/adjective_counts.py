"""Questions about adjectives over all neurons of a network."""

import pandas as pd

from and_core.store.connection import Store
from and_core.store.queries.rows import MAX_ROWS


def adjectives(
    store: Store, network_id: int, layer_id: int | None = None, limit: int = 30, hidden: bool = False
) -> pd.DataFrame:
    """word, neurons: how many neurons of a network, or of one of its layers, use an adjective; the commonest first.

    Args:
        hidden: leave the classification head out (paper, Figures 3 and 9: all linear layers of the blocks).
    """
    return store.query(
        """
        SELECT word, count(DISTINCT neuron_id) AS neurons
        FROM open_concept JOIN neuron USING (neuron_id) JOIN layer USING (layer_id)
        WHERE part_of_speech = 'adjective' AND network_id = $network AND ($layer IS NULL OR layer_id = $layer)
            AND NOT ($hidden AND kind = 'fc')
        GROUP BY word ORDER BY neurons DESC, word LIMIT $limit""",
        {"network": network_id, "layer": layer_id, "limit": min(limit, MAX_ROWS), "hidden": hidden},
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
