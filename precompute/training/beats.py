"""BEATs in training, from a checkpoint."""

import copy
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from and_core.models.networks.beats.checkpoint import BeatsCheckpoint, save_beats
from and_core.models.networks.beats.config import SAMPLE_RATE_HZ
from and_core.models.networks.beats.fbank import STANDARD_DEVIATION
from and_core.models.networks.beats.model import Beats
from and_core.models.networks.beats.network import BeatsNetwork, BeatsSource
from and_core.models.networks.source import LoadedNetwork
from and_core.models.networks.torch_network import TorchNetwork
from and_core.models.protocols import FloatArray
from precompute.training.augmentation import augment_spectrograms
from precompute.training.report import record_beside


class BeatsTrainee:
    """A `Trainee` over our BEATs."""

    def __init__(self, module: Beats, class_names: Sequence[str]) -> None:
        self.module, self.head = module, module.fc
        self._class_names = class_names
        self.augment = partial(augment_spectrograms, log_mel_std=STANDARD_DEVIATION)

    def inputs(self, features: FloatArray) -> FloatArray:
        return features

    def logits(self, inputs: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.module(inputs).logits
        return logits

    def save(self, folder: Path) -> None:
        save_beats(folder, self.module, self._class_names)

    def network(self, folder: Path, device: str) -> TorchNetwork:
        return BeatsNetwork(folder, device=device)


class BeatsStart:
    """A `Beginning` at a checkpoint of BEATs, pretrained or fine-tuned."""

    sample_rate_hz = SAMPLE_RATE_HZ

    def __init__(self, path: Path, clip_s: float) -> None:
        """
        Args:
            clip_s: how much of a clip it hears.

        Raises:
            NetworkError: a file is absent, damaged or refused, or is no checkpoint of BEATs.
        """
        self._path = path
        self._source = BeatsSource(BeatsCheckpoint(path))
        self._samples = round(clip_s * SAMPLE_RATE_HZ)
        self._loaded: LoadedNetwork | None = None
        self.name = path.stem

    def _load(self) -> LoadedNetwork:
        if self._loaded is None:
            self._loaded = self._source.load()
        return self._loaded

    def features(self, waveform: FloatArray) -> FloatArray:
        """Normalised log-mel [frames, mel bins]; a clip that is too short is followed by silence."""
        cut = waveform[: self._samples]
        return self._load().features(np.pad(cut, (0, self._samples - len(cut))))

    def begin(self, class_names: Sequence[str], features: FloatArray) -> BeatsTrainee:
        loaded: Any = self._load().module
        if tuple(class_names) == self._source.class_names:
            return BeatsTrainee(copy.deepcopy(loaded), class_names)
        module = Beats(loaded.config, len(class_names), loaded.head_averages_padding)
        backbone = {name: tensor for name, tensor in loaded.state_dict().items() if not name.startswith("fc.")}
        module.load_state_dict(backbone, strict=False)
        return BeatsTrainee(module, class_names)

    def digest(self) -> str:
        return self._source.digest()

    def record(self) -> dict[str, Any] | None:
        return record_beside(self._path if self._path.is_dir() else self._path.parent)
