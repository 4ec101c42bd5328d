"""One training from its beginning to a measured checkpoint, with one fold held out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from and_core.models.protocols import FloatArray
from precompute.training.classification import Classification
from precompute.training.config import TrainingConfig
from precompute.training.examples import Examples, Positions, Progress
from precompute.training.fit import Objective, fit, seeded
from precompute.training.linear_probe import LinearProbe
from precompute.training.pretraining import MaskedPatches
from precompute.training.report import FoldReport
from precompute.training.state import State
from precompute.training.trainee import Beginning, Trainee

CLIPS_AT_ONCE = 64


@dataclass(frozen=True)
class FoldTraining:
    """What a training is made of, before it runs."""

    config: TrainingConfig
    beginning: Beginning
    examples: Examples
    held_out_fold: int
    device: torch.device

    def run(self, folder: Path, state: State, progress: Progress) -> FoldReport:
        """Train, write the checkpoint into `folder`, and measure what was written.

        The held-out fold takes part in nothing but the measurement: not in the normalisation, not in choosing an epoch.

        Raises:
            DatasetError: nothing is left to learn from, or the data set has no such fold.
        """
        training, held_out = self.examples.split(self.held_out_fold)
        features = self.examples.features[training]
        rng = np.random.default_rng(self.config.seed)
        # Initial weights and dropout draw from torch's own random state.
        with seeded(self.config.seed, self.device):
            trainee = self.beginning.begin(self._class_names, features)
            objective = self._objective(trainee, trainee.inputs(features), training, rng, progress)
            curve = fit(objective, self.config, self.device, rng, state, progress)
        trainee.module.cpu().eval()
        if not self.config.frozen or backbone_fits_float16(trainee):
            trainee.module.half()
        trainee.save(folder)
        right, labels = self._answers(trainee, folder, held_out)
        return FoldReport(
            held_out_fold=self.held_out_fold,
            held_out_clips=len(held_out),
            training_clips=len(training),
            accuracy=float(right.mean()) if len(right) else None,
            accuracy_by_class={
                name: float(right[labels == index].mean())
                for index, name in enumerate(self._class_names)
                if (labels == index).any()
            },
            curve=curve,
        )

    @property
    def _class_names(self) -> tuple[str, ...]:
        return self.examples.dataset.class_names if self.config.task == "classify" else ()

    def _objective(
        self,
        trainee: Trainee,
        inputs: FloatArray,
        training: Positions,
        rng: np.random.Generator,
        progress: Progress,
    ) -> Objective:
        if self.config.task == "pretrain":
            return MaskedPatches(trainee, inputs, self.config)
        one_hot = np.eye(len(self._class_names), dtype=np.float32)[self.examples.labels[training]]
        if self.config.frozen:
            return LinearProbe(trainee, inputs, one_hot, self.config, rng, self.device, progress)
        return Classification(trainee, inputs, one_hot, self.config.augmentation, self.config.label_smoothing)

    def _answers(
        self, trainee: Trainee, folder: Path, held_out: Positions
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        """[N] whether the saved network, as the pipeline loads it, is right about held-out clips, and their classes."""
        if not self._class_names:
            return np.empty(0, np.bool_), np.empty(0, np.int64)
        network, labels = trainee.network(folder, str(self.device)), self.examples.labels[held_out]
        answers = []
        for start in range(0, len(held_out), CLIPS_AT_ONCE):
            clips = held_out[start : start + CLIPS_AT_ONCE]
            logits, _ = network.forward(list(self.examples.waveforms(clips, network.sample_rate_hz)))
            answers.append(logits.argmax(axis=1))
        return np.concatenate(answers) == labels, labels


def backbone_fits_float16(trainee: Trainee) -> bool:
    """Whether float16 holds every weight but the head's exactly, as it does those that were float16 on disk."""
    head = {id(parameter) for parameter in trainee.head.parameters()} if trainee.head is not None else set()
    weights = (parameter for parameter in trainee.module.parameters() if id(parameter) not in head)
    return all(bool(weight.half().float().equal(weight)) for weight in weights)
