"""Last-layer dissection: is an output neuron's best concept its class? (paper, section 4.1, tables 2 and 7)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from and_core.algorithms.a_closed_concept.description_based import unit_rows
from and_core.algorithms.bootstrap import mean_intervals
from and_core.models.protocols import TextEncoder

TOP = 5
Interval = tuple[float, float]


@dataclass(frozen=True)
class LastLayerConcepts:
    """What one method and similarity function said of one output neuron."""

    network: str
    method: str
    """description_based, text_audio_based, in_context."""
    similarity: str | None
    """None for in_context, which compares no activations."""
    class_name: str
    """The class that the neuron stands for: the truth."""
    concepts: tuple[str, ...]
    """Names of its best concepts, the best first; empty where there is no answer."""
    cosine: float | None = None
    """Of the embedded best concept with the embedded class; None where there is no answer."""
    layer: str = "fc"
    """Of the output neuron."""
    position: int = 0

    @property
    def class_rank(self) -> int | None:
        """Where the class stands among the concepts, from 1; None where it is not among them."""
        names = [normalised_name(concept) for concept in self.concepts]
        truth = normalised_name(self.class_name)
        return names.index(truth) + 1 if truth in names else None


@dataclass(frozen=True)
class LastLayerScore:
    """One row of table 7, each figure with its 95 % bootstrap interval over output neurons."""

    network: str
    method: str
    similarity: str | None
    n: int
    """Output neurons evaluated."""
    top1: float
    """Share of neurons whose best concept is their class, 0..1."""
    top5: float
    """Share of neurons that have their class among their five best concepts, 0..1."""
    cosine: float
    """Mean cosine between the embedded best concept and the embedded class, -1..1; 0 for a neuron without an answer."""
    top1_interval: Interval
    top5_interval: Interval
    cosine_interval: Interval


def normalised_name(name: str) -> str:
    """A class or concept name without case, underscores, hyphens and double spaces: `Sea_Waves` gives `sea waves`."""
    return " ".join(re.sub(r"[_\-\s]+", " ", name).casefold().split())


def name_cosines(concepts: Sequence[str], class_names: Sequence[str], encoder: TextEncoder) -> npt.NDArray[np.float32]:
    """How alike the names of concepts and classes are: the text cosine of Tables 2 and 7.

    Args:
        concepts: M names.
        class_names: C names.
        encoder: embeds the names, normalised, each once.

    Returns:
        [M, C] cosines, -1..1.
    """
    texts = sorted({normalised_name(name) for name in (*concepts, *class_names)})
    row = {text: place for place, text in enumerate(texts)}
    embedded = unit_rows(encoder.embed(texts))
    of_concepts, of_classes = (
        embedded[[row[normalised_name(name)] for name in names]] for names in (concepts, class_names)
    )
    # Rounding may carry the cosine of a name with itself past 1.
    return np.clip(of_concepts @ of_classes.T, -1, 1, dtype=np.float32)


def last_layer_evaluation(concepts: Iterable[LastLayerConcepts], seed: int = 0) -> list[LastLayerScore]:
    """Score every method and similarity function on every network.

    Args:
        concepts: one entry an output neuron, method and similarity function.
        seed: of the bootstrap; the same neurons are drawn for every method and function of a network.

    Returns:
        One row a network, method and similarity function, in the order they first appear.
    """
    groups: dict[tuple[str, str, str | None], list[LastLayerConcepts]] = {}
    for entry in concepts:
        groups.setdefault((entry.network, entry.method, entry.similarity), []).append(entry)
    return [_score(group, seed) for group in groups.values()]


def _score(group: Sequence[LastLayerConcepts], seed: int) -> LastLayerScore:
    ranks = [entry.class_rank or TOP + 1 for entry in group]
    values = np.array(
        [(rank == 1, rank <= TOP, entry.cosine or 0.0) for rank, entry in zip(ranks, group, strict=True)], np.float64
    )
    top1, top5, cosine = values.mean(axis=0).tolist()
    lower, upper = mean_intervals(values, seed).tolist()
    return LastLayerScore(
        network=group[0].network,
        method=group[0].method,
        similarity=group[0].similarity,
        n=len(group),
        top1=top1,
        top5=top5,
        cosine=cosine,
        top1_interval=(lower[0], upper[0]),
        top5_interval=(lower[1], upper[1]),
        cosine_interval=(lower[2], upper[2]),
    )
