"""The networks of a finished run, with their weights, each on what pruning is evaluated on."""

from collections.abc import Iterator
from pathlib import Path

from and_core.algorithms.ablation.experiment import Bench
from and_core.errors import ConfigError
from and_core.findings.bench import Say, bench_of
from and_core.models.dissected import dissected_network
from and_core.models.registry import nearest
from and_core.store import queries
from and_core.store.connection import open_store


def benches(folder: Path, network: str | None, per_class: int, say: Say) -> Iterator[Bench]:
    """One of each network of the run, or of the one named; a network is loaded when its turn comes.

    Args:
        folder: the run's store.
        per_class: clips of every class that are played, of the fold that the run itself evaluated on.
        say: told of clips that cannot be read, and of networks that are left out.

    Raises:
        ConfigError: the run has no network of that name.
        NetworkError: weights are missing or are not those that were dissected.
    """
    store = open_store(folder)
    found = {one.name: one for one in queries.networks(store)}
    if network is not None and network not in found:
        raise ConfigError(f"The run has no network {network!r}.", nearest(network, list(found)))
    for one in [found[network]] if network else found.values():
        if queries.class_outputs(store, one.network_id).empty:
            say(f"{one.name} is left out: no output of it bears the name of a class of the data set.")
            continue
        live = dissected_network(one.name, one.kind, one.settings, one.fingerprint)
        fold, evidence = queries.evaluation_fold(store, one.name), queries.evidence(store, one.network_id)
        loaded = bench_of(store, one, live, evidence, per_class, fold)
        for line in loaded.left_out:
            say(line)
        yield loaded.bench
