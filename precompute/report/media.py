"""Clips as they stand inside the file: short MP3, which every browser plays, and the spectrogram's picture."""

import base64
import io
from pathlib import Path

import soundfile
import soxr

LONGEST_S = 10.0
MP3_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def sound_uri(path: Path) -> str:
    """The first ten seconds of a mono recording as a data URI; about 4 kB a second."""
    with soundfile.SoundFile(path) as file:
        rate = int(file.samplerate)
        waveform = file.read(int(LONGEST_S * rate), dtype="float32")
    if rate not in MP3_RATES_HZ:
        playable = next((known for known in MP3_RATES_HZ if known >= rate), MP3_RATES_HZ[-1])
        waveform, rate = soxr.resample(waveform, rate, playable), playable
    buffer = io.BytesIO()
    soundfile.write(buffer, waveform, rate, format="MP3", subtype="MPEG_LAYER_III")
    return _uri("audio/mpeg", buffer.getvalue())


def picture_uri(path: Path) -> str:
    """A PNG as a data URI."""
    return _uri("image/png", path.read_bytes())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
