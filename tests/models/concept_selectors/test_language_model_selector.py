"""In-context identification."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from and_core.models.concept_selectors.language_model import LanguageModelSelector
from and_core.models.fakes import FakeLanguageModel
from and_core.models.protocols import Message, Reply

CONCEPTS = ("dog", "cat", "rain", "sea_waves", "engine", "siren")
SUMMARIES = ["1. A dog barks in all clips.", "1. Waves break."]


class Heard(FakeLanguageModel):
    """Keeps what it was asked last."""

    def replies(self, conversations: Sequence[Sequence[Message]], **sampling: Any) -> Iterator[tuple[int, Reply]]:
        self.conversations = conversations
        return super().replies(conversations, **sampling)


def test_one_concept_is_picked() -> None:
    model = Heard(always="The clips have water in them.\n\nAnswer: sea waves")
    answers = LanguageModelSelector(model).select(SUMMARIES, CONCEPTS, 1)
    assert [answer.value for answer in answers] == [["sea_waves"]] * 2


def test_the_concept_set_stands_before_the_summary_behind_two_examples() -> None:
    model = Heard()
    LanguageModelSelector(model).select(SUMMARIES, CONCEPTS, 1)
    first, second = model.conversations
    assert first[:5] == second[:5]
    shared = "Class names: dog, cat, rain, sea waves, engine, siren\n\nDescription:\n"
    assert first[5].content.startswith(shared + SUMMARIES[0])
    assert second[5].content.startswith(shared + SUMMARIES[1])


@pytest.mark.parametrize(("concepts", "count"), [(CONCEPTS, 5), (CONCEPTS[:3], 3)])
def test_five_concepts_are_picked_or_as_many_as_there_are(concepts: Sequence[str], count: int) -> None:
    model = Heard(always="Answer: siren, rain, cat, dog, engine, sea waves")
    answer = LanguageModelSelector(model).select(SUMMARIES[:1], concepts, 5)[0]
    assert answer.value == [name for name in ("siren", "rain", "cat", "dog", "engine") if name in concepts]
    assert f"Which {count} class names" in model.conversations[0][-1].content


def test_a_name_outside_the_concept_set_is_no_answer() -> None:
    answer = LanguageModelSelector(FakeLanguageModel(always="Answer: elephant")).select(SUMMARIES[:1], CONCEPTS, 1)[0]
    assert (answer.value, answer.problem) == (None, "no answer")


def test_without_concepts_nobody_is_asked() -> None:
    model = FakeLanguageModel()
    assert [answer.value for answer in LanguageModelSelector(model).select(SUMMARIES, (), 1)] == [None, None]
    assert model.asked == 0
