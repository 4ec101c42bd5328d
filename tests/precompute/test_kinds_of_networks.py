"""One run over networks of different kinds, with real tiny checkpoints."""

import json
from pathlib import Path

import duckdb
import pytest
import torch
import transformers

from and_core.models.networks.beats.checkpoint import save_beats
from and_core.models.networks.beats.config import BeatsConfig
from and_core.models.networks.beats.model import Beats
from precompute.__main__ import main

CLASSES = ["dog", "rain", "bell"]

CONFIG = """
[dataset]
kind = "foley"
clips_per_class = 2

[network.beats]
kind = "beats"
path = "./beats"

[network.wav2vec2]
kind = "huggingface"
path = "./wav2vec2"

[interpretability]
clusters = 5

[ablations]
clips_per_class = 1
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with a BEATs that has a head, and a wav2vec 2.0 that was only pretrained."""
    torch.manual_seed(0)
    beats = BeatsConfig(
        embed_dim=12,
        encoder_layers=1,
        encoder_embed_dim=16,
        encoder_ffn_embed_dim=24,
        encoder_attention_heads=2,
        conv_pos=8,
        conv_pos_groups=4,
    )
    save_beats(tmp_path / "beats", Beats(beats, len(CLASSES)), CLASSES)
    encoder = transformers.Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        conv_dim=[8, 8],
        conv_kernel=[10, 8],
        conv_stride=[20, 16],
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
    )
    transformers.Wav2Vec2Model(encoder).save_pretrained(tmp_path / "wav2vec2")
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(tmp_path / "wav2vec2")
    file = tmp_path / "kinds.toml"
    file.write_text(CONFIG)
    return file


@pytest.mark.slow
def test_networks_of_different_kinds_are_dissected_in_one_run(config: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as left:
        main(["run", str(config), "--runs", str(tmp_path / "runs")])
    assert left.value.code in (0, None)
    store = (tmp_path / "runs" / "kinds" / "store" / "current").resolve()
    with duckdb.connect(store, read_only=True) as opened:
        assert opened.execute("SELECT name, pool, neuron_count FROM network ORDER BY network_id").fetchall() == [
            ("beats", "mean", 24 + 16 + 3),
            ("wav2vec2", "mean", 2 * (16 + 24 + 16)),
        ]
        layers = opened.execute("SELECT name FROM layer WHERE network_id = 0 ORDER BY layer_id").fetchall()
        assert layers == [("layer1_fc1",), ("layer1_fc2",), ("fc",)]
        names = opened.execute("SELECT count(*) FROM network_class WHERE network_id = 1").fetchall()
        assert names == [(0,)]
        pruned = opened.execute("SELECT DISTINCT network_id FROM ablation").fetchall()
        assert pruned == [(0,)]
        settings = json.loads(opened.execute("SELECT settings FROM network WHERE network_id = 0").fetchall()[0][0])
        assert settings == {"path": str(tmp_path / "beats")}
