"""Reading summaries out of what chat models say."""

import json
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms.b_calibration.points import points
from and_core.algorithms.replies import read_caption, read_summary
from and_core.models.protocols import Reply

CASES = tomllib.loads((Path(__file__).parent / "summaries.toml").read_text(encoding="utf-8"))["reply"]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["style"])


def reply_of(case: dict[str, Any]) -> Reply:
    return Reply(case["raw"], is_complete=case.get("complete", True))


@each_case
def test_a_reply_gives_its_points_or_says_why_it_cannot_be_used(case: dict[str, Any]) -> None:
    answer = read_summary(reply_of(case))
    found = [line.partition(" ")[2] for line in (answer.value or "").splitlines()]
    assert (found, answer.problem) == (case.get("points", []), case.get("problem"))


@each_case
def test_the_raw_reply_is_kept(case: dict[str, Any]) -> None:
    assert read_summary(reply_of(case)).raw == case["raw"]


@each_case
def test_calibration_finds_the_same_points_in_a_summary(case: dict[str, Any]) -> None:
    summary = read_summary(reply_of(case)).value
    if summary:
        assert points(summary) == case["points"]


@each_case
def test_a_summary_read_again_stays_as_it_is(case: dict[str, Any]) -> None:
    summary = read_summary(reply_of(case)).value
    if summary:
        assert read_summary(Reply(summary)).value == summary


def test_there_are_enough_kinds_of_replies() -> None:
    assert len({case["style"] for case in CASES}) == len(CASES) >= 60


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.booleans())
def test_no_text_at_all_breaks_the_reader(text: str, is_complete: bool) -> None:
    answer = read_summary(Reply(text, is_complete))
    assert answer.raw == text
    assert answer.value is None or answer.problem is None


def test_honest_sentences_are_kept_where_the_released_rule_drops_them(shared: Path) -> None:
    """The released rule drops every sentence with "sure", "please" or "help" in any word, "pressure" among them."""
    cases = json.loads((shared / "golden" / "text.json").read_text())["junk_sentence"]
    kept = {case["sentence"] for case in cases if read_summary(Reply(case["sentence"])).value}
    dropped_there = {case["sentence"] for case in cases if case["junk"]}
    assert kept & dropped_there == {
        "Based on the descriptions, the clips share a dog.",
        "The pressure of the steam is released with a hiss.",
        "The measured tempo is slow.",
        "There are three dogs here are they?",
        "Pleased people are clapping.",
        "An assured voice speaks.",
        " Unsure listeners will notice the rumble.",
    }


def test_chatter_that_the_released_rule_lets_through_is_dropped(shared: Path) -> None:
    cases = json.loads((shared / "golden" / "text.json").read_text())["junk_sentence"]
    dropped = {case["sentence"] for case in cases if not read_summary(Reply(case["sentence"])).value}
    assert {case["sentence"] for case in cases if not case["junk"]} & dropped == {"I'm happy to help."}


def test_a_caption_comes_out_as_prose() -> None:
    reply = Reply("Sure! Here is a description of the audio:\n\n- A dog barks\n- It is **loud**, and wind blows.")
    assert read_caption(reply).value == "A dog barks. It is loud, and wind blows."


def test_a_caption_that_says_itself_twice_is_kept_once() -> None:
    said = "The sound of a dog barking is heard in the clip."
    assert read_caption(Reply(f"{said} {said} It is loud.")).value == f"{said} It is loud."


def test_a_caption_that_is_refused_says_so() -> None:
    assert read_caption(Reply("I'm sorry, I cannot listen to audio.")).problem == "refusal"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='{}[]":,\\ua1\n', max_size=60))
def test_broken_json_breaks_nothing(text: str) -> None:
    assert read_summary(Reply("{" + text)).raw == "{" + text


@pytest.mark.parametrize(
    "spam", ["\n", " \n", ".", "*", "* ", "a ", "[", "| ", "#\n", "- ", "1. ", '"', "A dog. ", "ab, "]
)
def test_thousands_of_repeated_signs_are_read_at_once(spam: str) -> None:
    started = time.perf_counter()
    read_summary(Reply("The clips are loud." + spam * 4000, is_complete=False))
    assert time.perf_counter() - started < 2
