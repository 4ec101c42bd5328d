"""Extract the open-set concepts of a calibrated summary: C_open-set (module C; paper, section 3.5, figure 2b).

Tagging draws out the adjectives, two rules drop the negated and the trivial ones, and a judge, asked once a word and
run, drops those that do not describe sound. Nouns, verbs and prepositions are counted for pruning (section 4.3) and
analysis (section 4.4).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from and_core.algorithms.c_open_concept.parts_of_speech import AUXILIARIES, PartOfSpeech, Token, tokens, word_set

NEGATORS = frozenset(("no", "not", "n't", "never", "without", "nor"))
LOOK_BACK = 4
"""Tokens before an adjective in which a negator denies it."""

STOP_WORDS = word_set(
    # quantities, order, anybody
    "all any another both each either every few less little many more most much neither none several some such various "
    "first second third fourth fifth no-one other overall a-few a-lot somebody someone something somewhere "
    # said of recordings and not of sounds
    "audio video sound recorded mobile kitchen small used designed detailed meant "
    # said of anything
    "actual best common different due easy everyday external personal related suitable sure well-defined"
)
"""Words without content, and words that summaries use of the recordings and not of their sound."""

FRAME_NOUNS = frozenset(("audio", "clip", "sound"))
"""Nouns by which a summary means the exemplars themselves ("four of the five clips"): no neuron is told by them."""

DroppedBy = Literal["negated", "stop word", "not acoustic", "not judged"]


@dataclass(frozen=True)
class Candidate:
    """An adjective of a calibrated summary."""

    word: str
    """Lower case."""
    dropped_by: DroppedBy | None
    """The filter that dropped it; None where it was kept."""


@dataclass(frozen=True)
class OpenConcepts:
    """What module C found in one neuron's calibrated summary."""

    candidates: tuple[Candidate, ...]
    """Every adjective once, in order of appearance; kept if any of its occurrences was."""
    counts: Mapping[tuple[str, PartOfSpeech], int]
    """(lemma, part of speech) -> times it stands in the summary; adjectives, where kept."""


def open_concepts(points: Iterable[str]) -> OpenConcepts:
    """Extract open-set concepts from the points of a calibrated summary, up to the judge's filter.

    Adjectives, nouns, verbs (no auxiliaries) and prepositions are counted. A negated adjective is not counted, nor is a
    noun that a negator governs: "no background noise" speaks for neither background nor noise.
    """
    counts: Counter[tuple[str, PartOfSpeech]] = Counter()
    candidates: dict[str, Candidate] = {}
    for point in points:
        found = _concepts_of_point(point)
        counts.update(found.counts)
        for candidate in found.candidates:
            _note(candidates, candidate)
    return OpenConcepts(tuple(candidates.values()), dict(counts))


def adjective_candidates(text: Sequence[Token]) -> list[Candidate]:
    """Judge every adjective of a tokenised text by the two rules, one Candidate an occurrence.

    An adjective is negated if one of the four tokens before it is a negator, also at the start of the text.
    """
    return [
        Candidate(token.text, _dropped_by(text, position))
        for position, token in enumerate(text)
        if token.part_of_speech == "adjective"
    ]


def drop_non_acoustic(
    concepts: OpenConcepts, acoustic_words: Collection[str], not_judged: Collection[str] = frozenset()
) -> OpenConcepts:
    """Drop the adjectives that the judge does not hold for acoustic.

    Args:
        concepts: what the rules left.
        acoustic_words: the unique adjectives of the run that the judge said yes to (a set, for speed).
        not_judged: those about which it said neither yes nor no (a set); they are dropped, too.
    """

    def judged(candidate: Candidate) -> Candidate:
        if candidate.dropped_by is not None or candidate.word in acoustic_words:
            return candidate
        return Candidate(candidate.word, "not judged" if candidate.word in not_judged else "not acoustic")

    counts = {
        (lemma, part): count
        for (lemma, part), count in concepts.counts.items()
        if part != "adjective" or lemma in acoustic_words
    }
    return OpenConcepts(tuple(judged(candidate) for candidate in concepts.candidates), counts)


@lru_cache(maxsize=100_000)  # most points stand in the summaries of many neurons
def _concepts_of_point(point: str) -> OpenConcepts:
    text = tokens(point)
    candidates: dict[str, Candidate] = {}
    for candidate in adjective_candidates(text):
        _note(candidates, candidate)
    return OpenConcepts(tuple(candidates.values()), Counter(_counted(text)))


def _note(candidates: dict[str, Candidate], candidate: Candidate) -> None:
    if candidate.word not in candidates or candidate.dropped_by is None:
        candidates[candidate.word] = candidate


def _dropped_by(text: Sequence[Token], position: int) -> DroppedBy | None:
    if any(token.text in NEGATORS for token in text[max(0, position - LOOK_BACK) : position]):
        return "negated"
    word = text[position].text
    # "*", "2-3" and "737-800" are marks that taggers take for adjectives.
    return "stop word" if word.replace(" ", "-") in STOP_WORDS or not any(map(str.isalpha, word)) else None


def _counted(text: Sequence[Token]) -> Iterator[tuple[str, PartOfSpeech]]:
    for position, token in enumerate(text):
        if token.part_of_speech == "adjective":
            counts = _dropped_by(text, position) is None
        elif token.part_of_speech == "noun":
            is_word = len(token.lemma) > 1 and token.lemma not in FRAME_NOUNS
            counts = is_word and not _is_governed_by_negator(text, position)
        elif token.part_of_speech == "verb":
            counts = token.text not in AUXILIARIES
        else:
            counts = token.part_of_speech == "preposition" and token.text not in NEGATORS
        if counts:
            yield token.lemma, token.part_of_speech


def _is_governed_by_negator(text: Sequence[Token], position: int) -> bool:
    """Whether only determiners, adjectives, nouns and "or" stand between the noun and a negator before it."""
    for token in reversed(text[max(0, position - LOOK_BACK) : position]):
        if token.text in NEGATORS:
            return True
        if token.part_of_speech not in ("adjective", "noun") and token.tag != "DT" and token.text != "or":
            return False
    return False
