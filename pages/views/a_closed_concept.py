"""A closed concept: which concepts the neurons stand for, layer by layer, and how far methods agree (section 3.3)."""

import pandas as pd
import streamlit as st

from and_core.store import queries
from pages.components import (
    certainty,
    charts,
    concept_functions,
    links,
    lists,
    method_agreement,
    module_charts,
    pickers,
)
from pages.components.concept_functions import Function
from pages.components.store import View, current_view

ALL_LAYERS = "all layers"


def main() -> None:
    view = current_view()
    st.title("A · Closed concept")
    functions = concept_functions.functions_of(queries.concept_functions(view.store, view.network.network_id))
    if not functions:
        st.text(f"No neuron of {view.network.name} has a concept: the run had no concept set.")
        st.text("Give one, a text file with a concept a line: --set a_closed_concept.concepts=PATH")
        return
    summary = st.container()
    function = concept_functions.function_choice(functions)
    counts = queries.concept_counts(view.store, view.network.network_id, *function, limit=queries.MAX_CONCEPTS)
    with summary:
        headline(view, function, counts)
    concept = asked_concept(counts)
    by_layer(view, function, leaderboard(counts, concept))
    if concept:
        neurons_of_concept(view, function, concept)
    method_agreement.draw(view, functions)
    certainty.draw(view)


def headline(view: View, function: Function, counts: pd.DataFrame) -> None:
    named = int(counts["neurons"].sum())
    first, concepts = counts.iloc[0], queries.concept_count(view.store)
    st.text(
        f"{named:,} of {view.network.neuron_count:,} neurons of {view.network.name} have a best concept by "
        f"{concept_functions.label(function)}; {len(counts)} of {concepts} concepts are somebody's best, the "
        f"commonest {first['concept']}, of {first['neurons'] / named:.0%} ({named / concepts:,.0f} neurons each "
        f"would be an even share)."
    )


def asked_concept(counts: pd.DataFrame) -> str:
    """The concept in the address, if it is any neuron's."""
    concept = pickers.asked_for("concept")
    if concept and concept not in set(counts["concept"]):
        st.warning("By this function it is no neuron's best concept.", icon=":material/search_off:")
        st.text(concept)
        return ""
    return concept


def leaderboard(counts: pd.DataFrame, concept: str) -> list[str]:
    """Concepts by number of neurons; a bar shows them. Returns the concepts to look at, the chosen one among them."""
    st.subheader("Neurons per concept", anchor=False)
    most = 20
    if len(counts) > most:
        most = st.slider("Concepts", 10, min(100, len(counts)), 20, step=5, width=260, key="concepts_shown")
    shown = counts.head(most)

    st.caption("A bar, a square or a row shows its neurons below.")
    lists.leading_chart(
        charts.bars(list(shown["concept"]), shown["neurons"].tolist(), "neurons", accent=concept),
        "concept_bars",
        "Neurons by best concept; the same numbers are in the table below",
        "concept",
        forget=("layer",),
    )
    with st.expander("The same as a table"):
        table = counts.head(queries.MAX_ROWS)
        score = {"score": st.column_config.NumberColumn("mean score", format="%.4f")}
        lists.leading_table(table, "concept_table", "Neurons by best concept", score, write={"concept": "concept"})
    return list(dict.fromkeys([*shown["concept"], *([concept] if concept else [])]))


def by_layer(view: View, function: Function, concepts: list[str]) -> None:
    """Concept by layer, as a share of the layer's neurons."""
    st.subheader("Layer by layer", anchor=False)
    cells = queries.concepts_by_layer(view.store, view.network.network_id, *function, concepts)
    cells["share"] = cells["neurons"] / cells["width"]
    strongest = cells.iloc[int(cells["share"].argmax())]
    st.text(
        f"Most one-sided: {strongest['share']:.0%} of {strongest['layer']} stand for {strongest['concept']} "
        f"({strongest['neurons']} of {strongest['width']} neurons)."
    )
    drawn = pd.DataFrame(
        {
            "x": cells["layer"],
            "y": cells["concept"],
            "value": cells["share"],
            "key": cells["concept"] + lists.BETWEEN + cells["layer"],
            "text": [
                f"{row.concept} in {row.layer}: {row.neurons} neurons, {row.share:.1%} of the layer"
                for row in cells.itertuples()
            ],
        }
    )

    names = queries.layer_names(view.store, view.network.network_id)
    lists.leading_chart(
        module_charts.squares(drawn, names, concepts, x_title="layer"),
        "concept_squares",
        "Share of each layer's neurons by best concept, darker for more; the same numbers are in the table below",
        "concept",
        "layer",
    )
    with st.expander("The same as a table"):
        lists.leading_table(
            cells.sort_values("share", ascending=False).head(queries.MAX_ROWS),
            "concept_layer_table",
            "Neurons by concept and layer; a row shows the neurons below",
            {"share": lists.SHARE},
            write={"concept": "concept", "layer": "layer"},
        )


def neurons_of_concept(view: View, function: Function, concept: str) -> None:
    """The neurons behind a bar or a square."""
    layers = queries.layers(view.store, view.network.network_id)
    names = [ALL_LAYERS, *layers["name"]]
    asked = pickers.asked_for("layer", ALL_LAYERS)
    st.session_state["concept_layer"] = asked if asked in names else ALL_LAYERS
    change = pickers.write_to_address("concept_layer", "layer")
    heading = st.container()
    layer = st.selectbox("Layers", names, key="concept_layer", on_change=change, width=260)
    layer_id = None if layer == ALL_LAYERS else int(layers.loc[layers["name"] == layer, "layer_id"].iloc[0])
    found = queries.neurons_of_concept(view.store, view.network.network_id, *function, concept, layer_id)
    where = "" if layer == ALL_LAYERS else f" in {layer}"
    name = concept_functions.label(function)
    with heading:
        st.caption(links.plain(f"By {name}; the table's column “concept” is the run's own choice for the neuron."))
    lists.neurons_behind(
        view,
        f"Neurons whose best concept is “{concept}”{where}",
        found["neuron_id"].tolist(),
        key=f"concept_{concept}_{layer}_{name}",
        beside=found[["score"]].rename(columns={"score": f"score, {name}"}),
    )


main()
