import numpy as np
import pytest
import torch

from and_core.models.networks.beats.fbank import fbank


@pytest.mark.parametrize(("samples", "frames"), [(0, 16), (1, 16), (2_800, 16), (2_959, 16), (2_960, 17), (16_000, 98)])
def test_a_clip_fills_at_least_one_patch(samples, frames):
    assert fbank(torch.zeros(samples)).shape == (frames, 128)


def test_what_a_short_clip_lacks_is_silence():
    waveform = torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, 1_000).astype("f4"))
    silence = torch.zeros(1_800)
    assert torch.equal(fbank(waveform), fbank(torch.cat([waveform, silence])))


def test_it_is_the_same_each_time():
    waveform = torch.sin(torch.arange(8_000) * 0.1)
    assert torch.equal(fbank(waveform), fbank(waveform))


def test_a_tone_is_loudest_in_its_band():
    tone = torch.sin(torch.arange(16_000) * (2 * np.pi * 1_000 / 16_000))
    # Mel is 1127 ln(1 + f / 700): 1000 Hz are 1000 mel, between 31.75 (20 Hz) and 2840 (8 kHz), 129 steps apart.
    assert abs(fbank(tone).mean(dim=0).argmax().item() - ((1000 - 31.75) / (2840 - 31.75) * 129 - 1)) < 1


def test_twice_the_amplitude_adds_the_logarithm_of_four():
    noise = torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, 8_000).astype("f4"))
    added = fbank(2 * noise) - fbank(noise)
    empty = 3  # Kaldi's fourth filter lies between two bins of a 512-point spectrum, so it hears nothing ever
    heard = [band for band in range(128) if band != empty]
    assert (added[:, empty] == 0).all()
    assert torch.allclose(added[:, heard], torch.tensor(np.log(4) / (2 * 6.55582)).float(), atol=1e-3)
