"""CLAP (Wu et al. 2023, arXiv 2211.06687): clips and texts in one space; what the paper's TAB method embeds with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from and_core.errors import ConfigError, EncoderError
from and_core.models.model_source import ModelSource
from and_core.models.protocols import Clip, FloatArray

if TYPE_CHECKING:
    from and_core.models.audio_text_encoders.clap_model import ClapWeights

DEFAULT_CLAP = "laion/clap-htsat-unfused"
"""The paper's checkpoint, 630k-audioset-best, as transformers has it."""


class ClapEncoder:
    """A `ClapModel` in batches. Loads at first use.

    Args:
        source: where it is.
        batch_size: clips or texts at once; changes speed and memory only.
        device: `auto` (a GPU where there is one), `cpu`, `cuda`, ...
    """

    def __init__(self, source: ModelSource, batch_size: int, device: str) -> None:
        self._source, self._batch_size, self._device = source, batch_size, device
        self.name = f"CLAP ({Path(source.source).name})"
        self._weights: ClapWeights | None = None

    @property
    def fingerprint(self) -> str:
        return f"clap 1 {self._source.identity}"

    def embed_audio(self, clips: Sequence[Clip]) -> FloatArray:
        """[N clips, D] float32, rows of unit length. A clip is resampled; of a long one its beginning is heard."""
        parts = [self._model().embed_audio(clips[batch]) for batch in self._batches(clips)]
        return np.concatenate([np.zeros((0, self._model().dimensions), np.float32), *parts])

    def embed_text(self, texts: Sequence[str]) -> FloatArray:
        """[M texts, D] float32, rows of unit length."""
        parts = [self._model().embed_text(texts[batch]) for batch in self._batches(texts)]
        return np.concatenate([np.zeros((0, self._model().dimensions), np.float32), *parts])

    def close(self) -> None:
        """Free the weights; a later clip or text loads them again."""
        if self._weights is not None:
            from and_core.models.loading import free_memory

            self._weights = None
            free_memory()

    def _batches(self, items: Sequence[object]) -> list[slice]:
        return [slice(start, start + self._batch_size) for start in range(0, len(items), self._batch_size)]

    def _model(self) -> ClapWeights:
        if self._weights is None:
            from and_core.models.audio_text_encoders.clap_model import ClapWeights

            self._weights = ClapWeights(self._source, self._device)
        return self._weights


class Clap(ClapEncoder):
    """CLAP as a run's audio-text encoder.

    Args:
        path: a folder that `save_pretrained` wrote (model, feature extractor and tokenizer), as safetensors, or a name
            on the Hugging Face hub.
        batch_size: clips or texts at once; changes speed and memory only.
        device: `auto` (a GPU where there is one), `cpu`, `cuda`, ...

    Raises:
        ConfigError: a batch of nothing.
        EncoderError: no such folder, or one without weights as safetensors.
    """

    def __init__(self, path: str | Path = DEFAULT_CLAP, batch_size: int = 16, device: str = "auto") -> None:
        if batch_size < 1:
            raise ConfigError(f"audio_text_encoder.batch_size = {batch_size} is not a number from 1.")
        super().__init__(ModelSource("audio_text_encoder.path", path, EncoderError), batch_size, device)
