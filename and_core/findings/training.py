"""Does the way networks were trained show in their neurons? (paper, section 4.5)"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import get_args

import pandas as pd

from and_core.algorithms.training_strategy import Claim, NetworkTrends, Strategy, claims
from and_core.algorithms.trends import Over, trend
from and_core.findings.adjectives import ALL_KINDS, trends
from and_core.store.queries import Network

MEASURES = {"adjectives": "number of adjectives per neuron", "interpretable": "interpretable share"}
Neurons = Mapping[str, pd.DataFrame]
"""Name of a network -> what `queries.hidden_neurons` gives."""


def measures_by_block(neurons: Neurons, networks: Sequence[Network]) -> pd.DataFrame:
    """network, training, depth, neurons, adjectives, interpretable: means of every block, the head left out."""
    tables = []
    for network in networks:
        grouped = neurons[network.name].groupby("depth")
        means = grouped[list(MEASURES)].mean().assign(neurons=grouped.size()).reset_index()
        tables.append(means.assign(network=network.name, training=network.training))
    return pd.concat(tables, ignore_index=True)[["network", "training", "depth", "neurons", *MEASURES]]


def lines_of(neurons: Neurons, measure: str, over: Over) -> pd.DataFrame:
    """network, and the columns of `adjectives.trends`: the line of every network through all its hidden layers."""
    tables = []
    for network, rows in neurons.items():
        lines = trends(rows.assign(kind=ALL_KINDS), measure)
        tables.append(lines[lines["over"] == over].head(1).assign(network=network))
    table = pd.concat(tables, ignore_index=True)
    return table[["network", *table.columns.drop("network")]]


def tested(neurons: Neurons, networks: Sequence[Network], over: Over) -> list[Claim]:
    """The paper's claims, tested on every network whose training is known, and which has blocks enough for a line."""
    found = []
    for network in networks:
        if network.training in get_args(Strategy):
            rows = neurons[network.name]
            lines = [trend(rows["depth"], rows[measure], over) for measure in MEASURES]
            if all(lines):
                found.append(NetworkTrends(network.name, network.training, *lines))  # type: ignore[arg-type]
    return claims(found)


def claim_table(found: Sequence[Claim]) -> pd.DataFrame:
    """One row a claim; columns as in `Claim`."""
    return pd.DataFrame([asdict(claim) for claim in found], columns=[field.name for field in fields(Claim)])
