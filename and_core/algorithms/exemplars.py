"""Which clips a neuron responds to most and least, and how its activations are spread (paper, section 3.2)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from and_core.errors import NetworkError

QUANTILES = 33
"""Quantiles kept a neuron: at 0, 1/32, ..., 1."""

BLOCK_NUMBERS = 4_000_000
"""Numbers one block of temporary arrays may hold (16 MB of float32): memory stays bounded however wide the layer is."""


@dataclass(frozen=True)
class Exemplars:
    """The top-K and bottom-K clips of J neurons, the most extreme first; K is at most the number of clips."""

    high_clips: npt.NDArray[np.int32]
    """[J, K] clip indices."""
    high_activations: npt.NDArray[np.float32]
    """[J, K], falling along a row."""
    low_clips: npt.NDArray[np.int32]
    """[J, K] clip indices."""
    low_activations: npt.NDArray[np.float32]
    """[J, K], rising along a row."""


def exemplars(activations: npt.NDArray[np.float32], k: int) -> Exemplars:
    """Find the top-K and bottom-K clips of every neuron: I_h and I_l of section 3.2, as clip indices.

    Args:
        activations: [J neurons, N clips]; a memory map is read block by block.
        k: clips wanted at each end; where the data set has fewer, all of them come.

    Returns:
        [J, min(k, N)] a field. Equal activations are taken in the order of the clips, at both ends.

    Raises:
        NetworkError: an activation is NaN.
        ValueError: k is below 1.
    """
    high_clips, low_clips = top_clips(activations, k), bottom_clips(activations, k)
    return Exemplars(
        high_clips=high_clips,
        high_activations=np.take_along_axis(activations, high_clips, axis=1).astype(np.float32, copy=False),
        low_clips=low_clips,
        low_activations=np.take_along_axis(activations, low_clips, axis=1).astype(np.float32, copy=False),
    )


def top_clips(activations: npt.NDArray[np.floating], k: int) -> npt.NDArray[np.int32]:
    """[J, min(k, N)] int32: the columns of the k largest numbers of every row of `activations` [J, N], largest first.

    Equal numbers are taken in the order of the columns.

    Raises:
        NetworkError: a number is NaN.
        ValueError: k is below 1.
    """
    return _extreme_clips(activations, k, largest=True)


def bottom_clips(activations: npt.NDArray[np.floating], k: int) -> npt.NDArray[np.int32]:
    """[J, min(k, N)] int32: as `top_clips`, for the k smallest numbers, smallest first."""
    return _extreme_clips(activations, k, largest=False)


def constant_neurons(activations: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """[J] bool: the neurons of `activations` [J, N] that respond to every clip alike: no clip stands for them."""
    return np.ptp(activations, axis=1) == 0


def neuron_statistics(
    activations: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Summarise every neuron's activations over all clips.

    Args:
        activations: [J neurons, N clips], N at least 1; a memory map is read block by block.

    Returns:
        mean [J], standard deviation [J] (over the N clips, not an estimate from a sample) and quantiles [J, 33] at
        0, 1/32, ..., 1 with linear interpolation; all float32.
    """
    neurons, clips = activations.shape
    mean, std = np.empty(neurons, np.float32), np.empty(neurons, np.float32)
    quantiles = np.empty((neurons, QUANTILES), np.float32)
    position = np.linspace(0, clips - 1, QUANTILES)
    below = np.floor(position).astype(np.intp)
    above = np.minimum(below + 1, clips - 1)
    fraction = (position - below).astype(np.float32)
    for rows in row_blocks(neurons, clips):
        block = np.sort(np.asarray(activations[rows], np.float32), axis=1)
        mean[rows] = block.mean(axis=1, dtype=np.float64)
        std[rows] = block.std(axis=1, dtype=np.float64)
        quantiles[rows] = block[:, below] * (1 - fraction) + block[:, above] * fraction
    return mean, std, quantiles


def row_blocks(rows: int, numbers_a_row: int) -> Iterator[slice]:
    """Cut `rows` rows into slices whose temporary arrays stay within BLOCK_NUMBERS."""
    step = max(1, BLOCK_NUMBERS // max(1, numbers_a_row))
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))


def _extreme_clips(activations: npt.NDArray[np.floating], k: int, *, largest: bool) -> npt.NDArray[np.int32]:
    if k < 1:
        raise ValueError(f"k is {k}: at least one clip is needed")
    neurons, clips = activations.shape
    k = min(k, clips)
    chosen = np.empty((neurons, k), np.int32)
    for rows in row_blocks(neurons, clips):
        block = np.asarray(activations[rows])
        chosen[rows] = _largest(block if largest else -block, k, rows.start)
    return chosen


def _largest(block: npt.NDArray[np.floating], k: int, first_row: int) -> npt.NDArray[np.integer]:
    """[b, k] columns of the k largest numbers of each row [b, N]; a partition alone would leave ties to chance."""
    clips = block.shape[1]
    largest = np.partition(block, clips - k, axis=1)[:, clips - k :]
    _refuse_nan(largest, first_row)  # a partition puts NaN last, among the largest
    chosen = block >= largest[:, :1]
    crowded = np.flatnonzero(np.count_nonzero(chosen, axis=1) > k)
    chosen[crowded] = _without_last_ties(block[crowded], largest[crowded, :1], k)
    # Column numbers come out rising, so that a stable sort keeps the clips' order.
    columns = np.flatnonzero(chosen).reshape(len(block), k) - np.arange(0, block.size, clips)[:, None]
    order = np.argsort(-np.take_along_axis(block, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def _without_last_ties(
    block: npt.NDArray[np.floating], kth_largest: npt.NDArray[np.floating], k: int
) -> npt.NDArray[np.bool_]:
    """[b, N] k marks a row: what is above the k-th largest number, and of those equal to it the first."""
    above, tied = block > kth_largest, block == kth_largest
    still_free = k - np.count_nonzero(above, axis=1)[:, None]
    return above | (tied & (np.cumsum(tied, axis=1) <= still_free))


def _refuse_nan(largest: npt.NDArray[np.floating], first_row: int) -> None:
    broken = np.flatnonzero(np.isnan(largest).any(axis=1))
    if len(broken):
        raise NetworkError(
            f"Neuron {first_row + int(broken[0])} of the layer has an activation that is not a number.",
            "Look for NaN or infinite weights in the network, or run it in float32.",
        )
