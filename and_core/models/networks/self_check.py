"""Proof by intervention that a loaded network's layers are what their names claim."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from and_core.errors import NetworkError
from and_core.models.protocols import FloatArray, Layer

SMALLEST_CHANGE = 1e-6
"""Of the logits, relative to the largest: well above the rounding of float32, far below any effect of a whole layer."""

Run = Callable[[Collection[str], Mapping[str, Sequence[int]]], tuple[FloatArray, dict[str, FloatArray]]]
"""(wanted layers, ablated neurons) -> logits [B, C] and {layer: [B, width]}, always of the same clips."""


AGREEMENT = 0.05
"""Relative root mean square: bfloat16 in one block stays below 0.02; what is wrong is wrong by more than 0.1."""


def noise(sample_rate_hz: int) -> FloatArray:
    """[T] one second of white noise, always the same."""
    return np.random.default_rng(0).normal(0.0, 0.1, sample_rate_hz).astype(np.float32)


def tone(sample_rate_hz: int) -> FloatArray:
    """[T] one second of a tone of 440 Hz: as unlike noise as can be."""
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(sample_rate_hz) / sample_rate_hz)).astype(np.float32)


def check_layers(name: str, layers: Sequence[Layer], classes: int, run: Run) -> None:
    """Run a network plain and with each layer ablated in turn: one pass a layer, and one more.

    Args:
        name: of the network, for messages.
        classes: number of class names; 0 for an encoder, whose answers are then features of the clip.
        run: one pass over a batch of noise.

    Raises:
        NetworkError: a layer's width is not as listed, or ablating all its neurons leaves the logits as they were
            (for `fc`: does not make them 0).
    """
    logits, activations = run([layer.name for layer in layers], {})
    if classes and logits.shape[1] != classes:
        raise _failed(name, f"it gives {logits.shape[1]} logits for {classes} class names")
    for layer in layers:
        where = f"{layer.name} ({layer.module_path})"
        if activations[layer.name].shape != (len(logits), layer.width):
            raise _failed(name, f"{where} gives {activations[layer.name].shape[1:]} outputs, not {layer.width}")
        ablated, _ = run((), {layer.name: range(layer.width)})
        if layer.kind == "fc":
            if ablated.any():
                raise _failed(name, f"ablating all of {where} does not make the logits 0")
        elif np.abs(ablated - logits).max() <= SMALLEST_CHANGE * np.abs(logits).max():
            raise _failed(name, f"ablating all of {where} does not change the logits")


def check_agreement(
    name: str, precision: str, exact: Mapping[str, FloatArray], found: Mapping[str, FloatArray]
) -> None:
    """Compare what layers of the first block answer to clips, as they will be played, with the exact answers.

    Deeper layers are not compared: small differences grow from block to block.

    Args:
        exact: {layer: [B, width]} in float32, each clip played alone.
        found: the same layers in `precision`, the clips in batches.

    Raises:
        NetworkError: they differ by more than `precision` explains.
    """
    for layer, activations in exact.items():
        error = np.linalg.norm(found[layer] - activations) / np.linalg.norm(activations)
        if not error <= AGREEMENT:  # NaN is not
            raise NetworkError(
                f"The target network {name!r} failed its self-check: in {precision} and in a batch, {layer} differs by "
                f"{error:.0%} from what it gives in float32 for each clip alone.",
                "Set precision to float32."
                if precision != "float32"
                else "Its layers must give [clips, tokens, width]: check its row, or set batch_size to 1.",
            )


@contextmanager
def explained_failures(name: str) -> Iterator[None]:
    """Turns what torch and transformers raise, when a network cannot play at all, into a NetworkError."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise NetworkError(
            f"The target network {name!r} cannot play a second of noise: {type(error).__name__}: {error}",
            "Check that its config.json and preprocessor_config.json belong together, and its row in "
            "and_core/models/networks/architectures.py.",
        ) from error


def _failed(name: str, what: str) -> NetworkError:
    return NetworkError(
        f"The target network {name!r} failed its self-check: {what}.",
        "Check the checkpoint and its row in and_core/models/networks/architectures.py.",
    )
