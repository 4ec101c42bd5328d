"""Tiny random models on disk, and clips for them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, PreTrainedTokenizerFast

from and_core.models.protocols import Clip

RATE = 16_000
NAMES = ("dog", "sea waves", "church bells", "rain", "crackling fire", "a saw", "hen", "clock")
SENTENCES = [f"This is a sound of {name}." for name in NAMES]


@pytest.fixture(scope="session")
def tone() -> Callable[..., Clip]:
    """`tone(pitch_hz, seconds, rate)`"""

    def make(pitch_hz: float, seconds: float = 1.0, rate: int = 16_000) -> Clip:
        time_s = np.arange(round(seconds * rate)) / rate
        waveform = (0.5 * np.sin(2 * np.pi * pitch_hz * time_s)).astype(np.float32)
        return Clip(f"{pitch_hz:g}.wav", waveform, rate)

    return make


@pytest.fixture(scope="session")
def clips(tone: Callable[..., Clip]) -> list[Clip]:
    """Tones and noise of 0.3 to 3 s, shorter and longer than the CLAP hears, at several rates."""
    noise = np.random.default_rng(3).normal(0, 0.3, 3 * RATE).astype(np.float32)
    tones = [
        tone(pitch, seconds, rate) for pitch, seconds, rate in ((90, 0.3, 8000), (4000, 1.0, RATE), (700, 2.5, 44_100))
    ]
    return [*tones, Clip("noise.wav", noise, RATE), Clip("click.wav", np.eye(1, RATE, dtype=np.float32)[0], RATE)]


@pytest.fixture(scope="session")
def write_clap() -> Callable[[Path, bool], None]:
    """`write_clap(folder, fused)` saves a random CLAP of 1 s at 16 kHz with a tokenizer of its own."""
    return _write_clap


@pytest.fixture(scope="session", params=["unfused", "fused"])
def clap(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random CLAP."""
    folder = tmp_path_factory.mktemp("clap") / request.param
    _write_clap(folder, fused=request.param == "fused")
    return folder


def _write_clap(folder: Path, fused: bool) -> None:
    """A random CLAP of 1 s at 16 kHz with a tokenizer of its own."""
    bpe = Tokenizer(models.BPE(unk_token="<unk>"))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    bpe.train_from_iterator(SENTENCES * 9, trainers.BpeTrainer(vocab_size=200, special_tokens=special))
    bpe.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token="<s>", pad_token="<pad>", eos_token="</s>", model_max_length=60
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(4)
    config = ClapConfig(
        text_config={
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 16,
            "vocab_size": 200,
            "max_position_embeddings": 64,
        },
        audio_config={
            "spec_size": 64,
            "num_mel_bins": 16,
            "patch_embeds_hidden_size": 8,
            "hidden_size": 16,
            "depths": [1, 1],
            "num_attention_heads": [2, 2],
            "window_size": 4,
            "enable_fusion": fused,
        },
        projection_dim=8,
    )
    features = ClapFeatureExtractor(
        feature_size=16,
        sampling_rate=RATE,
        hop_length=200,
        max_length_s=1,
        fft_window_size=512,
        frequency_max=8000,
        truncation="fusion" if fused else "rand_trunc",
    )
    model = ClapModel(config).eval()
    _center(model, features, tokenizer)
    model.save_pretrained(folder)
    features.save_pretrained(folder)


@torch.no_grad()
def _center(model: ClapModel, features: ClapFeatureExtractor, tokenizer: PreTrainedTokenizerFast) -> None:
    """Take off what all embeddings share: next to it, a random model hears no difference between clips."""
    noise = np.random.default_rng(8).normal(0, np.geomspace(0.001, 1, 6)[:, None], (6, RATE)).cumsum(axis=1)
    heard = features(list(noise), sampling_rate=RATE, return_tensors="pt")
    heard["is_longer"] = torch.zeros(6, 1, dtype=torch.bool)
    texts = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    for projection, pooled in (
        (model.audio_projection, model.audio_model(**heard).pooler_output),
        (model.text_projection, model.text_model(**texts).pooler_output),
    ):
        projection.linear2.bias -= projection(pooled).mean(dim=0)
