"""CLIP's text tower by open_clip, with a tiny random model on disk."""

import json
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file

from and_core.errors import ConfigError, EncoderError
from and_core.models import registry
from and_core.models.protocols import TextEncoder
from and_core.models.text_encoders.clip import ClipTextEncoder

TEXTS = ["a dog barks", "rain", "a dog barks", "the sound of sea waves"]


def config(quick_gelu: bool) -> dict:
    return {
        "model_cfg": {
            "embed_dim": 12,
            "quick_gelu": quick_gelu,
            "vision_cfg": {"image_size": 16, "layers": 1, "width": 16, "head_width": 8, "patch_size": 8},
            "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
        }
    }


def write_clip(folder: Path, quick_gelu: bool = True) -> open_clip.CLIP:
    """A random CLIP, as open_clip puts it on the hub."""
    folder.mkdir()
    torch.manual_seed(0)
    model = open_clip.CLIP(**config(quick_gelu)["model_cfg"])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    (folder / "open_clip_config.json").write_text(json.dumps(config(quick_gelu)))
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()},
        folder / "open_clip_model.safetensors",
    )
    return model.eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip") / "tiny-clip"
    write_clip(folder)
    return folder


def create(folder: Path) -> TextEncoder:
    options = {"model": str(folder), "batch_size": 2, "device": "cpu"}
    made: TextEncoder = registry.create("text_encoder", "clip", options, "concept_encoder")
    return made


@torch.no_grad()
def test_embeddings_are_those_of_open_clips_own_model(tmp_path: Path) -> None:
    model = write_clip(tmp_path / "tiny")
    own = model.encode_text(open_clip.tokenize(TEXTS), normalize=True).numpy()
    ours = create(tmp_path / "tiny").embed(TEXTS)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, own, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)


def test_the_same_weights_under_another_activation_embed_otherwise(tmp_path: Path) -> None:
    write_clip(tmp_path / "quick")
    write_clip(tmp_path / "exact", quick_gelu=False)
    quick, exact = create(tmp_path / "quick"), create(tmp_path / "exact")
    assert np.abs(quick.embed(TEXTS) - exact.embed(TEXTS)).max() > 1e-3
    assert quick.fingerprint != exact.fingerprint


def test_a_text_that_is_too_long_is_embedded_by_its_beginning(folder: Path) -> None:
    encoder = create(folder)
    beginning = "dog " * 75
    np.testing.assert_array_equal(encoder.embed([beginning])[0], encoder.embed([beginning + "rain " * 30])[0])


def test_no_texts_give_no_rows_and_freed_weights_come_back(folder: Path) -> None:
    encoder = ClipTextEncoder(str(folder), device="cpu")
    assert encoder.embed([]).shape == (0, 12)
    before = encoder.embed(TEXTS)
    encoder.close()
    np.testing.assert_array_equal(encoder.embed(TEXTS), before)


def test_weights_from_a_file_are_identified_by_their_content(tmp_path: Path) -> None:
    for name, value in (("a", 0.0), ("b", 1.0)):
        save_file({"weight": torch.tensor([value])}, tmp_path / f"{name}.safetensors")
    first, second = (ClipTextEncoder(pretrained=str(tmp_path / f"{name}.safetensors")) for name in "ab")
    assert first.fingerprint != second.fingerprint
    assert first.name == "CLIP ViT-B-32-quickgelu (a.safetensors)"


class Evil:
    def __reduce__(self):
        return (print, ("pwned",))


@pytest.mark.parametrize("content", [{"weight": Evil()}, {"another": torch.zeros(1)}], ids=["code", "another model"])
def test_weights_that_are_no_state_dict_of_the_model_are_refused(tmp_path: Path, capsys, content: dict) -> None:
    write_clip(tmp_path / "tiny")
    (tmp_path / "tiny" / "open_clip_model.safetensors").unlink()
    torch.save(content, tmp_path / "tiny" / "open_clip_pytorch_model.bin")
    with pytest.raises(EncoderError, match=r"tiny cannot be loaded"):
        create(tmp_path / "tiny").embed(TEXTS)
    assert "pwned" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "pretrained", "message"),
    [
        ("ViT-B-32", "openai", r"another activation.*Set model to 'ViT-B-32-quickgelu'"),
        ("ViT-B-32-quickgelu", "laion2b_s34b_b79k", "knows no weights"),
        ("ViT-B-32-quickgelly", "openai", "Did you mean 'ViT-B-32-quickgelu'"),
        ("ViT-B-32-quickgelu", "openay", "Did you mean 'openai'"),
    ],
)
def test_a_model_and_weights_that_do_not_belong_together_are_told(model: str, pretrained: str, message: str) -> None:
    with pytest.raises(EncoderError, match=message):
        ClipTextEncoder(model, pretrained).embed(["rain"])


def test_what_is_not_here_is_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="is not a folder here"):
        ClipTextEncoder("./nowhere")
    with pytest.raises(EncoderError, match=r"lacks open_clip_config.json"):
        ClipTextEncoder(str(tmp_path))
    with pytest.raises(EncoderError, match="are not here"):
        ClipTextEncoder(pretrained="nowhere.safetensors")
    with pytest.raises(ConfigError, match="batch_size = 0"):
        ClipTextEncoder(batch_size=0)
