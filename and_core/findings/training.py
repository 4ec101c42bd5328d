"""Does the way networks were trained show in their neurons? (paper, section 4.5)"""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import get_args

import pandas as pd

from and_core.algorithms.training_strategy import Claim, NetworkTrends, Strategy, claims
from and_core.algorithms.trends import Over, trend
from and_core.findings.adjectives import ALL_KINDS, trends
from and_core.store import queries
from and_core.store.connection import Store
from and_core.store.queries import Network

MEASURES = {"adjectives": "number of adjectives per neuron", "interpretable": "interpretable share"}


def measures_by_block(store: Store, networks: Sequence[Network]) -> pd.DataFrame:
    """network, training, depth, neurons, adjectives, interpretable: means of every block, the head left out."""
    tables = []
    for network in networks:
        neurons = queries.hidden_neurons(store, network.network_id)
        grouped = neurons.groupby("depth")
        means = grouped[list(MEASURES)].mean().assign(neurons=grouped.size()).reset_index()
        tables.append(means.assign(network=network.name, training=network.training))
    return pd.concat(tables, ignore_index=True)[["network", "training", "depth", "neurons", *MEASURES]]


def lines_of(store: Store, networks: Sequence[Network], measure: str, over: Over) -> pd.DataFrame:
    """network, and the columns of `adjectives.trends`: the line of every network through all its hidden layers."""
    tables = []
    for network in networks:
        lines = trends(queries.hidden_neurons(store, network.network_id), measure)
        chosen = lines[(lines["kind"] == ALL_KINDS) & (lines["over"] == over)]
        tables.append(chosen.assign(network=network.name))
    lines = pd.concat(tables, ignore_index=True)
    return lines[["network", *lines.columns.drop("network")]]


def network_trends(store: Store, networks: Sequence[Network], over: Over) -> list[NetworkTrends]:
    """The lines of every network whose training is known, and which has blocks enough for a line."""
    found = []
    for network in networks:
        if network.training in get_args(Strategy):
            neurons = queries.hidden_neurons(store, network.network_id)
            lines = [trend(neurons["depth"], neurons[measure], over) for measure in MEASURES]
            if all(lines):
                found.append(NetworkTrends(network.name, network.training, *lines))  # type: ignore[arg-type]
    return found


def claim_table(found: Sequence[Claim]) -> pd.DataFrame:
    """One row a claim; columns as in `Claim`."""
    return pd.DataFrame([asdict(claim) for claim in found], columns=[field.name for field in fields(Claim)])


def tested(store: Store, networks: Sequence[Network], over: Over) -> list[Claim]:
    """The paper's claims, tested on these networks."""
    return claims(network_trends(store, networks, over))
