"""What is trained: a network with, for classes, a linear head. Each kind of checkpoint brings its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from and_core.models.networks.torch_network import TorchNetwork
from and_core.models.protocols import FloatArray
from precompute.training.augmentation import Augment


class Trainee(Protocol):
    """A network in training."""

    @property
    def module(self) -> nn.Module:
        """All of it, backbone and head."""
        ...

    @property
    def head(self) -> nn.Linear | None:
        """What makes logits of the backbone's answer; None where it was begun without classes."""
        ...

    @property
    def augment(self) -> Augment:
        """Changes inputs at random."""
        ...

    def inputs(self, features: FloatArray) -> FloatArray:
        """`Beginning.features` of clips [B, ...], as the network reads them."""
        ...

    def logits(self, inputs: torch.Tensor) -> torch.Tensor:
        """[B, ...] -> [B, C]."""
        ...

    def save(self, folder: Path) -> None:
        """Write a checkpoint, in the precision that the module has, that `network` opens."""
        ...

    def network(self, folder: Path, device: str) -> TorchNetwork:
        """The saved checkpoint as the pipeline plays it."""
        ...


class Beginning(Protocol):
    """Where a training begins: at random weights or at a checkpoint."""

    sample_rate_hz: int
    name: str
    """What records call it; empty for random weights."""

    def features(self, waveform: FloatArray) -> FloatArray:
        """One clip [T], of any length, as an array of one shape for all clips."""
        ...

    def begin(self, class_names: Sequence[str], features: FloatArray) -> Trainee:
        """A trainee of its own; new weights come from torch's current random state.

        Args:
            class_names: for the head; a checkpoint's head is kept where it has these very classes. Empty: no head.
            features: [N, ...] of the clips to learn from, e.g. for their mean.

        Raises:
            ConfigError: this beginning cannot have such a head.
        """
        ...

    def digest(self) -> str:
        """Hash of everything on disk that it reads; empty for random weights."""
        ...

    def record(self) -> dict[str, Any] | None:
        """The training.json beside the checkpoint, None where there is none."""
        ...


def heard_by_head(trainee: Trainee, inputs: torch.Tensor) -> torch.Tensor:
    """What the head reads of clips [B, ...]: [B, width], the mean over tokens where it reads those."""
    heard: list[torch.Tensor] = []
    if trainee.head is None:
        raise ValueError("a trainee without a head")
    hook = trainee.head.register_forward_pre_hook(lambda _module, arguments: heard.append(arguments[0]))
    try:
        trainee.logits(inputs)
    finally:
        hook.remove()
    return heard[0].mean(dim=1) if heard[0].dim() == 3 else heard[0]
