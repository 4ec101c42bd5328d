"""Which run and which network the reader looks at, and the open store behind them."""

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from and_core.models.registry import nearest
from and_core.store import queries
from and_core.store.connection import Store, find_runs, open_store, published_file
from and_core.store.queries import Network


@dataclass(frozen=True)
class View:
    """What every page is about: one network of one run."""

    store: Store
    network: Network
    networks: list[Network]
    run: str
    runs: list[str]

    @property
    def query(self) -> dict[str, str]:
        """What a link must say besides the network, so that it opens the same run."""
        return {"run": self.run} if len(self.runs) > 1 else {}


def current_view() -> View:
    """The run and network that the address names, else the ones chosen last, else the first.

    Raises:
        StoreError: there is no run, or its store cannot be read.
    """
    runs = find_runs(Path(os.environ.get("AND_RUNS", "runs")), store_argument())
    run = _chosen("run", list(runs))
    store = opened(runs[run])
    networks = queries.networks(store)
    name = _chosen("network", [network.name for network in networks])
    network = next(network for network in networks if network.name == name)
    return View(store, network, networks, run, list(runs))


def store_argument() -> Path | None:
    """FOLDER of `streamlit run app.py -- --store FOLDER`."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--store", type=Path)
    store: Path | None = parser.parse_known_args(sys.argv[1:])[0].store
    return store


def opened(folder: Path) -> Store:
    """The store published in `folder` now: a new publication has a new path, and is opened at the next rerun."""
    return _opened(str(published_file(folder)))


@st.cache_resource(max_entries=8, show_spinner=False)
def _opened(path: str) -> Store:
    return open_store(Path(path))


def _chosen(parameter: str, names: list[str]) -> str:
    """The name that the address asks for; a page that explains itself where there is none such."""
    remembered = st.session_state.get(parameter)
    name = st.query_params.get(parameter) or (remembered if remembered in names else names[0])
    if name not in names:
        st.title(f"There is no {parameter} of that name")
        st.text(f"The address asks for {name!r}. {nearest(name, names)}")
        for other in names:
            st.page_link("pages/views/overview.py", label=f"Open {parameter}", query_params={parameter: other})
            st.text(other)
        st.stop()
    st.session_state[parameter] = name
    return name
