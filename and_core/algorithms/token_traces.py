"""When, and where in frequency, neurons fired in a clip: token activations reduced to a few bytes a neuron.

Of a neuron's outputs over the tokens of one clip, a grid of bands and steps, two profiles are kept: the highest of all
bands at every step of time, and the highest of all steps in every band. A byte a number, they are small enough to
keep for every exemplar of every neuron.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from and_core.errors import NetworkError

FloatArray = npt.NDArray[np.float32]
Levels = npt.NDArray[np.uint8]

MAX_STEPS = 64
"""Steps of time that a trace has at most: what an eye can tell apart in a picture as wide as a card."""
HIGHEST_LEVEL = 255


@dataclass(frozen=True)
class TokenTraces:
    """Two profiles of each of n neurons over one clip."""

    time: FloatArray
    """[n, steps] highest output of all bands; at most MAX_STEPS steps."""
    bands: FloatArray | None
    """[n, bands] highest output of all steps; None where a token hears all frequencies."""


@dataclass(frozen=True)
class QuantisedTraces:
    """The same in bytes: 0 stands for a neuron's lowest number, 255 for its highest, in both profiles."""

    lowest: FloatArray
    """[n]"""
    highest: FloatArray
    """[n]"""
    time: Levels
    """[n, steps]"""
    bands: Levels | None
    """[n, bands]"""


def token_traces(outputs: FloatArray, positions: npt.NDArray[np.integer]) -> TokenTraces:
    """The profiles of some neurons of a layer over one clip.

    Args:
        outputs: [bands, steps, width] the layer's output to every token; at least one of each.
        positions: [n] neurons of the layer; one may stand there more than once.

    Returns:
        n profiles over time and, where there are several bands, over bands. More than MAX_STEPS steps are merged by
        their highest, as `merged_steps` merges their times.
    """
    chosen = outputs[:, :, positions]
    time = np.maximum.reduceat(chosen.max(axis=0), _first_steps(outputs.shape[1]), axis=0)
    bands = np.ascontiguousarray(chosen.max(axis=1).T) if len(outputs) > 1 else None
    return TokenTraces(np.ascontiguousarray(time.T), bands)


def merged_steps(start_s: FloatArray, end_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """When the steps of a trace begin and end.

    Args:
        start_s, end_s: [steps] of the tokens, in seconds, rising; at least one.

    Returns:
        Both [at most MAX_STEPS]. As many neighbours become one as are needed, equally many everywhere but at the end,
        where fewer may be left; a merged step runs from its first's start to its last's end.
    """
    first = _first_steps(len(start_s))
    last = np.append(first[1:], len(end_s)) - 1
    return start_s[first], end_s[last]


def _first_steps(steps: int) -> npt.NDArray[np.intp]:
    """[merged steps] the first step of each."""
    return np.arange(0, steps, -(-steps // MAX_STEPS))


def quantise(traces: TokenTraces) -> QuantisedTraces:
    """Every neuron's profiles in 256 levels between the lowest and the highest number of the two.

    `restore` gives them back to within half a level, (highest - lowest) / 255 / 2. A neuron whose numbers are all the
    same has level 0 throughout.

    Raises:
        NetworkError: a number is not finite.
    """
    both = traces.time if traces.bands is None else np.concatenate([traces.time, traces.bands], axis=1)
    lowest, highest = both.min(axis=1), both.max(axis=1)
    if not (np.isfinite(lowest).all() and np.isfinite(highest).all()):
        raise NetworkError(
            "A neuron's outputs to the tokens of a clip are not finite.",
            "Look for NaN or infinite weights in the network, or run it in float32.",
        )
    # In float64, where the widest range of float32 does not overflow and its narrowest is not lost.
    low, span = lowest[:, None].astype(np.float64), np.subtract(highest, lowest, dtype=np.float64)[:, None]
    levels = np.rint((both - low) / np.where(span > 0, span, 1) * HIGHEST_LEVEL).astype(np.uint8)
    time, bands = np.split(levels, [traces.time.shape[1]], axis=1)
    return QuantisedTraces(lowest, highest, time, None if traces.bands is None else bands)


def restore(levels: Levels, lowest: npt.ArrayLike, highest: npt.ArrayLike) -> FloatArray:
    """[..., steps or bands] float32: the numbers that `levels` stand for.

    Args:
        levels: [..., steps or bands] of one neuron or of several.
        lowest, highest: of each neuron, [...].
    """
    low, high = (np.asarray(end, dtype=np.float64)[..., None] for end in (lowest, highest))
    share = levels / HIGHEST_LEVEL
    return (low * (1 - share) + high * share).astype(np.float32)  # both ends come back exactly
