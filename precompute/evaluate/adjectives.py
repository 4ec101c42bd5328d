"""What do neurons speak of, and does it change with depth? (Figures 3, 5 and 9 of the paper)"""

from pathlib import Path

import pandas as pd

from and_core.findings import adjectives
from and_core.store import queries
from and_core.store.connection import open_store


def adjective_tables(store_folder: Path, top: int) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """The commonest adjectives, their mean number by block, and its trends, of every network of a run; and sentences.

    Raises:
        StoreError: the run has no store.
    """
    store = open_store(store_folder)
    networks = queries.networks(store)
    neurons = {network.name: queries.hidden_neurons(store, network.network_id) for network in networks}
    means, lines = (
        pd.concat([of_one(rows, "adjectives").assign(network=name) for name, rows in neurons.items()])
        for of_one in (adjectives.by_block, adjectives.trends)
    )
    words = {
        network.name: queries.adjectives(store, network.network_id, limit=queries.MAX_ROWS, hidden=True)
        for network in networks
    }
    tables = {
        "commonest adjectives (Figures 3 and 9)": adjectives.commonest(store, networks, top),
        "adjectives per neuron (Figure 5)": network_first(means),
        "trends of adjectives per neuron (Figure 5)": network_first(lines),
    }
    return tables, {name: adjectives.headline(name, neurons[name], words[name]) for name in words}


def network_first(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["network", *(name for name in frame.columns if name != "network")]]
