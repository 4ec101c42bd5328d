"""Reading names of concepts out of what chat models say."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms.replies import ConceptReader
from and_core.models.protocols import Reply

CONCEPTS = (
    *(
        "dog",
        "cat",
        "rain",
        "train",
        "frog",
        "sea_waves",
        "church_bells",
        "car_horn",
        "car",
        "clock_alarm",
        "clock_tick",
    ),
    *("hen", "wind", "crickets", "crying_baby", "hand_saw", "mouse_click", "water_drops", "brushing_teeth", "glass"),
)


def found(reply: str, k: int = 1, concepts: tuple[str, ...] = CONCEPTS) -> list[str] | None:
    return ConceptReader(concepts).read(Reply(reply), k).value


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("dog", "dog"),
        ("Dog.", "dog"),
        ("Answer: dog", "dog"),
        ("**Answer:** dog", "dog"),
        ("Answer: **sea waves**", "sea_waves"),
        ("Answer: sea_waves", "sea_waves"),
        ("Answer: Sea-Waves", "sea_waves"),
        ("answer = 'church bell'", "church_bells"),
        ("The answer is crickets.", "crickets"),
        ("So the answer would be: cricket", "crickets"),
        ("It's a dog. Answer: cat", "cat"),
        ("A dog is heard, then a cat.\n\nAnswer: rain\n\nExplanation: The dog does not matter.", "rain"),
        ("Answer: I am not sure, let me think. A dog?\nFinal answer: frog", "frog"),
        ("The description mentions wind and rain, so the best class is 'sea waves'.", "sea_waves"),
        ("The description mentions wind, but the class that fits best is **glass**.", "glass"),
        ("It isn't the dog's bark; I choose \"train\".", "train"),
        ("The cats' cries and the dogs' barks: dogs, I would say.", "cat"),
        ("1. dog\n2. cat", "dog"),
        ("We know these clips are about the class ‘cat’ in the concept set.", "cat"),
        ("A car horn is honked.", "car_horn"),
        ("A car passes with its horn silent.", "car"),
        ("The clock's alarm", "clock_alarm"),
        ("Babies: a crying baby.", "crying_baby"),
        ("Someone brushing their tooth; water drop", "water_drops"),
        ("brushing tooth", "brushing_teeth"),
        ("<think>A dog, maybe?</think>Answer: hen", "hen"),
        ("#dog is the class.", "dog"),
        ("Answer:\n- wind", "wind"),
    ],
)
def test_one_concept_is_found(reply: str, expected: str) -> None:
    assert found(reply) == [expected]


@pytest.mark.parametrize(
    "reply",
    [
        "The trainer spoke about the category of catfish.",
        "when then hens_house",
        "hot-dog",
        "a windy, rainy day",
        "Answer: none of the names fits.",
        "",
    ],
)
def test_names_within_other_words_are_not_found(reply: str) -> None:
    assert found(reply) is None


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Answer: dog, cat, rain, train, frog", ["dog", "cat", "rain", "train", "frog"]),
        (
            "1. Sea waves\n2. Rain\n3. Water drops\n4. Wind\n5. Frog",
            ["sea_waves", "rain", "water_drops", "wind", "frog"],
        ),
        ("Answer:\n\n1. dog: it barks\n\n2. cat: it is small\n\n3. hen", ["dog", "cat", "hen"]),
        ('Here are the names: "frog", "dog" and "cat".', ["frog", "dog", "cat"]),
        ("dog, dogs, Dog, cat", ["dog", "cat"]),
        (
            "Wind and rain are heard.\nAnswer: rain, wind, and church_bells.\nReason: a train passes.",
            ["rain", "wind", "church_bells"],
        ),
        ("| dog | cat |\n| rain | hen |", ["dog", "cat", "rain", "hen"]),
        ("rain; wind; frog; dog; cat; hen; train", ["rain", "wind", "frog", "dog", "cat"]),
    ],
)
def test_several_concepts_are_found_in_order(reply: str, expected: list[str]) -> None:
    assert found(reply, k=5) == expected


def test_why_nothing_was_found_is_said() -> None:
    reader = ConceptReader(CONCEPTS)
    assert reader.read(Reply(""), 1).problem == "empty"
    assert reader.read(Reply("Something else entirely."), 1).problem == "no answer"
    assert reader.read(Reply("I'm sorry, but I cannot tell whether it is a dog or a cat."), 1).problem == "refusal"


def test_names_are_given_as_in_the_concept_set() -> None:
    assert found("DOG BARK", concepts=("Dog_Bark", "dog bark")) == ["Dog_Bark"]
    assert found("犬", concepts=("犬", "猫")) == ["犬"]
    assert found("anything", concepts=("---",)) is None


def test_apostrophes_and_hashes_do_no_harm_unlike_in_the_released_code(shared: Path) -> None:
    """There one apostrophe makes the whole reply the keyword, and a hash makes single letters."""
    concepts = ("dog", "cat", "rain", "train", "frog")
    for case in json.loads((shared / "golden" / "text.json").read_text())["icl_keyword_parse"]:
        released = [keyword.strip() for keyword in case["keywords_K5"]]
        ours = found(case["response"], 5, concepts) or []
        if set(released) <= set(concepts):
            assert ours == released
        else:
            expected = {"#dog is the class.": ["dog"], "I think it is cat #frog": ["cat", "frog"]}
            expected |= {"No clear answer here": [], "It's a dog. Answer: dog": ["dog"]}
            assert ours == expected[case["response"]]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(CONCEPTS), unique=True, min_size=1, max_size=5),
    st.sampled_from([", ", "\n- ", "; ", " and "]),
)
def test_a_list_of_names_is_found_whole(names: list[str], joint: str) -> None:
    assert found("Answer: " + joint.join(name.replace("_", " ") for name in names), k=5) == names


def test_thousands_of_concepts_take_no_longer() -> None:
    reader = ConceptReader([f"sound {number} of a thing" for number in range(5000)])
    started = time.perf_counter()
    for number in range(1000):
        assert reader.read(Reply(f"It could be many things.\n\nAnswer: sound {number} of a thing"), 1).value
    assert time.perf_counter() - started < 2
