"""Where a network comes from: the joint between a kind of checkpoint and `TorchNetwork`, which plays it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from and_core.models.networks.architectures import Architecture
from and_core.models.networks.token_places import TokenPlaces
from and_core.models.protocols import FloatArray, NeuronIds

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class LoadedNetwork:
    """A network with its weights."""

    module: nn.Module
    """In float32, on the CPU, in evaluation mode."""
    features: Callable[[FloatArray], FloatArray]
    """Waveform [T] of one clip -> what the network reads, without a batch axis. Called from several threads."""
    answer: Callable[[nn.Module, torch.Tensor], torch.Tensor]
    """(module, features [B, ...]) -> logits [B, C]; without a head, features of the clip [B, D]."""


class NetworkSource(Protocol):
    """One trained network on disk. Opening it reads no weights."""

    @property
    def architecture(self) -> Architecture: ...

    @property
    def sample_rate_hz(self) -> int: ...

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the logits; empty without a head."""
        ...

    @property
    def longest_s(self) -> float | None:
        """Seconds that it hears of a clip; None for all."""
        ...

    def digest(self) -> str:
        """SHA-256 (hex) of everything on disk that decides what the network answers."""
        ...

    def build_without_weights(self) -> nn.Module:
        """Its modules and shapes on torch's meta device."""
        ...

    def load(self) -> LoadedNetwork:
        """
        Raises:
            NetworkError: the weights cannot be read safely, or are not those of the architecture.
        """
        ...

    def save_without(self, folder: Path, neurons: NeuronIds, compact: bool) -> None:
        """Write the network without these neurons as a checkpoint of the same kind.

        Args:
            folder: empty, or not there yet.
            compact: cut neurons of intermediate layers out, besides zeroing weight rows and biases.

        Raises:
            NetworkError: the weights cannot be read, or the architecture cannot be compacted.
        """
        ...

    def token_places(self, tokens: int) -> TokenPlaces | None:
        """Which part of a clip each of its tokens heard, prefix tokens not counted; None where that is unknown."""
        ...
