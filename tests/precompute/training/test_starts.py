"""Checkpoints of other kinds to start from: networks that hear waveforms, Whisper's encoder, BEATs."""

import numpy as np
import pytest
import torch
import transformers

from and_core.errors import ConfigError
from and_core.models.datasets.foley import Foley
from and_core.models.networks.beats.checkpoint import BeatsCheckpoint, save_beats
from and_core.models.networks.beats.config import BeatsConfig
from and_core.models.networks.beats.model import Beats
from and_core.models.networks.beats.network import BeatsNetwork
from and_core.models.networks.huggingface import HuggingFaceNetwork
from precompute.train import train_from_file
from precompute.training import config as training_config
from precompute.training.beginnings import beginning_of

SIZES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
CONVOLUTIONS = {
    "conv_dim": (8, 8),
    "conv_stride": (20, 16),
    "conv_kernel": (20, 16),
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
    "classifier_proj_size": 8,
    "vocab_size": 5,
}
SHORT = {"clip_s": "0.5", "epochs": "1"}


def saved(folder, model, extractor):
    model.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


def wav2vec2(folder, kind="Model", name="Wav2Vec2", **labels):
    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(**SIZES, **CONVOLUTIONS, **labels)
    model = getattr(transformers, f"{name}{kind}")(config)
    return saved(folder, model, transformers.Wav2Vec2FeatureExtractor())


@pytest.mark.parametrize("frozen", ["true", "false"])
def test_an_encoder_of_waveforms_gets_a_head(frozen, from_start, tmp_path):
    start = wav2vec2(tmp_path / "start")
    train_from_file(from_start(start, frozen=frozen, frozen_passes="2", **SHORT), (), tmp_path / "out")
    assert HuggingFaceNetwork(tmp_path / "out").class_names == Foley().class_names
    before = transformers.Wav2Vec2Model.from_pretrained(start).state_dict()
    model = transformers.AutoModelForAudioClassification.from_pretrained(tmp_path / "out")
    same = [torch.equal(before[name], weight) for name, weight in model.wav2vec2.state_dict().items()]
    assert all(same) == (frozen == "true")
    if frozen == "true":  # the layer below the head stays out of the way, so that the head is all that was learnt
        assert torch.equal(model.projector.weight, torch.eye(16))


def test_a_classifier_of_other_classes_gives_its_backbone_and_a_new_head(from_start, tmp_path):
    labels = {"id2label": {0: "yes", 1: "no"}, "label2id": {"yes": 0, "no": 1}}
    start = wav2vec2(tmp_path / "start", "ForSequenceClassification", "Hubert", **labels)
    train_from_file(from_start(start, frozen="true", **SHORT), (), tmp_path / "out")
    load = transformers.AutoModelForAudioClassification.from_pretrained
    before, after = load(start), load(tmp_path / "out")
    assert after.classifier.out_features == 20
    for name, weight in before.hubert.state_dict().items():
        assert torch.equal(weight, after.hubert.state_dict()[name])


def test_whispers_encoder_can_be_trained(from_start, tmp_path):
    config = transformers.WhisperConfig(
        d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=24, decoder_ffn_dim=24, num_mel_bins=8, max_source_positions=50, vocab_size=60,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=3,
    )  # fmt: skip
    extractor = transformers.WhisperFeatureExtractor(feature_size=8, chunk_length=1)
    start = saved(tmp_path / "start", transformers.WhisperModel(config), extractor)
    train_from_file(from_start(start, epochs="1"), (), tmp_path / "out")
    assert HuggingFaceNetwork(tmp_path / "out").class_names == Foley().class_names


def tiny_beats():
    torch.manual_seed(0)
    config = BeatsConfig(
        embed_dim=8,
        encoder_embed_dim=16,
        encoder_ffn_embed_dim=24,
        encoder_layers=1,
        encoder_attention_heads=2,
        conv_pos=4,
        conv_pos_groups=2,
    )
    return Beats(config)


@pytest.mark.parametrize("frozen", ["true", "false"])
def test_beats_gets_a_head_and_stays_beats(frozen, from_start, tmp_path):
    save_beats(tmp_path / "start", tiny_beats().half())
    report = train_from_file(from_start(tmp_path / "start", frozen=frozen, **SHORT), (), tmp_path / "out")
    network = BeatsNetwork(tmp_path / "out")
    assert network.class_names == Foley().class_names
    assert report.accuracy is not None
    before, after = (BeatsCheckpoint(tmp_path / name).load().state_dict() for name in ("start", "out"))
    same = [torch.equal(before[name], after[name]) for name in before]
    assert all(same) == (frozen == "true")


def test_a_frozen_backbone_in_float32_is_saved_in_float32(from_start, tmp_path):
    save_beats(tmp_path / "start", tiny_beats())
    train_from_file(from_start(tmp_path / "start", frozen="true", **SHORT), (), tmp_path / "out")
    before, after = (BeatsCheckpoint(tmp_path / name).load().state_dict() for name in ("start", "out"))
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_beats_cannot_be_pretrained_here(from_start, tmp_path):
    save_beats(tmp_path / "start", tiny_beats())
    with pytest.raises(ConfigError, match="start is another network"):
        train_from_file(from_start(tmp_path / "start", task='"pretrain"', **SHORT), (), tmp_path / "out")


@pytest.mark.parametrize("seconds", [0.001, 0.2, 3])
def test_clips_of_any_length_are_features_of_one_shape(seconds, pretrained, from_start, tmp_path):
    """Waveforms, spectrograms of one length, and Wav2Vec2-BERT's of any."""
    bert = transformers.Wav2Vec2BertConfig(
        **SIZES, feature_projection_input_dim=160, vocab_size=5, conv_depthwise_kernel_size=3
    )
    save_beats(tmp_path / "beats", tiny_beats())
    starts = {
        wav2vec2(tmp_path / "wav2vec2"): (8000,),
        pretrained[1]: (96, 32),
        saved(tmp_path / "bert", transformers.Wav2Vec2BertModel(bert), transformers.SeamlessM4TFeatureExtractor()): (
            24,
            160,
        ),
        tmp_path / "beats": (48, 128),
    }
    for start, shape in starts.items():
        beginning = beginning_of(training_config.load(from_start(start, clip_s="0.5")), 2)
        assert beginning.features(np.zeros(round(seconds * 16_000), np.float32)).shape == shape
