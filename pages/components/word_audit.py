"""Every adjective that module C considered, which filter dropped it where, and what the judge said of it."""

import pandas as pd
import streamlit as st

from and_core.store import queries
from pages.components import links, lists, pickers
from pages.components.store import View

FILTERS = {"stop_word": "stop word", "negated": "negated", "not_acoustic": "not acoustic", "not_judged": "not judged"}
"""Columns of the audit, and what the filters are called."""


def draw(view: View) -> None:
    """Every adjective that was considered, and what became of it."""
    st.subheader("What the filters dropped", anchor=False)
    rows = queries.candidate_audit(view.store, view.network.network_id)
    if rows.empty:
        st.text("No calibrated summary holds an adjective, so that there was nothing to filter.")
        return
    by_filter = ", ".join(f"{int((rows[column] > 0).sum())} by “{name}”" for column, name in FILTERS.items())
    more = f"the {len(rows)} commonest" if len(rows) == queries.MAX_ROWS else f"{len(rows)}"
    st.text(
        f"Of {more} adjectives considered {int((rows['kept'] > 0).sum())} were kept in at least one neuron. "
        f"Dropped somewhere: {by_filter}. {judges(rows)}"
    )
    choice = st.segmented_control(
        "Show", ["all", "kept", *FILTERS.values()], default="all", required=True, key="audit_filter"
    )
    column = {"all": "neurons", "kept": "kept", **{name: column for column, name in FILTERS.items()}}[str(choice)]
    shown = rows[rows[column] > 0].sort_values([column, "word"], ascending=[False, True])
    if shown.empty:
        st.text(f"No adjective was dropped by “{choice}”.")
        return
    audit_table(shown)
    kept = list(shown.loc[shown["kept"] > 0, "word"])[:40]
    if kept:
        st.caption("Those kept, as chips that lead to their neurons:")
        links.word_chips(view, kept)
    candidate_neurons(view)


def judges(rows: pd.DataFrame) -> str:
    names = [str(name) for name in rows["judge"].dropna().unique()]
    asked = int(rows["judge"].notna().sum())
    return f"The rules left {asked} to the judge, {', '.join(names)}." if names else "The judge was asked nothing."


def audit_table(rows: pd.DataFrame) -> None:
    """The words with the judge's reply as it came."""
    said = {True: "acoustic", False: "not acoustic"}
    verdicts = [
        "not asked" if pd.isna(judge) else said.get(verdict, f"no usable answer ({problem})")
        for judge, verdict, problem in zip(rows["judge"], rows["is_acoustic"], rows["problem"], strict=True)
    ]
    table = rows.drop(columns=["is_acoustic", "problem", "judge"]).assign(verdict=verdicts)
    if rows["reply"].isna().all():
        table = table.drop(columns="reply")
        st.caption("The judge is no language model: it gives verdicts and no replies. A row shows the word's neurons.")
    else:
        st.caption("The reply is the model's own, as it came. A row shows the word's neurons.")
    lists.leading_table(
        table,
        "audit",
        "Adjectives considered, in how many neurons each was kept or dropped and by which filter",
        {
            "neurons": st.column_config.NumberColumn("neurons that have it"),
            **{column: st.column_config.NumberColumn(name) for column, name in FILTERS.items()},
            "verdict": st.column_config.TextColumn("the judge's verdict"),
            "reply": st.column_config.TextColumn("the judge's reply", width="large"),
        },
        write={"candidate": "word"},
    )


def candidate_neurons(view: View) -> None:
    """The neurons in which the word of the address was dropped, and those in which it was kept."""
    word = pickers.asked_for("candidate")
    if not word:
        return
    for kept, what in ((False, "dropped"), (True, "kept")):
        ids = queries.neurons_with_candidate(view.store, view.network.network_id, word, kept)
        if ids:
            lists.neurons_behind(view, f"Neurons in which “{word}” was {what}", ids, key=f"candidate_{what}_{word}")
