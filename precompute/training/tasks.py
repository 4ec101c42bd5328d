"""The tasks there are: `task` in the configuration -> what it is about."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from precompute.training.aligning import Aligning
from precompute.training.classification import Classification
from precompute.training.config import TrainingConfig
from precompute.training.examples import Examples, Positions, Progress
from precompute.training.fit import Objective
from precompute.training.linear_probe import LinearProbe
from precompute.training.pretraining import MaskedPatches
from precompute.training.task import Measures, Task, measured_by_class
from precompute.training.trainee import Trainee

CLIPS_AT_ONCE = 64


class Classifying:
    """The clips' classes: the whole network, or a linear head on a frozen backbone."""

    def __init__(self, config: TrainingConfig, examples: Examples, device: torch.device) -> None:
        self._config, self._examples, self._device = config, examples, device
        self.outputs = examples.dataset.class_names

    def objective(
        self, trainee: Trainee, training: Positions, rng: np.random.Generator, progress: Progress
    ) -> Objective:
        config, inputs = self._config, trainee.inputs(self._examples.features[training])
        one_hot = np.eye(len(self.outputs), dtype=np.float32)[self._examples.labels[training]]
        if config.frozen:
            return LinearProbe(trainee, inputs, one_hot, config, rng, self._device, progress)
        return Classification(trainee, inputs, one_hot, config.augmentation, config.label_smoothing)

    def measures(self, trainee: Trainee, folder: Path, held_out: Positions) -> Measures:
        network = trainee.network(folder, str(self._device))
        answers = [np.empty(0, np.int64)]
        for start in range(0, len(held_out), CLIPS_AT_ONCE):
            clips = self._examples.waveforms(held_out[start : start + CLIPS_AT_ONCE], network.sample_rate_hz)
            answers.append(network.forward(list(clips))[0].argmax(axis=1))
        right = np.concatenate(answers) == self._examples.labels[held_out]
        return measured_by_class(right, self._examples, held_out)


class Pretraining:
    """Sound alone: no head, and nothing to measure that the curve does not say."""

    outputs = ()

    def __init__(self, config: TrainingConfig, examples: Examples, device: torch.device) -> None:
        self._config, self._examples = config, examples

    def objective(
        self, trainee: Trainee, training: Positions, rng: np.random.Generator, progress: Progress
    ) -> Objective:
        return MaskedPatches(trainee, trainee.inputs(self._examples.features[training]), self._config)

    def measures(self, trainee: Trainee, folder: Path, held_out: Positions) -> Measures:
        return Measures()


TASKS: dict[str, Callable[[TrainingConfig, Examples, torch.device], Task]] = {
    "classify": Classifying,
    "pretrain": Pretraining,
    "align": Aligning,
}
