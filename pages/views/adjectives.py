"""Adjectives: what the neurons of a network speak of, over the run and layer by layer (paper, Figures 3 and 5)."""

import pandas as pd
import streamlit as st

from and_core.store import queries
from pages.components import charts, links, pickers
from pages.components.store import View, current_view

ALL_LAYERS = "all layers"


def main() -> None:
    view = current_view()
    st.title("Adjectives")
    words = queries.adjectives(view.store, view.network.network_id, limit=queries.MAX_ROWS)
    if words.empty:
        st.text(f"No neuron of {view.network.name} has an adjective: no calibrated summary holds one that is acoustic.")
        st.text("Words that were considered and dropped are under Evidence on each neuron's page.")
        return
    headline(view, words)
    word = asked_word(words)
    distribution(view, word)
    if word:
        neurons_of_word(view, word)
    by_depth(view)
    if len(view.networks) > 1:
        by_network(view)


def headline(view: View, words: pd.DataFrame) -> None:
    layers = queries.layers(view.store, view.network.network_id)
    total = int(layers["neurons"].sum())
    mean = float((layers["adjectives_per_neuron"] * layers["neurons"]).sum() / total)
    first = words.iloc[0]
    st.text(
        f"{view.network.name}'s {total:,} neurons use {len(words)} adjectives, {mean:.2f} each; the commonest is "
        f"{first['word']}, in {first['neurons'] / total:.0%} of them."
    )


def asked_word(words: pd.DataFrame) -> str:
    word = pickers.asked_for("word")
    if word and word not in set(words["word"]):
        st.warning("No neuron speaks of that word.", icon=":material/search_off:")
        st.text(f"{word!r} is not an adjective of this network.")
        return ""
    return word


def distribution(view: View, word: str) -> None:
    """Figure 3: neurons by adjective. A bar opens the word."""
    st.subheader("How many neurons speak of each")
    names = queries.layer_names(view.store, view.network.network_id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer = st.selectbox("Layers", [ALL_LAYERS, *names], width=260)
        most = st.slider("Adjectives", 5, 60, 20, step=5, width=260)
    layers = queries.layers(view.store, view.network.network_id)
    layer_id = None if layer == ALL_LAYERS else int(layers.loc[layers["name"] == layer, "layer_id"].iloc[0])
    rows = queries.adjectives(view.store, view.network.network_id, layer_id, most)
    if rows.empty:
        st.text(f"No neuron of {layer} has an adjective.")
        return

    def open_word() -> None:
        chosen = pickers.picked(st.session_state["word_bars"])
        if chosen:
            st.query_params["word"] = chosen

    figure = charts.bars(list(rows["word"]), rows["neurons"].tolist(), "neurons", accent=word)
    described = "Neurons by adjective; the same numbers are in the table below"
    config = {"displayModeBar": False}
    st.plotly_chart(figure, key="word_bars", on_select=open_word, selection_mode="points", config=config, alt=described)
    st.caption("A bar, or a word here, leads to its neurons.")
    links.word_chips(view, list(rows["word"]))
    with st.expander("The same as a table"):
        st.dataframe(rows, hide_index=True, alt="Adjectives with their number of neurons")


def neurons_of_word(view: View, word: str) -> None:
    """The neurons behind a bar."""
    st.subheader(links.plain(f"Neurons that speak of “{word}”"))
    by_layer = queries.adjective_by_layer(view.store, view.network.network_id, word)
    neuron_ids = queries.neurons_with_adjective(view.store, view.network.network_id, word)
    total, best = int(by_layer["neurons"].sum()), by_layer.sort_values("share").iloc[-1]
    st.text(f"{total:,} neurons; the largest share is in {best['name']}, {best['share']:.0%} of its neurons.")
    pickers.neuron_table(view, queries.neurons(view.store, neuron_ids), key=f"word_{word}")
    with st.expander("By layer"):
        st.plotly_chart(
            charts.lines_by_depth(by_layer.assign(neurons=1), "share", as_share=True),
            key="word_by_layer",
            alt=f"Share of neurons that speak of {word}, by block",
        )
        shown = {"share": st.column_config.NumberColumn(format="percent")}
        st.dataframe(by_layer, hide_index=True, column_config=shown, alt="Neurons with the word, by layer")


def by_depth(view: View) -> None:
    """Figure 5: the mean number of adjectives along the network."""
    st.subheader("Along the network")
    layers = queries.layers(view.store, view.network.network_id)
    first, last = layers.iloc[0], layers.iloc[-1]
    st.text(
        f"From {first['adjectives_per_neuron']:.2f} adjectives a neuron in {first['name']} to "
        f"{last['adjectives_per_neuron']:.2f} in {last['name']}."
    )
    st.plotly_chart(
        charts.lines_by_depth(layers, "adjectives_per_neuron"),
        key="adjectives_by_depth",
        config={"displayModeBar": False},
        alt="Mean number of adjectives by block; the same numbers are in the table below",
    )
    with st.expander("The same as a table"):
        shown = layers[["name", "kind", "depth", "neurons", "adjectives_per_neuron"]]
        st.dataframe(shown, hide_index=True, alt="Mean number of adjectives by layer")


def by_network(view: View) -> None:
    """The same words in every network of the run."""
    st.subheader("Network by network")
    counts = {
        network.name: queries.adjectives(view.store, network.network_id).set_index("word")["neurons"]
        / network.neuron_count
        for network in view.networks
    }
    shares = {name: st.column_config.NumberColumn(format="percent") for name in counts}
    st.dataframe(
        pd.DataFrame(counts).fillna(0.0), column_config=shares, alt="Share of neurons by adjective and network"
    )


main()
