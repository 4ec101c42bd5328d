"""Which part of a clip, in time and in frequency, each token of a network heard."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from and_core.models.protocols import FloatArray

FRAME_HOP_S = 0.010
"""Kaldi's and Whisper's filter banks: a frame every 10 ms."""
FRAME_WINDOW_S = 0.025
"""of 25 ms."""
LOWEST_MEL_HZ = 20.0
"""Where Kaldi's filter bank begins; it ends at half the sampling rate."""


@dataclass(frozen=True)
class TokenPlaces:
    """A grid of tokens: `bands` of frequency x `steps` of time."""

    start_s: FloatArray
    """[steps]"""
    end_s: FloatArray
    """[steps]"""
    low_hz: FloatArray | None = None
    """[bands]; None where every token hears all frequencies."""
    high_hz: FloatArray | None = None
    time_major: bool = False
    """Whether the tokens of one step come together, instead of those of one band."""

    def grid(self, outputs: FloatArray) -> FloatArray:
        """[tokens, width] as [bands, steps, width]."""
        steps, width = len(self.start_s), outputs.shape[1]
        if self.time_major:
            return outputs.reshape(steps, -1, width).transpose(1, 0, 2)
        return outputs.reshape(-1, steps, width)


def patch_grid(
    frames: int,
    mel_bins: int,
    patch: tuple[int, int],
    stride: tuple[int, int],
    sample_rate_hz: int,
    time_major: bool = False,
) -> TokenPlaces:
    """Patches of a Kaldi log-mel spectrogram.

    Args:
        patch, stride: (frames, mel bins) of one token and from one token to the next.
    """
    first_frame = np.arange(0, frames - patch[0] + 1, stride[0])
    first_bin = np.arange(0, mel_bins - patch[1] + 1, stride[1])
    edges = mel_edges_hz(mel_bins, sample_rate_hz)
    return TokenPlaces(
        start_s=(first_frame * FRAME_HOP_S).astype(np.float32),
        end_s=((first_frame + patch[0]) * FRAME_HOP_S).astype(np.float32),
        low_hz=edges[first_bin],
        high_hz=edges[first_bin + patch[1]],
        time_major=time_major,
    )


def mel_edges_hz(mel_bins: int, sample_rate_hz: int) -> FloatArray:
    """[mel bins + 1] frequencies half-way, in mel, between the peaks of Kaldi's triangular filters."""
    lowest, highest = (1127 * np.log1p(hz / 700) for hz in (LOWEST_MEL_HZ, sample_rate_hz / 2))
    mel = lowest + (np.arange(mel_bins + 1) + 0.5) * (highest - lowest) / (mel_bins + 1)
    return (700 * np.expm1(mel / 1127)).astype(np.float32)


def frame_grid(tokens: int, hop_s: float, window_s: float, first_s: float = 0.0) -> TokenPlaces:
    """Tokens one after another, each hearing `window_s` of all frequencies, the first from `first_s` on."""
    start = np.arange(tokens) * hop_s + first_s
    return TokenPlaces(np.maximum(start, 0).astype(np.float32), (start + window_s).astype(np.float32))


def spectrogram_patches(config: Mapping[str, Any], preprocessor: Mapping[str, Any], _tokens: int) -> TokenPlaces:
    """The tokens of an audio spectrogram transformer: band by band, low bands first."""
    patch = int(config["patch_size"])
    return patch_grid(
        frames=int(config["max_length"]),
        mel_bins=int(config["num_mel_bins"]),
        patch=(patch, patch),
        stride=(int(config["time_stride"]), int(config["frequency_stride"])),
        sample_rate_hz=int(preprocessor["sampling_rate"]),
    )


def waveform_frames(config: Mapping[str, Any], preprocessor: Mapping[str, Any], tokens: int) -> TokenPlaces:
    """The tokens of wav2vec 2.0 and its kin: frames of a stack of convolutions over the waveform.

    SEW averages `squeeze_factor` frames to a token.
    """
    kernels, strides = config["conv_kernel"], config["conv_stride"]
    hops = [math.prod(strides[:layer]) for layer in range(len(strides) + 1)]
    window = 1 + sum((kernel - 1) * hop for kernel, hop in zip(kernels, hops, strict=False))
    squeezed = int(config.get("squeeze_factor", 1))
    rate_hz = int(preprocessor["sampling_rate"])
    return frame_grid(tokens, hops[-1] * squeezed / rate_hz, (window + (squeezed - 1) * hops[-1]) / rate_hz)


def mel_frame_stacks(_config: Mapping[str, Any], preprocessor: Mapping[str, Any], tokens: int) -> TokenPlaces:
    """The tokens of Wav2Vec2-BERT: `stride` frames of Kaldi's filter bank each."""
    frames = int(preprocessor["stride"])
    return frame_grid(tokens, frames * FRAME_HOP_S, (frames - 1) * FRAME_HOP_S + FRAME_WINDOW_S)


def whisper_frames(_config: Mapping[str, Any], _preprocessor: Mapping[str, Any], tokens: int) -> TokenPlaces:
    """The tokens of Whisper's encoder: every second frame of a filter bank that is centred on its frames.

    Each is given the 20 ms around it; its convolutions hear 22 ms more on both sides.
    """
    hop_s = 2 * FRAME_HOP_S
    return frame_grid(tokens, hop_s, hop_s, first_s=-hop_s / 2)


def codec_frames(_config: Mapping[str, Any], preprocessor: Mapping[str, Any], tokens: int) -> TokenPlaces:
    """The tokens of PE-Audio: frames of an audio codec. Its convolutions hear more on both sides."""
    hop_s = preprocessor["hop_length"] / preprocessor["sampling_rate"]
    return frame_grid(tokens, hop_s, hop_s)
