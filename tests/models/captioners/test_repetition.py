"""Repetitive captions are found and cut as in the paper's release."""

import json
from pathlib import Path

import pytest

from and_core.models.captioners.repetition import is_repetitive, without_repetition


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[dict]:
    return json.loads((shared / "golden" / "text.json").read_text())["repeated_substring"]


def test_captions_are_cut_where_the_reference_cuts_them(cases: list[dict]) -> None:
    assert [without_repetition(case["text"]) for case in cases] == [case["cleaned"] for case in cases]


def test_windows_are_compared_word_by_word_where_the_reference_joins_their_letters(cases: list[dict]) -> None:
    judged = {case["text"]: (is_repetitive(case["text"]), case["repeated"]) for case in cases}
    assert [text for text, (ours, theirs) in judged.items() if ours != theirs] == ["ab c d e f g h i, a bc d e f g h i"]


def test_seven_tokens_twice_are_no_repetition() -> None:
    seven = "a b c d e f g"
    assert not is_repetitive(f"{seven} x {seven} y")
    assert is_repetitive(f"{seven} x {seven} x")


def test_a_cut_caption_keeps_what_was_said_first() -> None:
    assert without_repetition("It rains hard on the old tin roof. " * 3) == "It rains hard on the old tin roof"
    assert without_repetition("Rain.\n" + "It rains hard on the old tin roof. " * 3) == "Rain."
