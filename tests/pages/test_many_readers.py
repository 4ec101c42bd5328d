"""Many readers prune at once: the network is shared, and nobody sees another's masks."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from and_core.algorithms.ablation.experiment import Bench, prune
from and_core.algorithms.ablation.selection import Limited, Selection, Term, control_of
from and_core.algorithms.ablation.unfolding import unfold
from and_core.findings.bench import bench_of
from and_core.models.dissected import dissected_network
from and_core.store import queries
from and_core.store.connection import open_store

READERS = 20


@pytest.fixture(scope="module")
def bench(tiny_store: Path) -> Bench:
    """The network and clips of the tiny store, as the app shares them."""
    store = open_store(tiny_store)
    network = queries.networks(store)[0]
    live = dissected_network(network.name, network.kind, network.settings, network.fingerprint)
    return bench_of(store, network, live, queries.evidence(store, 0), per_class=2, fold=None).bench


def test_twenty_readers_at_once_get_what_each_would_get_alone(bench: Bench) -> None:
    places = ("layer1_*", "depth:2", "depth:3-4", "*")
    asked: list[Selection] = [
        Limited(Term(("nouns", "random")[reader % 2]), (places[reader % 4],), first=5 + 3 * reader, seed=reader)
        for reader in range(READERS)
    ]
    alone = [prune(bench, selection).after for selection in asked]
    assert len({after.tobytes() for after in alone}) == READERS
    start = Barrier(READERS)

    def read(selection: Selection) -> tuple[object, object]:
        start.wait()
        *_, last = unfold(bench, selection, 0, seeds=(1,))
        return last.pruned.after, last.controls[1].after

    with ThreadPoolExecutor(READERS) as readers:
        together = list(readers.map(read, asked))
    for selection, (after, control), expected in zip(asked, together, alone, strict=True):
        np.testing.assert_allclose(after, expected, atol=1e-5)
        np.testing.assert_allclose(control, prune(bench, control_of(selection, 1)).after, atol=1e-5)


def test_who_leaves_half_way_leaves_nothing_behind(bench: Bench) -> None:
    whole, _ = bench.play([])
    running = unfold(bench, Term("nouns"), 0)
    assert len(next(running).bench.before) < len(bench.before)
    running.close()
    np.testing.assert_allclose(bench.play([])[0], whole, atol=1e-5)
