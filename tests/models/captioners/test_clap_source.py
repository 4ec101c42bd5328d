"""CLAP names the source of a clip, with a tiny random ClapModel: the nearest name, always the same one."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import soxr
import torch
from transformers import ClapFeatureExtractor, ClapModel, PreTrainedTokenizerFast

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


def test_the_fingerprint_follows_the_model_and_the_names_where_clap_is_asked(
    clap: Path, write_clap: Callable[[Path, bool], None], tmp_path: Path
) -> None:
    write_clap(tmp_path / "clap", True)
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
