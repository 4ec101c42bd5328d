"""CLAP names the source of a clip, with a tiny random ClapModel: the nearest name, always the same one."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soxr
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, PreTrainedTokenizerFast

from and_core.errors import CaptionerError, ConfigError
from and_core.models import registry
from and_core.models.captioners.acoustic import AcousticCaptioner
from and_core.models.captioners.clap_source import ClapSource
from and_core.models.protocols import Captioner, Clip

NAMES = ("dog", "sea_waves", "church bells", "rain", "crackling_fire", "a saw", "hen", "clock")
SENTENCES = [f"This is a sound of {name.replace('_', ' ')}." for name in NAMES]
RATE = 16_000


def said_by(captioner: Captioner, clips: Sequence[Clip]) -> list[str | None]:
    return [answer.value for answer in captioner.captions(clips)]


def write_clap(folder: Path, fused: bool) -> None:
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
    center(model, features, tokenizer)
    model.save_pretrained(folder)
    features.save_pretrained(folder)


@torch.no_grad()
def center(model: ClapModel, features: ClapFeatureExtractor, tokenizer: PreTrainedTokenizerFast) -> None:
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


@pytest.fixture(scope="module", params=["unfused", "fused"])
def clap(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clap") / request.param
    write_clap(folder, fused=request.param == "fused")
    return folder


@pytest.fixture(scope="module")
def clips(tone: Callable[..., Clip]) -> list[Clip]:
    """Tones and noise of 0.3 to 3 s, shorter and longer than the model hears."""
    noise = np.random.default_rng(3).normal(0, 0.3, 3 * RATE).astype(np.float32)
    tones = [
        tone(pitch, seconds, rate) for pitch, seconds, rate in ((90, 0.3, 8000), (4000, 1.0, RATE), (700, 2.5, 44_100))
    ]
    return [*tones, Clip("noise.wav", noise, RATE), Clip("click.wav", np.eye(1, RATE, dtype=np.float32)[0], RATE)]


def named(clap: Path, clips: list[Clip], batch_size: int = 2) -> list[str]:
    return ClapSource(clap, NAMES, batch_size, "cpu").nearest(clips)


@torch.no_grad()
def test_the_name_is_the_one_that_transformers_own_model_is_surest_of(clap: Path, clips: list[Clip]) -> None:
    model, tokenizer = ClapModel.from_pretrained(clap), PreTrainedTokenizerFast.from_pretrained(clap)
    features = ClapFeatureExtractor.from_pretrained(clap)
    texts = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    for clip, name in zip(clips, named(clap, clips), strict=True):
        beginning = soxr.resample(clip.waveform, clip.sample_rate_hz, RATE)[:RATE]
        heard = features(beginning, sampling_rate=RATE, return_tensors="pt")["input_features"]
        similarity = model(
            input_features=heard.float(), is_longer=torch.zeros(1, 1, dtype=torch.bool), **texts
        ).logits_per_audio[0]
        assert name == NAMES[similarity.argmax()]


def test_clips_are_told_apart_and_named_alike_alone_in_batches_and_again(clap: Path, clips: list[Clip]) -> None:
    names = named(clap, clips)
    assert len(set(names)) > 1
    assert [named(clap, [clip])[0] for clip in clips] == named(clap, clips, batch_size=3) == names


def test_of_a_long_clip_its_beginning_is_heard(clap: Path, clips: list[Clip]) -> None:
    long = next(clip for clip in clips if clip.filename == "noise.wav")
    model, _ = ClapSource(clap, NAMES, 2, "cpu")._model()
    beginning = Clip("b.wav", long.waveform[:RATE], RATE)
    np.testing.assert_array_equal(model.embed_audio([long]), model.embed_audio([beginning]))


def test_captions_name_what_clap_hears_and_say_so(clap: Path, clips: list[Clip], tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("\n".join(NAMES) + "\n\n")
    captioner = AcousticCaptioner("clap", clap=str(clap), source_names=str(tmp_path / "names.txt"), device="cpu")
    for caption, name in zip(said_by(captioner, clips), named(clap, clips), strict=True):
        assert name.replace("_", " ") in caption.lower()
    assert f"named by CLAP ({clap.name}), which had 8 names to choose from" in captioner.provenance
    assert said_by(captioner, []) == []
    first = said_by(captioner, clips)
    captioner.close()
    assert said_by(captioner, clips) == first


def test_the_data_sets_classes_are_the_names_where_none_are_given(clap: Path, clips: list[Clip]) -> None:
    names = list(NAMES)
    told, own = (
        AcousticCaptioner("clap", clap=clap, device="cpu", class_names=names),
        AcousticCaptioner("clap", clap=clap, device="cpu", source_names=names, class_names=["other"]),
    )
    assert told.fingerprint == own.fingerprint
    assert said_by(told, clips) == said_by(own, clips)


def test_the_fingerprint_follows_the_model_and_the_names_where_clap_is_asked(clap: Path, tmp_path: Path) -> None:
    write_clap(tmp_path / "clap", fused=True)
    weights = tmp_path / "clap" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    asked = [
        AcousticCaptioner("clap", clap=clap, source_names=["dog", "rain"]),
        AcousticCaptioner("clap", clap=clap, source_names=["dog", "wind"]),
        AcousticCaptioner("clap", clap=tmp_path / "clap", source_names=["dog", "rain"]),
        AcousticCaptioner("label"),
    ]
    assert len({captioner.fingerprint for captioner in asked}) == 4
    assert AcousticCaptioner("label", clap=clap, source_names=["dog"]).fingerprint == asked[-1].fingerprint


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ConfigError, "source_names is not set, and the data set has no classes"),
        ({"source_names": []}, ConfigError, "source_names holds no names"),
        ({"source_names": "./missing.txt"}, ConfigError, r"source_names = './missing.txt' cannot be read"),
        ({"class_names": ["dog"], "clap": "./missing"}, CaptionerError, "captioner.clap = './missing' is not a folder"),
        ({"class_names": ["dog"], "batch_size": 0}, ConfigError, "captioner.batch_size = 0"),
    ],
)
def test_what_clap_cannot_work_with_is_refused_at_once(options: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        registry.create("captioner", "acoustic", {"source_name": "clap"} | options, "captioner")


def test_weights_that_are_no_safetensors_are_refused(clap: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((clap / "config.json").read_text())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(CaptionerError, match="no weights as safetensors; others can run code"):
        AcousticCaptioner("clap", clap=tmp_path, source_names=["dog"])


def test_weights_are_read_at_the_first_clip(clap: Path, clips: list[Clip], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((clap / "config.json").read_text())
    (tmp_path / "model.safetensors").write_text("no weights")
    captioner = AcousticCaptioner("clap", clap=tmp_path, source_names=["dog"], device="cpu")
    with pytest.raises(CaptionerError, match=r"captioner.clap .* cannot be loaded"):
        said_by(captioner, clips)
