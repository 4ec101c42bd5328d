"""The paper's captioner, SALMONN (Tang et al. 2024), from the released checkpoint and the models that it builds on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from and_core.errors import CaptionerError, ConfigError
from and_core.models.captioners.salmonn.released import (
    BEAMS,
    LONGEST_S,
    LORA_ALPHA,
    MAX_TOKENS,
    PROMPT,
    SAMPLE_RATE_HZ,
    SHORTEST_S,
)
from and_core.models.model_source import ModelSource
from and_core.models.protocols import Answer, Clip, FloatArray, Reply

if TYPE_CHECKING:
    from and_core.models.captioners.salmonn.model import Salmonn

PRECISIONS = ("float16", "bfloat16", "float32")


class SalmonnCaptioner:
    """Asks SALMONN about each clip. Loads at first use.

    The same clip gets the same caption: beam search, no sampling. How an answer is read, and cut where it repeats
    itself: `reading`.
    """

    name = "SALMONN"
    listens_only = True

    def __init__(
        self,
        checkpoint: str | Path,
        beats: str | Path,
        vicuna: str | Path,
        whisper: str | Path = "openai/whisper-large-v2",
        prompt: str = PROMPT,
        beams: int = BEAMS,
        max_tokens: int = MAX_TOKENS,
        lora_alpha: int = LORA_ALPHA,
        batch_size: int = 8,
        device: str = "auto",
        precision: str = "float16",
    ) -> None:
        """
        Args:
            checkpoint: the released `.pth`; read as tensors only, and refused if it holds anything that could run code.
            beats: the BEATs checkpoint that it was trained with (iter3+, fine-tuned on AudioSet-2M, cpt2).
            vicuna: a folder or hub name of vicuna-13b-v1.1 (7B for the 7B checkpoint), as safetensors.
            whisper: a folder or hub name of Whisper large-v2.
            prompt: what is asked about every clip.
            beams: of the beam search; 1 takes the likeliest next token always.
            max_tokens: of a caption.
            lora_alpha: 32 for the 13B checkpoint.
            batch_size: clips at once; changes speed and memory only.
            device: `auto` (a GPU where there is one), `cpu`, `cuda`, ...
            precision: of the language model: `float16` as released, `bfloat16` or `float32`. All else is float32.

        Raises:
            CaptionerError: a file or folder is not there, or has no safetensors.
            ConfigError: a number or the precision is not one that it can have.
        """
        for setting, value in {"beams": beams, "max_tokens": max_tokens, "batch_size": batch_size}.items():
            if value < 1:
                raise ConfigError(f"captioner.{setting} = {value} is not a number from 1.")
        if precision not in PRECISIONS:
            raise ConfigError(
                f"captioner.precision = {precision!r} is not known.", f"Choose one of: {', '.join(PRECISIONS)}."
            )
        self._checkpoint, self._beats = _file("checkpoint", checkpoint), _file("beats", beats)
        self._whisper, self._vicuna = (
            ModelSource(f"captioner.{setting}", source, CaptionerError)
            for setting, source in (("whisper", whisper), ("vicuna", vicuna))
        )
        self._prompt, self._beams, self._max_tokens, self._lora_alpha = prompt, beams, max_tokens, lora_alpha
        self._batch_size, self._device, self._precision = batch_size, device, precision
        self._loaded: Salmonn | None = None

    @cached_property
    def fingerprint(self) -> str:
        from and_core.algorithms.replies import RULES_VERSION

        with self._checkpoint.open("rb") as checkpoint, self._beats.open("rb") as beats:
            files = [hashlib.file_digest(file, "sha256").hexdigest() for file in (checkpoint, beats)]
        models = [self._whisper.identity, self._vicuna.identity]
        settings = [self._prompt, self._beams, self._max_tokens, self._lora_alpha, self._precision]
        return f"salmonn:1:{hashlib.sha256(repr([files, models, settings]).encode()).hexdigest()} rules {RULES_VERSION}"

    @property
    def provenance(self) -> str:
        return (
            f"Captions by SALMONN ({self._checkpoint.name} with {Path(self._vicuna.source).name}), "
            f"asked “{self._prompt}”."
        )

    def captions(self, clips: Sequence[Clip]) -> list[Answer[str]]:
        """One caption a clip.

        Raises:
            CaptionerError: a model cannot be loaded or does not fit the checkpoint.
        """
        # Here, not above: the rules of reading bring a lexicon.
        from and_core.models.captioners.reading import read_answer

        batches = [clips[start : start + self._batch_size] for start in range(0, len(clips), self._batch_size)]
        return [read_answer(reply) for batch in batches for reply in self._replies(batch)]

    def _replies(self, clips: Sequence[Clip]) -> list[Reply]:
        """What SALMONN says about one batch."""
        waveforms = [prepared(clip) for clip in clips]
        return self._model().answers(waveforms, self._prompt, self._beams, self._max_tokens)

    def close(self) -> None:
        """Free the weights; a later caption loads them again."""
        if self._loaded is not None:
            from and_core.models.loading import free_memory

            self._loaded = None
            free_memory()

    def _model(self) -> Salmonn:
        if self._loaded is None:
            from and_core.models.captioners.salmonn.load import load

            self._loaded = load(
                self._checkpoint,
                self._beats,
                self._whisper,
                self._vicuna,
                self._lora_alpha,
                self._device,
                self._precision,
            )
        return self._loaded


def prepared(clip: Clip) -> FloatArray:
    """What SALMONN hears of a clip: [T samples] at 16 kHz, 1 to 30 s, silence behind a shorter one."""
    import soxr

    waveform: FloatArray = soxr.resample(clip.waveform, clip.sample_rate_hz, SAMPLE_RATE_HZ)
    waveform = waveform[: round(LONGEST_S * SAMPLE_RATE_HZ)]
    return np.pad(waveform, (0, max(0, round(SHORTEST_S * SAMPLE_RATE_HZ) - len(waveform))))


def _file(setting: str, path: str | Path) -> Path:
    file = Path(path).expanduser()
    if not file.is_file():
        raise CaptionerError(
            f"captioner.{setting} = {str(path)!r} is not a file here.",
            f"Download it and set captioner.{setting} to where it is.",
        )
    return file
