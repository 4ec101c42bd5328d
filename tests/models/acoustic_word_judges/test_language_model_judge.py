"""Acoustic words by a language model."""

from and_core.models.acoustic_word_judges.language_model import LanguageModelJudge
from and_core.models.fakes import FakeLanguageModel

WORDS = ["shrill", "blue", "loud", "several", "muffled", "annual"]


def test_every_word_is_answered_with_yes_or_no() -> None:
    answers = LanguageModelJudge(FakeLanguageModel()).are_acoustic(WORDS)
    assert [answer.value for answer in answers] == [answer.raw == "yes" for answer in answers]
    assert {answer.raw for answer in answers} == {"yes", "no"}


def test_a_model_that_may_talk_is_read_by_its_first_yes_or_no() -> None:
    model = FakeLanguageModel(always="No. It names a colour; yes, even in music.")
    assert [answer.value for answer in LanguageModelJudge(model, constrained=False).are_acoustic(WORDS)] == [False] * 6


def test_a_reply_with_neither_is_no_answer() -> None:
    answer = LanguageModelJudge(FakeLanguageModel(always="The eyes!"), constrained=False).are_acoustic(["blue"])[0]
    assert (answer.value, answer.problem, answer.raw) == (None, "no answer", "The eyes!")


def test_the_constraint_changes_the_fingerprint() -> None:
    model = FakeLanguageModel()
    free, held = (LanguageModelJudge(model, constrained=constrained) for constrained in (False, True))
    assert free.fingerprint != held.fingerprint
