"""C open concept: words by part of speech and layer, lengths, and what the filters dropped (paper, section 3.5)."""

from typing import cast

import pandas as pd
import streamlit as st

from and_core.store import queries
from and_core.store.queries import WordKind
from pages.components import charts, links, lists, module_charts, pickers, word_audit
from pages.components.store import View, current_view

ALL_LAYERS = "all layers"


def main() -> None:
    view = current_view()
    st.title("C · Open concept")
    kinds = queries.word_kinds(view.store, view.network.network_id)
    if kinds.empty:
        st.text(f"No neuron of {view.network.name} has a calibrated summary that words could be drawn from.")
        st.text("Each neuron's page says why; module B shows what another threshold would keep.")
        st.page_link(links.CALIBRATION, label="B calibration", query_params=links.network_query(view))
    else:
        headline(view, kinds)
        kind = kind_choice()
        kind_of_word(view, kind)
        along_the_network(view, kind)
        lengths(view)
    word_audit.draw(view)


def headline(view: View, kinds: pd.DataFrame) -> None:
    counted = ", ".join(f"{row.words:,} {row.part_of_speech}s" for row in kinds.itertuples())
    means = queries.words_by_layer(view.store, view.network.network_id)
    described = int(means["described"].sum())
    length = float((means["length"].fillna(0) * means["described"]).sum() / max(described, 1))
    st.text(
        f"{described:,} of {int(means['neurons'].sum()):,} neurons of {view.network.name} have a calibrated summary, "
        f"{length:.0f} words long on average; drawn from them: {counted}."
    )


def kind_choice() -> WordKind:
    """The part of speech in the address, else the one chosen last."""
    asked = pickers.asked_for("part", queries.WORD_KINDS[0])
    st.session_state["word_kind"] = asked if asked in queries.WORD_KINDS else queries.WORD_KINDS[0]
    change = pickers.write_to_address("word_kind", "part", "word")
    kinds = list(queries.WORD_KINDS)
    chosen = st.segmented_control("Part of speech", kinds, key="word_kind", required=True, on_change=change)
    return cast(WordKind, chosen)


def kind_of_word(view: View, kind: WordKind) -> None:
    """The commonest words of one part of speech; a bar, a chip or a row leads to the neurons."""
    layers = queries.layers(view.store, view.network.network_id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layer = st.selectbox("Layers", [ALL_LAYERS, *layers["name"]], width=260, key="word_layer")
        most = st.slider("Words", 5, 60, 20, step=5, width=260)
    layer_id = None if layer == ALL_LAYERS else int(layers.loc[layers["name"] == layer, "layer_id"].iloc[0])
    rows = queries.words(view.store, view.network.network_id, kind, layer_id, most)
    if rows.empty:
        where = view.network.name if layer == ALL_LAYERS else layer
        st.text(f"No neuron of {where} has a word of that kind.")
        return
    word = pickers.asked_for("word")

    lists.leading_chart(
        charts.bars(list(rows["word"]), rows["neurons"].tolist(), "neurons", accent=word),
        "kind_bars",
        f"Neurons by {kind}; the same numbers are in the table below",
        "word",
    )
    st.caption("A bar, or a word here, shows its neurons.")
    links.word_chips(view, list(rows["word"]), kind)
    with st.expander("The same as a table"):
        lists.leading_table(
            rows, f"kind_table_{kind}", f"Neurons by {kind}; a row shows the neurons below", write={"word": "word"}
        )
    if word:
        neurons_of_word(view, kind, word)


def neurons_of_word(view: View, kind: WordKind, word: str) -> None:
    """The neurons behind a word, and the layers they are in."""
    by_layer = queries.word_by_layer(view.store, view.network.network_id, word, kind)
    total = int(by_layer["neurons"].sum())
    ids = queries.neurons_with_word(view.store, view.network.network_id, word, kind)
    lists.neurons_behind(view, f"{total:,} neurons with the {kind} “{word}”", ids, key=f"of_{kind}_{word}")
    if total:
        with st.expander("By layer"):
            st.dataframe(
                by_layer, hide_index=True, column_config={"share": lists.SHARE}, alt="Neurons with the word, by layer"
            )


def along_the_network(view: View, kind: WordKind) -> None:
    """Words a neuron, by depth."""
    st.subheader("Along the network", anchor=False)
    layers = queries.words_by_layer(view.store, view.network.network_id)
    first, last = layers.iloc[0], layers.iloc[-1]
    st.text(f"From {first[kind]:.2f} {kind}s a neuron in {first['name']} to {last[kind]:.2f} in {last['name']}.")
    st.plotly_chart(
        charts.lines_by_depth(layers, kind),
        key="words_by_depth",
        config=lists.PLAIN_CHART,
        alt=f"Mean number of {kind}s a neuron by block; the same numbers are in the table below",
    )
    with st.expander("The same as a table: every part of speech, and length"):
        means = {word: st.column_config.NumberColumn(f"{word}s", format="%.2f") for word in queries.WORD_KINDS}
        length = {"length": st.column_config.NumberColumn("words of a summary", format="%.1f")}
        columns = means | length
        row = lists.leading_table(layers, "words_by_layer", "Words a neuron by layer; a row opens the layer", columns)
        if row is not None:
            st.switch_page(links.OVERVIEW, query_params={**links.network_query(view), "layer": str(row["name"])})


def lengths(view: View) -> None:
    """How long descriptions are; a bar shows the neurons."""
    st.subheader("How long the descriptions are", anchor=False)
    counts = queries.length_counts(view.store, view.network.network_id)

    st.caption("Words of the calibrated summary. A bar shows its neurons.")
    lists.leading_chart(
        module_charts.histogram(
            counts["shortest"].tolist(), counts["neurons"].tolist(), queries.LENGTH_BIN, "words", "neurons"
        ),
        "lengths",
        "Neurons by the number of words of their description; the same numbers are in the table below",
        "length",
    )
    with st.expander("The same as a table"):
        lists.leading_table(
            counts, "length_table", "Neurons by length; a row shows the neurons below", write={"length": "shortest"}
        )
    asked = pickers.asked_for("length")
    if asked.isascii() and asked.isdecimal():
        shortest = int(asked[:9]) // queries.LENGTH_BIN * queries.LENGTH_BIN
        ids = queries.neurons_of_length(view.store, view.network.network_id, shortest)
        longest = shortest + queries.LENGTH_BIN - 1
        lists.neurons_behind(view, f"Neurons described in {shortest} to {longest} words", ids, key=f"length_{shortest}")


main()
