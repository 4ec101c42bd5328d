"""Methods and similarity functions side by side: how often two of them give a neuron the same concept."""

import pandas as pd
import streamlit as st

from and_core.store import queries
from and_core.store.connection import Store
from pages.components import concept_functions, lists, module_charts, pickers
from pages.components.concept_functions import Function
from pages.components.store import View


def draw(view: View, functions: list[Function]) -> None:
    """How often two functions give a neuron the same concept; a square shows the neurons to which they do not."""
    st.subheader("Methods side by side", anchor=False)
    missing = concept_functions.missing_methods(functions)
    if missing:
        st.text(missing)
    pairs = agreement_of(view.store, view.network.network_id)
    if pairs.empty:
        st.text("One function alone was asked: there is nothing to compare.")
        return
    pairs["share"] = pairs["agreeing"] / pairs["neurons"]
    pairs["one"] = [concept_functions.label(function) for function in concept_functions.functions_of(pairs)]
    pairs["other"] = [
        concept_functions.label(function)
        for function in concept_functions.functions_of(pairs, "other_method", "other_similarity")
    ]
    agreement_sentence(pairs)
    agreement_chart(pairs, [concept_functions.label(function) for function in functions])
    disagreeing(view, {concept_functions.label(function): function for function in functions})


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs={Store: lambda store: str(store.path)})
def agreement_of(store: Store, network_id: int) -> pd.DataFrame:
    """Kept: it compares every two functions on every neuron of the network."""
    return queries.function_agreement(store, network_id)


def agreement_sentence(pairs: pd.DataFrame) -> None:
    most, least = (pairs.iloc[place] for place in (int(pairs["share"].argmax()), int(pairs["share"].argmin())))
    st.text(
        f"Two functions give a neuron the same concept in {pairs['share'].mean():.0%} of cases on average: most often "
        f"{most['one']} and {most['other']} ({most['share']:.0%}), least often {least['one']} and {least['other']} "
        f"({least['share']:.0%})."
    )


def agreement_chart(pairs: pd.DataFrame, names: list[str]) -> None:
    pairs = pairs[["one", "other", "neurons", "agreeing", "share"]]
    both = pd.concat([pairs, pairs.rename(columns={"one": "other", "other": "one"})])
    drawn = pd.DataFrame(
        {
            "x": both["one"],
            "y": both["other"],
            "value": both["share"],
            "key": both["one"] + lists.BETWEEN + both["other"],
            "text": [f"{row.one} and {row.other}: alike for {row.share:.1%} of neurons" for row in both.itertuples()],
        }
    )

    st.caption("Darker for more agreement. A square or a row shows the neurons to which the two give different names.")
    lists.leading_chart(
        module_charts.squares(drawn, names, names),
        "agreement_squares",
        "How often two functions give a neuron the same concept; the same numbers are in the table below",
        "one",
        "other",
    )
    with st.expander("The same as a table"):
        lists.leading_table(
            pairs.sort_values("share", ascending=False),
            "agreement_table",
            "Agreement of functions; a row shows the neurons to which they give different concepts",
            {"share": lists.SHARE},
            write={"one": "one", "other": "other"},
        )


def disagreeing(view: View, functions: dict[str, Function]) -> None:
    """The neurons to which the two functions of the address give different concepts."""
    one, other = pickers.asked_for("one"), pickers.asked_for("other")
    if one not in functions or other not in functions or one == other:
        return
    found = queries.neurons_that_disagree(view.store, view.network.network_id, functions[one], functions[other])
    lists.neurons_behind(
        view,
        f"Neurons to which {one} and {other} give different concepts",
        found["neuron_id"].tolist(),
        key=f"disagree_{one}_{other}",
        beside=found[["concept", "other_concept"]].set_axis([one, other], axis=1),
    )
