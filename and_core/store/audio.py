"""The clips beside a store, as a network takes them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from and_core.errors import StoreError
from and_core.models.protocols import FloatArray
from and_core.store.connection import Store


@dataclass(frozen=True)
class ClipsRead:
    """What could be read, and what could not."""

    positions: list[int]
    """Of the files that were read, in the order given."""
    waveforms: list[FloatArray]
    """[T samples] each, mono, at the rate asked for."""
    unreadable: dict[str, str]
    """File -> why it cannot be read."""


def read_clips(store: Store, files: Sequence[str], sample_rate_hz: int) -> ClipsRead:
    """Read clips at a network's rate; one that cannot be read is named and left out.

    Args:
        files: as the column `clip.audio` says.
    """
    import soundfile
    import soxr

    positions, waveforms, unreadable = [], [], {}
    for position, file in enumerate(files):
        try:
            sound, rate = soundfile.read(store.file(file), dtype="float32")
        except (StoreError, soundfile.LibsndfileError) as error:
            unreadable[file] = str(error)
            continue
        positions.append(position)
        resampled = sound if rate == sample_rate_hz else soxr.resample(sound, rate, sample_rate_hz)
        waveforms.append(np.asarray(resampled, np.float32))
    return ClipsRead(positions, waveforms, unreadable)
