"""What a caption says, found without a language model: sources, values of the descriptor table, other adjectives."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from and_core.algorithms.descriptors import ASPECTS
from and_core.algorithms.nouns import singular, with_article

EMPTY_WORDS = "empty_words.txt"
"""Beside this file: words that captions of any sound use."""
MAX_PHRASE_WORDS = 3
NEGATIONS = frozenset(("no", "not", "never", "without", "nor", "cannot"))
NEGATION_REACH = 4
"""Tokens before a word among which a negation cancels it."""
SOURCE_POINT = "{Name}: {share} contain {name}."
ADJECTIVE_POINT = "{Name} character, {share} come across as {name}."


@cache
def empty_words() -> frozenset[str]:
    """Words that tell nothing, because captions of any sound share them."""
    lines = files(__package__).joinpath(EMPTY_WORDS).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@dataclass(frozen=True, order=True)
class Finding:
    """Something a caption says. The order is the order of equally shared points: sources, aspects, other adjectives."""

    rank: int
    name: str
    words: tuple[str, ...]
    """A source's lemmas; empty for an aspect's value."""
    point: str
    """How a summary says it, with `{share}` left open; empty where it is not worth a point."""


@dataclass(frozen=True)
class Token:
    """A word, a mark, or a phrase of the descriptor table; two of the three are empty."""

    phrase: str
    word: str
    mark: str


class CaptionReader:
    """Finds what one caption says: sources (noun phrases), values of the descriptor table, other adjectives."""

    def __init__(self) -> None:
        values = [value for aspect in ASPECTS for value in aspect.values]
        self._finding_of = {
            phrase: Finding(1 + rank, value.name, (), value.point)
            for rank, value in enumerate(values)
            for phrase in value.phrases
        }
        longest_first = sorted(self._finding_of, key=lambda phrase: (-len(phrase), phrase))
        phrases = "|".join(map(re.escape, longest_first))
        self._token = re.compile(rf"(?<![\w-])({phrases})(?![\w-])|([^\W_]+(?:-[^\W_]+)*)|([.!?;:,\n])")

    @cached_property
    def _tagger(self) -> Any:
        from textblob.en.taggers import PatternTagger

        return PatternTagger()

    def read(self, caption: str) -> frozenset[Finding]:
        """All findings of a caption that are worth a point; what it denies ("no", "without") is left out."""
        tokens = self._tokens(caption)
        found: set[Finding] = set()
        run: list[tuple[str, str]] = []
        for token, tag, denied in zip(tokens, self._tags(tokens), _denied(tokens), strict=True):
            if token.phrase and not denied:
                found.add(self._finding_of[token.phrase])
            if token.word and not denied and _carries_meaning(token.word, tag, bool(run)):
                run.append((token.word, tag))
            else:
                found |= _phrases(run)
                run = []
        return frozenset(finding for finding in found | _phrases(run) if finding.point)

    def _tokens(self, caption: str) -> list[Token]:
        text = caption.lower().replace("’", "'").replace("n't", " not")
        return [Token(*match.groups(default="")) for match in self._token.finditer(text)]

    def _tags(self, tokens: Sequence[Token]) -> list[str]:
        """Part-of-speech tags. The tagger gets our tokens, with a comma in place of a phrase: it must not part them."""
        if not tokens:
            return []
        text = " ".join(token.word or ("." if token.mark == "." else ",") for token in tokens)
        return [tag for _, tag in self._tagger.tag(text, tokenize=False)]


def source_point(name: str) -> str:
    """The point about a source, with `{share}` left open."""
    noun = with_article(name)
    return SOURCE_POINT.format(Name=noun[0].upper() + noun[1:], name=noun, share="{share}")


def _adjective(word: str) -> Finding:
    return Finding(1000, word, (), ADJECTIVE_POINT.format(Name=word.capitalize(), name=word, share="{share}"))


def _source(lemmas: Sequence[str]) -> Finding:
    name = " ".join(lemmas)
    return Finding(0, name, tuple(lemmas), source_point(name))


def _denied(tokens: Sequence[Token]) -> list[bool]:
    """For each token, whether a negation stands among the four before it (or is it) in its sentence."""
    denied, last_negation = [], -NEGATION_REACH - 1
    for position, token in enumerate(tokens):
        if token.mark and token.mark != ",":
            last_negation = -NEGATION_REACH - 1
        if token.word in NEGATIONS:
            last_negation = position
        denied.append(position - last_negation <= NEGATION_REACH)
    return denied


def _carries_meaning(word: str, tag: str, inside_phrase: bool) -> bool:
    """Nouns, gerunds, adjectives; inside a phrase also what the tagger takes for a verb (`clock tick`, `hand saw`)."""
    if len(word) == 1 or not word[0].isalpha() or word in empty_words() or singular(word) in empty_words():
        return False
    return tag.startswith(("NN", "JJ")) or tag == "VBG" or (inside_phrase and tag in ("VB", "VBD", "VBP", "VBZ", "VBN"))


def _phrases(run: Sequence[tuple[str, str]]) -> set[Finding]:
    """Every stretch of up to three words of a run that does not end with an adjective, and each adjective by itself.

    Args:
        run: (word, tag) of neighbouring words that carry meaning.
    """
    lemmas = [word if tag.startswith("JJ") else singular(word) for word, tag in run]
    found = set()
    for end, (word, tag) in enumerate(run):
        if tag.startswith("JJ"):
            found.add(_adjective(word))
        else:
            first = max(0, end + 1 - MAX_PHRASE_WORDS)
            found |= {_source(lemmas[begin : end + 1]) for begin in range(first, end + 1)}
    return found
