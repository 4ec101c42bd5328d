"""The task `align`: clips come to where a text encoder puts their captions."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from and_core.algorithms.a_closed_concept.description_based import concept_text
from and_core.errors import DatasetError
from and_core.models.audio_text_encoders.ast_minilm import DIMENSION_NAMES, AstMiniLM
from and_core.models.protocols import Captioner, Clip, FloatArray
from and_core.models.text_encoders.minilm import MiniLM
from precompute.captioners import new_captioner
from precompute.training.alignment import Alignment
from precompute.training.config import TrainingConfig
from precompute.training.examples import Examples, Positions, Progress
from precompute.training.task import Measures, measured_by_class
from precompute.training.trainee import Trainee

CLIPS_AT_ONCE = 64
FIRST = (1, 5)
"""Among how many of the nearest what is looked for must be."""


class Aligning:
    """The captions of the configured captioner, in the space of MiniLM."""

    outputs = DIMENSION_NAMES

    def __init__(self, config: TrainingConfig, examples: Examples, device: torch.device) -> None:
        self._config, self._examples, self._device = config, examples, device
        self._captioner: Captioner = new_captioner(config.captioner, examples.dataset, config.seed)

    def objective(
        self, trainee: Trainee, training: Positions, rng: np.random.Generator, progress: Progress
    ) -> Alignment:
        """
        Raises:
            DatasetError: no clip has a caption.
        """
        captions = self._captions(training, progress)
        described = training[[caption is not None for caption in captions]]
        if not len(described):
            raise DatasetError(f"No clip of {self._examples.dataset.name} has a caption.", "Set another captioner.")
        inputs = trainee.inputs(self._examples.features[described])
        texts = [caption for caption in captions if caption is not None]
        return Alignment(trainee, inputs, texts, MiniLM(), self._config.augmentation)

    def measures(self, trainee: Trainee, folder: Path, held_out: Positions) -> Measures:
        """Retrieval among held-out clips with a caption, and classes found by their names alone (zero-shot)."""
        encoder = AstMiniLM(folder, device=str(self._device))
        heard = np.concatenate(
            [np.zeros((0, len(self.outputs)), np.float32), *map(encoder.embed_audio, self._clips(held_out))]
        )
        captions = self._captions(held_out)
        described = [caption is not None for caption in captions]
        found = retrieval(heard[described], encoder.embed_text([caption for caption in captions if caption]))
        if not self._examples.dataset.class_names:
            return Measures(retrieval=found)
        names = encoder.embed_text([concept_text(name) for name in self._examples.dataset.class_names])
        right = (heard @ names.T).argmax(axis=1) == self._examples.labels[held_out]
        return replace(measured_by_class(right, self._examples, held_out), retrieval=found)

    def _clips(self, positions: Positions) -> Iterator[list[Clip]]:
        for start in range(0, len(positions), CLIPS_AT_ONCE):
            yield list(self._examples.again(positions[start : start + CLIPS_AT_ONCE]))

    def _captions(
        self, positions: Positions, progress: Progress = lambda _what, _done, _total: None
    ) -> list[str | None]:
        """One a clip; None where the captioner says nothing of use."""
        captions: list[str | None] = []
        for clips in self._clips(positions):
            progress("clips described", len(captions), len(positions))
            captions.extend(answer.value or None for answer in self._captioner.captions(clips))
        progress("clips described", len(captions), len(positions))
        return captions


def retrieval(heard: FloatArray, read: FloatArray) -> dict[str, float]:
    """How often what belongs together is found among all others; nothing of no clips.

    Args:
        heard: [N, D] embedded clips, rows of unit length.
        read: [N, D] their embedded captions; identical ones share their rank.

    Returns:
        text_to_audio_at_1 and _at_5, the shares of captions that have their clip among the nearest 1 and 5, the same
        audio_to_text_..., and chance_at_1 and _at_5.
    """
    if not len(heard):
        return {}
    similarities = read @ heard.T
    own = np.diag(similarities)
    ranks = {
        "text_to_audio": (similarities > own[:, None]).sum(axis=1),
        "audio_to_text": (similarities > own).sum(axis=0),
    }
    shares = {f"{way}_at_{k}": float((rank < k).mean()) for way, rank in ranks.items() for k in FIRST}
    return shares | {f"chance_at_{k}": min(1.0, k / len(heard)) for k in FIRST}
