"""Counting what captions share, on captions written by hand as a language model might write them."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms.descriptors import ASPECTS
from and_core.algorithms.nouns import with_article
from and_core.errors import ConfigError
from and_core.models.captioners.acoustic import AcousticCaptioner
from and_core.models.protocols import Captioner, Clip
from and_core.models.summarizers.caption_reader import source_point
from and_core.models.summarizers.commonalities import CommonalitiesSummarizer
from and_core.models.text_encoders.minilm import MiniLM

DOGS = [
    "A dog is barking loudly in the yard.",
    "Two dogs bark; the barking is loud and repetitive.",
    "The audio features a dog barking with a booming voice.",
    "A loud engine idles steadily.",
    "A small dog can be heard, not loud at all.",
]


def said_by(captioner: Captioner, clips: Sequence[Clip]) -> list[str | None]:
    return [answer.value for answer in captioner.captions(clips)]


def summarized(caption_lists: list[list[str]], min_share: float = 0.6) -> list[str | None]:
    return [answer.value for answer in CommonalitiesSummarizer(min_share).summarize(caption_lists)]


def summary(captions: list[str], min_share: float = 0.6) -> list[str]:
    (text,) = summarized([captions], min_share)
    return text.split("\n") if text else []


def test_points_are_numbered_and_the_most_shared_comes_first() -> None:
    points = summary(DOGS)
    assert points[0] == "1. A dog: four of the five clips contain a dog."
    assert points[1].startswith("2. Loud") or points[2].startswith("3. Loud")
    assert [point.split(".")[0] for point in points] == [str(i + 1) for i in range(len(points))]


def test_synonyms_count_as_one_property_and_a_denied_word_does_not_count() -> None:
    loud = next(point for point in summary(DOGS) if "Loud" in point)
    assert "four of the five clips" in loud  # loudly, loud, booming, loud; the fifth is "not loud"


@pytest.mark.parametrize(
    ("captions", "min_share", "found"),
    [
        (["a loud cat"] * 3 + ["a quiet cow"] * 2, 0.6, "three of the five clips"),
        (["a loud cat"] * 2 + ["a quiet cow"] * 3, 0.6, None),
        (["a loud cat"] * 5, 1.0, "all five clips"),
        (["a loud cat"] * 4 + ["a quiet cow"], 1.0, None),
        (["a loud cat"] * 12 + ["a quiet cow"] * 8, 0.6, "12 of the 20 clips"),
        (["a loud cat"], 0.6, "the only clip"),
    ],
)
def test_the_share_decides_and_is_told(captions: list[str], min_share: float, found: str | None) -> None:
    loud = [point for point in summary(captions, min_share) if "Loud" in point]
    assert ([found in point for point in loud] == [True]) if found else (loud == [])


def test_captions_that_share_nothing_get_none() -> None:
    assert summarized([["a dog barks", "steady rain", "an old clock"], []]) == [None, None]


def test_words_about_any_recording_are_no_commonality() -> None:
    assert summarized([["This is an audio recording of a sound."] * 5]) == [None]


def test_a_phrase_is_preferred_to_its_words_where_it_is_as_common() -> None:
    points = summary(["A crying baby can be heard.", "One hears a crying baby.", "The sound of a crying baby."])
    assert points == ["1. A crying baby: all three clips contain a crying baby."]


def test_a_word_is_preferred_to_a_phrase_where_the_word_is_more_common() -> None:
    points = summary(["a small dog", "a small dog", "a small dog", "a brown dog", "the dog"])
    assert points[0] == "1. A dog: all five clips contain a dog."
    assert not any("small dog" in point for point in points)


@pytest.mark.parametrize(
    "name", ["clock tick", "hand saw", "sneezing", "sea waves", "crackling fire", "chirping birds"]
)
def test_sources_that_look_like_verbs_are_found_in_the_captioners_sentences(name: str) -> None:
    clips = [Clip(f"{i}.wav", np.zeros(9, np.float32), 16_000, name, measurements={"x": 0.0}) for i in range(5)]
    first = summary(said_by(AcousticCaptioner("label"), clips))[0].lower()
    assert f"all five clips contain {with_article(name.rstrip('s'))}" in first


def test_adjectives_outside_the_table_are_shared_too() -> None:
    points = summary(["An eerie door.", "Eerie music.", "It is eerie and loud."])
    assert any("Eerie" in point and "all three clips" in point for point in points)


def test_a_summary_does_not_depend_on_what_else_is_summarized() -> None:
    other = ["A cat.", "A loud cat."]
    assert summarized([other, DOGS, other])[1] == summarized([DOGS])[0]


def test_text_in_braces_or_another_script_passes_through_unharmed() -> None:
    assert summary(["a {share} dog {0}"] * 3)[0].endswith("contain a share dog.")
    assert summarized([["犬の声", "雨", ""]]) == [None]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    points = summary([text] * 3)
    assert all(point.split(". ")[0].isdigit() for point in points)


@pytest.mark.parametrize("share", [0.0, -1.0, 1.2])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="min_share"):
        CommonalitiesSummarizer(share)


@pytest.fixture(scope="module")
def embedded_points() -> tuple[list[tuple[str, str]], np.ndarray]:
    """(aspect, value) of P possible points, and their embeddings [P, 3 shares, 384]."""
    shares = ("all five clips", "four of the five clips", "three of the five clips")
    sources = [
        "dog",
        "rooster",
        "rain",
        "crying_baby",
        "sneezing",
        "clock_tick",
        "helicopter",
        "chainsaw",
        "church_bell",
    ]
    points = [(aspect.name, value.name, value.point) for aspect in ASPECTS for value in aspect.values if value.point]
    points += [("source", source, source_point(source.replace("_", " "))) for source in sources]
    texts = [point.format(share=share) for _, _, point in points for share in shares]
    return [point[:2] for point in points], MiniLM().embed(texts).reshape(len(points), 3, -1)


def test_a_property_resembles_itself_whatever_its_count(embedded_points) -> None:
    _, vectors = embedded_points
    assert np.einsum("pad,pbd->pab", vectors, vectors).min() > 0.9


def test_opposite_properties_stay_below_the_threshold_that_calibration_strikes_at(embedded_points) -> None:
    names, vectors = embedded_points
    similarity = np.einsum("pad,qbd->pqab", vectors, vectors).max(axis=(2, 3))
    pairs = [(i, j) for i in range(len(names)) for j in range(i)]
    opposite = [similarity[pair] for pair in pairs if names[pair[0]][0] == names[pair[1]][0]]
    assert max(opposite) < 0.7
    assert np.mean([similarity[pair] < 0.7 for pair in pairs]) == 1
