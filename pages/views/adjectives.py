"""Adjectives: what the neurons of a network speak of, over the run and layer by layer (paper, Figures 3, 5 and 9)."""

import pandas as pd
import streamlit as st

from and_core.algorithms.trends import OVER
from and_core.findings import adjectives, paper
from and_core.store import queries
from pages.components import charts, finding_charts, links, measured, pickers
from pages.components.store import View, current_view
from pages.components.table_twin import twin

HIDDEN = "all hidden layers"
STATIC = {"displayModeBar": False}


def main() -> None:
    view = current_view()
    st.title("Adjectives")
    words = measured.words(view.store, view.network.network_id)
    if words.empty:
        st.text(f"No neuron of {view.network.name} has an adjective: no calibrated summary holds one that is acoustic.")
        st.text("Words that were considered and dropped are under Evidence on each neuron's page.")
        return
    neurons = measured.hidden_neurons(view.store, view.network.network_id)
    hidden = measured.words(view.store, view.network.network_id, hidden=True)
    st.text(adjectives.headline(view.network.name, neurons, hidden))
    word = asked_word(words)
    distribution(view, word)
    if word:
        neurons_of_word(view, word)
    by_depth(neurons)
    by_network(view)


def asked_word(words: pd.DataFrame) -> str:
    word = pickers.asked_for("word")
    if word and word not in set(words["word"]):
        st.warning("No neuron speaks of that word.", icon=":material/search_off:")
        st.text(f"{word!r} is not an adjective of this network.")
        return ""
    return word


def distribution(view: View, word: str) -> None:
    """Figure 3: neurons by adjective. A bar opens the word."""
    st.subheader("How many neurons speak of each (Figure 3)")
    layer_ids = queries.layer_ids(view.store, view.network.network_id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer = st.selectbox("Layers", [HIDDEN, *layer_ids], width=260)
        most = st.slider("Adjectives", 5, 60, 20, step=5, width=260)
    rows = measured.words(view.store, view.network.network_id, layer_ids.get(layer), layer == HIDDEN).head(most)
    if rows.empty:
        st.text(f"No neuron of {layer} has an adjective.")
        return

    def open_word() -> None:
        chosen = pickers.picked(st.session_state["word_bars"])
        if chosen:
            st.query_params["word"] = chosen

    figure = charts.bars(list(rows["word"]), rows["neurons"].tolist(), "neurons", accent=word)
    described = "Neurons by adjective; the same numbers are in the table below"
    st.plotly_chart(figure, key="word_bars", on_select=open_word, selection_mode="points", config=STATIC, alt=described)
    st.caption("A bar, or a word here, leads to its neurons.")
    links.word_chips(view, list(rows["word"]))
    twin(rows, "adjectives", "Adjectives with their number of neurons")


def neurons_of_word(view: View, word: str) -> None:
    """The neurons behind a bar."""
    st.subheader(links.plain(f"Neurons that speak of “{word}”"))
    by_layer = queries.adjective_by_layer(view.store, view.network.network_id, word)
    neuron_ids = queries.neurons_with_adjective(view.store, view.network.network_id, word)
    total, best = int(by_layer["neurons"].sum()), by_layer.sort_values("share").iloc[-1]
    st.text(f"{total:,} neurons; the largest share is in {best['name']}, {best['share']:.0%} of its neurons.")
    pickers.neuron_table(view, queries.neurons(view.store, neuron_ids), key=f"word_{word}")
    figure = charts.lines_by_depth(by_layer.assign(neurons=1), "share", as_share=True)
    described = f"Share of neurons that speak of {word}, by block; the same numbers are in the table below"
    with st.expander("By layer"):
        st.plotly_chart(figure, key="word_by_layer", config=STATIC, alt=described)
    twin(by_layer, "adjective_by_layer", "Neurons with the word, by layer", "By layer, as a table")


def by_depth(neurons: pd.DataFrame) -> None:
    """Figure 5: the mean number of adjectives along the network, and the line through it."""
    st.subheader("Along the network (Figure 5)")
    lines = adjectives.trends(neurons, "adjectives")
    if lines.empty:
        st.text("The network has one block: there is no line through its depth.")
        return
    over = st.segmented_control("The line goes through", OVER, default=OVER[0], required=True, key="trend_over")
    chosen = lines[lines["over"] == over]
    if chosen.empty:
        st.text("It takes three blocks for a line through their means to have an interval.")
        return
    st.text(adjectives.trend_sentence(chosen.iloc[0], "The number of adjectives a neuron"))
    means = adjectives.by_block(neurons, "adjectives")
    figure = finding_charts.lines_through(means, chosen, "kind", "mean", "adjectives per neuron")
    described = "Mean number of adjectives by block, with regression lines; the same numbers are in the tables below"
    st.plotly_chart(figure, key="adjectives_by_depth", config=STATIC, alt=described)
    st.caption(
        "The classification head is left out. Neurons share clips, so that a line through neurons is surer of itself "
        "than it should be; one through block means is the other extreme."
    )
    twin(lines, "adjectives_trends", "Regression lines: slope, interval and p-value", "The lines as a table")
    twin(means, "adjectives_by_block", "Mean number of adjectives by block and kind of layer", "The dots as a table")
    with st.expander("The paper's own figure"):
        of_paper = paper.by_block()
        none = pd.DataFrame(columns=["network", "slope", "intercept", "first", "last"])
        figure = finding_charts.lines_through(of_paper, none, "network", "adjectives", "adjectives per neuron")
        st.plotly_chart(figure, key="paper_figure_5", config=STATIC, alt="The paper's Figure 5, as in the table below")
        st.dataframe(of_paper.pivot(index="depth", columns="network", values="adjectives"), alt="The paper's Figure 5")
        st.caption(paper.SOURCE)


def by_network(view: View) -> None:
    """Figure 9: the commonest words of every network of the run, side by side."""
    st.subheader("Network by network (Figure 9)")
    most = st.slider("Adjectives of each network", 5, 30, 20, step=5, width=260, key="words_a_network")
    found = {network.name: measured.words(view.store, network.network_id, hidden=True) for network in view.networks}
    hidden = {network.name: queries.hidden_count(view.store, network.network_id) for network in view.networks}
    shared = adjectives.ranked(found, hidden, most)
    everywhere = [word for word, networks in shared.groupby("word")["network"].nunique().items() if networks > 1]
    if len(view.networks) > 1:
        st.text(
            f"Of {shared['word'].nunique()} adjectives among the {most} commonest of any network, {len(everywhere)} "
            "are among those of more than one."
        )
    words = list(shared.groupby("word")["share"].max().sort_values(ascending=False).index)
    all_rows = adjectives.ranked(found, hidden, queries.MAX_ROWS)
    described = "Share of hidden neurons that use each adjective, by network; the same numbers are in the table below"
    figure = finding_charts.bars_side_by_side(all_rows, words)
    st.plotly_chart(figure, key="words_by_network", config=STATIC, alt=described)
    twin(shared, "adjectives_by_network", "The commonest adjectives of each network, by rank")
    with st.expander("The paper's own figure"):
        of_paper = paper.adjectives()
        st.dataframe(
            of_paper,
            hide_index=True,
            column_config={"share": st.column_config.NumberColumn(format="percent")},
            alt="The paper's Figures 3 and 9",
        )
        st.caption(paper.SOURCE)


main()
