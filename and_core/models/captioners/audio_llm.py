"""Captions by a chat model that hears, such as Qwen2-Audio: through vLLM in process, or on a server."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from and_core.errors import ConfigError
from and_core.models import registry
from and_core.models.protocols import Answer, Clip, LanguageModel, Message

if TYPE_CHECKING:
    from and_core.algorithms.prompts import Prompt

KINDS = ("vllm", "openai")
"""Language models that pass audio on."""
WHERE = "captioner.audio_model"

SAMPLE_RATE_HZ = 16_000
"""What the ears of such models (Whisper's encoder, mostly) take."""


class AudioLanguageModelCaptioner:
    """Plays each clip to the model and asks for a description. How an answer is read: `reading`."""

    listens_only = True

    def __init__(
        self,
        audio_model: dict[str, Any],
        max_tokens: int = 256,
        temperature: float = 0.0,
        seed: int = 0,
        attempts: int = 1,
        prompt: Path | None = None,
        remember: Callable[[LanguageModel], LanguageModel] | None = None,
    ) -> None:
        """
        Args:
            audio_model: a chat model that hears: its `kind`, `vllm` or `openai`, and the settings of that kind.
            max_tokens: of a caption.
            temperature: 0 takes the likeliest words.
            seed: of sampling.
            attempts: how often a clip is played at most, until an answer can be used.
            prompt: a Markdown file of one's own, instead of prompts/describe_clip.md.
            remember: makes the model's answers last, so that nothing is asked twice. The pipeline gives it.

        Raises:
            ConfigError: a setting out of range, a prompt that cannot be used, or a model of a kind that is deaf.
            LanguageModelError: the model is not there.
        """
        from and_core.algorithms.prompts import load_prompt
        from and_core.models.language_models.asking import Sampling

        model = _audio_model(audio_model)
        self._model = remember(model) if remember else model
        self._sampling = Sampling("captioner", max_tokens, temperature, seed, attempts)
        self._prompt = load_prompt("describe_clip", (), prompt)
        self.name = self._model.name
        self.prompts: tuple[Prompt, ...] = (self._prompt,)

    @cached_property
    def fingerprint(self) -> str:
        from and_core.algorithms.replies import RULES_VERSION

        return (
            f"audio language model 1: {self._model.fingerprint}; prompt {self._prompt.hash}; "
            f"{self._sampling.fingerprint}; rules {RULES_VERSION}"
        )

    def close(self) -> None:
        """Free what the model holds; a later request loads it again."""
        self._model.close()

    @property
    def provenance(self) -> str:
        return f"Captions by {self.name}, which hears the clips, prompt {self._prompt.name}."

    def captions(self, clips: Sequence[Clip]) -> list[Answer[str]]:
        """One caption a clip.

        Raises:
            LanguageModelError: the model cannot be loaded or reached, or does not hear.
        """
        from and_core.models.captioners.reading import read_answer
        from and_core.models.language_models.asking import ask

        return ask(self._model, [self._conversation(clip) for clip in clips], read_answer, self._sampling)

    def _conversation(self, clip: Clip) -> tuple[Message, ...]:
        """The prompt, with the clip before the text of its last turn."""
        *before, last = self._prompt.filled()
        return *before, replace(last, audio=wav_bytes(clip))


def wav_bytes(clip: Clip) -> bytes:
    """The clip as a WAV file at 16 kHz, 16 bits."""
    import soundfile
    import soxr

    buffer = io.BytesIO()
    waveform = soxr.resample(clip.waveform, clip.sample_rate_hz, SAMPLE_RATE_HZ)
    soundfile.write(buffer, waveform, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def _audio_model(settings: dict[str, Any]) -> LanguageModel:
    options = dict(settings)
    kind = options.pop("kind", None)
    if kind not in KINDS:
        raise ConfigError(
            f"{WHERE}.kind = {kind!r} is no kind of model that hears.", f"Choose one of: {', '.join(KINDS)}."
        )
    model: LanguageModel = registry.create("language_model", kind, options, WHERE)
    return model
