"""What a pruning experiment is asked: the class to forget, and how it is measured; from the address or the reader."""

import pandas as pd
import streamlit as st

from and_core.algorithms.ablation.selection import Term
from and_core.errors import SelectionError
from and_core.store import queries
from pages.components import pickers, selection_picker
from pages.components.clip_card import class_name
from pages.components.experiments import PARAMETERS, Asked
from pages.components.messages import show_error
from pages.components.selection_picker import Chosen
from pages.components.selections import evidence_of
from pages.components.store import View

CLIPS, CONTROLS = 20, 5
"""Clips of every class, and random controls, where the reader says nothing."""


def asked_class(outputs: pd.DataFrame) -> pd.Series:
    """The class to forget: from the address, else the first."""
    names = list(outputs["name"])
    asked = pickers.asked_for("class", names[0])
    if asked not in names:
        st.warning("The data set has no class of that name.", icon=":material/search_off:")
        st.text(f"{asked!r} is not one of its classes; this is {names[0]!r}.")
        asked = names[0]
    st.session_state["pruned_class"] = asked
    st.selectbox(
        "Class to forget",
        names,
        format_func=class_name,
        key="pruned_class",
        on_change=pickers.write_to_address("pruned_class", "class", *PARAMETERS[1:]),
        width=320,
    )
    return outputs[outputs["name"] == asked].iloc[0]


def asked_by_link(view: View, target: str) -> Asked | None:
    """What the address asks for, the first time that it does; the controls are set to it."""
    followed = st.session_state.setdefault("followed_prunings", set())
    said = str(sorted(st.query_params.to_dict().items()))
    if "prune" not in st.query_params or said in followed:
        return None
    followed.add(said)
    fold = queries.evaluation_fold(view.store, view.network.name)
    fallback = Asked(target, Term("open_concept", target), CLIPS, fold, CONTROLS)
    try:
        asked = Asked.of(st.query_params, fallback)
    except SelectionError as error:
        show_error(error)
        return None
    selection_picker.show_on_controls(asked.selection, evidence_of(view), target)
    state = st.session_state
    state["clips_per_class"], state["controls"], state["fold"] = asked.per_class, asked.controls, asked.fold
    return asked


def measured_how(view: View, target: str, chosen: Chosen) -> Asked:
    """Which clips the pruned network is played, and how many random controls stand beside it."""
    folds = queries.folds(view.store)
    own = queries.evaluation_fold(view.store, view.network.name)
    state = st.session_state
    for key, value in (("clips_per_class", CLIPS), ("controls", CONTROLS), ("fold", own)):
        state.setdefault(key, value)
    fold = None
    with st.expander("How it is measured"), st.container(horizontal=True, vertical_alignment="bottom"):
        per_class = st.slider("Clips a class", 1, 100, key="clips_per_class", width=260)
        controls = st.slider("Random controls", 0, 20, key="controls", width=260)
        if folds:
            fold = st.selectbox("Clips of", [None, *folds], format_func=fold_name, key="fold", width=200)
            st.caption(
                "A fold that the network was not trained on measures what it knows rather than what it remembers."
            )
    selection = chosen.selection or Term("open_concept", target)
    return Asked(target, selection, int(per_class), fold, int(controls))


def fold_name(fold: int | None) -> str:
    return "every fold" if fold is None else f"fold {fold}"
