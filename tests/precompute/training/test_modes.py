"""Pretraining, fine-tuning and a frozen backbone, end to end; each over 40 clips."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from and_core.errors import ConfigError, DatasetError, NetworkError
from and_core.models.datasets.foley import Foley
from and_core.models.networks.huggingface import HuggingFaceNetwork
from precompute.train import train_from_file

BACKBONE = "audio_spectrogram_transformer."


def backbone_of(folder):
    weights = load_file(folder / "model.safetensors")
    return {
        name.removeprefix(BACKBONE): weight for name, weight in weights.items() if not name.startswith("classifier")
    }


def test_a_pretraining_leaves_a_network_without_a_head_that_the_pipeline_can_dissect(pretrained):
    report, out = pretrained
    network = HuggingFaceNetwork(out)
    assert network.class_names == ()
    assert [layer.name for layer in network.layers()][-1] == "layer2_output"
    _, activations = network.forward([Foley(clips_per_class=2).clip(0).waveform], ["layer2_intermediate"])
    assert activations["layer2_intermediate"].shape == (1, 24)
    assert report.accuracy is None
    assert (report.training_clips, report.held_out_clips) == (20, 20)


def test_a_pretrained_network_learns_about_patches_and_about_clips(pretrained):
    curve = pretrained[0].folds[0].curve
    assert [row["epoch"] for row in curve] == [1, 2, 3]
    assert curve[-1]["patch_loss"] < curve[0]["patch_loss"]
    assert curve[-1]["clip_loss"] < curve[0]["clip_loss"]


def test_a_fine_tuned_network_keeps_its_start_normalisation_and_moves_every_layer(pretrained, from_start, tmp_path):
    report = train_from_file(from_start(pretrained[1]), (), tmp_path / "fine-tuned")
    assert HuggingFaceNetwork(tmp_path / "fine-tuned").class_names == Foley().class_names
    before, after = backbone_of(pretrained[1]), backbone_of(tmp_path / "fine-tuned")
    assert before.keys() == after.keys()
    assert not any(torch.equal(before[name], after[name]) for name in before if name.endswith("weight"))
    extractors = [
        json.loads((folder / "preprocessor_config.json").read_text())
        for folder in (pretrained[1], tmp_path / "fine-tuned")
    ]
    assert extractors[0]["mean"] == extractors[1]["mean"] != 0
    assert report.accuracy is not None


def test_a_frozen_backbone_is_the_starts_to_the_last_bit_and_its_head_has_learnt(pretrained, from_start, tmp_path):
    config = from_start(pretrained[1], frozen="true", frozen_passes="3", epochs="30", learning_rate="0.05")
    report = train_from_file(config, (), tmp_path / "frozen")
    before, after = backbone_of(pretrained[1]), backbone_of(tmp_path / "frozen")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    curve = report.folds[0].curve
    assert curve[-1]["training_accuracy"] > 0.5 > curve[0]["training_accuracy"]


def test_the_saved_frozen_network_gives_the_answers_that_its_head_was_fitted_to(pretrained, from_start, tmp_path):
    """What is standardised in fitting must be taken back in the saved head."""
    config = from_start(pretrained[1], frozen="true", epochs="60", learning_rate="0.05")
    report = train_from_file(config, (), tmp_path / "frozen")
    network, foley = HuggingFaceNetwork(tmp_path / "frozen"), Foley(clips_per_class=2, folds=2)
    clips = [clip for clip in map(foley.clip, range(len(foley))) if clip.fold == 1]
    logits, _ = network.forward([clip.waveform for clip in clips])
    right = [network.class_names[best] == clip.class_name for best, clip in zip(logits.argmax(1), clips, strict=True)]
    assert np.mean(right) == pytest.approx(report.folds[0].curve[-1]["training_accuracy"], abs=0.15)
    assert np.mean(right) > 0.5


def test_the_record_tells_where_a_network_comes_from_and_names_no_place(pretrained, from_start, tmp_path):
    train_from_file(from_start(pretrained[1]), (), tmp_path / "tuned")
    text = (tmp_path / "tuned" / "training.json").read_text()
    start = json.loads(text)["start"]
    assert start["name"] == "ast-tiny"
    assert start["digest"] == HuggingFaceNetwork(pretrained[1])._source.digest()
    assert start["training"]["settings"]["task"] == "pretrain"
    assert str(pretrained[1].parent) not in text
    assert "model" not in json.loads(text)["settings"]


def test_a_network_for_these_very_classes_keeps_its_head(pretrained, from_start, tmp_path):
    train_from_file(from_start(pretrained[1]), (), tmp_path / "first")
    slow = from_start(tmp_path / "first", learning_rate="1e-9", weight_decay="0")
    train_from_file(slow, ("epochs=1",), tmp_path / "second")
    first, second = (load_file(tmp_path / name / "model.safetensors") for name in ("first", "second"))
    assert torch.equal(first["classifier.dense.weight"], second["classifier.dense.weight"])


def test_bfloat16_trains_every_mode(pretrained, tiny_training, from_start, tmp_path):
    modes = {
        "supervised": (tiny_training, ()),
        "pretrained": (tiny_training, ('task="pretrain"',)),
        "frozen": (from_start(pretrained[1], frozen="true"), ()),
    }
    for name, (config, overrides) in modes.items():
        overrides = (*overrides, 'precision="bfloat16"')
        report = train_from_file(config, overrides, tmp_path / name)
        exact = train_from_file(config, overrides[:-1], tmp_path / f"{name}-exact")
        rounded, loss = (one.folds[0].curve[-1]["loss"] for one in (report, exact))
        assert rounded == pytest.approx(loss, rel=0.02)
        assert rounded != loss


def test_a_start_that_is_not_there_is_refused_before_work_starts(from_start, tmp_path):
    seen = []
    with pytest.raises(ConfigError, match=r"start = .*nowhere.* is not here"):
        train_from_file(
            from_start(tmp_path / "nowhere"), (), tmp_path / "out", progress=lambda *event: seen.append(event)
        )
    assert not seen


def test_a_start_that_would_run_code_is_refused(pretrained, from_start, tmp_path):
    evil = tmp_path / "evil"
    evil.mkdir()
    for file in pretrained[1].iterdir():
        (evil / file.name).write_bytes(file.read_bytes())
    config = json.loads((evil / "config.json").read_text())
    (evil / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "theirs.Model"}}))
    with pytest.raises(NetworkError, match="auto_map"):
        train_from_file(from_start(evil), (), tmp_path / "out")


def test_a_start_that_has_heard_the_held_out_fold_is_refused(pretrained, from_start, tmp_path):
    with pytest.raises(ConfigError, match=r"with fold 2 of foley held out, so it has heard fold 1"):
        train_from_file(from_start(pretrained[1], held_out_fold="1"), (), tmp_path / "out")
    with pytest.raises(ConfigError, match="has heard fold 1"):
        train_from_file(from_start(pretrained[1]), (), tmp_path / "out", folds="all")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("frozen=true",), "frozen = true needs a start"),
        (('start="x"',), "sizes for random weights"),
        (('task="pretrain"', 'folds="all"'), "measures nothing"),
        (('device="tpu"',), "device"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(tiny_training, tmp_path, overrides, message):
    with pytest.raises(ConfigError, match=message):
        train_from_file(tiny_training, overrides, tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_sounds_without_classes_and_folds_are_enough_to_pretrain_on_and_not_to_classify(tiny_training, tmp_path):
    import soundfile

    sounds = tmp_path / "sounds"
    sounds.mkdir()
    for index in range(8):
        clip = Foley(clips_per_class=1).clip(index)
        soundfile.write(sounds / clip.filename, clip.waveform, clip.sample_rate_hz)
    config = tmp_path / "folder.toml"
    model = tiny_training.read_text().split("[model]")[1]
    config.write_text(f'epochs = 1\n[dataset]\nkind = "audio_folder"\nroot = "{sounds}"\n[model]{model}')
    report = train_from_file(config, ('task="pretrain"',), tmp_path / "out")
    assert (report.training_clips, report.held_out_clips) == (8, 0)
    with pytest.raises(DatasetError, match="has no class"):
        train_from_file(config, (), tmp_path / "out")
