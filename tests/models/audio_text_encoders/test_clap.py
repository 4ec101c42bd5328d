"""CLAP as an audio-text encoder, with a tiny random ClapModel on disk."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soxr
import torch
from transformers import ClapFeatureExtractor, ClapModel, PreTrainedTokenizerFast

from and_core.errors import ConfigError, EncoderError
from and_core.models import registry
from and_core.models.audio_text_encoders.clap import Clap
from and_core.models.protocols import AudioTextEncoder, Clip

TEXTS = ["rain", "a dog", "church bells ring"]


@pytest.fixture
def encoder(clap: Path) -> AudioTextEncoder:
    made: AudioTextEncoder = registry.create(
        "audio_text_encoder", "clap", {"path": str(clap), "batch_size": 2, "device": "cpu"}, "audio_text_encoder"
    )
    return made


@torch.no_grad()
def test_similarities_are_those_of_transformers_own_model(
    encoder: AudioTextEncoder, clap: Path, clips: list[Clip]
) -> None:
    model, tokenizer = ClapModel.from_pretrained(clap), PreTrainedTokenizerFast.from_pretrained(clap)
    features = ClapFeatureExtractor.from_pretrained(clap)
    rate, samples = features.sampling_rate, features.nb_max_samples
    heard = [soxr.resample(clip.waveform, clip.sample_rate_hz, rate)[:samples] for clip in clips]
    ready = features(heard, sampling_rate=rate, return_tensors="pt")["input_features"].float()
    own = (
        model(
            input_features=ready,
            is_longer=torch.zeros(len(clips), 1, dtype=torch.bool),
            **tokenizer(TEXTS, padding=True, return_tensors="pt"),
        ).logits_per_audio
        / model.logit_scale_a.exp()
    )
    ours = encoder.embed_audio(clips) @ encoder.embed_text(TEXTS).T
    np.testing.assert_allclose(ours, own.numpy(), atol=1e-5)


def test_rows_have_unit_length_and_do_not_depend_on_their_company(encoder: AudioTextEncoder, clips: list[Clip]) -> None:
    for rows in (encoder.embed_audio(clips), encoder.embed_text(TEXTS)):
        assert rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(encoder.embed_audio(clips[1:2])[0], encoder.embed_audio(clips)[1], atol=1e-5)
    np.testing.assert_allclose(encoder.embed_text(TEXTS[2:])[0], encoder.embed_text(TEXTS)[2], atol=1e-5)


def test_of_a_long_clip_its_beginning_is_heard_the_same_every_time(
    encoder: AudioTextEncoder, clips: list[Clip]
) -> None:
    long = next(clip for clip in clips if clip.filename == "noise.wav")
    beginning = Clip("b.wav", long.waveform[: long.sample_rate_hz], long.sample_rate_hz)
    np.testing.assert_array_equal(encoder.embed_audio([long]), encoder.embed_audio([beginning]))
    np.testing.assert_array_equal(encoder.embed_audio([long]), encoder.embed_audio([long]))


def test_a_clip_sounds_the_same_at_another_rate(encoder: AudioTextEncoder, tone: Callable[..., Clip]) -> None:
    low, high = encoder.embed_audio([tone(440, 0.5, 16_000), tone(440, 0.5, 48_000)])
    assert low @ high > 0.999


def test_nothing_embeds_as_no_rows(encoder: AudioTextEncoder) -> None:
    assert encoder.embed_audio([]).shape == encoder.embed_text([]).shape == (0, 8)


def test_the_fingerprint_follows_the_weights_and_not_the_speed(
    clap: Path, write_clap: Callable[[Path, bool], None], tmp_path: Path
) -> None:
    write_clap(tmp_path / "other", True)
    weights = tmp_path / "other" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert Clap(clap, batch_size=3).fingerprint == Clap(clap, device="cpu").fingerprint
    assert Clap(clap).fingerprint != Clap(tmp_path / "other").fingerprint


def test_what_was_freed_is_loaded_again(clap: Path, clips: list[Clip]) -> None:
    encoder = Clap(clap, device="cpu")
    before = encoder.embed_audio(clips)
    encoder.close()
    np.testing.assert_array_equal(encoder.embed_audio(clips), before)


def test_a_folder_that_is_not_there_is_refused_at_once() -> None:
    with pytest.raises(EncoderError, match=r"audio_text_encoder.path = './nowhere' is not a folder"):
        Clap("./nowhere")


def test_weights_that_can_run_code_are_refused(clap: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((clap / "config.json").read_text())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(EncoderError, match="no weights as safetensors"):
        Clap(tmp_path)


def test_a_batch_of_nothing_is_refused(clap: Path) -> None:
    with pytest.raises(ConfigError, match=r"audio_text_encoder.batch_size = 0"):
        Clap(clap, batch_size=0)


@pytest.mark.slow
def test_a_name_that_is_not_in_the_cache_is_told_offline_with_what_fetches_it() -> None:
    code = (
        "from and_core.models.audio_text_encoders.clap import Clap\n"
        "Clap('and-explorer/no-such-clap', device='cpu').embed_text(['rain'])"
    )
    # Offline is asked for in the environment, which the hub's library reads when it is imported.
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True).stderr
    assert "EncoderError: audio_text_encoder.path = 'and-explorer/no-such-clap' cannot be loaded" in said
    assert "hf download" in said
