"""What the clusters of caption sentences are about (Table 8 of the paper)."""

from pathlib import Path

import pandas as pd

from and_core.findings.clusters import elbow_sentence
from and_core.store import queries
from and_core.store.connection import open_store


def cluster_tables(store_folder: Path) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Every cluster with its captions, sentences, telling words and neurons, and the curve of the elbow method.

    Raises:
        StoreError: the run has no store.
    """
    store = open_store(store_folder)
    clusters = queries.clusters(store).drop(columns="cloud")
    clusters["words"] = [", ".join(words) for words in clusters["words"]]
    for network in queries.networks(store):
        shared = queries.neurons_by_cluster(store, network.network_id).set_index("cluster_id")["neurons"]
        clusters[f"neurons of {network.name}"] = clusters["cluster_id"].map(shared).fillna(0).astype(int)
    curve = queries.elbow_curve(store)
    tables = {"clusters (Table 8)": clusters, "elbow": curve}
    return tables, {"elbow": elbow_sentence(curve, len(clusters))}
