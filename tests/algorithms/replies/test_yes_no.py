"""Reading yes or no out of what chat models say."""

import json
from pathlib import Path

import pytest

from and_core.algorithms.replies import read_yes_no
from and_core.models.protocols import Reply


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("yes", True),
        ("No", False),
        ("YES.", True),
        ("**Yes**, it can describe a bright tone.", True),
        ("no, it describes a colour", False),
        ("Answer: Yes\n\nReason: Sounds can be shrill.", True),
        ("Sure! The answer is no.", False),
        ('"Yes"', True),
        ("1. Yes - it names a mood.", True),
        ("Yes. There is no reason why not.", True),
        ("No. One might say yes in a poem.", False),
        ("You asked me to answer yes or no. No: it is about looks.", False),
        ("Yes/No: Yes", True),
        ("There is no doubt that this is a quality of sound, so yes.", True),
        ("<think>No... but wait.</think>\nyes", True),
        ("- no\n", False),
    ],
)
def test_the_first_yes_or_no_counts(reply: str, expected: bool) -> None:
    assert read_yes_no(Reply(reply)).value is expected


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("The eyes have it.", "no answer"),
        ("Yesterday it was common.", "no answer"),
        ("Nothing of the kind, nobody knows.", "no answer"),
        ("I cannot say.", "no answer"),
        ("Only yes-men would agree.", "no answer"),
        ("Sí, claro.", "no answer"),
        ("�ye s�no_", "no answer"),
        ("", "empty"),
        (" \n", "empty"),
    ],
)
def test_a_reply_with_neither_is_no_answer(reply: str, problem: str) -> None:
    answer = read_yes_no(Reply(reply))
    assert (answer.value, answer.problem, answer.raw) == (None, problem, reply)


def test_yes_within_other_words_is_no_yes_unlike_in_the_released_code(shared: Path) -> None:
    cases = json.loads((shared / "golden" / "text.json").read_text())["llm_yes_rule"]
    differ = {
        case["response"] for case in cases if (read_yes_no(Reply(case["response"])).value or False) != case["accepted"]
    }
    assert differ == {
        "No, but the word 'eyes' is different.",
        "Yesterday it was common.",
        "Absolutely - dyes are colours",
        "NO\nReason: not acoustic; yes-men disagree",
    }
