"""Overview: the run, its network, and its layers depth by depth; a cell opens the layer, a row the neuron."""

import numpy as np
import pandas as pd
import streamlit as st

from and_core.store import queries
from and_core.store.connection import Store
from and_core.store.queries import SortKey
from pages.components import charts, links, pickers
from pages.components.store import View, current_view

MEASURES = {
    "interpretable share": (
        "interpretable_share",
        True,
        "Share of neurons whose top clips share a cluster of sentences",
    ),
    "adjectives per neuron": ("adjectives_per_neuron", False, "Mean number of adjectives in a calibrated summary"),
    "concepts named": (
        "named_share",
        True,
        "Share of neurons for which most similarity functions agree on the concept",
    ),
    "methods agree": (
        "agreeing_share",
        True,
        "Share of the neurons named by two or more methods to which all of them give the same concept",
    ),
    "points kept": ("points_per_neuron", False, "Mean number of points that calibration keeps"),
}
SORTS: dict[str, tuple[SortKey, bool]] = {
    "number": ("position", False),
    "widest margin": ("margin", True),
    "most interpretable": ("shared_clips", True),
    "highest peak": ("peak", True),
    "most adjectives": ("adjectives", True),
    "concept": ("concept", False),
}
PAGE_SIZE = 50


def main() -> None:
    view = current_view()
    layers = layers_of(view.store, view.network.network_id)
    headline(view, layers)
    shortcuts(view)
    names = list(layers["name"])
    layer = pickers.asked_layer(view, names)
    grid(layers, layer)
    layer_table(view, layers[layers["name"] == layer].iloc[0], names)
    skipped(view)


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs={Store: lambda store: str(store.path)})
def layers_of(store: Store, network_id: int) -> pd.DataFrame:
    """Kept: it goes through every neuron of the network."""
    return queries.layers(store, network_id)


def headline(view: View, layers: pd.DataFrame) -> None:
    """The finding in one sentence."""
    dataset = queries.dataset(view.store)
    st.title(links.plain(f"{view.network.name} on {dataset.name}"))
    total = int(layers["neurons"].sum())
    share = float(np.average(layers["interpretable_share"], weights=layers["neurons"]))
    chance = queries.reached_by_chance(view.store)
    by_chance = "" if chance is None else f" (clips drawn by chance: {chance:.0%})"
    described = int(layers["described"].sum()) / total
    words = queries.adjectives(view.store, view.network.network_id, limit=3)["word"]
    speak = f" Most speak of {', '.join(words)}." if len(words) else " None of them has an adjective."
    in_classes = f" in {dataset.class_count} classes" if dataset.class_count else ""
    st.text(
        f"{total:,} neurons in {len(layers)} layers listened to {dataset.clip_count:,} clips{in_classes}: {share:.0%} "
        f"are interpretable{by_chance}, {described:.0%} have a description that survived calibration.{speak}"
    )


def shortcuts(view: View) -> None:
    """Straight to a neuron."""
    with st.container(horizontal=True):
        if st.button("Most interpretable neuron", icon=":material/star:"):
            found = queries.most_interpretable(view.store, view.network.network_id)
            open_neuron_id(view, found[0] if found else queries.neuron_range(view.store, view.network.network_id)[0])
        if st.button("Random neuron", icon=":material/shuffle:"):
            open_neuron_id(view, pickers.random_neuron(view))


def open_neuron_id(view: View, neuron_id: int) -> None:
    neuron = queries.neuron(view.store, neuron_id)
    links.open_neuron(view, neuron.layer, neuron.position)


def grid(layers: pd.DataFrame, layer: str) -> None:
    """The layers by depth and kind, coloured by a measure."""
    st.subheader("Layers")
    known = [name for name, (column, _, _) in MEASURES.items() if layers[column].notna().any()]
    chosen = st.segmented_control("Colour by", known, default="interpretable share", required=True)
    measure, as_share, meaning = MEASURES[str(chosen)]

    def open_layer() -> None:
        clicked = pickers.picked(st.session_state["layer_grid"])
        if clicked:
            st.query_params["layer"] = clicked
            st.session_state.pop("table_page", None)

    st.caption(f"{meaning}. A cell opens its layer below.")
    figure = charts.layer_grid(layers, measure, as_share, layer)
    described = f"Layers by block and kind, coloured by {chosen}; the same numbers are in the table below"
    config = {"displayModeBar": False}
    st.plotly_chart(
        figure, key="layer_grid", on_select=open_layer, selection_mode="points", config=config, alt=described
    )
    with st.expander("The same as a table"):
        shares = {
            name: st.column_config.NumberColumn(format="percent")
            for name in ("interpretable_share", "named_share", "agreeing_share")
        }
        means = {
            name: st.column_config.NumberColumn(format="%.2f")
            for name in ("adjectives_per_neuron", "points_per_neuron")
        }
        st.dataframe(layers.drop(columns="layer_id"), hide_index=True, column_config=shares | means, alt="Layers")


def layer_table(view: View, layer: pd.Series, names: list[str]) -> None:
    """The neurons of one layer, a page at a time."""
    st.subheader(links.plain(f"Neurons of {layer['name']}"))
    st.session_state["table_layer"] = layer["name"]
    pages = -(-int(layer["neurons"]) // PAGE_SIZE)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        change = pickers.write_to_address("table_layer", "layer")
        st.selectbox("Layer", names, key="table_layer", on_change=change, width=260)
        sort, descending = SORTS[st.selectbox("Sort by", list(SORTS), width=200)]
        page = 1
        if pages > 1:
            page = st.number_input(f"Page, 1 to {pages}", 1, pages, key="table_page", width=140)
    offset = PAGE_SIZE * (int(page) - 1)
    rows = queries.neurons_of_layer(view.store, int(layer["layer_id"]), sort, descending, PAGE_SIZE, offset)
    pickers.neuron_table(view, rows, key=f"neurons_{layer['name']}_{page}_{sort}")
    st.caption("Choose a row to open the neuron.")


def skipped(view: View) -> None:
    """Clips that the run left out."""
    rows = queries.skipped_clips(view.store)
    if len(rows):
        with st.expander(f"{len(rows)} clips were left out of the run", icon=":material/warning:"):
            st.dataframe(rows, hide_index=True, alt="Clips that were left out, and why")


main()
