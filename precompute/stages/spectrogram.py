"""A clip's mel spectrogram as a small picture."""

import io

import numpy as np
from PIL import Image

from and_core.algorithms.acoustics import mel_spectrogram_db
from and_core.models.protocols import FloatArray

WIDTH, HEIGHT = 320, 128
DYNAMIC_RANGE_DB = 70.0
"""Below the clip's loudest point by this much is drawn as silence."""
COLOURS = ("#000004", "#1d1147", "#51127c", "#832681", "#b73779", "#e75263", "#fc8961", "#fec488", "#fcfdbf")
"""Magma, from quiet to loud: readable in grey and for the colour-blind."""


def spectrogram_png(waveform: FloatArray, sample_rate_hz: int) -> bytes:
    """Time to the right, low mels at the bottom, the loudest 70 dB.

    Args:
        waveform: [T samples] float32 mono.
    """
    decibels = mel_spectrogram_db(waveform, sample_rate_hz, mel_bins=HEIGHT)
    brightness = np.clip((decibels - decibels.max()) / DYNAMIC_RANGE_DB + 1, 0, 1)
    image = Image.fromarray(palette()[(brightness[::-1] * 255).astype(np.uint8)]).resize((WIDTH, HEIGHT))
    buffer = io.BytesIO()
    image.quantize(64).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def palette() -> np.ndarray:
    """[256, 3] uint8: the colours, interpolated."""
    stops = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in COLOURS])
    at = np.linspace(0, len(stops) - 1, 256)
    return np.stack([np.interp(at, np.arange(len(stops)), stops[:, channel]) for channel in range(3)], axis=1).astype(
        np.uint8
    )
