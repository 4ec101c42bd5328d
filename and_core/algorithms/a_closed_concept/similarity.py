"""The five functions that say how well a concept explains a neuron (module A; paper, section 3.3 and table 7).

They come from CLIP-Dissect (Oikarinen and Weng, 2023, section 3 and appendix): each compares u, a neuron's activations
over the N clips of the probing dataset, with v_c, how much each clip has of concept c. All neurons of a layer go in
together, because WPMI and softWPMI ask how often a concept fits the layer's neurons in general.

A function that is not defined for a neuron (a constant one, say) answers with NaN or -inf, as the released code does.
`ranked_concepts` is where these turn into "no answer".
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from and_core.algorithms.exemplars import row_blocks, top_clips

FloatArray = npt.NDArray[np.float32]

MIN_PROBABILITY = 1e-7
"""Added inside every logarithm."""
FACTORS_A_LOGARITHM = 4
"""Probabilities multiplied before one logarithm is taken: four of at least 1e-7 do not underflow float32."""
CONCEPTS_A_BLOCK = 512


def similarity(
    name: str, activations: FloatArray, concept_features: FloatArray, **params: Any
) -> npt.NDArray[np.float32]:
    """Score every concept for every neuron of a layer with the function called `name`.

    Args:
        name: a key of SIMILARITIES: cos, cos_cubed, rank_reorder, wpmi or soft_wpmi.
        activations: [J neurons, N clips] float32, all neurons of one layer.
        concept_features: [N clips, M concepts] float32: v_c of each concept as a column.
        params: the function's own settings; their defaults are those of CLIP-Dissect.

    Returns:
        [J, M] float32, the higher the better; NaN or -inf where the function is not defined.

    Raises:
        ValueError: no function is called `name`, or the two arrays are not over the same clips.
    """
    if name not in SIMILARITIES:
        raise ValueError(f"no similarity function is called {name!r}; there are {', '.join(SIMILARITIES)}")
    if activations.shape[1] != len(concept_features):
        raise ValueError(
            f"the activations are over {activations.shape[1]} clips, the concept features over {len(concept_features)}"
        )
    return SIMILARITIES[name](activations, concept_features, **params)


def cos(activations: FloatArray, concept_features: FloatArray) -> FloatArray:
    """[J, M] cosine of u and v_c over the clips; NaN for an all-zero neuron or concept."""
    with np.errstate(invalid="ignore"):
        concepts = concept_features / np.linalg.norm(concept_features, axis=0)
        scores = _scores(activations, concept_features)
        for rows in row_blocks(*activations.shape):
            neurons = np.asarray(activations[rows], np.float32)
            np.matmul(neurons, concepts, out=scores[rows])
            scores[rows] /= np.sqrt(np.einsum("jn,jn->j", neurons, neurons))[:, None]
    return scores


def cos_cubed(activations: FloatArray, concept_features: FloatArray, min_norm: float = 1e-3) -> FloatArray:
    """[J, M] cosine of the centred and cubed u and v_c, which leaves the word to the strongest clips.

    Args:
        activations: [J, N] float32.
        concept_features: [N, M] float32.
        min_norm: a shorter cubed vector is divided by this instead of its own norm: a constant one scores 0, and
            concepts that hardly vary over the clips are damped.
    """
    concepts = _cubed_directions(concept_features.T, min_norm).T
    scores = _scores(activations, concept_features)
    for rows in row_blocks(*activations.shape):
        np.matmul(_cubed_directions(activations[rows], min_norm), concepts, out=scores[rows])
    return scores


def wpmi(
    activations: FloatArray, concept_features: FloatArray, top_k: int = 28, a: float = 2, lam: float = 0.6
) -> FloatArray:
    """[J, M] weighted pointwise mutual information: log p(concept | top clips) - lam log p(concept | any neuron).

    Args:
        activations: [J, N] float32, all neurons of a layer: they make up the prior.
        concept_features: [N, M] float32.
        top_k: clips that stand for the neuron; at most N are used.
        a: sharpness of the softmax over concepts that turns a clip's features into probabilities.
        lam: weight of the prior.
    """
    top = top_clips(activations, top_k)
    offsets = np.full(top.shape[1], MIN_PROBABILITY)
    log_probability = _summed_logarithms(top, _softmax(concept_features, a), offsets)
    return _without_prior(log_probability, lam)


def soft_wpmi(
    activations: FloatArray,
    concept_features: FloatArray,
    top_k: int = 100,
    a: float = 10,
    lam: float = 1,
    p_start: float = 0.998,
    p_end: float = 0.97,
) -> FloatArray:
    """[J, M] softWPMI: as `wpmi`, but a clip belongs to the neuron's top clips only with a probability.

    Args:
        activations: [J, N] float32, all neurons of a layer: they make up the prior.
        concept_features: [N, M] float32.
        top_k: clips that stand for the neuron; at most N are used.
        a: sharpness of the softmax over concepts.
        lam: weight of the prior.
        p_start: probability that the first clip belongs to the neuron; above 0, at most 1.
        p_end: what that probability falls to, in equal steps, over the top_k clips; above 0.
    """
    return soft_wpmi_of_top_clips(top_clips(activations, top_k), concept_features, a, lam, p_start, p_end)


def soft_wpmi_of_top_clips(
    top: npt.NDArray[np.integer],
    concept_features: FloatArray,
    a: float = 10,
    lam: float = 1,
    p_start: float = 0.998,
    p_end: float = 0.97,
) -> FloatArray:
    """[J, M] softWPMI of neurons given as their top clips [J, K], the strongest first; settings as in `soft_wpmi`."""
    k = top.shape[1]
    belongs = p_start - np.arange(k) / k * (p_start - p_end)
    # log(1 + p (c - 1) + min) = log p + log(c + (1 - p + min) / p): one addition a clip, and a constant.
    offsets = (1 - belongs + MIN_PROBABILITY) / belongs
    log_probability = _summed_logarithms(top, _softmax(concept_features, a), offsets)
    log_probability += np.float32(np.log(belongs).sum())
    return _without_prior(log_probability, lam)


def rank_reorder(
    activations: FloatArray,
    concept_features: FloatArray,
    p: float = 3,
    top_fraction: float = 0.05,
    scale_p: float = 0.5,
    order: Literal["argsort", "ranks"] = "argsort",
) -> FloatArray:
    """[J, M] minus the error of putting a neuron's top activations in the order of the concept's scores.

    The error is divided by that of a random order, and by the concept's mean score on those clips to the power scale_p.
    CLIP-Dissect estimates the random order's error from five draws; here it is the exact expectation, so the result is
    the same on every run. NaN for a neuron whose top activations are equal and wherever fewer than two clips make up
    the top; -inf where the mean score is not above 0.

    Args:
        activations: [J, N] float32.
        concept_features: [N, M] float32.
        p: power of the differences.
        top_fraction: share of the clips, the strongest, that are looked at.
        scale_p: power of the mean score.
        order: "argsort" looks activations up by the sorting permutation itself, as the released code of AND does;
            "ranks" by its inverse, each clip's rank, as later versions of CLIP-Dissect do.
    """
    clips, concepts = concept_features.shape
    n = int(clips * top_fraction)
    scores = np.full((len(activations), concepts), np.nan, np.float32)
    if n < 2:
        return scores
    features = np.ascontiguousarray(concept_features.T)
    ranks = _ranks(features)
    for rows in row_blocks(len(activations), max(clips, min(concepts, CONCEPTS_A_BLOCK) * n)):
        top = top_clips(activations[rows], n)
        sorted_down = np.take_along_axis(np.asarray(activations[rows], np.float32), top, axis=1)
        random_error = _random_order_error(sorted_down, p)[:, None]
        for first in range(0, concepts, CONCEPTS_A_BLOCK):
            columns = slice(first, first + CONCEPTS_A_BLOCK)
            error = _reordering_error(sorted_down, _order_among_top(ranks[columns], top, order), p)
            mean_score = np.maximum(features[columns][:, top].mean(axis=2).T, 0)
            with np.errstate(invalid="ignore", divide="ignore"):
                scores[rows, columns] = -(error / random_error) / mean_score**scale_p
    return scores


SIMILARITIES: Mapping[str, Callable[..., FloatArray]] = MappingProxyType(
    {"cos": cos, "cos_cubed": cos_cubed, "rank_reorder": rank_reorder, "wpmi": wpmi, "soft_wpmi": soft_wpmi}
)


class RankedConcepts(NamedTuple):
    """The best concepts of J neurons, best first."""

    concepts: npt.NDArray[np.int32]
    """[J, keep] concept indices; -1 where there is no answer."""
    scores: FloatArray
    """[J, keep]; 0 where there is no answer, so that NaN reaches nobody who forgets to look at `valid`."""
    valid: npt.NDArray[np.bool_]
    """[J, keep] False where there is no answer: NULL in the store."""

    def margins(self) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        """[J] the best score less the second, and where there are two of them; 0 where not."""
        two: npt.NDArray[np.bool_] = self.valid[:, :2].sum(axis=1) == 2
        return np.where(two, self.scores[:, 0] - self.scores[:, :2][:, -1], np.float32(0)), two


def ranked_concepts(scores: FloatArray, keep: int, undefined: npt.NDArray[np.bool_] | None = None) -> RankedConcepts:
    """Pick the `keep` best concepts of every neuron from `scores` [J, M]; equal scores in the order of the concepts.

    There is no answer where a score is NaN or infinite, where all of several concepts score alike (nothing speaks for
    the first of them), and for neurons marked in `undefined` [J] bool, e.g. by `exemplars.constant_neurons`: the top
    clips of a constant neuron are its first clips and mean nothing.
    """
    finite = np.isfinite(scores)
    if scores.shape[1] > 1:
        finite &= (scores != scores[:, :1]).any(axis=1, keepdims=True)
    if undefined is not None:
        finite &= ~undefined[:, None]
    concepts = top_clips(np.where(finite, scores, -np.inf), keep)
    valid = np.take_along_axis(finite, concepts, axis=1)
    best = np.where(valid, np.take_along_axis(scores, concepts, axis=1), 0).astype(np.float32)
    return RankedConcepts(np.where(valid, concepts, -1).astype(np.int32), best, valid)


def _scores(activations: FloatArray, concept_features: FloatArray) -> FloatArray:
    return np.empty((len(activations), concept_features.shape[1]), np.float32)


def _cubed_directions(vectors: npt.NDArray[np.floating], min_norm: float) -> FloatArray:
    """Rows of [R, N] minus their mean, cubed, and divided by their length or `min_norm`."""
    cubed = np.array(vectors, np.float32)
    cubed -= cubed.mean(axis=1, keepdims=True)
    cubed = _power(cubed, 3)
    cubed /= np.maximum(np.linalg.norm(cubed, axis=1, keepdims=True), min_norm)
    return cubed


def _softmax(concept_features: FloatArray, a: float) -> FloatArray:
    """Softmax over concepts of a x features, [N, M]."""
    exponents = np.float32(a) * concept_features.astype(np.float32, copy=False)
    exponents -= exponents.max(axis=1, keepdims=True)
    np.exp(exponents, out=exponents)
    exponents /= exponents.sum(axis=1, keepdims=True)
    return exponents


def _summed_logarithms(
    top: npt.NDArray[np.integer], probabilities: FloatArray, offsets: npt.NDArray[np.float64]
) -> FloatArray:
    """[J, M]: the sum over the top clips r of log(probabilities[top[:, r]] + offsets[r])."""
    neurons, k = top.shape
    sums = np.zeros((neurons, probabilities.shape[1]), np.float32)
    small_offsets = offsets.astype(np.float32)
    # A block of neurons whose two buffers stay in the processor's cache.
    for rows in row_blocks(neurons, 64 * probabilities.shape[1]):
        factor, product = np.empty_like(sums[rows]), np.empty_like(sums[rows])
        for first in range(0, k, FACTORS_A_LOGARITHM):
            product.fill(1)
            for r in range(first, min(k, first + FACTORS_A_LOGARITHM)):
                np.take(probabilities, top[rows, r], axis=0, out=factor, mode="clip")
                factor += small_offsets[r]
                product *= factor
            np.log(product, out=product)
            sums[rows] += product
    return sums


def _without_prior(log_probability: FloatArray, lam: float) -> FloatArray:
    """log p(concept | neuron) - lam log p(concept), the prior being the mean probability over all J neurons [J, M]."""
    largest = log_probability.max(axis=0)
    total = np.zeros(log_probability.shape[1], np.float64)
    for rows in row_blocks(*log_probability.shape):
        total += np.exp(log_probability[rows] - largest).sum(axis=0, dtype=np.float64)
    log_probability -= np.float32(lam) * (largest + np.log(total / len(log_probability))).astype(np.float32)
    return log_probability


def _ranks(features: FloatArray) -> npt.NDArray[np.int32]:
    """Each clip's rank by each concept's score, lowest first, [M, N]; equal scores in the order of the clips."""
    ranks = np.empty(features.shape, np.int32)
    rank = np.arange(features.shape[1], dtype=np.int32)[None, :]
    for rows in row_blocks(*features.shape):
        np.put_along_axis(ranks[rows], np.argsort(features[rows], axis=1, kind="stable"), rank, axis=1)
    return ranks


def _order_among_top(
    ranks: npt.NDArray[np.integer], top: npt.NDArray[np.integer], order: Literal["argsort", "ranks"]
) -> npt.NDArray[np.integer]:
    """[M, b, n]: how each concept orders the n top clips of each neuron, lowest score first.

    A clip's rank over the whole data set [M, N] and its place among the top clips share one integer, so that one fast
    sort of integers does for an argsort, and ties follow the neuron's own order.
    """
    clips, n = ranks.shape[1], top.shape[1]
    bits = (n - 1).bit_length()
    dtype = np.int32 if clips << bits < 2**31 else np.int64
    keys = (ranks.astype(dtype) << bits)[:, top]
    keys |= np.arange(n, dtype=dtype)
    keys.sort(axis=2)
    keys &= (1 << bits) - 1
    return keys if order == "argsort" else np.argsort(keys, axis=2)


def _reordering_error(sorted_down: FloatArray, order: npt.NDArray[np.integer], p: float) -> npt.NDArray[np.floating]:
    """[b, M] mean of |s_i - s_order(i)|^p: top activations [b, n], falling, against the concepts' order [M, b, n]."""
    neurons, n = sorted_down.shape
    rising = sorted_down[:, ::-1].ravel()
    difference = rising[order + np.arange(0, neurons * n, n)[:, None]]
    difference -= sorted_down
    np.abs(difference, out=difference)
    return _power(difference, p).mean(axis=2).T


def _random_order_error(sorted_down: FloatArray, p: float) -> FloatArray:
    """[b]: the exact expectation of the error in a random order, the mean of |s_i - s_j|^p over all n x n pairs."""
    n = sorted_down.shape[1]
    total = np.zeros(len(sorted_down), np.float64)
    for lag in range(1, n):
        total += _power(sorted_down[:, :-lag] - sorted_down[:, lag:], p).sum(axis=1, dtype=np.float64)
    return (2 * total / n**2).astype(np.float32)


def _power(base: FloatArray, p: float) -> FloatArray:
    """base to the power p; numpy has no fast path for a cube."""
    return base * base * base if p == 3 else base**p
