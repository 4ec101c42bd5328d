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


@pytest.fixture
def copied(tmp_path: Path) -> Callable[..., Path]:
    """A copy of a checkpoint; `file={...}` gives the JSON file `file.json` other entries (None: takes one away)."""

    def copy(folder: Path, **files: dict[str, object]) -> Path:
        copied = shutil.copytree(folder, tmp_path / folder.name)
        for stem, entries in files.items():
            file = copied / f"{stem}.json"
            merged = json.loads(file.read_text()) | entries
            file.write_text(json.dumps({key: value for key, value in merged.items() if value is not None}))
        return copied

    return copy


@pytest.fixture(scope="session")
def tiny_wav2vec2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pretrained wav2vec 2.0 of 1 block, 32 wide, without a classification head."""
    folder = tmp_path_factory.mktemp("networks") / "tiny-wav2vec2"
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=40,
        initializer_range=0.3,
        conv_dim=(16, 16, 16),
        conv_kernel=(10, 4, 4),
        conv_stride=(5, 4, 4),
        num_feat_extract_layers=3,
        feat_extract_norm="layer",
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        num_codevectors_per_group=4,
        codevector_dim=8,
        proj_codevector_dim=8,
    )
    transformers.Wav2Vec2ForPreTraining(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper that transcribes, of 1 block, 32 wide, that hears 1 s."""
    folder = tmp_path_factory.mktemp("networks") / "tiny-whisper"
    torch.manual_seed(0)
    sides = {
        f"{side}_{entry}": number
        for side in ("encoder", "decoder")
        for entry, number in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 40))
    }
    config = transformers.WhisperConfig(
        d_model=32,
        num_mel_bins=16,
        max_source_positions=50,
        max_target_positions=8,
        vocab_size=30,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        init_std=0.3,
        **sides,
    )
    transformers.WhisperForConditionalGeneration(config).save_pretrained(folder)
    transformers.WhisperFeatureExtractor(feature_size=16, chunk_length=1).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_clap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLAP, text and audio tower, whose audio tower has 2 stages of 1 block and hears 1 s."""
    folder = tmp_path_factory.mktemp("networks") / "tiny-clap"
    torch.manual_seed(0)
    config = transformers.ClapConfig(
        text_config={
            "hidden_size": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 8,
            "vocab_size": 30,
        },
        audio_config={
            "spec_size": 64,
            "num_mel_bins": 16,
            "patch_embeds_hidden_size": 8,
            "hidden_size": 16,
            "depths": [1, 1],
            "num_attention_heads": [2, 2],
            "window_size": 4,
        },
        projection_dim=8,
        initializer_factor=10.0,
    )
    transformers.ClapModel(config).save_pretrained(folder)
    transformers.ClapFeatureExtractor(
        feature_size=16,
        sampling_rate=RATE_HZ,
        hop_length=200,
        max_length_s=1,
        fft_window_size=512,
        frequency_max=8000,
        truncation="rand_trunc",
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def sounds() -> list[np.ndarray]:
    """Seven noisy tones of 0.1 to 1 s: shorter and longer than the tiny network's input."""
    rng = np.random.default_rng(1)
    lengths = np.linspace(0.1, 1.0, 7)
    return [
        (np.sin(np.arange(round(s * RATE_HZ)) * 0.02 * (n + 1)) + rng.normal(0, 0.1, round(s * RATE_HZ))).astype("f4")
        for n, s in enumerate(lengths)
    ]
