"""What a text file of concepts may look like."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from and_core.models.concept_sets.reading import concept_lines, read_concepts


def test_blank_lines_comments_and_spaces_count_for_nothing() -> None:
    assert concept_lines("# sounds\n\n  loud   dog \n\t\nrain\n   # no concept\n") == ("loud dog", "rain")


def test_lines_that_differ_in_case_or_underscores_alone_are_one_concept_in_its_first_spelling() -> None:
    assert concept_lines("sea_waves\nSea Waves\nRain\nrain\nsea waves\n") == ("sea_waves", "Rain")


def test_concepts_may_be_in_any_script() -> None:
    assert concept_lines("собака\n犬\n雨\nكلب\nδρυς\n") == ("собака", "犬", "雨", "كلب", "δρυς")


def test_a_letter_composed_in_two_ways_is_one_concept() -> None:
    assert concept_lines("cafe\u0301\ncaf\u00e9\n") == ("caf\u00e9",)


def test_ten_thousand_lines_are_ten_thousand_concepts_in_their_order(tmp_path: Path) -> None:
    names = [f"sound number {number}" for number in range(10_000)]
    file = tmp_path / "many.txt"
    file.write_text("\n".join(names), encoding="utf-8")
    assert read_concepts(file) == tuple(names)


def test_what_windows_writes_is_read(tmp_path: Path) -> None:
    file = tmp_path / "windows.txt"
    file.write_bytes("\ufeffdog\r\nrain\r\n".encode())
    assert read_concepts(file) == ("dog", "rain")


@pytest.mark.parametrize("content", [b"caf\xe9\n", b"dog\0rain\n"], ids=["latin-1", "binary"])
def test_what_is_no_text_in_utf8_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.txt"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"utf-8|not a text file"):
        read_concepts(file)


@given(st.text())
def test_whatever_was_read_is_read_again_as_itself(text: str) -> None:
    concepts = concept_lines(text)
    assert concept_lines("\n".join(concepts)) == concepts
    assert len(set(concepts)) == len(concepts)
