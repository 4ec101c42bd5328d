"""What the clusters of caption sentences are about (Table 8 of the paper)."""

from pathlib import Path

import pandas as pd

from and_core.findings import clusters
from and_core.store import queries
from and_core.store.connection import open_store


def cluster_tables(store_folder: Path) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Every cluster with its captions, sentences, telling words and neurons, and the curve of the elbow method.

    Raises:
        StoreError: the run has no store.
    """
    store = open_store(store_folder)
    networks = queries.networks(store)
    found = clusters.of_networks(store, networks)
    curve = queries.elbow_curve(store)
    said = {
        network.name: clusters.headline(clusters.with_neurons(store, network), network.name) for network in networks
    }
    tables = {"clusters (Table 8)": found, "elbow": curve}
    return tables, {**said, "elbow": clusters.elbow_sentence(curve, len(found))}
