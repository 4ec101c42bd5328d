"""The built-in judge of acoustic words: a word list written by hand, beside this file."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from importlib.resources import files

from and_core.models.protocols import Answer

WORD_LIST = "acoustic_adjectives.txt"


class LexiconJudge:
    """A word is acoustic if the list has it; upper case, hyphens and spaces make no difference."""

    name = "lexicon"

    @cached_property
    def _text(self) -> str:
        return files(__package__).joinpath(WORD_LIST).read_text(encoding="utf-8")

    @cached_property
    def _words(self) -> frozenset[str]:
        lines = (line for line in self._text.splitlines() if not line.startswith("#"))
        return frozenset(_normal(word) for line in lines for word in line.split())

    @property
    def fingerprint(self) -> str:
        return f"{self.name}:{hashlib.sha256(self._text.encode()).hexdigest()[:12]}"

    def are_acoustic(self, words: Sequence[str]) -> list[Answer[bool]]:
        """For each word, whether it describes the tone, emotion or acoustic features of sound (paper, appendix A.2)."""
        return [Answer(_normal(word) in self._words) for word in words]


def _normal(word: str) -> str:
    """`High-Pitched`, `high pitched` and `highpitched` are one word; so are typographic hyphens."""
    return "".join(character for character in word.casefold() if character.isalnum())
