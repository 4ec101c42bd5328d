"""What a caption says, and what it denies."""

import pytest

from and_core.algorithms.descriptors import ASPECTS, Aspect
from and_core.models.summarizers.caption_reader import CaptionReader, empty_words


def says(caption: str) -> set[str]:
    return {finding.name for finding in CaptionReader().read(caption)}


@pytest.mark.parametrize(
    ("caption", "absent"),
    [
        ("No loud noise is heard.", "loud"),
        ("The bird is not very high-pitched.", "high-pitched"),
        ("It plays without any dog.", "dog"),
        ("It isn't rhythmic.", "repetitive"),
    ],
)
def test_denied_words_are_not_read(caption: str, absent: str) -> None:
    assert absent not in says(caption)


def test_a_denial_ends_with_its_sentence() -> None:
    assert "loud" in says("There is no wind. Loud music plays.")


@pytest.mark.parametrize("aspect", ASPECTS, ids=lambda aspect: aspect.name)
def test_each_wording_of_the_captioner_is_read_as_its_own_value_and_no_other_of_the_aspect(aspect: Aspect) -> None:
    ours = {value.name for value in aspect.values}
    for value in aspect.values:
        for wording in value.wordings if value.point else ():
            said = says(f"The sound is here, and {wording.format(event_rate_hz=4.0)}.")
            assert said & ours == {value.name}, wording


def test_sources_are_read_as_phrases_and_as_single_words_in_the_singular() -> None:
    assert {"bird", "chirping bird"} <= says("Chirping birds are heard.")


def test_the_empty_words_are_lower_case_and_hold_no_property_of_the_table() -> None:
    phrases = {phrase for aspect in ASPECTS for value in aspect.values if value.point for phrase in value.phrases}
    assert all(word == word.lower() for word in empty_words())
    assert not phrases & empty_words()
