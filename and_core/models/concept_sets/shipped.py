"""The concept sets that come with the project, by name."""

from collections.abc import Callable
from functools import partial
from importlib.resources import files

from and_core.models.acoustic_word_judges.lexicon import LexiconJudge
from and_core.models.concept_sets.reading import concept_lines
from and_core.models.datasets.foley.recipes import RECIPES
from and_core.models.datasets.gtzan import GENRES


def listed(name: str) -> tuple[str, ...]:
    """The lines of `name`.txt beside this file."""
    return concept_lines(files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8"))


def acoustic_word_pairs() -> tuple[str, ...]:
    """Every adjective of sound before every sound source: `loud dog`, `muffled street music`.

    Sources are the classes of ESC-50 and UrbanSound8K; adjectives are those single words by which
    `algorithms.descriptors` knows what a clip sounds like, if the built-in judge calls them acoustic too. A set of our
    own after the word pairs of Kumar et al. 2017, which the paper uses in its section 4.2 and which was not released
    with it.
    """
    adjectives = _adjectives()
    sources = dict.fromkeys(name.replace("_", " ") for name in listed("esc50") + listed("urbansound8k"))
    return tuple(f"{adjective} {source}" for source in sources for adjective in adjectives)


def _adjectives() -> list[str]:
    # Here, so that reading a list of classes does without it.
    from and_core.algorithms.descriptors import ASPECTS

    phrases = (phrase for aspect in ASPECTS for value in aspect.values for phrase in value.phrases)
    words = list(dict.fromkeys(phrase for phrase in phrases if " " not in phrase))
    return [word for word, answer in zip(words, LexiconJudge().are_acoustic(words), strict=True) if answer.value]


SHIPPED: dict[str, Callable[[], tuple[str, ...]]] = {
    "esc50": partial(listed, "esc50"),
    "gtzan": lambda: GENRES,
    "urbansound8k": partial(listed, "urbansound8k"),
    "foley": lambda: tuple(RECIPES),
    "acoustic_word_pairs": acoustic_word_pairs,
}
"""Name -> what makes the set."""
