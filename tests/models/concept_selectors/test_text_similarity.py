"""The built-in selector of concepts."""

import numpy as np

from and_core.models.concept_selectors.text_similarity import TextSimilaritySelector
from and_core.models.fakes import FakeTextEncoder
from and_core.models.text_encoders.minilm import MiniLM

CONCEPTS = ("dog", "cat", "rain", "sea_waves", "church_bells", "crying_baby")


def test_a_concept_that_the_summary_names_is_picked() -> None:
    summaries = ["1. Dogs bark loudly.\n2. The quality is poor.", "All clips have church bells.", "A crying baby."]
    answers = TextSimilaritySelector(FakeTextEncoder()).select(summaries, CONCEPTS, 1)
    assert [answer.value for answer in answers] == [["dog"], ["church_bells"], ["crying_baby"]]


def test_a_concept_is_found_by_its_meaning() -> None:
    summaries = ["1. Surf rolls onto a beach.", "1. A kitten meows.", "1. A downpour drums on the roof."]
    answers = TextSimilaritySelector(MiniLM()).select(summaries, CONCEPTS, 1)
    assert [answer.value for answer in answers] == [["sea_waves"], ["cat"], ["rain"]]


def test_k_different_concepts_come_out_or_all_there_are() -> None:
    selector = TextSimilaritySelector(FakeTextEncoder())
    (five,) = selector.select(["A dog."], CONCEPTS, 5)
    (all_of_two,) = selector.select(["A dog."], CONCEPTS[:2], 5)
    assert five.value is not None
    assert five.value[0] == "dog"
    assert len(set(five.value)) == 5
    assert all_of_two.value is not None
    assert sorted(all_of_two.value) == ["cat", "dog"]


def test_a_summary_that_says_nothing_gets_no_concept() -> None:
    answers = TextSimilaritySelector(FakeTextEncoder()).select(["", "A dog."], CONCEPTS, 1)
    assert [answer.value for answer in answers] == [None, ["dog"]]


def test_company_changes_nothing() -> None:
    selector = TextSimilaritySelector(FakeTextEncoder())
    summaries = [f"1. A sound of kind {n}.\n2. It is loud." for n in range(1500)]
    together = selector.select(summaries, CONCEPTS, 3)
    for n in np.random.default_rng(0).integers(1500, size=10):
        assert selector.select([summaries[n]], CONCEPTS, 3) == [together[n]]


def test_without_concepts_there_is_no_answer() -> None:
    assert [answer.value for answer in TextSimilaritySelector(FakeTextEncoder()).select(["A dog."], (), 1)] == [None]
