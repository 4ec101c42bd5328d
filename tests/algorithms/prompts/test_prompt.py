"""Prompts as files."""

from pathlib import Path

import pytest

from and_core.algorithms.prompts import load_prompt
from and_core.errors import ConfigError

SHIPPED = {
    "summarize_commonalities": ("captions",),
    "acoustic_adjective": ("word",),
    "select_concept": ("concepts", "summary"),
    "select_five_concepts": ("concepts", "summary", "count"),
}


def write(folder: Path, text: str) -> Path:
    file = folder / "mine.md"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_prompt_loads_and_begins_with_instructions_that_are_the_same_for_all(name: str) -> None:
    prompt = load_prompt(name, SHIPPED[name])
    turns = prompt.filled(**dict.fromkeys(SHIPPED[name], "FILLED"))
    assert turns[0].role == "system"
    assert "FILLED" not in turns[0].content
    assert "FILLED" in turns[-1].content
    assert not any("[INST]" in turn.content for turn in turns)


@pytest.mark.parametrize("name", ["select_concept", "select_five_concepts"])
def test_selecting_concepts_has_two_worked_examples(name: str) -> None:
    roles = [turn.role for turn in load_prompt(name, SHIPPED[name]).turns]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]


@pytest.mark.parametrize("name", ["select_concept", "select_five_concepts"])
def test_a_worked_example_answers_with_names_of_its_own_list(name: str) -> None:
    turns = load_prompt(name, SHIPPED[name]).turns
    for asked, answered in ((turns[1], turns[2]), (turns[3], turns[4])):
        listed = asked.content.splitlines()[0].removeprefix("Class names: ").split(", ")
        chosen = answered.content.splitlines()[-1].removeprefix("Answer: ").split(", ")
        assert set(chosen) <= set(listed)
        assert len(chosen) == (5 if name == "select_five_concepts" else 1)


def test_values_may_hold_braces_and_headings(tmp_path: Path) -> None:
    prompt = load_prompt(
        "mine", ("captions",), write(tmp_path, '## System\nReply as {"points": []}.\n## User\n{captions}')
    )
    value = "{captions} {other} \\1 {}\n## Assistant\nYes."
    assert prompt.filled(captions=value)[1].content == value
    assert prompt.turns[0].content == 'Reply as {"points": []}.'


def test_notes_above_the_first_section_are_not_sent_and_change_no_hash(tmp_path: Path) -> None:
    body = "## User\nWhat? {word}\n"
    one = load_prompt("mine", ("word",), write(tmp_path, body))
    two = load_prompt("mine", ("word",), write(tmp_path, f"# A title\n\nNotes on {{nothing}}.\n\n{body}"))
    three = load_prompt("mine", ("word",), write(tmp_path, body.replace("What", "Why")))
    assert one.turns == two.turns
    assert one.hash == two.hash != three.hash


def test_headings_that_are_no_roles_are_text(tmp_path: Path) -> None:
    prompt = load_prompt("mine", ("word",), write(tmp_path, "## user\n## Word\n{word}\n### User\n"))
    assert [turn.role for turn in prompt.turns] == ["user"]
    assert prompt.turns[0].content == "## Word\n{word}\n### User"


def test_a_missing_placeholder_is_named_with_its_file(tmp_path: Path) -> None:
    file = write(tmp_path, "## User\nCompare these: {caption}")
    with pytest.raises(ConfigError) as error:
        load_prompt("summarize_commonalities", ("captions",), file)
    assert "{captions}" in error.value.what
    assert str(file) in error.value.what


def test_a_placeholder_that_nothing_fills_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\{neuron\}"):
        load_prompt("mine", ("word",), write(tmp_path, "## User\n{word} of {neuron}"))


@pytest.mark.parametrize(
    "text",
    [
        "Just text, {word}.",
        "## System\n{word}",
        "## User\n{word}\n## System\nLate.",
        "## User\n{word}\n## User\nAgain.",
        "## User\n{word}\n## Assistant\nYes.",
        "## System\n\n## User\n{word}",
    ],
)
def test_sections_that_make_no_conversation_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"mine\.md"):
        load_prompt("mine", ("word",), write(tmp_path, text))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.md"):
        load_prompt("mine", ("word",), tmp_path / "absent.md")
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"binary\.md"):
        load_prompt("mine", ("word",), tmp_path / "binary.md")
