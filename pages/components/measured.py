"""What the findings' pages ask of every neuron of a network, kept: each goes through all of them, sliders ask again."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from and_core.algorithms.group_effect import GroupEffect
from and_core.findings import acoustics
from and_core.store import queries
from and_core.store.connection import Store

BY_PATH: dict[str | type[Any], Callable[[Any], Any]] = {Store: lambda store: str(store.path)}
"""A store is another one when it lies in another file: it is never edited."""


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=BY_PATH)
def hidden_neurons(store: Store, network_id: int) -> pd.DataFrame:
    return queries.hidden_neurons(store, network_id)


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs=BY_PATH)
def words(store: Store, network_id: int, layer_id: int | None = None, hidden: bool = False) -> pd.DataFrame:
    """All adjectives, of which a slider shows some."""
    return queries.adjectives(store, network_id, layer_id, queries.MAX_ROWS, hidden)


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=BY_PATH)
def clip_measurements(store: Store, network_id: int, word: str, measurement: str) -> pd.DataFrame:
    return queries.clip_measurements(store, network_id, word, measurement)


@st.cache_data(max_entries=2000, show_spinner=False, hash_funcs=BY_PATH)
def effect(store: Store, network_id: int, word: str, measurement: str) -> GroupEffect | None:
    return acoustics.effect_of(clip_measurements(store, network_id, word, measurement))
