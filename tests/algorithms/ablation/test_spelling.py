"""Selections are written and read the same everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from and_core.algorithms.ablation.selection import (
    CONCEPT_STRATEGIES,
    RANKING_STRATEGIES,
    Combined,
    Limited,
    Matched,
    Picked,
    Selection,
    Term,
    concepts_of,
    control_of,
)
from and_core.algorithms.ablation.spelling import parse
from and_core.errors import SelectionError

layers = st.sampled_from(["layer1_output", "layer12_attention_output", "fc"])
terms = st.one_of(
    st.builds(Term, st.sampled_from(sorted(CONCEPT_STRATEGIES)), st.text()),
    st.builds(Term, st.sampled_from(sorted(RANKING_STRATEGIES))),
    st.builds(Picked, st.lists(st.tuples(layers, st.integers(0, 30)), min_size=1).map(tuple)),
)
limits = {
    "places": st.lists(st.sampled_from(["fc", "layer3_*", "depth:3", "depth:2-10"])).map(tuple),
    "seed": st.none() | st.integers(0, 999),
}
counts = {"first": st.none() | st.integers(0, 999)}
shares = {"percent": st.integers(0, 100).map(float)}


def grown(inner: st.SearchStrategy[Selection]) -> st.SearchStrategy[Selection]:
    limited = st.one_of(st.builds(Limited, inner, **limits, **counts), st.builds(Limited, inner, **limits, **shares))
    return st.one_of(
        st.builds(Matched, inner),
        st.builds(Combined, inner, st.sampled_from("+-"), inner),
        limited.filter(lambda one: one != Limited(one.of)),
    )


@given(st.recursive(terms, grown, max_leaves=6))
def test_what_is_written_is_read_as_the_same_selection(selection: Selection) -> None:
    assert parse(str(selection)) == selection


@given(st.text(alphabet='abrdnomeulst:()+-" #,%0123', max_size=40))
def test_any_text_is_read_or_refused_with_a_remedy(text: str) -> None:
    try:
        parse(text)
    except SelectionError as error:
        assert error.remedy


def test_clauses_hold_for_everything_to_their_left() -> None:
    both = Combined(Term("open_concept", "dog"), "-", Term("adjective", "high-pitched"))
    text = "open_concept:dog - adjective:high-pitched in layer3_output,depth:4 first 20 seed 7"
    assert parse(text) == Limited(both, ("layer3_output", "depth:4"), first=20, seed=7)
    assert parse("random seed 3 first 10") == Limited(Limited(Term("random"), seed=3), first=10)


def test_neurons_are_written_in_ranges_and_keep_their_order() -> None:
    picked = parse("neurons:layer1_output#5-7,2,fc#0,1")
    assert picked == Picked(
        (("layer1_output", 5), ("layer1_output", 6), ("layer1_output", 7), ("layer1_output", 2), ("fc", 0), ("fc", 1))
    )
    assert str(picked) == "neurons:layer1_output#5-7,2,fc#0-1"


def test_a_control_names_what_it_is_the_control_of() -> None:
    control = control_of(parse('description_based:"sea waves" + adjective:loud'), 4)
    assert str(control) == 'random(description_based:"sea waves" + adjective:loud) seed 4'
    assert list(concepts_of(control)) == [("description_based", "sea waves"), ("adjective", "loud")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("open_concpt:dog", "Did you mean 'open_concept'"),
        ("open_concept", "needs a concept"),
        ("nouns:dog", "takes none"),
        ("nouns +", "ends too early"),
        ("(nouns", "ends too early"),
        ("nouns)", "one too many"),
        ("nouns verbs", "one too many"),
        ("nouns first many", "not a whole number"),
        ("nouns first 101%", "no share"),
        ("nouns in layer3!output", "neither a layer's name nor a depth"),
        ("neurons:layer1_output", "not a neuron"),
        ("neurons:layer1_output#5-2", "counts backwards"),
        ("neurons:layer1_output#0-999999999", "too many neurons"),
        ('open_concept:"dog', "no partner"),
        ("(" * 2000 + "nouns" + ")" * 2000, "too many brackets"),
        ("x" * 600_000, "too long"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, why: str) -> None:
    with pytest.raises(SelectionError, match=why):
        parse(text)
