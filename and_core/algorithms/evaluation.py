"""Last-layer dissection: is an output neuron's best concept its class? (paper, section 4.1, tables 2 and 7)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from and_core.algorithms.a_closed_concept.description_based import unit_rows
from and_core.models.protocols import TextEncoder

TOP = 5


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


@dataclass(frozen=True)
class LastLayerScore:
    """One row of table 7."""

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


def normalised_name(name: str) -> str:
    """A class or concept name without case, underscores, hyphens and double spaces: `Sea_Waves` gives `sea waves`."""
    return " ".join(re.sub(r"[_\-\s]+", " ", name).casefold().split())


def last_layer_evaluation(concepts: Iterable[LastLayerConcepts], encoder: TextEncoder) -> list[LastLayerScore]:
    """Score every method and similarity function on every network.

    Args:
        concepts: one entry an output neuron, method and similarity function.
        encoder: embeds concept and class names, normalised.

    Returns:
        One row a network, method and similarity function, in the order they first appear.
    """
    groups: dict[tuple[str, str, str | None], list[LastLayerConcepts]] = {}
    for entry in concepts:
        groups.setdefault((entry.network, entry.method, entry.similarity), []).append(entry)
    cosines = _cosines([entry for group in groups.values() for entry in group], encoder)
    return [_score(group, cosines) for group in groups.values()]


def _score(group: Sequence[LastLayerConcepts], cosines: dict[tuple[str, str], float]) -> LastLayerScore:
    ranks = [_rank(entry) for entry in group]
    return LastLayerScore(
        network=group[0].network,
        method=group[0].method,
        similarity=group[0].similarity,
        n=len(group),
        top1=float(np.mean([rank == 1 for rank in ranks])),
        top5=float(np.mean([rank <= TOP for rank in ranks])),
        cosine=float(
            np.mean([cosines[entry.concepts[0], entry.class_name] if entry.concepts else 0 for entry in group])
        ),
    )


def _rank(entry: LastLayerConcepts) -> float:
    """From 1; infinite where the class is not among the concepts."""
    names = [normalised_name(concept) for concept in entry.concepts]
    truth = normalised_name(entry.class_name)
    return names.index(truth) + 1 if truth in names else float("inf")


def _cosines(entries: Sequence[LastLayerConcepts], encoder: TextEncoder) -> dict[tuple[str, str], float]:
    """(best concept, class) -> cosine of their embeddings; every name is embedded once."""
    pairs = sorted({(entry.concepts[0], entry.class_name) for entry in entries if entry.concepts})
    texts = sorted({normalised_name(name) for pair in pairs for name in pair})
    if not texts:
        return {}
    embedded = dict(zip(texts, unit_rows(encoder.embed(texts)), strict=True))
    cosines = (embedded[normalised_name(best)] @ embedded[normalised_name(truth)] for best, truth in pairs)
    # Rounding may carry the cosine of a name with itself past 1.
    return {pair: float(np.clip(cosine, -1, 1)) for pair, cosine in zip(pairs, cosines, strict=True)}
