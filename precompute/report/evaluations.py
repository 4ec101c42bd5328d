"""The report's sections about how the dissection itself does: clusters, last layer, and the run's own pruning."""

from collections.abc import Iterator, Sequence

from and_core.algorithms.evaluation import last_layer_evaluation
from and_core.findings import clusters
from and_core.findings.last_layer import LEGEND, headlines, score_tables
from and_core.store import queries
from and_core.store.connection import Store
from and_core.store.queries import Network
from pages.components import share_charts
from precompute.report.media import picture_uri
from precompute.report.section import Picture, Section


def about_clusters(store: Store, networks: Sequence[Network]) -> Section:
    """Table 8, and the curve of the elbow method."""
    title = "Clusters of sentences (Table 8)"
    found, curve = clusters.of_networks(store, networks), queries.elbow_curve(store)
    if found.empty:
        return Section(title, ["This run has no clusters of sentences."])
    said = [clusters.headline(clusters.with_neurons(store, network), network.name) for network in networks]
    said.append(clusters.elbow_sentence(curve, len(found)))
    figures = [] if curve.empty else [share_charts.elbow(curve, len(found))]
    tables = {"Clusters, the one of most clips first": found, "The curve of the elbow method": curve}
    return Section(title, said, figures, tables, list(clouds(store)))


def clouds(store: Store) -> Iterator[Picture]:
    """The word cloud of every cluster that has words."""
    for row in queries.clusters(store).to_dict("records"):
        if isinstance(row["cloud"], str):
            yield Picture(
                uri=picture_uri(store.file(row["cloud"])),
                alt=f"Word cloud of cluster {row['cluster_id']}; most telling: {', '.join(row['words'])}",
                line=f"Cluster {row['cluster_id']}: {row['clip_count']:,} clips, {row['sentence_count']:,} sentences",
            )


def last_layer(store: Store) -> Section:
    """Tables 2 and 7."""
    title = "Last layer (Tables 2 and 7)"
    scores = last_layer_evaluation(queries.last_layer_concepts(store))
    if not scores:
        return Section(title, ["No output neuron has the name of a class of the data set, or the run had no concepts."])
    return Section(title, [*headlines(scores).values(), LEGEND], tables=score_tables(scores))
