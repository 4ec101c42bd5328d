"""Tiny networks with random weights, saved as real checkpoints and loaded by the real code."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

CLASSES = ("bell", "dog", "engine", "rain", "wind")
RATE_HZ = 16_000


@pytest.fixture(scope="session")
def tiny_ast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AST of 2 blocks, 24 wide, that hears 0.65 s (64 frames)."""
    folder = tmp_path_factory.mktemp("networks") / "tiny-ast"
    torch.manual_seed(0)
    config = transformers.ASTConfig(
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=40,
        num_mel_bins=32,
        max_length=64,
        patch_size=16,
        frequency_stride=16,
        time_stride=16,
        initializer_range=0.3,
        id2label=dict(enumerate(CLASSES)),
        label2id={name: index for index, name in enumerate(CLASSES)},
    )
    model = transformers.ASTForAudioClassification(config)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):  # transformers starts them at 0, where a bias left alone could not be noticed
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    transformers.ASTFeatureExtractor(num_mel_bins=32, max_length=64, mean=-6.0, std=4.0).save_pretrained(folder)
    return folder


@pytest.fixture
def altered_ast(tiny_ast: Path, tmp_path: Path) -> Callable[..., Path]:
    """A copy of the tiny AST whose config.json has other entries."""

    def alter(**entries: object) -> Path:
        folder = tmp_path / "altered-ast"
        shutil.copytree(tiny_ast, folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | entries))
        return folder

    return alter


@pytest.fixture(scope="session")
def sounds() -> list[np.ndarray]:
    """Seven noisy tones of 0.1 to 1 s: shorter and longer than the tiny network's input."""
    rng = np.random.default_rng(1)
    lengths = np.linspace(0.1, 1.0, 7)
    return [
        (np.sin(np.arange(round(s * RATE_HZ)) * 0.02 * (n + 1)) + rng.normal(0, 0.1, round(s * RATE_HZ))).astype("f4")
        for n, s in enumerate(lengths)
    ]
