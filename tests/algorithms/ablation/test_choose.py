"""Which neurons a selection means."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms.ablation.choose import choose, some
from and_core.algorithms.ablation.evidence import Evidence, LayerPlace
from and_core.algorithms.ablation.spelling import parse
from and_core.errors import SelectionError


def chosen(text: str, evidence: Evidence) -> list[int]:
    return choose(parse(text), evidence).tolist()


@pytest.mark.parametrize(
    ("text", "neurons"),
    [
        ("open_concept:dog", [1, 4, 0]),  # not neuron 5, of the head; not 2, which says dogma, or dog of another kind
        ("open_concept:sea_waves", [3]),
        ("open_concept_substring:dogma", [2, 1, 4, 0]),
        ("description_based:sea_waves", [1, 0, 2]),  # 3 has it at rank 4, and 4 by another similarity
        ('description_based:"Sea waves"', [1, 0, 2]),
        ("in_context:sea_waves", [4]),
        ("adjective:Loud", [3, 0]),
        ("nouns", [2, 1, 4]),
        ("basic_adjectives", [3, 0]),
        ("high_level_adjectives", [2, 3]),
        ("verbs in fc", [5]),
        ("prepositions", [4]),
        ("summary_length", [1, 3, 0, 4]),
        ("all", [0, 1, 2, 3, 4]),
        ("open_concept:dog in *", [5, 1, 4, 0]),
        ("open_concept:dog in depth:1", [1, 0]),
        ("open_concept:dog in depth:2-3,layer1_output first 2", [5, 1]),
        ("(open_concept:dog in layer*) in depth:2", [4]),
        ("all first 40%", [0, 1]),
        ("all in layer2_output first 50%", [3]),
        ("open_concept:sea_waves + open_concept:dog", [3, 1, 4, 0]),
        ("open_concept:dog - adjective:loud", [1, 4]),
        ("neurons:fc#1,layer1_output#2,0,2", [6, 2, 0]),
        ("neurons:fc#1,layer1_output#2,0,2 in layer1_output", [2, 0]),
        ("neurons:fc#1 + open_concept:sea_waves", [6, 3]),
    ],
)
def test_a_strategy_takes_its_neurons_the_surest_first(text: str, neurons: list[int], evidence: Evidence) -> None:
    found = chosen(text, evidence)
    assert found[: len(neurons)] == neurons if text == "nouns" else found == neurons


def test_neurons_held_for_equal_are_not_those_of_the_first_layer() -> None:
    wide = Evidence(
        layers=tuple(LayerPlace(f"layer{depth}_output", 50, depth, False) for depth in range(1, 5)),
        words=_no_rows(["neuron", "word", "part_of_speech", "count"]),
        picks=_no_rows(["neuron", "method", "similarity", "concept", "rank", "score"]),
        summary_words=np.ones(200, np.int64),
        lemmas={},
    )
    first = choose(parse("summary_length first 40"), wide)
    assert len(np.unique(wide.layer_of[first])) == 4
    assert chosen("summary_length first 40", wide) == first.tolist()
    assert chosen("summary_length first 40 seed 1", wide) != first.tolist()
    assert set(chosen("random first 40", wide)) != set(first.tolist())


def _no_rows(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=columns)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 50))
def test_a_control_has_as_many_neurons_in_every_layer(seed: int) -> None:
    evidence = _wide()
    pruned = choose(parse("neurons:layer1_output#0-9,layer3_output#1,fc#0"), evidence)
    control = choose(parse(f"random(neurons:layer1_output#0-9,layer3_output#1,fc#0) seed {seed}"), evidence)
    assert Counter(evidence.layer_of[control].tolist()) == Counter(evidence.layer_of[pruned].tolist())
    assert len(set(control.tolist())) == len(control)


def test_every_neuron_of_a_layer_is_drawn_equally_often() -> None:
    evidence = _wide()
    drawn = Counter(
        neuron
        for seed in range(400)
        for neuron in choose(parse(f"random(neurons:layer1_output#0-9) seed {seed}"), evidence).tolist()
    )
    assert set(drawn) == set(range(20))
    assert all(140 < count < 260 for count in drawn.values())  # 200 expected, six standard deviations wide


def test_controls_of_two_concepts_are_drawn_apart() -> None:
    evidence = _wide()
    one = chosen("random(neurons:layer1_output#0-9)", evidence)
    assert set(one) != set(chosen("random(neurons:layer1_output#1-10)", evidence))


def _wide() -> Evidence:
    columns = {"words": ["neuron", "word", "part_of_speech", "count"], "picks": ["neuron", "method", "similarity"]}
    return Evidence(
        layers=(*(LayerPlace(f"layer{d}_output", 20, d, False) for d in (1, 2, 3)), LayerPlace("fc", 2, 4, True)),
        words=_no_rows(columns["words"]),
        picks=_no_rows(columns["picks"]),
        summary_words=np.zeros(62, np.int64),
        lemmas={},
    )


@settings(max_examples=25, deadline=None)
@given(data=st.data(), size=st.integers(0, 30))
def test_the_first_n_are_a_beginning_of_the_whole(data, size: int) -> None:
    evidence = _wide()
    words = [(neuron, "dog", "noun", data.draw(st.integers(1, 3))) for neuron in range(0, 60, 2)]
    evidence = replace(evidence, words=evidence.words.from_records(words, columns=evidence.words.columns))
    assert chosen(f"open_concept:dog first {size}", evidence) == chosen("open_concept:dog", evidence)[:size]


def test_positions_within_layers_are_what_a_network_is_told(evidence: Evidence) -> None:
    assert evidence.by_layer([4, 0, 2, 5]) == {"layer1_output": [0, 2], "layer2_output": [1], "fc": [0]}
    assert evidence.names([4, 0]) == [("layer2_output", 1), ("layer1_output", 0)]


def test_a_concept_that_no_neuron_carries_is_named_with_the_nearest_that_exist(evidence: Evidence) -> None:
    with pytest.raises(SelectionError, match=r"No neuron .*open_concept:barks.*Nearest to 'barks'.*: bark"):
        some(parse("open_concept:barks"), evidence)
    with pytest.raises(SelectionError, match=r"Nearest to 'noisy' that adjective knows: .*loud"):
        some(parse("adjective:noisy"), evidence)
    with pytest.raises(SelectionError, match=r"Nearest to 'zebra' that description_based knows: sea_waves, dog"):
        some(parse("description_based:zebra"), evidence)
    with pytest.raises(SelectionError, match="Choose more layers"):
        some(parse("open_concept:dog - open_concept:dog"), evidence)


def test_a_method_that_the_run_did_not_use_is_refused(evidence: Evidence) -> None:
    with pytest.raises(SelectionError, match=r"no closed-set concepts by text_audio_based with.* soft_wpmi"):
        chosen("text_audio_based:dog", evidence)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("all in layer9_output", "no layer 'layer9_output'.*depths 1 to 3"),
        ("all in depth:7", "no layer 'depth:7'"),
        ("neurons:layer1_output#3", "has neurons 0 to 2"),
        ("neurons:layer1_outputs#0", "Did you mean 'layer1_output'"),
    ],
)
def test_what_the_network_does_not_have_is_refused(text: str, why: str, evidence: Evidence) -> None:
    with pytest.raises(SelectionError, match=why):
        chosen(text, evidence)
