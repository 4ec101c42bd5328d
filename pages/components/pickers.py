"""Pickers that write what was picked into the address, so that every view has a permalink."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from and_core.models.registry import nearest
from and_core.store import queries
from and_core.store.queries import Neuron
from pages.components import links
from pages.components.store import View


def asked_for(parameter: str, fallback: str = "") -> str:
    """What the address says."""
    return str(st.query_params.get(parameter, fallback))


def write_to_address(key: str, parameter: str, *forget: str) -> Callable[[], None]:
    """A callback: the widget's value becomes the parameter; `forget` names parameters that end with it."""

    def write() -> None:
        st.query_params[parameter] = str(st.session_state[key])
        for name in forget:
            st.query_params.pop(name, None)

    return write


def asked_layer(view: View, names: list[str]) -> str:
    """The layer in the address, the first where it names none; a helpful page where there is no such layer."""
    layer = asked_for("layer", names[0])
    if layer not in names:
        not_there(f"{view.network.name} has no layer {layer!r}.", nearest(layer, names))
        _offer_layers(view, names)
        st.stop()
    return layer


def asked_neuron(view: View) -> Neuron:
    """The neuron in the address, the most interpretable where it names none; a helpful page where it does not exist."""
    if not asked_for("layer") and not asked_for("neuron"):
        found = queries.most_interpretable(view.store, view.network.network_id)
        first, _ = queries.neuron_range(view.store, view.network.network_id)
        return queries.neuron(view.store, found[0] if found else first)
    widths = queries.layer_widths(view.store, view.network.network_id)
    layer = asked_layer(view, list(widths))
    asked = asked_for("neuron", "0")
    neuron = (
        queries.find_neuron(view.store, view.network.network_id, layer, int(asked))
        if asked.isascii() and asked.isdecimal() and int(asked) < widths[layer]
        else None
    )
    if neuron is None:
        last = widths[layer] - 1
        not_there(f"{layer} has no neuron {asked!r}.", f"Its neurons are numbered from 0 to {last}.")
        links.neuron_link(view, layer, 0)
        links.neuron_link(view, layer, last)
        st.stop()
    return neuron


def not_there(what: str, remedy: str) -> None:
    """The head of a page for what does not exist."""
    st.title("There is no such place")
    st.text(what)
    st.text(remedy)


def _offer_layers(view: View, names: list[str]) -> None:
    st.caption("The layers of this network:")
    with st.container(horizontal=True):
        for name in names:
            links.neuron_link(view, name, 0, label=name)


def neuron_picker(view: View, neuron: Neuron) -> None:
    """Layer and number of the neuron."""
    names = queries.layer_names(view.store, view.network.network_id)
    # The address leads: arriving by a link must move the pickers too.
    st.session_state["neuron_layer"], st.session_state["neuron_position"] = neuron.layer, neuron.position
    st.selectbox("Layer", names, key="neuron_layer", on_change=_go, args=("neuron_layer",), width=260)
    st.number_input(
        f"Neuron, 0 to {neuron.width - 1}",
        min_value=0,
        max_value=neuron.width - 1,
        key="neuron_position",
        on_change=_go,
        args=("neuron_position",),
        width=150,
    )


def _go(changed: str) -> None:
    st.query_params["layer"] = st.session_state["neuron_layer"]
    st.query_params["neuron"] = str(st.session_state["neuron_position"] if changed == "neuron_position" else 0)


def neuron_table(view: View, rows: pd.DataFrame, key: str, beside: pd.DataFrame | None = None) -> None:
    """Neurons as `queries.neurons` gives them; choosing a row, or any cell of it, opens the neuron.

    Args:
        beside: further columns, one row a neuron in the same order.
    """
    shown = pd.DataFrame(
        {
            "neuron": [f"{layer}#{position}" for layer, position in zip(rows["layer"], rows["position"], strict=True)],
            "concept": rows["concept"],
            "margin": rows["margin"],
            "first kept point": rows["first_point"],
            "adjectives": [list(words) if not _missing(words) else [] for words in rows["adjectives"]],
            "interpretable": rows["interpretable"].fillna(False).astype(bool),
            "share a cluster": rows["shared_clips"],
            "peak": rows["peak"],
        }
    )
    for place, name in enumerate([] if beside is None else beside.columns, start=1):
        shown.insert(place, name, beside[name].to_numpy())  # type: ignore[index]
    event = st.dataframe(
        shown,
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        alt="Neurons; choosing one opens its page",
        column_config={
            "neuron": st.column_config.TextColumn(width="medium", pinned=True),
            "margin": st.column_config.NumberColumn(format="%.3f", help="Score of the best concept less the second's"),
            "first kept point": st.column_config.TextColumn(width="large"),
            "adjectives": st.column_config.ListColumn(width="medium"),
            "interpretable": st.column_config.CheckboxColumn(help="At least tau of its top clips share a cluster"),
            "share a cluster": st.column_config.NumberColumn(help="How many of its top clips share one cluster"),
            "peak": st.column_config.NumberColumn(format="%.2f", help="Highest activation over all clips"),
        },
    )
    chosen = chosen_row(event)
    if chosen is not None:
        row = rows.iloc[chosen]
        links.open_neuron(view, str(row["layer"]), int(row["position"]))


def chosen_row(event: object) -> int | None:
    """The row of a table that was chosen by its mark or by any of its cells."""
    selection = event["selection"]  # type: ignore[index]
    chosen = [*selection.get("rows", []), *(cell[0] for cell in selection.get("cells", []))]
    return int(chosen[0]) if chosen else None


def _missing(value: object) -> bool:
    return not hasattr(value, "__len__")


def picked(event: object) -> str | None:
    """The customdata of the point that was clicked in a plotly chart."""
    points = event["selection"]["points"] if event else []  # type: ignore[index]
    if not points:
        return None
    data = points[0].get("customdata")
    # A browser reports {"0": value}, the test harness a list, a lone value itself.
    if isinstance(data, dict):
        data = data.get("0")
    if isinstance(data, (list, tuple)):
        data = data[0]
    return None if data is None else str(data)


def random_neuron(view: View) -> int:
    """The id of a neuron drawn at random, another one at every call of a session."""
    draws = st.session_state["draws"] = st.session_state.get("draws", 0) + 1
    first, last = queries.neuron_range(view.store, view.network.network_id)
    return int(np.random.default_rng(draws).integers(first, last + 1))


def word_suggestions(view: View) -> None:
    """The commonest adjectives of the network, as links."""
    links.word_chips(view, list(queries.adjectives(view.store, view.network.network_id, limit=12)["word"]))
