"""Summaries by a language model."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from and_core.algorithms.b_calibration.points import points
from and_core.errors import ConfigError
from and_core.models.fakes import FakeLanguageModel
from and_core.models.protocols import Message, Reply
from and_core.models.summarizers.language_model import SCHEMA, LanguageModelSummarizer

CAPTIONS = [["A dog barks.", "A dog barks\nloudly {here}."], ["Rain falls."]]


class Heard(FakeLanguageModel):
    """Keeps what it was asked last."""

    def replies(self, conversations: Sequence[Sequence[Message]], **sampling: Any) -> Iterator[tuple[int, Reply]]:
        self.conversations, self.sampling = conversations, sampling
        return super().replies(conversations, **sampling)


def test_captions_are_put_to_the_model_numbered_one_a_line() -> None:
    model = Heard()
    LanguageModelSummarizer(model).summarize(CAPTIONS)
    assert "1. A dog barks.\n2. A dog barks loudly {here}.\n" in model.conversations[0][-1].content
    assert [turn.role for turn in model.conversations[0]] == ["system", "user"]


def test_all_requests_begin_with_the_same_instructions() -> None:
    model = Heard()
    LanguageModelSummarizer(model).summarize(CAPTIONS)
    assert model.conversations[0][0] == model.conversations[1][0]


def test_settings_reach_the_model() -> None:
    model = Heard()
    LanguageModelSummarizer(model, max_tokens=33, temperature=0.7, seed=5).summarize(CAPTIONS)
    assert model.sampling == {"max_tokens": 33, "temperature": 0.7, "seed": 5, "choices": None, "schema": None}


def test_a_summary_is_points_and_the_raw_reply() -> None:
    answer = LanguageModelSummarizer(FakeLanguageModel(always="Sure!\n- Dogs bark\n- They are loud")).summarize(
        CAPTIONS
    )[0]
    assert answer.value == "1. Dogs bark\n2. They are loud"
    assert answer.raw == "Sure!\n- Dogs bark\n- They are loud"


def test_structured_replies_are_asked_for_and_read() -> None:
    model = Heard()
    answers = LanguageModelSummarizer(model, structured=True).summarize(CAPTIONS)
    assert model.sampling["schema"] == SCHEMA
    assert answers[0].raw is not None
    assert answers[0].raw.startswith('{"points": [')
    assert answers[0].value is not None
    assert len(points(answers[0].value)) == 1


def test_an_empty_list_of_points_says_that_nothing_is_shared() -> None:
    answer = LanguageModelSummarizer(FakeLanguageModel(always='{"points": []}'), structured=True).summarize(CAPTIONS)[0]
    assert (answer.value, answer.problem) == (None, None)


def test_a_useless_reply_is_no_summary_and_says_why() -> None:
    answer = LanguageModelSummarizer(FakeLanguageModel(always="I'm sorry, but I cannot help.")).summarize(CAPTIONS)[1]
    assert (answer.value, answer.problem, answer.raw) == (None, "refusal", "I'm sorry, but I cannot help.")


def test_a_prompt_of_ones_own_is_used(tmp_path: Path) -> None:
    file = tmp_path / "mine.md"
    file.write_text("## User\nShared? {captions}")
    model = Heard()
    summarizer = LanguageModelSummarizer(model, prompt=file)
    summarizer.summarize(CAPTIONS)
    assert model.conversations[1] == (Message("user", "Shared? 1. Rain falls."),)
    assert "mine" in summarizer.provenance
    assert [prompt.text for prompt in summarizer.prompts] == ["## User\nShared? {captions}"]


def test_whatever_can_change_a_summary_changes_the_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "mine.md"
    file.write_text("## User\nShared? {captions}")
    model = FakeLanguageModel()
    others = [
        LanguageModelSummarizer(FakeLanguageModel(always="x")),
        LanguageModelSummarizer(model, max_tokens=9),
        LanguageModelSummarizer(model, temperature=1.0),
        LanguageModelSummarizer(model, seed=1),
        LanguageModelSummarizer(model, attempts=2),
        LanguageModelSummarizer(model, prompt=file),
        LanguageModelSummarizer(model, structured=True),
    ]
    fingerprints = {summarizer.fingerprint for summarizer in (LanguageModelSummarizer(model), *others)}
    assert len(fingerprints) == len(others) + 1
    assert LanguageModelSummarizer(model).fingerprint == LanguageModelSummarizer(FakeLanguageModel()).fingerprint


def test_a_wrong_setting_names_its_table() -> None:
    with pytest.raises(ConfigError, match=r"summarizer\.max_tokens"):
        LanguageModelSummarizer(FakeLanguageModel(), max_tokens=0)
