"""The demo's own probing dataset: everyday sounds synthesised when they are asked for."""

import numpy as np

from and_core.errors import ConfigError
from and_core.models.datasets.foley.recipes import RECIPES
from and_core.models.datasets.foley.scene import record
from and_core.models.datasets.foley.synthesis import SAMPLE_RATE_HZ
from and_core.models.protocols import Clip

SYNTHESIS_VERSION = 1
"""Raised by whoever changes how any clip sounds, so that runs made from the old sounds are not mistaken for new."""


class Foley:
    """Clips of 4 s at 16 kHz in 20 classes; nothing is downloaded and nothing is on disk.

    Clip `take` of a class depends on (seed, class, take) alone: more clips a class leave the first ones as they are.

    Args:
        clips_per_class: how many of each class.
        seed: another seed makes other clips of the same classes.
        folds: the takes of every class are dealt to folds 1..folds in turn.

    Raises:
        ConfigError: a setting is not a whole number in its range.
    """

    name = "foley"

    def __init__(self, clips_per_class: int = 20, seed: int = 0, folds: int = 5) -> None:
        _check_whole("clips_per_class", clips_per_class, least=1)
        _check_whole("seed", seed, least=0)
        _check_whole("folds", folds, least=1)
        self.clips_per_class = clips_per_class
        self.seed = seed
        self.folds = folds
        self.class_names: tuple[str, ...] = tuple(RECIPES)

    @property
    def fingerprint(self) -> str:
        """The synthesis version and the settings."""
        return (
            f"{self.name}:synthesis={SYNTHESIS_VERSION}:clips_per_class={self.clips_per_class}"
            f":seed={self.seed}:folds={self.folds}"
        )

    def __len__(self) -> int:
        return len(self.class_names) * self.clips_per_class

    def filename(self, index: int) -> str:
        """The clip's name, e.g. `dog-007.wav`."""
        class_index, take = self._place(index)
        return f"{self.class_names[class_index]}-{take:03d}.wav"

    def clip(self, index: int) -> Clip:
        """Synthesise clip `index`, with the parameters it was made from.

        `parameters` holds loudness_dbfs (RMS of the clip), noise_share (background's share of its energy),
        event_rate_hz (events that begin in it, a second), attack_s (an event's start to its loudest moment) and, for
        a sound with a pitch, fundamental_hz (its middle where it glides).
        """
        class_index, take = self._place(index)
        rng = np.random.default_rng([self.seed, class_index, take])
        class_name = self.class_names[class_index]
        sound = RECIPES[class_name](rng)
        recording = record(rng, sound)
        parameters = {
            "loudness_dbfs": recording.loudness_dbfs,
            "noise_share": recording.noise_share,
            "event_rate_hz": sound.event_rate_hz,
            "attack_s": sound.attack_s,
        }
        if sound.fundamental_hz is not None:
            parameters["fundamental_hz"] = sound.fundamental_hz
        return Clip(
            filename=self.filename(index),
            waveform=recording.waveform,
            sample_rate_hz=SAMPLE_RATE_HZ,
            class_name=class_name,
            fold=take % self.folds + 1,
            source_recording=f"foley-{self.seed}-{class_name}-{take:03d}",
            parameters=parameters,
        )

    def _place(self, index: int) -> tuple[int, int]:
        """The class and the take of clip `index`; raises IndexError outside the data set, as a sequence does."""
        if not 0 <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        return divmod(index, self.clips_per_class)


def _check_whole(setting: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConfigError(
            f"dataset.{setting} = {value!r} is not a whole number of {least} or more.",
            f"Set it so, e.g. --set dataset.{setting}={max(least, 20)}.",
        )
