"""Which neurons to prune so that a network forgets a concept, and what pruning did to it (paper, section 4.3, table 4).

Selections are pure: neuron ids and words in, neuron ids out. Pruning itself is `TargetNetwork.ablated`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Neurons = npt.NDArray[np.int64]
"""Neuron ids, rising, each once."""


CLOSED_TOP = 3
"""A neuron belongs to its three best closed-set concepts (section 4.3), so that about as many go as with OCP."""
CLOSED_SIMILARITY = "cos_cubed"
"""The similarity function whose picks count, as for DB in the paper's scripts."""


def open_concept_neurons(
    neurons: npt.ArrayLike,
    nouns: Sequence[str],
    concept_words: Sequence[str],
    match: Literal["lemma", "substring"] = "lemma",
) -> Neurons:
    """Open-concept pruning (OCP): neurons whose calibrated summary names the concept.

    Args:
        neurons: [R] neuron id of each noun.
        nouns: R noun lemmas of calibrated summaries.
        concept_words: what to look for. With "lemma", the content-word lemmas of the concept's name, one of which a
            noun must equal. With "substring", words that a noun may stand anywhere inside of; the released code gives
            the whole name as one word, so that "rain" also prunes for `train`.
        match: how a noun is compared with the concept.

    Raises:
        ValueError: `match` is something else.
    """
    if match not in ("lemma", "substring"):
        raise ValueError(f"no way to match is called {match!r}; there are lemma and substring")
    unique_nouns = sorted(set(nouns))
    if match == "lemma":
        hits = set(unique_nouns) & set(concept_words)
    else:
        hits = {noun for noun in unique_nouns if any(noun in word for word in concept_words)}
    return _ids(np.asarray(neurons, np.int64)[np.fromiter((noun in hits for noun in nouns), bool, len(nouns))])


def closed_concept_neurons(
    neurons: npt.ArrayLike, concepts: npt.ArrayLike, ranks: npt.ArrayLike, concept: int, top: int = CLOSED_TOP
) -> Neurons:
    """Pruning by module A (DB, TAB): neurons that have the concept among their `top` best closed-set concepts.

    Args:
        neurons: [R] neuron id of each pick.
        concepts: [R] concept picked, -1 where there is no answer.
        ranks: [R] its rank for that neuron, from 1.
        concept: the concept to forget.
        top: 3 in section 4.3, so that as many neurons go as with open-concept pruning.
    """
    chosen = (np.asarray(concepts) == concept) & (np.asarray(ranks) <= top)
    return _ids(np.asarray(neurons, np.int64)[chosen])


def matched_random(
    counts: Sequence[int], widths: Sequence[int], rng: np.random.Generator
) -> list[npt.NDArray[np.int64]]:
    """Draw a random control: in every layer as many neurons as the strategy it is compared with pruned there.

    Args:
        counts: neurons wanted, one number a layer.
        widths: neurons of each layer.
        rng: a seeded generator.

    Returns:
        Positions within each layer, rising.

    Raises:
        ValueError: a layer has fewer neurons than are wanted.
    """
    return [np.sort(rng.choice(width, count, replace=False)) for count, width in zip(counts, widths, strict=True)]


@dataclass(frozen=True)
class ClassConfidence:
    """Means over the clips of one class."""

    label: int
    """The class: an index into the network's outputs."""
    clip_count: int
    logit: float
    """Of the true class: the paper's confidence."""
    probability: float
    """Of the true class after the softmax, 0..1."""
    accuracy: float
    """Share of the clips whose highest logit is the true class's, 0..1."""


def class_confidences(logits: npt.NDArray[np.floating], labels: npt.ArrayLike) -> list[ClassConfidence]:
    """Measure how sure a network is of the right class, class by class.

    Args:
        logits: [N clips, C classes].
        labels: [N] true class of each clip, 0..C-1.

    Returns:
        One entry a class that has clips, in the order of the classes.
    """
    labels = np.asarray(labels, np.intp)
    exact = np.asarray(logits, np.float64)
    weights = np.exp(exact - exact.max(axis=1, keepdims=True))
    clips = np.arange(len(labels))
    true_logit = exact[clips, labels]
    probability = weights[clips, labels] / weights.sum(axis=1)
    correct = exact.argmax(axis=1) == labels
    return [
        ClassConfidence(
            label=int(label),
            clip_count=int((own := labels == label).sum()),
            logit=float(true_logit[own].mean()),
            probability=float(probability[own].mean()),
            accuracy=float(correct[own].mean()),
        )
        for label in np.unique(labels)
    ]


@dataclass(frozen=True)
class Delta:
    """What pruning for one class changed: a summand of a row of table 4."""

    ablated: float
    """Delta A: change of confidence on clips of the class to forget."""
    remaining: float
    """Delta R: mean over the other classes of their change of confidence."""

    @property
    def gap(self) -> float:
        """Delta R - Delta A: how much more the class lost than the others. (The paper's column prints this number
        under the heading Delta A - Delta R.)"""
        return self.remaining - self.ablated


def delta_ablated_and_remaining(
    before: Sequence[ClassConfidence],
    after: Sequence[ClassConfidence],
    label: int,
    measure: Literal["logit", "probability", "accuracy"] = "logit",
) -> Delta:
    """Compare a network before and after pruning for one class, as table 4 does.

    Args:
        before: the unpruned network's confidences.
        after: the pruned network's, over the same clips.
        label: the class that was to be forgotten.
        measure: "logit" is the paper's confidence.

    Raises:
        ValueError: the two are not over the same classes, or the class is not among them, or there is no other.
    """
    if [entry.label for entry in before] != [entry.label for entry in after]:
        raise ValueError("confidences before and after pruning are of different classes")
    changes = {was.label: getattr(now, measure) - getattr(was, measure) for was, now in zip(before, after, strict=True)}
    if label not in changes or len(changes) < 2:
        raise ValueError(f"class {label} and at least one other need clips; there are those of {sorted(changes)}")
    ablated = changes.pop(label)
    return Delta(ablated=ablated, remaining=sum(changes.values()) / len(changes))


def _ids(neurons: npt.NDArray[np.int64]) -> Neurons:
    return np.unique(neurons)
