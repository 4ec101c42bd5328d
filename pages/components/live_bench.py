"""What pruning is played on: loaded once for all readers, from when the first of them opens a page that prunes."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import streamlit as st

from and_core.algorithms.ablation.evidence import Evidence
from and_core.findings.bench import BenchOfStore, bench_of
from pages.components import live_network
from pages.components.selections import evidence_of
from pages.components.store import View

KEPT = 2
"""Benches held at once: the features of their clips, and up to 2 GB of what networks compute before a pruned block."""


THREAD = "bench"
"""The name of threads that load."""
Key = tuple[Path, int, int, int | None]
"""Publication, network, clips a class, fold."""


def warm(view: View, per_class: int, fold: int | None) -> None:
    """Begin to load the network and to read the clips while the reader still chooses."""
    _loading((view.store.path, view.network.network_id, per_class, fold), view)


def bench(view: View, per_class: int, fold: int | None) -> BenchOfStore:
    """The bench, as soon as it is there.

    Raises:
        NetworkError: something the network needs is not installed, its files are not here, or they are other weights.
        ClipError: clips of fewer than two classes can be read.
    """
    key = view.store.path, view.network.network_id, per_class, fold
    loading = _loading(key, view)
    if loading.done() and loading.exception() is not None:
        _loading.clear(key, view)  # what was missing then may be there now
        loading = _loading(key, view)
    with st.spinner("Loading the network and its clips"):
        return loading.result()


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _loading(key: Key, _view: View) -> "Future[BenchOfStore]":
    _, _, per_class, fold = key
    worker = ThreadPoolExecutor(1, THREAD)
    loading = worker.submit(_load, _view, evidence_of(_view), per_class, fold)
    worker.shutdown(wait=False)
    return loading


def _load(view: View, evidence: Evidence, per_class: int, fold: int | None) -> BenchOfStore:
    live = live_network.loaded(view.network)
    return bench_of(view.store, view.network, live, evidence, per_class, fold)
