"""Reads a concept set from a text file."""

import unicodedata
from pathlib import Path


def concept_lines(text: str) -> tuple[str, ...]:
    """The concepts of a text, one a line, each once.

    Spaces around a concept, blank lines and lines that begin with # count for nothing. Lines that differ only in case,
    underscores for spaces, or in how Unicode composes a letter are one concept: the first spelling is kept.
    """
    lines = (" ".join(line.split()) for line in text.splitlines())
    concepts = (unicodedata.normalize("NFC", line) for line in lines if line and not line.startswith("#"))
    distinct: dict[str, str] = {}
    for concept in concepts:
        distinct.setdefault(_same(concept), concept)
    return tuple(distinct.values())


def read_concepts(file: Path) -> tuple[str, ...]:
    """The concepts of a text file in UTF-8, as `concept_lines` has them; perhaps none.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not text in UTF-8, or holds what no text holds (a NUL).
    """
    text = file.expanduser().read_text(encoding="utf-8-sig")
    if "\0" in text:
        raise ValueError("it is not a text file")
    return concept_lines(text)


def _same(concept: str) -> str:
    """What concepts that count as one have in common."""
    return " ".join(concept.replace("_", " ").casefold().split())
