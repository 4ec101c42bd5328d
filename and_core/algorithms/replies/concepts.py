"""Concept names in a model's reply, for in-context identification (paper, appendix A.3)."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from and_core.algorithms.c_open_concept.parts_of_speech import noun_lemma
from and_core.algorithms.replies.refusal import is_refusal
from and_core.algorithms.replies.tidy import tidy
from and_core.models.protocols import Answer, Reply

WORD = re.compile(r"[^\W_]+")
POSSESSIVE = re.compile(r"['’]s\b")
JOINTS = "_-"
"""What ties two words to one name: `dog` is not mentioned in `hot_dog`."""
ANSWER = re.compile(r"\banswers?\b[*_\s]*(?::|=|\b(?:is|are|would be|will be)\b)", re.IGNORECASE)
AFTERWARDS = re.compile(
    r"^\W*(?:explanations?|reason(?:ing|s)?|notes?|because|rationale)\b", re.IGNORECASE | re.MULTILINE
)
QUOTED = re.compile(r"(?<!\w)([\"'“‘`]|\*\*)(?=\w)(.{1,80}?)(?<=\w)(?:[\"'”’`]|\*\*)(?!\w)")
"""In quotation marks or bold. An apostrophe opens nothing, for a letter stands before it."""


class ConceptReader:
    """Finds the names of one concept set; case, underscores, hyphens and plurals make no difference.

    Args:
        concepts: names as in the concept set; of names that read alike the first is found.
    """

    def __init__(self, concepts: Sequence[str]) -> None:
        self._by_words: dict[tuple[str, ...], str] = {}
        for concept in concepts:
            words = tuple(noun_lemma(word) for word in WORD.findall(POSSESSIVE.sub("", concept.lower())))
            if words:
                self._by_words.setdefault(words, concept)
        self._longest = max(map(len, self._by_words), default=0)

    def read(self, reply: Reply, k: int) -> Answer[list[str]]:
        """The first k different concepts in order of mention, or why there is none.

        They are looked for behind the last "Answer:" that holds any; else in quotation marks and bold; else anywhere.
        """
        text = tidy(reply.text)
        if not text:
            return Answer(None, reply.text, "empty")
        for part in _parts(text):
            found = list(dict.fromkeys(self._mentions(part)))[:k]
            if found:
                declined = part is text and is_refusal(text)
                return Answer(None, reply.text, "refusal") if declined else Answer(found, reply.text)
        return Answer(None, reply.text, "refusal" if is_refusal(text) else "no answer")

    def _mentions(self, text: str) -> Iterator[str]:
        """Concepts as they are mentioned, of overlapping names the longest: `car horn` is no `car`."""
        text = POSSESSIVE.sub("", text.lower())
        words = list(WORD.finditer(text))
        lemmas = [noun_lemma(word[0]) for word in words]
        # tied[i]: words i - 1 and i are one name.
        gaps = [text[left.end() : right.start()] for left, right in pairwise(words)]
        tied = [False, *(len(gap) == 1 and gap in JOINTS for gap in gaps), False]
        position = 0
        while position < len(lemmas):
            length = 0 if tied[position] else self._length_at(lemmas, tied, position)
            if length:
                yield self._by_words[tuple(lemmas[position : position + length])]
            position += length or 1

    def _length_at(self, lemmas: Sequence[str], tied: Sequence[bool], position: int) -> int:
        """How many words the longest name that begins at a position has; 0 where none does."""
        for length in range(min(self._longest, len(lemmas) - position), 0, -1):
            if not tied[position + length] and tuple(lemmas[position : position + length]) in self._by_words:
                return length
        return 0


def _parts(text: str) -> Iterator[str]:
    """Where to look, the best place first."""
    for marker in reversed(list(ANSWER.finditer(text))):
        yield AFTERWARDS.split(text[marker.end() :], maxsplit=1)[0]
    yield "\n".join(match[2] for match in QUOTED.finditer(text))
    yield text
