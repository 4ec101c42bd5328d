"""Learning classes: the whole network, from augmented clips."""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from and_core.models.protocols import FloatArray
from precompute.training.config import Augmentation
from precompute.training.trainee import Trainee


class Classification:
    """An `Objective`: every weight of the trainee learns to tell the clips' classes."""

    def __init__(
        self,
        trainee: Trainee,
        inputs: FloatArray,
        one_hot: FloatArray,
        augmentation: Augmentation,
        label_smoothing: float,
    ) -> None:
        """
        Args:
            inputs: [N, ...] as the trainee reads them.
            one_hot: [N, C].
        """
        self.module, self.examples = trainee.module, len(inputs)
        self._trainee, self._augmentation = trainee, augmentation
        self._inputs, self._one_hot = inputs, one_hot
        self._loss = nn.CrossEntropyLoss(label_smoothing=label_smoothing)

    def loss(
        self, batch: npt.NDArray[np.int64], rng: np.random.Generator, device: torch.device
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Cross entropy, and the share of the augmented clips that come out right."""
        inputs, shares = self._trainee.augment(self._inputs[batch], self._one_hot[batch], self._augmentation, rng)
        logits = self._trainee.logits(torch.from_numpy(inputs).to(device)).float()
        labels = torch.from_numpy(shares).to(device)
        return self._loss(logits, labels), {"training_accuracy": agreement(logits, labels)}

    def finish(self) -> None:
        """Nothing is left to do."""


def agreement(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Share of rows of [B, C] whose largest logit is where the label's largest share is."""
    return (logits.argmax(dim=1) == labels.argmax(dim=1)).float().mean()
