"""Networks of transformers in training: an AST with random weights, or any checkpoint that can have a head."""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import nn

from and_core.errors import ConfigError
from and_core.models.networks.checkpoint import PREPROCESSOR, Checkpoint
from and_core.models.networks.huggingface import HuggingFaceNetwork, HuggingFaceSource
from and_core.models.networks.source import LoadedNetwork
from and_core.models.networks.torch_network import TorchNetwork
from and_core.models.protocols import FloatArray
from and_core.models.quiet import quiet_transformers
from precompute.training.augmentation import Augment, augment_spectrograms, augment_waveforms, mix_only
from precompute.training.config import ModelSizes
from precompute.training.report import record_beside

AST = "audio-spectrogram-transformer"
WINDOW_S = 0.025
"""Of ASTFeatureExtractor: a shorter clip has no frame."""
AST_STD = 4.5689974
"""Of ASTFeatureExtractor, where a preprocessor_config.json says none."""


class HuggingFaceTrainee:
    """A `Trainee` over a model of transformers."""

    def __init__(
        self,
        module: Any,
        head: nn.Linear | None,
        inputs: Callable[[FloatArray], FloatArray],
        augment: Augment,
        save_extractor: Callable[[Path], None],
    ) -> None:
        self.module, self.head = module, head
        self.inputs, self.augment = inputs, augment
        self._save_extractor = save_extractor

    def logits(self, inputs: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.module(inputs).logits
        return logits

    def save(self, folder: Path) -> None:
        with quiet_transformers():
            self.module.save_pretrained(folder)
        self._save_extractor(folder)

    def network(self, folder: Path, device: str) -> TorchNetwork:
        return HuggingFaceNetwork(folder, device=device)


class RandomAst:
    """A `Beginning` at random weights; the network reads (log-mel - mean) / (2 std) with the training clips' own."""

    name = ""

    def __init__(self, sizes: ModelSizes) -> None:
        self._sizes = sizes
        self.sample_rate_hz = sizes.sample_rate_hz
        self._window = round(WINDOW_S * sizes.sample_rate_hz)
        self._extract = self._extractor(do_normalize=False)

    def _extractor(self, **normalisation: float | bool) -> transformers.ASTFeatureExtractor:
        sizes = self._sizes
        return transformers.ASTFeatureExtractor(
            sampling_rate=sizes.sample_rate_hz, num_mel_bins=sizes.mel_bins, max_length=sizes.frames, **normalisation
        )

    def features(self, waveform: FloatArray) -> FloatArray:
        """Log-mel [frames, mel bins], not normalised."""
        extracted = self._extract(
            padded(waveform, self._window), sampling_rate=self.sample_rate_hz, return_tensors="np"
        )
        log_mel: FloatArray = extracted["input_values"][0]
        return log_mel

    def begin(self, class_names: Sequence[str], features: FloatArray) -> HuggingFaceTrainee:
        sizes = self._sizes
        config = transformers.ASTConfig(
            hidden_size=sizes.hidden_size,
            num_hidden_layers=sizes.blocks,
            num_attention_heads=sizes.heads,
            intermediate_size=sizes.intermediate_size,
            hidden_dropout_prob=sizes.dropout,
            num_mel_bins=sizes.mel_bins,
            max_length=sizes.frames,
            patch_size=sizes.patch,
            frequency_stride=sizes.patch,
            time_stride=sizes.patch,
            **(_labels(class_names) if class_names else {}),
        )
        model_class = transformers.ASTForAudioClassification if class_names else transformers.ASTModel
        model = model_class(config)
        mean, std = log_mel_statistics(features)
        return HuggingFaceTrainee(
            model,
            model.classifier.dense if class_names else None,
            lambda log_mel: (log_mel - np.float32(mean)) / np.float32(2 * std),
            partial(augment_spectrograms, log_mel_std=std),
            self._extractor(mean=mean, std=std).save_pretrained,
        )

    def digest(self) -> str:
        return ""

    def record(self) -> None:
        return None


class HuggingFaceStart:
    """A `Beginning` at a checkpoint, read as the pipeline reads it: no code of its own, no pickled objects."""

    def __init__(self, checkpoint: Checkpoint, name: str, clip_s: float) -> None:
        """
        Args:
            name: what records call it.
            clip_s: how much of a clip a network hears that hears any length.

        Raises:
            NetworkError: the checkpoint's architecture has no row.
        """
        self._checkpoint, self._source = checkpoint, HuggingFaceSource(checkpoint)
        self.name = name
        self.sample_rate_hz = self._source.sample_rate_hz
        self._samples = round((self._source.longest_s or clip_s) * self.sample_rate_hz)
        self._loaded: LoadedNetwork | None = None

    def _load(self) -> LoadedNetwork:
        if self._loaded is None:
            self._loaded = self._source.load()
        return self._loaded

    def features(self, waveform: FloatArray) -> FloatArray:
        """As the network reads it, normalised; what is too short gets zeros, after the normalisation where it can."""
        read, shortest = self._load().features, round(self._source.architecture.shortest_s * self.sample_rate_hz)
        cut = waveform[: self._samples]
        features = read(padded(cut, shortest))
        if features.ndim == 1:
            return padded(features, self._samples)
        # A network of one length has been given it by its own feature extractor.
        return features if self._source.longest_s else read(padded(cut, self._samples))

    def begin(self, class_names: Sequence[str], features: FloatArray) -> HuggingFaceTrainee:
        loaded: Any = self._load().module
        if not class_names:
            module = copy.deepcopy(loaded.base_model)
        elif tuple(class_names) == self._source.class_names:
            module = copy.deepcopy(loaded)
        else:
            module = self._with_new_head(loaded, class_names)
        head = module.get_submodule(self._head(module)) if class_names else None
        return HuggingFaceTrainee(module, head, lambda ready: ready, self._augment(features), self._save_extractor)

    def _with_new_head(self, loaded: Any, class_names: Sequence[str]) -> Any:
        """The backbone under a head for these classes, which makes logits of what the backbone says linearly."""
        config = copy.deepcopy(loaded.config)
        config.update(_labels(class_names))
        classifiers = transformers.MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING
        if type(config) not in classifiers:
            raise ConfigError(
                f"transformers has no audio classifier for the {config.model_type} of start.",
                "Set start to another network.",
            )
        if hasattr(config, "classifier_proj_size"):
            config.classifier_proj_size = config.hidden_size
        model = classifiers[type(config)](config)
        if hasattr(model, "projector"):  # a linear layer below the head; as identity it leaves the head the only one
            nn.init.eye_(model.projector.weight)
        own = {"projector", self._head(model).partition(".")[0]}
        state = {name: tensor for name, tensor in _in_classifier(model, loaded) if name.partition(".")[0] not in own}
        model.load_state_dict(state, strict=False)
        return model

    def _head(self, module: nn.Module) -> str:
        paths = dict(module.named_modules())
        return next(path for path in self._source.architecture.head if path in paths)

    def _augment(self, features: FloatArray) -> Augment:
        if features.ndim == 2:
            return partial(augment_waveforms, sample_rate_hz=self.sample_rate_hz)
        if self._checkpoint.model_type != AST:
            return mix_only
        preprocessor = self._checkpoint.preprocessor
        # Without normalisation log-mel is divided by nothing.
        std = preprocessor.get("std", AST_STD) if preprocessor.get("do_normalize", True) else 0.5
        return partial(augment_spectrograms, log_mel_std=std)

    def _save_extractor(self, folder: Path) -> None:
        text = json.dumps(self._checkpoint.preprocessor, indent=2, sort_keys=True)
        (folder / PREPROCESSOR).write_text(f"{text}\n", encoding="utf-8")

    def digest(self) -> str:
        return self._source.digest()

    def record(self) -> dict[str, Any] | None:
        return record_beside(self._checkpoint.folder)


def _in_classifier(classifier: nn.Module, loaded: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """The weights of a classifier, or of the encoder that is a part of one, under the classifier's names."""
    place = next(path for path, module in classifier.named_modules() if type(module) is type(loaded))
    for name, tensor in loaded.state_dict().items():
        yield (f"{place}.{name}" if place else name), tensor


def padded(waveform: FloatArray, samples: int) -> FloatArray:
    """With silence behind it where it is shorter than `samples`."""
    return np.pad(waveform, (0, max(0, samples - len(waveform))))


def log_mel_statistics(spectrograms: FloatArray) -> tuple[float, float]:
    """Mean and standard deviation over all values, in double precision."""
    return float(spectrograms.mean(dtype=np.float64)), float(spectrograms.std(dtype=np.float64))


def _labels(class_names: Sequence[str]) -> dict[str, Any]:
    return {
        "id2label": dict(enumerate(class_names)),
        "label2id": {name: index for index, name in enumerate(class_names)},
    }
