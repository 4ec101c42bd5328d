"""Strike the points of S_h that S_l makes too; what is left is S_h^c (module B; paper, section 3.4)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from and_core.algorithms.a_closed_concept.description_based import unit_rows
from and_core.algorithms.exemplars import row_blocks

THRESHOLD = 0.7
"""t of section 3.4, as given in appendix A.4."""


@dataclass(frozen=True)
class Calibration:
    """What became of P points of S_h, in their order."""

    kept: npt.NDArray[np.bool_]
    """[P] False where a point was struck."""
    nearest_low: npt.NDArray[np.int32]
    """[P] position, from 0, of the most similar point of the neuron's S_l, the first of equals; -1 if S_l is empty."""
    similarity: npt.NDArray[np.float32]
    """[P] cosine with that point, -1..1; NaN, to be stored as NULL, where `nearest_low` is -1."""


def calibrate(
    high_embeddings: npt.NDArray[np.float32], low_embeddings: npt.NDArray[np.float32], threshold: float = THRESHOLD
) -> Calibration:
    """Calibrate one neuron's summary: a point goes if its cosine with any point of S_l is above the threshold.

    Every point of S_h is compared with every point of S_l, and S_l is left alone. (The released code strikes both
    points of a pair from the lists it is walking through, and so skips some comparisons.)

    Args:
        high_embeddings: [P, D] embedded points of S_h; need not be of unit length.
        low_embeddings: [Q, D] embedded points of S_l; Q may be 0, then every point is kept.
        threshold: t of section 3.4; a cosine of exactly t is kept.
    """
    points, low_points = len(high_embeddings), len(low_embeddings)
    if not points or not low_points:
        return _all_kept(points)
    return calibrate_neurons(
        np.concatenate([high_embeddings, low_embeddings]),
        np.arange(points),
        np.array([0, points]),
        np.arange(points, points + low_points),
        np.array([0, low_points]),
        threshold,
    )


def calibrate_neurons(
    embeddings: npt.NDArray[np.float32],
    high: npt.NDArray[np.integer],
    high_offsets: npt.NDArray[np.integer],
    low: npt.NDArray[np.integer],
    low_offsets: npt.NDArray[np.integer],
    threshold: float = THRESHOLD,
) -> Calibration:
    """Calibrate many neurons' summaries, one matrix operation a block of neurons.

    The points of neuron j are high[high_offsets[j]:high_offsets[j + 1]] and low[low_offsets[j]:low_offsets[j + 1]].
    Points that many neurons share need embedding only once: `high` and `low` name rows of `embeddings`.

    Args:
        embeddings: [U, D] embeddings of the points; need not be of unit length.
        high: [P] rows of `embeddings`: the points of every S_h, neuron after neuron.
        high_offsets: [J + 1] where each neuron's points begin in `high`; the last is P.
        low: [Q] rows of `embeddings`: the points of every S_l.
        low_offsets: [J + 1] where each neuron's points begin in `low`; the last is Q.
        threshold: t of section 3.4; a cosine of exactly t is kept.

    Returns:
        A Calibration over all P points; `nearest_low` counts within the neuron's own S_l.

    Raises:
        ValueError: the offsets do not describe the same number of neurons, or do not end where the points end.
    """
    if len(high_offsets) != len(low_offsets) or high_offsets[-1] != len(high) or low_offsets[-1] != len(low):
        raise ValueError("the offsets of S_h and S_l must be [J + 1] each and end at the number of points")
    unit = unit_rows(embeddings)
    result = _all_kept(len(high))
    high_counts, low_counts = np.diff(high_offsets), np.diff(low_offsets)
    widest = int(max(high_counts.max(initial=0), low_counts.max(initial=0)))
    for neurons in row_blocks(len(high_counts), 2 * widest * unit.shape[1]):
        high_block, high_there = _padded(high, high_offsets, neurons)
        low_block, low_there = _padded(low, low_offsets, neurons)
        if not high_there.any() or not low_there.any():
            continue
        cosine = np.matmul(unit[high_block], unit[low_block].transpose(0, 2, 1))
        cosine = np.where(low_there[:, None, :], np.clip(cosine, -1, 1), -np.inf)
        has_low = high_there & low_there.any(axis=1, keepdims=True)
        _fill(result, (high_offsets[neurons, None] + np.arange(high_block.shape[1]))[has_low], cosine[has_low])
    np.less_equal(result.similarity, threshold, out=result.kept, where=result.nearest_low >= 0)
    return result


def _all_kept(points: int) -> Calibration:
    return Calibration(np.ones(points, bool), np.full(points, -1, np.int32), np.full(points, np.nan, np.float32))


def _fill(result: Calibration, positions: npt.NDArray[np.integer], cosine: npt.NDArray[np.float32]) -> None:
    """Write the best of `cosine` [R, Q] for the points at `positions` [R]."""
    nearest = cosine.argmax(axis=1)
    result.nearest_low[positions] = nearest
    result.similarity[positions] = np.take_along_axis(cosine, nearest[:, None], axis=1)[:, 0]


def _padded(
    points: npt.NDArray[np.integer], offsets: npt.NDArray[np.integer], neurons: slice
) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.bool_]]:
    """Rows of embeddings [b, widest] of a block of neurons, and where they are points rather than padding."""
    starts, ends = offsets[:-1][neurons], offsets[1:][neurons]
    position = starts[:, None] + np.arange(int((ends - starts).max(initial=0)))
    there = position < ends[:, None]
    return points[np.where(there, position, 0)] if len(points) else np.zeros(there.shape, np.intp), there
