"""Proof by intervention that a loaded network's layers are what their names claim."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from and_core.errors import NetworkError
from and_core.models.protocols import FloatArray, Layer

SMALLEST_CHANGE = 1e-6
"""Of the logits, relative to the largest: well above the rounding of float32, far below any effect of a whole layer."""

Run = Callable[[Collection[str], Mapping[str, Sequence[int]]], tuple[FloatArray, dict[str, FloatArray]]]
"""(wanted layers, ablated neurons) -> logits [B, C] and {layer: [B, width]}, always of the same clips."""


def noise(sample_rate_hz: int) -> FloatArray:
    """[T] one second of white noise, always the same."""
    return np.random.default_rng(0).normal(0.0, 0.1, sample_rate_hz).astype(np.float32)


def check_layers(name: str, layers: Sequence[Layer], classes: int, run: Run) -> None:
    """Run a network plain and with each layer ablated in turn: one pass a layer, and one more.

    Args:
        name: of the network, for messages.
        classes: number of class names.
        run: one pass over a batch of noise.

    Raises:
        NetworkError: a layer's width is not as listed, or ablating all its neurons leaves the logits as they were
            (for `fc`: does not make them 0).
    """
    logits, activations = run([layer.name for layer in layers], {})
    if logits.shape[1] != classes:
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


def _failed(name: str, what: str) -> NetworkError:
    return NetworkError(
        f"The target network {name!r} failed its self-check: {what}.",
        "Check the checkpoint and its row in and_core/models/networks/architectures.py.",
    )
