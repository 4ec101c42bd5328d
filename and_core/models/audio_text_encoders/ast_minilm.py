"""Clips and texts in the space of MiniLM: a small network that was taught to hear what MiniLM reads of captions.

Locked-text tuning (Zhai et al. 2022, arXiv 2111.07991, with sound for images): texts are embedded by MiniLM as it is,
so that the vocabulary is open, and an audio classifier learns to answer with MiniLM's embedding of a clip's caption.
There is no projection of texts beside it: a linear map of texts can as well be a map of the network's answers.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import soxr

from and_core.algorithms.a_closed_concept.description_based import unit_rows
from and_core.errors import EncoderError
from and_core.models.networks.huggingface import HuggingFaceNetwork
from and_core.models.protocols import Clip, FloatArray
from and_core.models.text_encoders.minilm import DIMENSIONS, MiniLM

DIMENSION_NAMES = tuple(f"{MiniLM.name} {dimension}" for dimension in range(DIMENSIONS))
"""What the network's outputs are called, as a classifier's classes are: by these a checkpoint is known."""
CLIPS_AT_ONCE = 64


class AstMiniLM:
    """An audio tower that `and-precompute train` made (`task = "align"`), beside MiniLM. Loads at first use.

    Of a clip that is longer than the network hears, its beginning is heard.

    Args:
        path: the folder of the network.
        batch_size: clips a pass; changes speed and memory only.
        device: where the network runs: `auto` (a GPU where there is one), `cpu`, `cuda`, ...

    Raises:
        EncoderError: the network does not answer in MiniLM's space.
        NetworkError: no such folder, or its files are incomplete or refused.
    """

    def __init__(self, path: str | Path, batch_size: int = 16, device: str = "auto") -> None:
        self._network: HuggingFaceNetwork = HuggingFaceNetwork(path, batch_size=batch_size, device=device)
        self._path, self._batch_size, self._device = path, batch_size, device
        if self._network.class_names != DIMENSION_NAMES:
            raise EncoderError(
                f"audio_text_encoder.path = {str(path)!r} does not answer in the {DIMENSIONS} dimensions of "
                f"{MiniLM.name}: it has {len(self._network.class_names)} other outputs.",
                'Set it to a network that was trained with task = "align", such as assets/audio-text-foley.',
            )
        self._text = MiniLM()
        self.name = self._network.name

    @cached_property
    def fingerprint(self) -> str:
        return f"ast_minilm:{self._network.fingerprint}:{self._text.fingerprint}"

    def embed_audio(self, clips: Sequence[Clip]) -> FloatArray:
        """[N clips, 384] float32, rows of unit length."""
        parts = [np.zeros((0, DIMENSIONS), np.float32)]
        for start in range(0, len(clips), CLIPS_AT_ONCE):
            batch = clips[start : start + CLIPS_AT_ONCE]
            rate = self._network.sample_rate_hz
            waveforms = [soxr.resample(clip.waveform, clip.sample_rate_hz, rate) for clip in batch]
            parts.append(self._network.forward(waveforms)[0])
        return unit_rows(np.concatenate(parts))

    def embed_text(self, texts: Sequence[str]) -> FloatArray:
        """[M texts, 384] float32, rows of unit length."""
        return self._text.embed(texts)

    def close(self) -> None:
        """Free the weights; a later clip or text loads them again."""
        self._network = HuggingFaceNetwork(self._path, batch_size=self._batch_size, device=self._device)
        self._text = MiniLM()
