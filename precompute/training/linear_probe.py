"""A linear head on a frozen backbone. The backbone hears each clip once or a few times, not once an epoch."""

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from and_core.models.protocols import FloatArray
from precompute.training.classification import agreement
from precompute.training.config import TrainingConfig
from precompute.training.examples import Progress
from precompute.training.trainee import Trainee, heard_by_head

CLIPS_AT_ONCE = 64


class LinearProbe:
    """An `Objective`: one linear layer learns classes from what the backbone says of the clips.

    It is fitted to standardised values, which are of all scales; `finish` writes it into the trainee's head, which
    then gives the same logits from values as they are.
    """

    def __init__(
        self,
        trainee: Trainee,
        inputs: FloatArray,
        one_hot: FloatArray,
        config: TrainingConfig,
        rng: np.random.Generator,
        device: torch.device,
        progress: Progress,
    ) -> None:
        """
        Args:
            inputs: [N, ...] as the trainee reads them.
            one_hot: [N, C].
            progress: told how many clips the backbone has heard, of how many.
        """
        if trainee.head is None:
            raise ValueError("a trainee without a head")
        self._head = trainee.head
        heard, self._labels = _passes(trainee, inputs, one_hot, config, rng, device, progress)
        self._mean, self._std = heard.mean(axis=0), heard.std(axis=0) + 1e-6
        self._heard = (heard - self._mean) / self._std
        self.examples = len(heard)
        self.module: nn.Linear = nn.Linear(heard.shape[1], one_hot.shape[1])
        nn.init.zeros_(self.module.weight)
        nn.init.zeros_(self.module.bias)
        self._loss = nn.CrossEntropyLoss(label_smoothing=config.label_smoothing)

    def loss(
        self, batch: npt.NDArray[np.int64], rng: np.random.Generator, device: torch.device
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Cross entropy, and the share of the clips that come out right."""
        logits = self.module(torch.from_numpy(self._heard[batch]).to(device)).float()
        labels = torch.from_numpy(self._labels[batch]).to(device)
        return self._loss(logits, labels), {"training_accuracy": agreement(logits, labels)}

    @torch.no_grad()
    def finish(self) -> None:
        """Put the fitted layer into the trainee's head."""
        mean, std = (torch.from_numpy(values).to(self.module.weight) for values in (self._mean, self._std))
        weight = self.module.weight / std
        self._head.weight.copy_(weight)
        self._head.bias.copy_(self.module.bias - weight @ mean)


@torch.no_grad()
def _passes(
    trainee: Trainee,
    inputs: FloatArray,
    one_hot: FloatArray,
    config: TrainingConfig,
    rng: np.random.Generator,
    device: torch.device,
    progress: Progress,
) -> tuple[FloatArray, FloatArray]:
    """[passes x N, width] what the head reads of each clip, as it is and augmented, and [passes x N, C] its classes."""
    trainee.module.to(device).eval()
    heard: list[FloatArray] = []
    labels: list[FloatArray] = []
    clips = len(inputs) * config.frozen_passes
    for first in range(config.frozen_passes):
        for start in range(0, len(inputs), CLIPS_AT_ONCE):
            progress("clips heard", first * len(inputs) + start, clips)
            part = slice(start, start + CLIPS_AT_ONCE)
            batch, shares = inputs[part], one_hot[part]
            if first:
                batch, shares = trainee.augment(batch, shares, config.augmentation, rng)
            with torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bfloat16"):
                answers = heard_by_head(trainee, torch.from_numpy(batch).to(device))
            heard.append(answers.float().cpu().numpy())
            labels.append(shares)
    progress("clips heard", clips, clips)
    return np.concatenate(heard), np.concatenate(labels)
