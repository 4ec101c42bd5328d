"""The built-in captioner: it measures a clip and says what it measured. No weights, no download."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from and_core.algorithms.acoustics import VERSION, measure
from and_core.algorithms.descriptors import ASPECTS, Aspect, Value, describe
from and_core.algorithms.nouns import with_article
from and_core.errors import ConfigError
from and_core.models.audio_text_encoders.clap import DEFAULT_CLAP
from and_core.models.captioners.clap_source import ClapSource, candidate_names
from and_core.models.protocols import Answer, Clip

SOURCE_NAMES = ("label", "clap", "none")
SOURCE_SENTENCES = (
    "{} can be heard.",
    "the sound of {} is heard.",
    "this is the sound of {}.",
    "one hears {}.",
)
CHARACTER_SENTENCES = ("the sound is {}.", "it sounds {}.", "its character is {}.")


class AcousticCaptioner:
    """Describes a clip in three to six plain sentences by rules over `acoustics.measure`.

    Wordings vary from clip to clip but depend on nothing but the clip's filename and measurements.
    """

    name = "acoustic"
    listens_only = False

    def __init__(
        self,
        source_name: str = "label",
        clap: str | Path = DEFAULT_CLAP,
        source_names: list[str] | str | None = None,
        batch_size: int = 16,
        device: str = "auto",
        class_names: list[str] | None = None,
    ) -> None:
        """
        Args:
            source_name: "label" names the source with the data set's class, so such captions are no evidence that
                anybody recognised it; "clap" names what CLAP hears; "none" leaves it out and only describes.
            clap: a folder or hub name of a CLAP model of transformers, as safetensors.
            source_names: what CLAP chooses from: a list, or a text file with one a line; the data set's classes where
                None.
            batch_size: clips that CLAP hears at once.
            device: where CLAP runs: `auto` (a GPU where there is one), `cpu`, `cuda`, ...
            class_names: of the data set. The pipeline gives them.

        Raises:
            ConfigError: another source_name, or no names for CLAP to choose from.
            CaptionerError: no such CLAP model.
        """
        if source_name not in SOURCE_NAMES:
            raise ConfigError(
                f"captioner.source_name = {source_name!r} is not known.", f"Choose one of: {', '.join(SOURCE_NAMES)}."
            )
        if batch_size < 1:
            raise ConfigError(f"captioner.batch_size = {batch_size} is not a number from 1.")
        self._source_name = source_name
        self._clap: ClapSource | None = None
        if source_name == "clap":
            self._clap = ClapSource(clap, candidate_names(source_names, class_names or ()), batch_size, device)

    @cached_property
    def fingerprint(self) -> str:
        table = hashlib.sha256(repr([(aspect, aspect.values) for aspect in ASPECTS]).encode()).hexdigest()[:12]
        named = f"{self.name}:1.{VERSION}:{self._source_name}:{table}"
        return f"{named}:{self._clap.fingerprint}" if self._clap else named

    @property
    def provenance(self) -> str:
        labels = "source names come from the data set's labels"
        source = {"label": labels, "none": "sources are not named"}.get(self._source_name, "")
        return (
            "Captions by rules over acoustic measurements (demo quality, no language model); "
            f"{self._clap.provenance if self._clap else source}."
        )

    def captions(self, clips: Sequence[Clip]) -> list[Answer[str]]:
        """One caption a clip, from `clip.measurements`, or from measuring the waveform where there are none."""
        return [Answer(self._caption(clip, source)) for clip, source in zip(clips, self._sources(clips), strict=True)]

    def close(self) -> None:
        """Free what CLAP holds, where it is asked."""
        if self._clap:
            self._clap.close()

    def _sources(self, clips: Sequence[Clip]) -> Sequence[str | None]:
        """What makes the sound; None where nobody says it."""
        if self._clap:
            return self._clap.nearest(clips)
        return [clip.class_name if self._source_name == "label" else None for clip in clips]

    def _caption(self, clip: Clip, source: str | None) -> str:
        measurements = clip.measurements or measure(clip.waveform, clip.sample_rate_hz)
        sentences = _named(source, clip.filename) + _description(clip.filename, measurements)
        return " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)


def _named(source: str | None, filename: str) -> list[str]:
    if not source:
        return []
    return [_pick(SOURCE_SENTENCES, filename, "source").format(with_article(source.replace("_", " ")))]


def _description(filename: str, measurements: Mapping[str, float]) -> list[str]:
    """The sentences that follow from the measurements, lower case; at least three, at most five."""
    told: dict[str, list[str]] = {aspect.sentence: [] for aspect in ASPECTS}
    for aspect, value in _worth_telling(describe(measurements)):
        told[aspect.sentence].append(_pick(value.wordings, filename, aspect.name).format_map(measurements))
    character = _pick(CHARACTER_SENTENCES, filename, "character").format(_enumerate(told.pop("character")))
    return [character, *(f"{', and '.join(clauses)}." for clauses in told.values() if clauses)]


def _worth_telling(values: Mapping[str, Value]) -> list[tuple[Aspect, Value]]:
    """All values, but of the character only the remarkable ones (those with a point) where there are any."""
    pairs = [(aspect, values[aspect.name]) for aspect in ASPECTS if aspect.name in values]
    remarkable = any(value.point for aspect, value in pairs if aspect.sentence == "character")
    return [
        (aspect, value) for aspect, value in pairs if value.point or aspect.sentence != "character" or not remarkable
    ]


def _pick(wordings: Sequence[str], filename: str, what: str) -> str:
    """One of several wordings, always the same one for the same file."""
    digest = hashlib.blake2b(f"{what}|{filename}".encode(), digest_size=4).digest()
    return wordings[int.from_bytes(digest) % len(wordings)]


def _enumerate(words: Sequence[str]) -> str:
    """`loud`; `loud and bright`; `loud, bright and tonal`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
