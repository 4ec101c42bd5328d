"""Module A's functions by name, and a picker for one of them: a method with a similarity, or in context alone."""

import pandas as pd
import streamlit as st

from and_core.algorithms.last_layer_of_paper import METHOD_NAMES
from and_core.findings import last_layer
from and_core.models.registry import nearest
from pages.components import pickers

MEANINGS = {
    "description_based": "DB, which compares activations with the clips' captions",
    "text_audio_based": "TAB, which compares activations with the clips' sound by an audio-text model",
    "in_context": "ICL, which has a concept picked that fits the calibrated summary",
}
Function = tuple[str, str | None]
"""Method and similarity."""


def label(function: Function) -> str:
    """DB cos_cubed"""
    return last_layer.label(*function)


def functions_of(rows: pd.DataFrame, method: str = "method", similarity: str = "similarity") -> list[Function]:
    """The functions that rows of a query are about."""
    return [
        (name, value if isinstance(value, str) else None)
        for name, value in zip(rows[method], rows[similarity], strict=True)
    ]


def function_choice(functions: list[Function]) -> Function:
    """The function in the address, the first where it names none; says so where there is no such function."""
    names = {label(function): function for function in functions}
    asked = pickers.asked_for("by", next(iter(names)))
    if asked not in names:
        st.warning("This run has no such function.", icon=":material/search_off:")
        st.text(f"The address asks for {asked!r}. {nearest(asked, list(names))}")
        asked = next(iter(names))
    st.session_state["concept_function"] = asked
    change = pickers.write_to_address("concept_function", "by")
    return names[st.selectbox("By", list(names), key="concept_function", on_change=change, width=260)]


def missing_methods(functions: list[Function]) -> str:
    """What the run did not ask, and what asking it takes; empty where it asked all."""
    missing = [name for name in METHOD_NAMES if name not in {method for method, _ in functions}]
    if not missing:
        return ""
    asked = ", ".join(dict.fromkeys(METHOD_NAMES.get(method, method) for method, _ in functions))
    return f"This run asked {asked} alone. Not asked: {'; and '.join(MEANINGS[name] for name in missing)}."
