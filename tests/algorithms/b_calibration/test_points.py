"""Cutting summaries into points."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms.b_calibration.points import points


@pytest.mark.parametrize(
    "marker", ["1. |2. ", "1) |2) ", "(1) |(2) ", "- |- ", "* |* ", "• |• ", "  1. |  2. ", "1: |2: "]
)
def test_lists_of_every_style_are_cut(marker: str) -> None:
    first, second = marker.split("|")
    assert points(f"{first}Loud: the clips are loud.\n{second}A dog barks") == [
        "Loud: the clips are loud.",
        "A dog barks",
    ]


def test_prose_is_cut_after_each_sentence() -> None:
    assert points("The rain is soft. Is it wind? It roars! the door creaks.") == [
        "The rain is soft.",
        "Is it wind?",
        "It roars!",
        "the door creaks.",
    ]


def test_a_list_in_one_line_is_cut() -> None:
    assert points("1. Loud: yes. 2. A click at 3.5 kHz. 3. It lasts 2 seconds.") == [
        "Loud: yes.",
        "A click at 3.5 kHz.",
        "It lasts 2 seconds.",
    ]
    assert points("* Shrill: it beeps. * Short: it stops.") == ["Shrill: it beeps.", "Short: it stops."]


def test_markdown_is_taken_off() -> None:
    text = "## Summary of sound\n\n1. **Natural sounds**: *birds* and `wind`\n2. __Calm__ mood"
    assert points(text) == ["Summary of sound", "Natural sounds: birds and wind", "Calm mood"]


def test_a_point_keeps_all_its_sentences() -> None:
    assert points("1. Dog barking: a dog barks. It is large.\n2. Wind") == [
        "Dog barking: a dog barks. It is large.",
        "Wind",
    ]


def test_a_line_that_goes_on_belongs_to_the_point_above() -> None:
    assert points("1. The sounds are\n   low and long\n2. They hum") == ["The sounds are low and long", "They hum"]
    assert points("The rain is steady\nand soft.") == ["The rain is steady and soft."]


def test_a_title_on_its_own_line_is_joined_to_what_stands_under_it() -> None:
    assert points("1. **Loudness**\nThe clips are loud.\n2. **Pitch**\nIt is low.") == [
        "Loudness: The clips are loud.",
        "Pitch: It is low.",
    ]
    assert points("1. Quality:\n   - Noisy\n   - Muffled\n2. Motors: they run") == [
        "Quality: Noisy",
        "Quality: Muffled",
        "Motors: they run",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "A small animal, e.g. a mouse, squeaks.",
        "Moving air, i.e. wind, is heard approx. twice vs. once before.",
        "Music by J. S. Bach and Dr. Dre plays in the U.S. today.",
    ],
)
def test_abbreviations_end_no_sentence(text: str) -> None:
    assert points(text) == [text]


@pytest.mark.parametrize(
    "chatter",
    [
        "Sure! Here are the commonalities among the clips you gave me:",
        "Certainly, here is a summary of the shared features.",
        "Based on the descriptions provided, here are some common features:",
        "I hope this helps!",
        "I'd be happy to help with more clips.",
        "Let me know if you need anything else.",
        "Please let me know if you have any questions.",
        "Overall, the clips are loud.",
        "In summary, these clips share a mood.",
        "Hello there!",
    ],
)
def test_what_a_chat_model_says_around_its_answer_is_dropped(chatter: str) -> None:
    answer = ["A dog barks.", "Rain falls."]
    assert points(chatter) == []
    assert points(f"{chatter}\n\n1. A dog barks.\n2. Rain falls.") == answer
    assert points(f"1. A dog barks.\n2. Rain falls.\n\n{chatter}") == answer
    assert points(f"A dog barks. Rain falls.\n{chatter}") == answer


@pytest.mark.parametrize(
    "text",
    [
        "Here is a dog barking.",
        "Hi-hat cymbals are heard.",
        "The overall mood is sad.",
        "High pressure makes a measured, pleased hiss.",
        "1.5 seconds of noise are heard.",
        "-3 dB is the level.",
    ],
)
def test_points_that_look_like_chatter_or_markers_are_kept(text: str) -> None:
    assert points(text) == [text]


def test_a_greeting_before_a_point_is_cut_off() -> None:
    assert points("Sure, the clips all contain dogs.") == ["the clips all contain dogs."]


def test_a_numbered_overall_point_is_a_point() -> None:
    assert points("1. Overall, the clips are loud.\n2. Short") == ["Overall, the clips are loud.", "Short"]


@pytest.mark.parametrize(
    "text", ["", " \n\t ", "None.", "N/A", "---", "There are no commonalities between these clips."]
)
def test_nothing_said_gives_no_points(text: str) -> None:
    assert points(text) == []


def test_points_hold_every_sentence_that_the_reference_keeps(shared: Path) -> None:
    """The reference also drops what has fewer than six tokens or contains "sure" or "please" anywhere; we do not."""
    for case in json.loads((shared / "golden" / "text.json").read_text())["tokenize_summary"]:
        assert set(case["kept_sentences"]) <= set(points(case["summary"]))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120))
def test_any_text_gives_clean_points(text: str) -> None:
    for point in points(text):
        assert point == " ".join(point.split())
        assert any(char.isalnum() or char == "_" for char in point)


@given(st.lists(st.sampled_from(["Dogs bark", "It rains: softly", "Low hum, e.g. a fan"]), min_size=1, max_size=6))
def test_a_numbered_list_comes_back_as_it_was(items: list[str]) -> None:
    assert points("\n".join(f"{number}. {item}" for number, item in enumerate(items, start=1))) == items
