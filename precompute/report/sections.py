"""The report's sections: a sentence, a figure and its table for each finding of the paper, in its order."""

from collections.abc import Iterator, Sequence

import pandas as pd

from and_core.algorithms.training_strategy import verdicts
from and_core.findings import acoustics, adjectives, training
from and_core.store import queries
from and_core.store.connection import Store
from and_core.store.queries import Network
from pages.components import finding_charts
from precompute.report.evaluations import about_clusters, interpretable, last_layer, pruning
from precompute.report.section import Section

TOP = 20


def sections(store: Store) -> Iterator[Section]:
    """Everything but the neurons to hear and the provenance."""
    networks = queries.networks(store)
    yield overview(store, networks)
    yield words(store, networks)
    yield along_depth(store, networks)
    yield strategy(store, networks)
    yield interpretable(store, networks)
    yield about_clusters(store, networks)
    yield loud_and_high(store, networks)
    yield last_layer(store)
    yield pruning(store, networks)


def overview(store: Store, networks: Sequence[Network]) -> Section:
    """The networks and what became of their neurons."""
    rows = []
    for network in networks:
        layers = queries.layers(store, network.network_id)
        rows.append(
            {
                "network": network.name,
                "kind": network.kind,
                "training": network.training,
                "pool": network.pool,
                "neurons": network.neuron_count,
                "described": layers["described"].sum() / network.neuron_count,
                "interpretable": (layers["interpretable_share"] * layers["neurons"]).sum() / network.neuron_count,
            }
        )
    dataset = queries.dataset(store)
    chance = queries.reached_by_chance(store)
    said = [f"{dataset.clip_count:,} clips of {dataset.name} in {dataset.class_count} classes."]
    if chance is not None:
        said.append(
            f"Interpretable by chance: clips drawn at random share a cluster as often in {chance:.0%} of draws."
        )
    return Section("Networks", said, tables={"Shares of all neurons": pd.DataFrame(rows)})


def words(store: Store, networks: Sequence[Network]) -> Section:
    """Figures 3 and 9."""
    common = adjectives.commonest(store, networks, TOP)
    if common.empty:
        return Section("Adjectives (Figures 3 and 9)", ["No hidden neuron has an adjective."])
    shown = list(common.groupby("word")["share"].max().sort_values(ascending=False).index)
    figure = finding_charts.bars_side_by_side(adjectives.commonest(store, networks, queries.MAX_ROWS), shown)
    said = [
        f"{name}: the commonest adjective is {own['word'].iloc[0]}, of {own['share'].iloc[0]:.0%} of hidden neurons."
        for name, own in common.groupby("network", sort=False)
    ]
    return Section("Adjectives (Figures 3 and 9)", said, [figure], {"The commonest, by rank": common})


def along_depth(store: Store, networks: Sequence[Network]) -> Section:
    """Figures 5 and 6."""
    neurons = hidden_of(store, networks)
    means, figures, said, tables = training.measures_by_block(neurons, networks), [], [], {}
    for measure, name in training.MEASURES.items():
        lines = training.lines_of(neurons, measure, "neurons")
        as_share = measure == "interpretable"
        figures.append(finding_charts.lines_through(means, lines, "network", measure, name, as_share))
        said += [
            adjectives.trend_sentence(line, f"{line['network']}: the {name}", as_share) for _, line in lines.iterrows()
        ]
        tables[f"Lines of the {name}"] = lines
    return Section("Along the networks (Figures 5 and 6)", said, figures, {"By block": means, **tables})


def hidden_of(store: Store, networks: Sequence[Network]) -> dict[str, pd.DataFrame]:
    return {network.name: queries.hidden_neurons(store, network.network_id) for network in networks}


def strategy(store: Store, networks: Sequence[Network]) -> Section:
    """Section 4.5."""
    claims = training.tested(hidden_of(store, networks), networks, "neurons")
    if not claims:
        return Section("Training strategy (section 4.5)", ["The configuration does not say how networks were trained."])
    table = {"Claim by claim, with 95 % intervals": training.claim_table(claims)}
    return Section("Training strategy (section 4.5)", list(verdicts(claims).values()), tables=table)


def loud_and_high(store: Store, networks: Sequence[Network]) -> Section:
    """Figure 8: the paper's two pairs in every network."""
    said, figures = [], []
    for network in networks:
        for word, measurement in acoustics.PAPER_PAIRS:
            neurons = queries.clip_measurements(store, network.network_id, word, measurement)
            effect = acoustics.effect_of(neurons)
            if effect:
                said.append(f"{network.name}: {acoustics.effect_sentence(effect, word, measurement)}")
                values, has_word = neurons["value"].to_numpy(), neurons["has_word"].to_numpy(dtype=bool)
                axis = f"{acoustics.label(measurement)}, {network.name}"
                figures.append(finding_charts.two_histograms(values, has_word, word, axis))
    effects = acoustics.effect_table(acoustics.effects(store, networks, acoustics.PAPER_PAIRS))
    title = "What neurons with a word hear (Figure 8)"
    return Section(title, said or ["No neuron has the paper's words."], figures, {"Cliff's delta": effects})
