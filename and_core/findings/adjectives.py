"""What neurons speak of, over a network and along its depth (paper, Figures 3, 5 and 9)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from and_core.algorithms.trends import OVER, trend
from and_core.store import queries
from and_core.store.connection import Store
from and_core.store.queries import Network

ALL_KINDS = "all hidden layers"


def headline(network: str, neurons: pd.DataFrame, words: pd.DataFrame) -> str:
    """How many adjectives a network's hidden neurons use, and which most.

    Args:
        neurons: as `queries.hidden_neurons`.
        words: as `queries.adjectives` of hidden neurons.
    """
    if words.empty:
        return f"None of {network}'s {len(neurons):,} hidden neurons has an adjective."
    first = words.iloc[0]
    return (
        f"{network}'s {len(neurons):,} hidden neurons use {len(words)} adjectives, {neurons['adjectives'].mean():.2f} "
        f"each; the commonest is {first['word']}, in {first['neurons'] / len(neurons):.0%} of them."
    )


def commonest(store: Store, networks: Sequence[Network], top: int) -> pd.DataFrame:
    """network, rank, word, neurons, share (of the network's hidden neurons): the commonest adjectives of each network.

    The classification head is left out, and a word is counted once a neuron (the paper's Figure 3 adds "high" to
    "high-quality" and "low" to "low-quality"; here each is itself).
    """
    found = {
        network.name: queries.adjectives(store, network.network_id, limit=top, hidden=True) for network in networks
    }
    return ranked(found, {network.name: queries.hidden_count(store, network.network_id) for network in networks}, top)


def ranked(found: Mapping[str, pd.DataFrame], hidden: Mapping[str, int], top: int) -> pd.DataFrame:
    """As `commonest`: of each network, what `queries.adjectives` gave and how many hidden neurons it has."""
    tables = [
        words.head(top).assign(
            network=name,
            rank=range(1, min(top, len(words)) + 1),
            share=words["neurons"].head(top) / max(hidden[name], 1),
        )
        for name, words in found.items()
    ]
    return pd.concat(tables, ignore_index=True)[["network", "rank", "word", "neurons", "share"]]


def by_block(neurons: pd.DataFrame, measure: str) -> pd.DataFrame:
    """kind, depth, neurons, mean: a measure in `queries.hidden_neurons` by block and kind."""
    grouped = neurons.groupby(["kind", "depth"], sort=False)[measure]
    return grouped.agg(neurons="size", mean="mean").reset_index().sort_values(["depth"], kind="stable")


def trends(neurons: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The lines of a measure along depth: one over all hidden layers, one a kind, each over neurons and block means.

    Columns: kind, over, n, mean, slope, low, high (of the slope's 95 % interval), p_value, first, last, intercept. A
    kind with a single block has no line, and no row.
    """
    return pd.DataFrame(list(_lines(neurons, measure)), columns=_COLUMNS)


_COLUMNS = ("kind", "over", "n", "mean", "slope", "low", "high", "p_value", "first", "last", "intercept")


def _lines(neurons: pd.DataFrame, measure: str) -> Iterator[dict[str, Any]]:
    groups = {ALL_KINDS: neurons, **dict(iter(neurons.groupby("kind", sort=False)))}
    for kind, rows in groups.items():
        for over in OVER:
            line = trend(rows["depth"], rows[measure], over)
            if line:
                values = asdict(line)
                yield {"kind": kind, "over": over, **{name: values[name] for name in _COLUMNS[2:]}}


def trend_sentence(line: pd.Series, what: str, as_share: bool = False) -> str:
    """What a row of `trends` says, in words."""
    ends = [line["intercept"] + line["slope"] * depth for depth in (line["first"], line["last"])]
    ends_said = [f"{end:.0%}" if as_share else f"{end:.2f}" for end in ends]
    verb = "falls" if line["high"] < 0 else "rises" if line["low"] > 0 else "shows no trend"
    points = "neurons" if line["over"] == "neurons" else "blocks"
    return (
        f"{what} {verb} with depth: along the line from {ends_said[0]} in block {line['first']:.0f} to {ends_said[1]} "
        f"in block {line['last']:.0f}, a slope of {line['slope']:+.4f} a block (95 % interval {line['low']:+.4f} to "
        f"{line['high']:+.4f}, p = {line['p_value']:.2g}, {line['n']:,} {points})."
    )
