"""What makes the sound, chosen by CLAP among names: a captioner's source where labels would be a giveaway."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from and_core.errors import ConfigError
from and_core.models.captioners.model_source import ModelSource
from and_core.models.protocols import Clip, FloatArray

if TYPE_CHECKING:
    from and_core.models.captioners.clap import Clap

DEFAULT_CLAP = "laion/clap-htsat-unfused"
TEMPLATE = "This is a sound of {}."
"""As CLAP's authors ask it."""


class ClapSource:
    """Zero-shot: the name whose sentence is nearest to the clip. Loads at first use.

    Args:
        clap: a folder or hub name of a `ClapModel`, as safetensors.
        names: of what may be heard.
        batch_size: clips at once; changes speed and memory only.
        device: `auto` (a GPU where there is one), `cpu`, `cuda`, ...

    Raises:
        CaptionerError: no such model.
    """

    def __init__(self, clap: str | Path, names: Sequence[str], batch_size: int, device: str) -> None:
        self._source, self.names = ModelSource("clap", clap), tuple(names)
        self._batch_size, self._device = batch_size, device
        self._loaded: tuple[Clap, FloatArray] | None = None

    @property
    def fingerprint(self) -> str:
        names = hashlib.sha256(repr((TEMPLATE, self.names)).encode()).hexdigest()
        return f"clap 1 {self._source.identity} {names}"

    @property
    def provenance(self) -> str:
        clap = Path(self._source.source).name
        return f"sources are named by CLAP ({clap}), which had {len(self.names)} names to choose from"

    def nearest(self, clips: Sequence[Clip]) -> list[str]:
        """One name a clip."""
        if not clips:
            return []
        clap, texts = self._model()
        batches = [clips[start : start + self._batch_size] for start in range(0, len(clips), self._batch_size)]
        return [self.names[best] for batch in batches for best in (clap.embed_audio(batch) @ texts.T).argmax(axis=1)]

    def close(self) -> None:
        """Free the weights; a later clip loads them again."""
        if self._loaded is not None:
            from and_core.models.captioners.loading import free_memory

            self._loaded = None
            free_memory()

    def _model(self) -> tuple[Clap, FloatArray]:
        """CLAP, and the embedded names."""
        if self._loaded is None:
            from and_core.models.captioners.clap import Clap

            clap = Clap(self._source, self._device)
            sentences = [TEMPLATE.format(name.replace("_", " ")) for name in self.names]
            parts = [
                sentences[start : start + self._batch_size] for start in range(0, len(sentences), self._batch_size)
            ]
            self._loaded = clap, np.concatenate([clap.embed_text(part) for part in parts])
        return self._loaded


def candidate_names(names: Sequence[str] | str | None, class_names: Sequence[str]) -> tuple[str, ...]:
    """The names to choose from: a list, the lines of a text file, or else the data set's classes.

    Raises:
        ConfigError: the file cannot be read, or there are no names.
    """
    if isinstance(names, str):
        try:
            lines = Path(names).expanduser().read_text(encoding="utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"captioner.source_names = {names!r} cannot be read: {error}.",
                "Set a list of names, or a text file with one a line.",
            ) from error
        names = [line.strip() for line in lines if line.strip()]
    found = tuple(dict.fromkeys(class_names if names is None else names))
    if not found:
        raise ConfigError(
            "There are no names for CLAP to choose from: captioner.source_names is not set, and the data set has no "
            "classes."
            if names is None
            else "captioner.source_names holds no names.",
            "Set it to a list of names, or to a text file with one a line.",
        )
    return found
