"""Frame by frame: what tokens of each family heard, worked out by hand, and for convolutions by what they answer to."""

import json

import numpy as np
import pytest
import torch
import transformers

from and_core.models.networks.token_places import codec_frames, mel_frame_stacks, waveform_frames, whisper_frames

AT_16_KHZ = {"sampling_rate": 16_000}
WAV2VEC2 = {"conv_kernel": (10, 3, 3, 3, 3, 2, 2), "conv_stride": (5, 2, 2, 2, 2, 2, 2)}
SEW = {
    "conv_kernel": (10, 3, 1, 3, 1, 3, 1, 3, 1, 2, 1, 2, 1),
    "conv_stride": (5, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1),
    "squeeze_factor": 2,
}


@pytest.mark.parametrize(
    ("places", "start_s", "end_s"),
    [
        (waveform_frames(WAV2VEC2, AT_16_KHZ, 3), [0, 0.020, 0.040], [0.025, 0.045, 0.065]),
        (waveform_frames(SEW, AT_16_KHZ, 3), [0, 0.040, 0.080], [0.045, 0.085, 0.125]),
        (mel_frame_stacks({}, {"stride": 2}, 3), [0, 0.020, 0.040], [0.035, 0.055, 0.075]),
        (whisper_frames({}, {}, 3), [0, 0.010, 0.030], [0.010, 0.030, 0.050]),
        (codec_frames({}, {"hop_length": 1920, "sampling_rate": 48_000}, 3), [0, 0.040, 0.080], [0.040, 0.080, 0.120]),
    ],
    ids=["wav2vec2", "sew", "wav2vec2-bert", "whisper", "pe-audio"],
)
def test_tokens_of_published_sizes_begin_and_end_where_they_should(places, start_s, end_s):
    np.testing.assert_allclose(places.start_s, start_s, atol=1e-7)
    np.testing.assert_allclose(places.end_s, end_s, atol=1e-7)
    assert places.low_hz is None
    assert places.grid(np.zeros((3, 5), dtype=np.float32)).shape == (1, 3, 5)


def test_exactly_the_tokens_that_heard_a_sample_answer_to_it(tiny_wav2vec2):
    encoder = transformers.Wav2Vec2Model.from_pretrained(tiny_wav2vec2).eval().feature_extractor
    silence = torch.zeros(1, 2000)
    with torch.no_grad():
        quiet = encoder(silence)[0]
    config = json.loads((tiny_wav2vec2 / "config.json").read_text())
    places = waveform_frames(config, AT_16_KHZ, quiet.shape[1])
    for sample in (0, 79, 80, 500, 1999):
        click = silence.clone()
        click[0, sample] = 1
        with torch.no_grad():
            answered = (encoder(click)[0] != quiet).any(dim=0).numpy()
        seconds = (sample + 0.5) / 16_000
        np.testing.assert_array_equal(answered, (places.start_s < seconds) & (seconds < places.end_s))
