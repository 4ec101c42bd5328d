"""The table of words holds together: values exclude each other, and no wording says the opposite of its value."""

import re

import pytest

from and_core.algorithms.c_open_concept.parts_of_speech import tokens
from and_core.algorithms.descriptors import ASPECTS, Value, describe
from and_core.models.acoustic_word_judges.lexicon import LexiconJudge

POINTED = [value for aspect in ASPECTS for value in aspect.values if value.point]


def test_limits_include_their_lower_end_and_exclude_their_upper_end() -> None:
    assert describe({"loudness_dbfs": -20.0})["loudness"].name == "loud"
    assert describe({"loudness_dbfs": -20.01})["loudness"].name == "medium loudness"
    assert describe({"loudness_dbfs": -29.01})["loudness"].name == "quiet"


def test_what_was_not_measured_earns_no_word_that_needs_it() -> None:
    found = describe({"median_frequency_hz": 900.0})
    assert found["pitch"].name == "medium pitch"
    assert describe({"median_frequency_hz": 900.0, "pitch_hz": 900.0})["pitch"].name == "high-pitched"
    assert "loudness" not in found


def test_aspects_and_values_have_names_of_their_own() -> None:
    names = [value.name for aspect in ASPECTS for value in aspect.values]
    assert len(set(names)) == len(names)
    assert len({aspect.name for aspect in ASPECTS}) == len(ASPECTS)


def test_no_phrase_means_two_values() -> None:
    phrases = [(phrase, value.name) for aspect in ASPECTS for value in aspect.values for phrase in set(value.phrases)]
    meanings: dict[str, set[str]] = {}
    for phrase, name in phrases:
        meanings.setdefault(phrase, set()).add(name)
    assert {phrase: names for phrase, names in meanings.items() if len(names) > 1} == {}


def test_phrases_are_lower_case_so_that_captions_can_be_searched() -> None:
    assert all(phrase == phrase.lower() for aspect in ASPECTS for value in aspect.values for phrase in value.phrases)


@pytest.mark.parametrize("value", POINTED, ids=lambda value: value.name)
def test_a_point_leaves_room_for_the_share_and_denies_nothing(value: Value) -> None:
    assert value.point.count("{share}") == 1
    assert not set(re.findall(r"[a-z']+", value.point.lower())) & {"no", "not", "never", "without", "nor"}


@pytest.mark.parametrize("value", POINTED, ids=lambda value: value.name)
def test_a_point_carries_an_adjective_that_the_lexicon_accepts(value: Value) -> None:
    found = tokens(value.point.format(share="four of the five clips"))
    adjectives = [token.text for token in found if token.part_of_speech == "adjective"]
    assert any(LexiconJudge().are_acoustic(adjectives))
