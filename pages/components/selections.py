"""What takes a moment to read of a network, read from the store once for all readers."""

from pathlib import Path

import streamlit as st

from and_core.algorithms.ablation.evidence import Evidence
from and_core.findings import interpretability
from and_core.findings.interpretability import Counts
from and_core.store import queries
from pages.components.store import View, opened


def evidence_of(view: View) -> Evidence:
    """The evidence about the network on view, which neurons are selected by."""
    return _evidence(view.store.path, view.network.network_id)


@st.cache_resource(max_entries=4, show_spinner="Reading what was said of the neurons")
def _evidence(store: Path, network_id: int) -> Evidence:
    return queries.evidence(opened(store), network_id)


def counts_of(view: View) -> Counts:
    """How much the neurons of all networks of the run have in common."""
    return _counts(view.store.path)


@st.cache_resource(max_entries=4, show_spinner=False)
def _counts(store: Path) -> Counts:
    return interpretability.counts(opened(store), queries.networks(opened(store)))
