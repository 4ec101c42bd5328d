"""What each strategy says of neurons: which it takes, and how sure it is of each (paper, sections 4.3 and 4.4)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from and_core.algorithms.ablation.evidence import Evidence, Neurons
from and_core.algorithms.ablation.selection import BASIC_ADJECTIVES, Term
from and_core.algorithms.evaluation import normalised_name
from and_core.errors import SelectionError

CLOSED_TOP = 3
"""A neuron belongs to its three best closed-set concepts (section 4.3), so that about as many go as with OCP."""
CLOSED_SIMILARITY: dict[str, str | None] = {
    "description_based": "cos_cubed",
    "text_audio_based": "soft_wpmi",
    "in_context": None,
}
"""The similarity function whose picks count, as in the paper's scripts; in-context selection has none."""


@dataclass(frozen=True)
class Found:
    """Neurons of a strategy, and how to rank them."""

    neurons: Neurons
    """Each once, in any order."""
    keys: tuple[npt.NDArray[np.float64], ...] = ()
    """What decides who comes first, the weightiest first; the highest number is surest. Ties are left to chance."""


def found(term: Term, evidence: Evidence) -> Found:
    """The neurons that a strategy takes, of all layers.

    Raises:
        SelectionError: the run lacks what the strategy reads.
    """
    if term.strategy in CLOSED_SIMILARITY:
        return _closed_concept(term, evidence)
    if term.concept is not None:
        return _CONCEPT[term.strategy](evidence, term.concept)
    return _RANKING[term.strategy](evidence)


def _counted(evidence: Evidence, rows: pd.Series) -> Found:
    """The neurons of some rows of `words`, by how often they have them."""
    counts = evidence.words.loc[rows, ["neuron", "count"]].groupby("neuron")["count"].sum()
    return Found(counts.index.to_numpy(np.int64), (counts.to_numpy(np.float64),))


def _is(evidence: Evidence, part_of_speech: str) -> pd.Series:
    return evidence.words["part_of_speech"] == part_of_speech


def _open_concept(evidence: Evidence, concept: str) -> Found:
    nouns = _is(evidence, "noun") & evidence.words["word"].isin(evidence.content_words(concept))
    return _counted(evidence, nouns)


def _open_concept_substring(evidence: Evidence, concept: str) -> Found:
    """The released code looks for the noun in the name, not the other way round: `rain` prunes for `train` too."""
    known = [word for word in evidence.words["word"].unique() if word in concept]
    return _counted(evidence, _is(evidence, "noun") & evidence.words["word"].isin(known))


def _adjective(evidence: Evidence, word: str) -> Found:
    return _counted(evidence, _is(evidence, "adjective") & (evidence.words["word"] == word.lower()))


def _basic_adjectives(evidence: Evidence) -> Found:
    return _counted(evidence, _is(evidence, "adjective") & evidence.words["word"].isin(BASIC_ADJECTIVES))


def _high_level_adjectives(evidence: Evidence) -> Found:
    return _counted(evidence, _is(evidence, "adjective") & ~evidence.words["word"].isin(BASIC_ADJECTIVES))


def _part_of_speech(part_of_speech: str) -> Callable[[Evidence], Found]:
    return lambda evidence: _counted(evidence, _is(evidence, part_of_speech))


def _summary_length(evidence: Evidence) -> Found:
    neurons = np.flatnonzero(evidence.summary_words)
    return Found(neurons, (evidence.summary_words[neurons].astype(np.float64),))


def _all(evidence: Evidence) -> Found:
    return Found(np.arange(evidence.neuron_count))


def _closed_concept(term: Term, evidence: Evidence) -> Found:
    """Rank decides, then the score; both from the one similarity function that counts."""
    picks = evidence.picks[evidence.picks["method"] == term.strategy]
    similarity = CLOSED_SIMILARITY[term.strategy]
    if similarity is not None:
        picks = picks[picks["similarity"] == similarity]
    if picks.empty:
        raise SelectionError(
            f"The run has no closed-set concepts by {term.strategy}"
            + (f" with the similarity {similarity}." if similarity else "."),
            "Add that to [a_closed_concept] and run again, or choose another strategy.",
        )
    wanted = normalised_name(term.concept or "")
    best = picks[picks["rank"] <= CLOSED_TOP]
    same = {name: normalised_name(name) == wanted for name in best["concept"].unique()}
    chosen = best[best["concept"].map(same).astype(bool)].drop_duplicates("neuron")
    scores = chosen["score"].fillna(0.0).to_numpy(np.float64)
    return Found(chosen["neuron"].to_numpy(np.int64), (-chosen["rank"].to_numpy(np.float64), scores))


_CONCEPT: dict[str, Callable[[Evidence, str], Found]] = {
    "open_concept": _open_concept,
    "open_concept_substring": _open_concept_substring,
    "adjective": _adjective,
}
_RANKING: dict[str, Callable[[Evidence], Found]] = {
    "nouns": _part_of_speech("noun"),
    "adjectives": _part_of_speech("adjective"),
    "verbs": _part_of_speech("verb"),
    "prepositions": _part_of_speech("preposition"),
    "summary_length": _summary_length,
    "basic_adjectives": _basic_adjectives,
    "high_level_adjectives": _high_level_adjectives,
    "all": _all,
}
