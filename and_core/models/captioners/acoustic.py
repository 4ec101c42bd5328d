"""The built-in captioner: it measures a clip and says what it measured. No weights, no download."""

import hashlib
from collections.abc import Mapping, Sequence

from and_core.algorithms.acoustics import VERSION, measure
from and_core.algorithms.descriptors import ASPECTS, Aspect, Value, describe
from and_core.algorithms.nouns import with_article
from and_core.errors import ConfigError
from and_core.models.protocols import Clip

SOURCE_NAMES = ("label", "none")
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

    Args:
        source_name: "label" names the source with the data set's class, so such captions are no evidence that anybody
            recognised it; "none" leaves it out and only describes.

    Raises:
        ConfigError: another source_name.
    """

    name = "acoustic"

    def __init__(self, source_name: str = "label") -> None:
        if source_name not in SOURCE_NAMES:
            raise ConfigError(
                f"captioner.source_name = {source_name!r} is not known.", f"Choose one of: {', '.join(SOURCE_NAMES)}."
            )
        self._source_name = source_name

    @property
    def fingerprint(self) -> str:
        table = hashlib.sha256(repr([(aspect, aspect.values) for aspect in ASPECTS]).encode()).hexdigest()[:12]
        return f"{self.name}:1.{VERSION}:{self._source_name}:{table}"

    @property
    def provenance(self) -> str:
        source = (
            "source names come from the data set's labels" if self._source_name == "label" else "sources are not named"
        )
        return f"Captions by rules over acoustic measurements (demo quality, no language model); {source}."

    def captions(self, clips: Sequence[Clip]) -> list[str]:
        """One caption a clip, from `clip.measurements`, or from measuring the waveform where there are none."""
        return [self._caption(clip) for clip in clips]

    def _caption(self, clip: Clip) -> str:
        measurements = clip.measurements or measure(clip.waveform, clip.sample_rate_hz)
        sentences = self._source(clip) + _description(clip.filename, measurements)
        return " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)

    def _source(self, clip: Clip) -> list[str]:
        if self._source_name == "none" or not clip.class_name:
            return []
        source = with_article(clip.class_name.replace("_", " "))
        return [_pick(SOURCE_SENTENCES, clip.filename, "source").format(source)]


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
