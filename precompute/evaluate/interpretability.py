"""Which neurons are uninterpretable, by depth and kind of layer? (Figures 6 and 11 to 14 of the paper)"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from and_core.algorithms.readings import Reading
from and_core.errors import ConfigError
from and_core.findings import interpretability
from and_core.store import queries
from and_core.store.connection import Store, open_store


def interpretability_tables(
    store_folder: Path, k: int | None, tau: int | None, reading: Reading
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """The share of uninterpretable neurons by block, its lines along depth, and what other readings say.

    Args:
        k: top clips looked at; None for the run's own.
        tau: how many must share; None for the run's own, or 80 % where another K is asked for.

    Raises:
        ConfigError: the store has no such K, or tau is not in 1..K.
        StoreError: the run has no store.
    """
    store = open_store(store_folder)
    k, tau = checked(store, k, tau)
    networks = queries.networks(store)
    found, names = interpretability.counts(store, networks), [network.name for network in networks]
    figure = interpretability.figure_name(store, k)
    tables = {
        f"uninterpretable by block, K = {k}, tau = {tau}": interpretability.by_block(found, names, k, tau, reading),
        "by kind of layer": interpretability.by_block(found, names, k, tau, reading, kinds=True),
        "lines along depth": interpretability.lines(found, names, k, tau, reading),
        f"by clips, at three thresholds of K = {k} ({figure})": at_thresholds(found, names, k),
        "three readings of Algorithm 1": interpretability.three_readings(found, names, k, tau),
    }
    said = {name: interpretability.headline(found, name, k, tau) for name in names if reading == "clips"}
    chance = interpretability.by_chance(found, k, tau, reading)
    drawn = "The run did not try clips drawn by chance."
    if chance is not None:
        drawn = f"Of {k} clips drawn by chance, {chance:.1%} of draws would be called uninterpretable."
    return tables, {**said, "chance": drawn}


def at_thresholds(found: interpretability.Counts, networks: Sequence[str], k: int) -> pd.DataFrame:
    """The rows of a figure, with what clips drawn by chance reach."""
    means, chances = interpretability.at_thresholds(found, networks, k)
    return means.assign(by_chance=means["tau"].map(chances))


def checked(store: Store, k: int | None, tau: int | None) -> tuple[int, int]:
    """K and tau that the store can answer."""
    stored = queries.numbers_of_clips(store)
    run_k, run_tau = queries.run_criterion(store)
    chosen = run_k if k is None else k
    if chosen not in stored:
        raise ConfigError(
            f"--k {chosen}: this run judged neurons by {', '.join(map(str, stored)) or 'no'} top clips.",
            f"Give one of those, or run again with --set 'interpretability.k=[{chosen}]'.",
        )
    usual = run_tau if chosen == run_k else interpretability.usual_tau(chosen)
    threshold = usual if tau is None else tau
    if not 1 <= threshold <= chosen:
        raise ConfigError(f"--tau {threshold}: of {chosen} clips, 1 to {chosen} can share a cluster.")
    return chosen, threshold
