"""Which neurons to prune, as a value with a spelling: the same in permalinks, in JSON, in the configuration and on the
command line.

    open_concept:dog
    description_based:"sea waves" in depth:3-4 first 200
    open_concept:dog + adjective:loud - random first 5% seed 2
    random(open_concept:dog) seed 3
    neurons:layer3_output#42,50-59,layer4_output#7

`spelling.parse` reads what `str` writes; `choose.choose` says which neurons are meant. docs/pruning.md explains the
strategies to users.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

CONCEPT_STRATEGIES = {
    "open_concept": "Neurons whose calibrated summary has a noun that is a content word of the concept (OCP, module C)",
    "open_concept_substring": "Neurons whose calibrated summary has a noun that stands anywhere inside the concept's "
    "name, as in the released code",
    "description_based": "Neurons with the concept among their three best by descriptions (DB, module A)",
    "text_audio_based": "Neurons with the concept among their three best by a text-audio model (TAB, module A)",
    "in_context": "Neurons with the concept among the three best that were selected for their summary (ICL, module A)",
    "adjective": "Neurons whose calibrated summary has this acoustic adjective",
}
"""Strategies that need a concept or a word, written `strategy:concept` (paper, sections 4.3 and 4.4)."""
FORGETTING = tuple(name for name in CONCEPT_STRATEGIES if name != "adjective")
"""Those that name what is to be forgotten: the ways of Table 4."""
RANKING_STRATEGIES = {
    "random": "Neurons drawn by chance",
    "nouns": "Neurons by the number of nouns in their calibrated summary, most first",
    "adjectives": "Neurons by their number of acoustic adjectives, most first",
    "verbs": "Neurons by the number of verbs in their calibrated summary, most first",
    "prepositions": "Neurons by the number of prepositions in their calibrated summary, most first",
    "summary_length": "Neurons by the number of words in their calibrated summary, longest first",
    "basic_adjectives": "Neurons by their number of basic adjectives (high-pitched, high-quality, clear, loud)",
    "high_level_adjectives": "Neurons by their number of adjectives that are not basic",
    "all": "Every neuron",
}
"""Strategies without a concept (paper, section 4.4, figure 4)."""
BASIC_ADJECTIVES = ("high-pitched", "high-quality", "clear", "loud")
"""Those of section 4.4; all other adjectives are high-level."""
BARE = re.compile(r'[^\s()"]+')
"""A concept that needs no quotation marks."""


@dataclass(frozen=True)
class Term:
    """The neurons of one strategy."""

    strategy: str
    concept: str | None = None
    """For `CONCEPT_STRATEGIES`."""

    def __str__(self) -> str:
        return self.strategy if self.concept is None else f"{self.strategy}:{quoted(self.concept)}"


@dataclass(frozen=True)
class Picked:
    """Neurons picked by hand, in this order. The classification head's may be among them."""

    neurons: tuple[tuple[str, int], ...]
    """(layer name, position)"""

    def __str__(self) -> str:
        return "neurons:" + ",".join(_spelled_neurons(self.neurons))


@dataclass(frozen=True)
class Matched:
    """The random control of a selection: as many neurons of every layer, drawn by chance."""

    of: "Selection"

    def __str__(self) -> str:
        return f"random({self.of})"


@dataclass(frozen=True)
class Combined:
    """A union (`+`: the left one's neurons, then the right one's others) or a difference (`-`)."""

    left: "Selection"
    operator: str
    right: "Selection"

    def __str__(self) -> str:
        left = f"({self.left})" if isinstance(self.left, Limited) else str(self.left)
        right = f"({self.right})" if isinstance(self.right, (Limited, Combined)) else str(self.right)
        return f"{left} {self.operator} {right}"


@dataclass(frozen=True)
class Limited:
    """A part of a selection: the neurons `in` some places, of them the `first`; drawn and untied by `seed`."""

    of: "Selection"
    places: tuple[str, ...] = ()
    """Layer names, in which `*` stands for anything, or depths: `depth:3`, `depth:3-5`. None: every hidden layer."""
    first: int | None = None
    """How many neurons, the surest first: the strength."""
    percent: float | None = None
    """The same as a share of all neurons in the places."""
    seed: int | None = None
    """Decides what `random` draws, and who comes first of neurons that a ranking holds for equal."""

    def __str__(self) -> str:
        words = [f"({self.of})" if isinstance(self.of, Limited) else str(self.of)]
        words += ["in " + ",".join(self.places)] if self.places else []
        words += [f"first {self.first}"] if self.first is not None else []
        words += [f"first {self.percent:g}%"] if self.percent is not None else []
        words += [f"seed {self.seed}"] if self.seed is not None else []
        return " ".join(words)


Selection: TypeAlias = Term | Picked | Matched | Combined | Limited


def control_of(selection: Selection, seed: int) -> Selection:
    """The matched random control of a selection, one of several that differ by their seed."""
    return Limited(Matched(selection), seed=seed)


def concepts_of(selection: Selection) -> Iterator[tuple[str, str]]:
    """Every (strategy, concept) that a selection names, left to right, those of random controls too."""
    match selection:
        case Term(strategy, concept) if concept is not None:
            yield strategy, concept
        case Matched(of) | Limited(of):
            yield from concepts_of(of)
        case Combined(left, _, right):
            yield from concepts_of(left)
            yield from concepts_of(right)


def quoted(concept: str) -> str:
    """As it stands, or in JSON's quotation marks where it holds spaces, brackets or quotation marks."""
    return concept if BARE.fullmatch(concept) else json.dumps(concept, ensure_ascii=False)


def _spelled_neurons(neurons: Sequence[tuple[str, int]]) -> Iterator[str]:
    """`layer3_output#42`, then `50-59` in the same layer."""
    starts = [0] + [here for here, (one, two) in enumerate(pairwise(neurons), start=1) if two != (one[0], one[1] + 1)]
    layer = None
    for start, end in pairwise([*starts, len(neurons)]):
        name, first = neurons[start]
        last = neurons[end - 1][1]
        place = "" if name == layer else f"{name}#"
        yield f"{place}{first}" if first == last else f"{place}{first}-{last}"
        layer = name
