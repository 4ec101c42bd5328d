"""Which neurons are uninterpretable, along the network, at any K, tau and reading (paper, Figures 6 and 11 to 14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import pandas as pd

from and_core.algorithms.readings import READINGS, Reading
from and_core.algorithms.trends import Over
from and_core.findings.adjectives import ALL_KINDS, trends
from and_core.store import queries
from and_core.store.connection import Store
from and_core.store.queries import Network

MEASURE = "uninterpretable"
FIGURES = {5: "Figure 11", 10: "Figure 12", 20: "Figure 13"}
"""Which figure of the paper shows a K; Figure 14 is Figure 11 on GTZAN."""


@dataclass(frozen=True)
class Counts:
    """How much neurons have in common, at every K and by every reading: a small table answers for all."""

    neurons: pd.DataFrame
    """network (name), and the columns of `queries.shared_by_layer`, less the classification head.

    The head is a block of its own and would bend a line (the released figures count it to the last block)."""
    chance: pd.DataFrame
    """As `queries.shared_by_chance`."""


def counts(store: Store, networks: Sequence[Network]) -> Counts:
    """Read what the networks' neurons, and clips drawn by chance, have in common."""
    tables = [queries.shared_by_layer(store, network.network_id).assign(network=network.name) for network in networks]
    found = pd.concat(tables, ignore_index=True)
    return Counts(found[found["kind"] != "fc"].reset_index(drop=True), queries.shared_by_chance(store))


def taus(k: int) -> tuple[int, ...]:
    """The thresholds of the paper's figures: 60 %, 80 % and all of the K clips. Figure 6 has the one in the middle."""
    return tuple(dict.fromkeys(ceil(share * k / 5) for share in (3, 4, 5)))


def usual_tau(k: int) -> int:
    """80 % of the K clips: 4 of 5 in Figure 6."""
    return ceil(4 * k / 5)


def hidden(found: Counts, network: str, k: int, reading: Reading = "clips") -> pd.DataFrame:
    """`Counts.neurons` of one network, K and reading."""
    rows = found.neurons
    return rows[(rows["network"] == network) & (rows["k"] == k) & (rows["reading"] == reading)]


def judged(found: Counts, network: str, k: int, tau: int, reading: Reading = "clips") -> pd.DataFrame:
    """depth, kind, uninterpretable (0 or 1): every neuron outside the classification head, shallow to deep."""
    counted = hidden(found, network, k, reading)
    counted = counted.assign(**{MEASURE: (counted["shared"] < tau).astype(int)})
    rows = counted.loc[counted.index.repeat(counted["neurons"]), ["depth", "kind", MEASURE]]
    return rows.reset_index(drop=True)


def share_of(found: Counts, network: str, k: int, tau: int, reading: Reading = "clips") -> float:
    """The share of uninterpretable neurons, 0..1, of a network's hidden neurons."""
    counted = hidden(found, network, k, reading)
    return float(counted.loc[counted["shared"] < tau, "neurons"].sum() / counted["neurons"].sum())


def headline(found: Counts, network: str, k: int, tau: int) -> str:
    """How many of a network's neurons are uninterpretable, and how many would be so by chance."""
    share, neurons = share_of(found, network, k, tau), int(hidden(found, network, k)["neurons"].sum())
    chance = by_chance(found, k, tau)
    drawn = "" if chance is None else f" Of clips drawn by chance, {chance:.0%} of draws would be called so."
    return (
        f"{share:.0%} of {network}'s {neurons:,} hidden neurons are uninterpretable: fewer than {tau} of their {k} "
        f"most activating clips have a sentence in the same cluster.{drawn}"
    )


def by_block(
    found: Counts, networks: Sequence[str], k: int, tau: int, reading: Reading = "clips", kinds: bool = False
) -> pd.DataFrame:
    """network, kind (where `kinds`), depth, neurons, uninterpretable (share of them): a row a block (and kind)."""
    columns = ["network", "kind", "depth"] if kinds else ["network", "depth"]
    counted = pd.concat([hidden(found, network, k, reading) for network in networks], ignore_index=True)
    below = counted["neurons"].where(counted["shared"] < tau, 0)
    grouped = counted.assign(below=below).groupby(columns, sort=False)[["neurons", "below"]].sum().reset_index()
    return grouped.assign(**{MEASURE: grouped["below"] / grouped["neurons"]}).drop(columns="below")


def lines(
    found: Counts, networks: Sequence[str], k: int, tau: int, reading: Reading = "clips", over: Over = "neurons"
) -> pd.DataFrame:
    """network, and the columns of `adjectives.trends`: each network's lines along its depth, over all and by kind."""
    tables = [trends(judged(found, network, k, tau, reading), MEASURE).assign(network=network) for network in networks]
    table = pd.concat(tables, ignore_index=True)
    return table.loc[table["over"] == over, ["network", *table.columns.drop("network")]].reset_index(drop=True)


def through_networks(table: pd.DataFrame) -> pd.DataFrame:
    """Of `lines`, the one through all hidden layers of each network."""
    return table[table["kind"] == ALL_KINDS]


def by_chance(found: Counts, k: int, tau: int, reading: Reading = "clips") -> float | None:
    """Share of draws, 0..1, in which K clips drawn by chance would be called uninterpretable; None without draws."""
    rows = found.chance
    drawn = rows[(rows["k"] == k) & (rows["reading"] == reading)]
    return None if drawn.empty else float(drawn.loc[drawn["shared"] < tau, "share"].sum())


def at_thresholds(found: Counts, networks: Sequence[str], k: int) -> tuple[pd.DataFrame, dict[int, float | None]]:
    """Figures 11 to 14: `by_block` at every threshold of the paper (a column tau), and tau -> `by_chance`."""
    means = [by_block(found, networks, k, tau).assign(tau=tau) for tau in taus(k)]
    return pd.concat(means, ignore_index=True), {tau: by_chance(found, k, tau) for tau in taus(k)}


def figure_name(store: Store, k: int) -> str:
    """Which figure of the paper shows this K on such a data set."""
    if queries.dataset(store).kind == "gtzan" and k == 5:
        return "Figure 14"
    return FIGURES.get(k, "as Figure 11")


def three_readings(found: Counts, networks: Sequence[str], k: int, tau: int) -> pd.DataFrame:
    """network, reading, uninterpretable, by_chance, verdicts_that_differ: shares; the last against reading `clips`.

    For distinct clips and tau up to K, who is interpretable by `intersection` is so by `clips`, and who is so by
    `clips` is so by `sentences`; so the share of verdicts that differ is the difference of the shares.
    """
    rows = []
    for network in networks:
        shares = {reading: share_of(found, network, k, tau, reading) for reading in READINGS}
        rows += [
            {
                "network": network,
                "reading": reading,
                MEASURE: share,
                "by_chance": by_chance(found, k, tau, reading),
                "verdicts_that_differ": abs(share - shares["clips"]),
            }
            for reading, share in shares.items()
        ]
    return pd.DataFrame(rows)
