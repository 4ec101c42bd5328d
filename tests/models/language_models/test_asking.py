"""Asking until replies can be used."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from and_core.algorithms.replies import read_yes_no
from and_core.errors import ConfigError
from and_core.models.language_models.asking import Sampling, ask
from and_core.models.protocols import Message, Reply
from precompute.reply_log import ReplyLog


class Scripted:
    """Says what a function of the question and the seed says; writes down who was asked how."""

    name = "scripted"
    fingerprint = "scripted"

    def __init__(self, says: Callable[[str, int], str]) -> None:
        self.says = says
        self.asked: list[tuple[str, int, float]] = []

    def replies(
        self, conversations: Sequence[Sequence[Message]], *, seed: int, temperature: float, **_: Any
    ) -> Iterator[tuple[int, Reply]]:
        for position, conversation in reversed(list(enumerate(conversations))):
            question = conversation[-1].content
            self.asked.append((question, seed, temperature))
            yield position, Reply(self.says(question, seed))


def late(question: str, seed: int) -> str:
    """Question n can be used from seed n on."""
    return "yes" if seed >= int(question) else "hm"


QUESTIONS = [[Message("user", str(number))] for number in range(4)]


def sampling(attempts: int, temperature: float = 0.0) -> Sampling:
    return Sampling("summarizer", 64, temperature, 0, attempts)


def test_answers_stand_in_the_order_of_the_questions() -> None:
    answers = ask(Scripted(late), QUESTIONS, read_yes_no, sampling(1))
    assert [(answer.value, answer.raw) for answer in answers] == [(True, "yes"), *[(None, "hm")] * 3]


def test_only_what_could_not_be_used_is_asked_again_with_the_next_seed() -> None:
    model = Scripted(late)
    answers = ask(model, QUESTIONS, read_yes_no, sampling(3))
    assert [answer.value for answer in answers] == [True, True, True, None]
    asked = [{question for question, seed, _ in model.asked if seed == attempt} for attempt in range(3)]
    assert asked == [{"0", "1", "2", "3"}, {"1", "2", "3"}, {"2", "3"}]


def test_nothing_is_asked_again_once_all_can_be_used() -> None:
    model = Scripted(lambda question, seed: "no")
    ask(model, QUESTIONS, read_yes_no, sampling(9))
    assert len(model.asked) == len(QUESTIONS)


@pytest.mark.parametrize(("temperature", "expected"), [(0.0, [0.0, 1.0]), (1.5, [1.5, 1.5])])
def test_retries_are_sampled_because_the_likeliest_words_stay_the_same(
    temperature: float, expected: list[float]
) -> None:
    model = Scripted(lambda question, seed: "hm")
    ask(model, QUESTIONS[:1], read_yes_no, sampling(2, temperature))
    assert [asked[2] for asked in model.asked] == expected


def test_with_a_log_more_attempts_ask_about_the_useless_replies_alone(tmp_path: Path) -> None:
    model = Scripted(late)
    log = ReplyLog(model, tmp_path / "log")
    ask(log, QUESTIONS, read_yes_no, sampling(1))
    model.asked.clear()
    answers = ask(log, QUESTIONS, read_yes_no, sampling(2))
    assert sorted(model.asked) == [("1", 1, 1.0), ("2", 1, 1.0), ("3", 1, 1.0)]
    assert [answer.value for answer in answers] == [True, True, None, None]


def test_no_questions_give_no_answers() -> None:
    assert ask(Scripted(late), [], read_yes_no, sampling(3)) == []


@pytest.mark.parametrize(
    "wrong", [{"max_tokens": 0}, {"attempts": 0}, {"seed": -1}, {"temperature": -0.1}, {"temperature": float("nan")}]
)
def test_settings_out_of_range_are_named(wrong: dict[str, Any]) -> None:
    right = {"max_tokens": 1, "temperature": 0.0, "seed": 0, "attempts": 1}
    with pytest.raises(ConfigError, match=rf"summarizer\.{next(iter(wrong))}"):
        Sampling("summarizer", **{**right, **wrong})
