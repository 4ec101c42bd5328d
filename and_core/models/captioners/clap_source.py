"""What makes the sound, chosen by CLAP among names: a captioner's source where labels would be a giveaway."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from and_core.errors import CaptionerError, ConfigError
from and_core.models.audio_text_encoders.clap import ClapEncoder
from and_core.models.model_source import ModelSource
from and_core.models.protocols import Clip, FloatArray

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
        self._source, self.names = ModelSource("captioner.clap", clap, CaptionerError), tuple(names)
        self._clap = ClapEncoder(self._source, batch_size, device)
        self._texts: FloatArray | None = None

    @property
    def fingerprint(self) -> str:
        names = hashlib.sha256(repr((TEMPLATE, self.names)).encode()).hexdigest()
        return f"{self._clap.fingerprint} {names}"

    @property
    def provenance(self) -> str:
        clap = Path(self._source.source).name
        return f"sources are named by CLAP ({clap}), which had {len(self.names)} names to choose from"

    def nearest(self, clips: Sequence[Clip]) -> list[str]:
        """One name a clip."""
        if not clips:
            return []
        if self._texts is None:
            self._texts = self._clap.embed_text([TEMPLATE.format(name.replace("_", " ")) for name in self.names])
        return [self.names[best] for best in (self._clap.embed_audio(clips) @ self._texts.T).argmax(axis=1)]

    def close(self) -> None:
        """Free the weights; a later clip loads them again."""
        self._clap.close()


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
