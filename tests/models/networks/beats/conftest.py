"""A tiny BEATs with random weights, and its state dict in the layouts in which checkpoints go round."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from and_core.models.networks.beats.config import BeatsConfig
from and_core.models.networks.beats.model import Beats

CLASSES = ("bell", "dog", "rain")

TINY = BeatsConfig(
    embed_dim=12,
    encoder_layers=2,
    encoder_embed_dim=16,
    encoder_ffn_embed_dim=24,
    encoder_attention_heads=2,
    conv_pos=8,
    conv_pos_groups=4,
    num_buckets=16,
    max_distance=800,
)

TRAINING = {"dropout": 0.1, "encoder_layerdrop": 0.05, "layer_wise_gradient_decay_ratio": 0.6, "predictor_dropout": 0.0}


def random_beats(config: BeatsConfig, classes: int = 0, head_averages_padding: bool = False) -> Beats:
    """A network in which no bias is 0 and no norm weight is 1, so that none can be left out unnoticed."""
    torch.manual_seed(0)
    model = Beats(config, classes, head_averages_padding)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return model.eval()


@pytest.fixture(scope="session")
def tiny_config() -> BeatsConfig:
    return TINY


@pytest.fixture(scope="session")
def make_beats() -> Callable[..., Beats]:
    """`make_beats(config, classes, head_averages_padding)`"""
    return random_beats


@pytest.fixture
def official() -> dict[str, Any]:
    """What torch.save wrote of a fine-tuned network: its settings, its state dict and its labels."""
    model = random_beats(TINY, len(CLASSES)).state_dict()
    return {
        "cfg": dataclasses.asdict(TINY) | TRAINING | {"finetuned_model": True, "predictor_class": len(CLASSES)},
        "model": {name.replace("fc.", "predictor.") if name.startswith("fc.") else name: model[name] for name in model},
        "label_dict": dict(enumerate(CLASSES)),
    }


@pytest.fixture
def save(tmp_path: Path) -> Callable[[Any], Path]:
    """`save(content)` writes it with torch.save and gives the file."""

    def write(content: Any) -> Path:
        file = tmp_path / "beats.pt"
        torch.save(content, file)
        return file

    return write


@pytest.fixture(scope="session")
def filter_banks() -> torch.Tensor:
    """[3, 64 frames, 128] noise of the range that a normalised filter bank has."""
    return torch.randn(3, 64, 128, generator=torch.Generator().manual_seed(1))
