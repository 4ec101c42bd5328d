"""Questions about adjectives over all neurons of a network: those of module C, asked of one part of speech."""

import pandas as pd

from and_core.store.connection import Store
from and_core.store.queries.c_open_concept import neurons_with_word, word_by_layer, words


def adjectives(
    store: Store, network_id: int, layer_id: int | None = None, limit: int = 30, hidden: bool = False
) -> pd.DataFrame:
    """word, neurons: how many neurons of a network, or of one of its layers, use an adjective; the commonest first.

    Args:
        hidden: leave the classification head out (paper, Figures 3 and 9: all linear layers of the blocks).
    """
    return words(store, network_id, "adjective", layer_id, limit, hidden)


def adjective_by_layer(store: Store, network_id: int, word: str) -> pd.DataFrame:
    """name, kind, depth, neurons, share: how many neurons of each layer speak of `word`, shallow to deep."""
    return word_by_layer(store, network_id, word)


def neurons_with_adjective(store: Store, network_id: int, word: str, limit: int = 200) -> list[int]:
    """Ids of the neurons that speak of `word`, those that say it most often first."""
    return neurons_with_word(store, network_id, word, limit=limit)
