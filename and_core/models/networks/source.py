"""Where a network comes from: the joint between a kind of checkpoint and `TorchNetwork`, which plays it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from and_core.models.networks.architectures import Architecture
from and_core.models.networks.token_places import TokenPlaces
from and_core.models.protocols import FloatArray

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

    def token_places(self, tokens: int) -> TokenPlaces | None:
        """Which part of a clip each of its tokens heard, prefix tokens not counted; None where that is unknown."""
        ...
