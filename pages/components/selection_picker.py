"""Which neurons to prune: a strategy, layers and a strength, or a selection written out."""

from dataclasses import dataclass

import streamlit as st

from and_core.algorithms.ablation.choose import carried_concepts, choose, why_none
from and_core.algorithms.ablation.evidence import Evidence, Neurons
from and_core.algorithms.ablation.selection import (
    CONCEPT_STRATEGIES,
    RANKING_STRATEGIES,
    Limited,
    Selection,
    Term,
)
from and_core.algorithms.ablation.spelling import EXAMPLE, parse
from and_core.algorithms.ablation.strategies import CLOSED_SIMILARITY
from and_core.algorithms.evaluation import normalised_name
from and_core.errors import SelectionError
from pages.components import links

WRITTEN = "written"
"""The way of who writes the selection out."""
NAMES = {
    "open_concept": "open concept",
    "open_concept_substring": "open concept, as released",
    "description_based": "closed concept, by descriptions (DB)",
    "text_audio_based": "closed concept, by text and audio (TAB)",
    "in_context": "closed concept, in context (ICL)",
    "adjective": "one adjective",
    "random": "random",
    "nouns": "most nouns",
    "adjectives": "most adjectives",
    "verbs": "most verbs",
    "prepositions": "most prepositions",
    "summary_length": "longest summary",
    "basic_adjectives": "basic adjectives",
    "high_level_adjectives": "high-level adjectives",
    "all": "every neuron",
    WRITTEN: "written out",
}
HELP = {
    **CONCEPT_STRATEGIES,
    **RANKING_STRATEGIES,
    WRITTEN: "Any neurons, unions (+) and differences (-) of the other ways",
}
FIRST_SHARE = 0.05
"""Of the hidden neurons, where a ranking takes them all and the reader has not said how many."""


@dataclass(frozen=True)
class Chosen:
    """What the reader asks for."""

    selection: Selection | None
    """None where it cannot be read."""
    neurons: Neurons
    """The surest first."""
    trouble: str = ""
    """Why there are none."""


def picker(evidence: Evidence, concept: str) -> Chosen:
    """The controls, and the neurons that they mean."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = str(
            st.selectbox("Neurons to prune", _ways(evidence), format_func=lambda way: NAMES[way], key="way", width=330)
        )
        if way == WRITTEN:
            st.text_input("Selection", key="written", placeholder=f"open_concept:{concept}", width="stretch")
        else:
            _narrow(evidence, way)
    try:
        selection = _written(concept) if way == WRITTEN else _strength(evidence, _term(way, concept))
        neurons = choose(selection, evidence)
        trouble = "" if len(neurons) else f"No neuron is selected by {selection}. {why_none(selection, evidence)}"
    except SelectionError as error:
        return Chosen(None, choose(Term("open_concept", ""), evidence), str(error))
    st.caption(links.plain(HELP[way] + "."))
    return Chosen(selection, neurons, trouble)


def show_on_controls(selection: Selection, evidence: Evidence, concept: str) -> None:
    """Set the controls to a selection, before they are drawn."""
    state = st.session_state
    limited = selection if isinstance(selection, Limited) else Limited(selection)
    of = limited.of
    layers = [layer.name for layer in evidence.layers if not layer.is_head]
    simple = (
        isinstance(of, Term)
        and of.strategy in _ways(evidence)
        and (
            of.concept is None or of.strategy == "adjective" or normalised_name(of.concept) == normalised_name(concept)
        )
        and set(limited.places) <= set(layers)
        and limited.percent is None
        and (limited.seed is None or of.strategy == "random")
    )
    if not simple or not isinstance(of, Term):
        state["way"], state["written"] = WRITTEN, str(selection)
        return
    state["way"], state["pruned_layers"] = of.strategy, list(limited.places)
    if of.strategy == "random":
        state["selection_seed"] = limited.seed or 0
    if of.strategy == "adjective":
        state["pruned_adjective"] = of.concept
    if limited.first is not None:
        state[_strength_key(Limited(of, limited.places) if limited.places else of)] = limited.first


def _ways(evidence: Evidence) -> list[str]:
    """Those that this run can follow."""
    methods = set(evidence.picks["method"])
    return [way for way in NAMES if way not in CLOSED_SIMILARITY or way in methods]


def _narrow(evidence: Evidence, way: str) -> None:
    """What a strategy is asked besides: a word, layers, a seed."""
    if way == "adjective":
        st.selectbox("Adjective", carried_concepts("adjective", evidence), key="pruned_adjective", width=200)
    hidden = [layer.name for layer in evidence.layers if not layer.is_head]
    st.multiselect("Layers", hidden, key="pruned_layers", placeholder="all but the classification head")
    if way == "random":
        st.number_input("Seed", 0, 10_000, 0, key="selection_seed", width=120)


def _term(way: str, concept: str) -> Selection:
    """The strategy in its layers, with all its neurons."""
    state = st.session_state
    if way == "adjective":
        concept = state["pruned_adjective"] or ""
    term = Term(way, concept if way in CONCEPT_STRATEGIES else None)
    seed = int(state["selection_seed"]) if way == "random" else None
    places = tuple(state["pruned_layers"])
    return Limited(term, places, seed=seed) if places or seed is not None else term


def _strength(evidence: Evidence, selection: Selection) -> Selection:
    """The slider: how many of the neurons, the surest first."""
    found = len(choose(selection, evidence))
    if found < 2:
        return selection
    key = _strength_key(selection)
    of = selection.of if isinstance(selection, Limited) else selection
    ranks_all = isinstance(of, Term) and of.strategy in RANKING_STRATEGIES and of.strategy != "all"
    most = max(1, round(FIRST_SHARE * evidence.neuron_count)) if ranks_all else found
    st.session_state.setdefault(key, min(most, found))
    st.session_state[key] = min(st.session_state[key], found)
    first = st.slider(f"Strength: how many of the {found:,}, the surest first", 1, found, key=key)
    if first == found:
        return selection
    if isinstance(selection, Limited):
        return Limited(selection.of, selection.places, first=first, seed=selection.seed)
    return Limited(selection, first=first)


def _strength_key(selection: Selection) -> str:
    return f"strength {selection}"


def _written(concept: str) -> Selection:
    text = str(st.session_state.get("written") or "").strip()
    if not text:
        raise SelectionError("Write which neurons to prune.", EXAMPLE.replace("dog", concept))
    return parse(text)
