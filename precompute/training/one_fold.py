"""One training from its beginning to a measured checkpoint, with one fold held out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from precompute.training.config import TrainingConfig
from precompute.training.examples import Examples, Progress
from precompute.training.fit import fit, seeded
from precompute.training.report import FoldReport
from precompute.training.state import State
from precompute.training.tasks import TASKS
from precompute.training.trainee import Beginning, Trainee


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
        task = TASKS[self.config.task](self.config, self.examples, self.device)
        rng = np.random.default_rng(self.config.seed)
        # Initial weights and dropout draw from torch's own random state.
        with seeded(self.config.seed, self.device):
            trainee = self.beginning.begin(task.outputs, self.examples.features[training])
            objective = task.objective(trainee, training, rng, progress)
            curve = fit(objective, self.config, self.device, rng, state, progress)
        trainee.module.cpu().eval()
        if not self.config.frozen or backbone_fits_float16(trainee):
            trainee.module.half()
        trainee.save(folder)
        measures = task.measures(trainee, folder, held_out)
        return FoldReport(
            held_out_fold=self.held_out_fold,
            held_out_clips=len(held_out),
            training_clips=len(training),
            accuracy=measures.accuracy,
            accuracy_by_class=measures.accuracy_by_class,
            retrieval=measures.retrieval,
            curve=curve,
        )


def backbone_fits_float16(trainee: Trainee) -> bool:
    """Whether float16 holds every weight but the head's exactly, as it does those that were float16 on disk."""
    head = {id(parameter) for parameter in trainee.head.parameters()} if trainee.head is not None else set()
    weights = (parameter for parameter in trainee.module.parameters() if id(parameter) not in head)
    return all(bool(weight.half().float().equal(weight)) for weight in weights)
