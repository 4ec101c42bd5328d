"""How sure module A is of its picks: how often they stay first when the clips are drawn anew."""

import pandas as pd
import streamlit as st

from and_core.store import queries
from pages.components import concept_functions, lists, module_charts, pickers
from pages.components.store import View

SURE = 0.95


def draw(view: View) -> None:
    """A histogram of one method's certainty; a bar shows its neurons."""
    st.subheader("How sure the picks are", anchor=False)
    rows = queries.pick_certainty(view.store, view.network.network_id)
    if rows.empty:
        st.text("This run did not look: --set a_closed_concept.resamples=20 draws the clips anew as often and looks.")
        return
    names = [concept_functions.label(function) for function in concept_functions.functions_of(rows)]
    rows["by"] = names
    method = chosen_method(list(dict.fromkeys(names)))
    shown = rows[rows["by"] == method]
    sentence(shown, method)

    lists.leading_chart(
        module_charts.histogram(
            shown["at_least"].tolist(),
            shown["neurons"].tolist(),
            queries.CERTAINTY_BIN,
            "share of resamples in which the pick stays first",
            "neurons",
        ),
        "certainty",
        "Neurons by how often their pick stays first when clips are drawn anew; the same is in the table below",
        "certainty",
    )
    with st.expander("The same as a table"):
        lists.leading_table(
            shown[["by", "at_least", "neurons"]],
            "certainty_table",
            "Neurons by how sure their pick is; a row shows the neurons below",
            {"at_least": st.column_config.NumberColumn("at least", format="percent")},
            write={"certainty": "at_least"},
        )
    behind(view, str(shown["method"].iloc[0]), method)


def chosen_method(names: list[str]) -> str:
    """One of several methods; no question where there is one alone."""
    if len(names) == 1:
        return names[0]
    return str(st.segmented_control("By", names, default=names[0], required=True, key="certainty_of"))


def sentence(rows: pd.DataFrame, method: str) -> None:
    total = int(rows["neurons"].sum())
    sure = int(rows.loc[rows["at_least"] >= SURE, "neurons"].sum())
    shaky = int(rows.loc[rows["at_least"] < 0.5, "neurons"].sum())
    st.text(
        f"By {method} {sure / total:.0%} of {total:,} picks stay first in at least {SURE:.0%} of resamples of the "
        f"clips, {shaky / total:.0%} in fewer than half. A bar shows its neurons."
    )


def behind(view: View, method: str, name: str) -> None:
    """The neurons in the bar of the address."""
    try:
        at_least = float(pickers.asked_for("certainty"))
    except ValueError:
        return
    found = queries.neurons_of_certainty(view.store, view.network.network_id, method, at_least)
    lists.neurons_behind(
        view,
        f"Neurons whose pick by {name} stays first in {at_least:.0%} to {at_least + queries.CERTAINTY_BIN:.0%}",
        found["neuron_id"].tolist(),
        key=f"certainty_{method}_{at_least}",
        beside=found[["concept", "share"]].set_axis([f"pick, {name}", "stays first"], axis=1),
    )
