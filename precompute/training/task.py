"""What a training is about: what the head answers, what is learnt, and how the result is measured."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from precompute.training.examples import Examples, Positions, Progress
from precompute.training.fit import Objective
from precompute.training.trainee import Trainee


@dataclass(frozen=True)
class Measures:
    """What the saved network does with held-out clips."""

    accuracy: float | None = None
    """Share of them that get their class; None where it names no classes."""
    accuracy_by_class: dict[str, float] = field(default_factory=dict)
    retrieval: dict[str, float] = field(default_factory=dict)
    """Shares of captions that find their clip, and of clips that find their caption; empty for other tasks."""


class Task(Protocol):
    """One of the values of `task` in the configuration, for the clips of one training."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what the head answers; none for a network without a head."""
        ...

    def objective(
        self, trainee: Trainee, training: Positions, rng: np.random.Generator, progress: Progress
    ) -> Objective:
        """What is learnt from the clips at these positions among the examples."""
        ...

    def measures(self, trainee: Trainee, folder: Path, held_out: Positions) -> Measures:
        """Of the network that the trainee saved in a folder, as the pipeline loads it."""
        ...


def measured_by_class(right: npt.NDArray[np.bool_], examples: Examples, held_out: Positions) -> Measures:
    """Accuracy over held-out clips, and of each class that is among them; none where there are no clips.

    Args:
        right: [N held out] whether the clip got its class.
    """
    labels = examples.labels[held_out]
    names = enumerate(examples.dataset.class_names)
    return Measures(
        accuracy=float(right.mean()) if len(right) else None,
        accuracy_by_class={name: float(right[labels == i].mean()) for i, name in names if (labels == i).any()},
    )
