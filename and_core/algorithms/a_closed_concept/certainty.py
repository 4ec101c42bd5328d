"""How sure a pick of module A is: does the best concept stay the best on other clips of the same kind?

A bootstrap over clips (Efron, 1979): the probing dataset is drawn anew from itself, with replacement, and the neuron is
given its concept again. The share of such resamples that agree with the pick is stored beside it.
"""

import numpy as np
import numpy.typing as npt

from and_core.algorithms.exemplars import row_blocks

FloatArray = npt.NDArray[np.float32]


def resampled_clips(clips: int, resamples: int, seed: int) -> FloatArray:
    """[resamples, clips] float32: how often each clip was drawn into each resample; every row adds up to `clips`."""
    drawn = np.random.default_rng(seed).multinomial(clips, np.full(clips, 1 / clips), size=resamples)
    return drawn.astype(np.float32)


def share_that_stay_first(
    activations: FloatArray,
    concept_features: FloatArray,
    first: npt.NDArray[np.integer],
    drawn: FloatArray,
    min_norm: float = 1e-3,
) -> FloatArray:
    """In which share of the resamples is a neuron's best concept by cos cubed the same as over all clips?

    A clip that was drawn twice counts twice, so a resample is a weight a clip, and its scores one matrix product; a
    neuron's own norm does not change which of its concepts is the best, and is left out.

    Args:
        activations: [J, N] float32.
        concept_features: [N, M] float32.
        first: [J] the concept that each neuron has over all clips; -1 where it has none.
        drawn: [resamples, N] float32, as `resampled_clips` gives it.
        min_norm: as in `similarity.cos_cubed`.

    Returns:
        [J] float32, 0..1; 0 where there is no concept. A resample in which all concepts score alike agrees with none.
    """
    stays = np.zeros(len(activations), np.int32)
    for weights in drawn:
        concepts = _weighted_cubes(concept_features, weights, min_norm)
        for rows in row_blocks(*activations.shape):
            neurons = np.array(activations[rows], np.float32)
            neurons -= (neurons @ (weights / weights.sum()))[:, None]
            neurons *= neurons * neurons
            scores = neurons @ concepts
            best = scores.argmax(axis=1)
            undecided = (scores.max(axis=1) == scores.min(axis=1)) & (scores.shape[1] > 1)
            stays[rows] += (best == first[rows]) & ~undecided
    return (stays / max(len(drawn), 1)).astype(np.float32)


def _weighted_cubes(concept_features: FloatArray, weights: FloatArray, min_norm: float) -> FloatArray:
    """[N, M] the features minus their weighted mean, cubed, divided by their weighted norm, and weighted once more."""
    cubes = concept_features - (weights / weights.sum()) @ concept_features
    cubes *= cubes * cubes
    cubes /= np.maximum(np.sqrt(weights @ (cubes * cubes)), min_norm)
    cubes *= weights[:, None]
    return cubes
