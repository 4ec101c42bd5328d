"""The report's sections about how the dissection itself does: clusters and who shares them, last layer, pruning."""

from collections.abc import Iterator, Sequence

import pandas as pd

from and_core.algorithms.evaluation import last_layer_evaluation
from and_core.findings import clusters, interpretability, paper
from and_core.findings.last_layer import LEGEND, headlines, score_tables
from and_core.findings.unlearning import stored_table
from and_core.findings.unlearning_sentences import stored_sentence
from and_core.store import queries
from and_core.store.connection import Store
from and_core.store.queries import Network
from pages.components import gap_chart, share_charts
from precompute.report.media import picture_uri
from precompute.report.section import Picture, Section

PRUNING_LEGEND = (
    "Each class is forgotten in an experiment of its own. Delta A is the change of its logit, delta R the mean change "
    "of the others', the gap delta R - delta A; a bar is the range of as many random neurons of the same layers."
)


def interpretable(store: Store, networks: Sequence[Network]) -> Section:
    """Figures 11 to 14: every K of the run at three thresholds."""
    counts, names = interpretability.counts(store, networks), [network.name for network in networks]
    said, figures, tables = [], [], {}
    for k in queries.numbers_of_clips(store):
        means, chances = interpretability.at_thresholds(counts, names, k)
        figures.append(share_charts.panels_by_tau(means, chances))
        tables[f"K = {k} ({interpretability.figure_name(store, k)})"] = means.assign(
            by_chance=means["tau"].map(chances)
        )
    if figures:
        said = [interpretability.headline(counts, name, *queries.run_criterion(store)) for name in names]
    title = "Uninterpretable neurons (Figures 11 to 14)"
    return Section(title, said or ["This run did not judge its neurons."], figures, tables)


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


def pruning(store: Store, networks: Sequence[Network]) -> Section:
    """Table 4 and, class by class, Figure 10, as far as the run itself went."""
    title = "Pruning (Table 4 and Figure 10)"
    said: list[str] = []
    figures, classes = [], {}
    means = []
    for network in networks:
        experiments = queries.ablation_deltas(store, network.network_id)
        if experiments.empty:
            continue
        means.append(stored_table(experiments).assign(network=network.name))
        said.append(f"{network.name}: {stored_sentence(means[-1])}")
        for strategy, own in experiments.groupby("strategy", sort=False):
            figures.append(gap_chart.pruning_gaps(own, f"{network.name}, {strategy}".replace("_", " ")))
        classes[f"{network.name}, class by class"] = experiments
    if not said:
        return Section(title, ["This run pruned nothing."])
    table = pd.concat(means, ignore_index=True)
    tables = {
        "Means over classes": table[["network", *table.columns.drop("network")]],
        "The paper's Table 4": paper.unlearning(),
    }
    return Section(title, [*said, PRUNING_LEGEND], figures, tables | classes)
