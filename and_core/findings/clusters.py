"""What the clusters of caption sentences are about, and which neurons share them (paper, section 4.5 and Table 8)."""

from collections.abc import Sequence

import pandas as pd

from and_core.store import queries
from and_core.store.connection import Store
from and_core.store.queries import Network


def with_neurons(store: Store, network: Network) -> pd.DataFrame:
    """The columns of `queries.clusters`, and neurons: how many interpretable ones of the network share each."""
    clusters = queries.clusters(store)
    shared = queries.neurons_by_cluster(store, network.network_id).set_index("cluster_id")["neurons"]
    return clusters.assign(neurons=clusters["cluster_id"].map(shared).fillna(0).astype(int))


def of_networks(store: Store, networks: Sequence[Network]) -> pd.DataFrame:
    """cluster_id, clip_count, sentence_count, words (as text), and a column of neurons a network."""
    clusters = queries.clusters(store).drop(columns="cloud")
    clusters["words"] = [", ".join(words) for words in clusters["words"]]
    counts = {f"neurons of {network.name}": with_neurons(store, network)["neurons"] for network in networks}
    return clusters.assign(**counts)


def headline(clusters: pd.DataFrame, network: str) -> str:
    """How many sentences lie in how many clusters, and which one neurons share most.

    Args:
        clusters: as `with_neurons`.
    """
    sentences, neurons = int(clusters["sentence_count"].sum()), int(clusters["neurons"].sum())
    shared = f"no neuron of {network} is interpretable."
    if neurons:
        busiest = clusters.iloc[int(clusters["neurons"].argmax())]
        said = ", ".join(busiest["words"][:3]) or "no words"
        shared = (
            f"of {network}'s {neurons:,} interpretable neurons the most, {busiest['neurons']:,}, share cluster "
            f"{busiest['cluster_id']} ({said})."
        )
    return f"{sentences:,} sentences of the captions lie in {len(clusters)} clusters; {shared}"


def elbow_sentence(curve: pd.DataFrame, used: int) -> str:
    """Where the elbow lies, and how many clusters the run has.

    Args:
        curve: clusters, inertia, below_chord, as `queries.elbow_curve` gives it.
        used: clusters of the run.
    """
    if curve.empty:
        return "This run has no curve of the elbow method."
    elbow = int(curve["clusters"].iloc[int(curve["below_chord"].argmax())])
    has = ", which this run has" if elbow == used else f"; this run has {used}, as its configuration says"
    return f"The elbow method, tried with 1 to {int(curve['clusters'].max())} clusters, finds {elbow}{has}."
