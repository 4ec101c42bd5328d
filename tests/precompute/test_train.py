import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from and_core.errors import ConfigError
from and_core.models.datasets.foley import Foley
from and_core.models.networks.huggingface import HuggingFaceNetwork
from precompute.train import TrainingReport, train_from_file

TINY = """
epochs = 2
batch_size = 8
held_out_fold = 2
[dataset]
kind = "foley"
clips_per_class = 2
folds = 2
[model]
hidden_size = 16
blocks = 2
heads = 2
intermediate_size = 24
dropout = 0.1
mel_bins = 32
frames = 96
"""


@pytest.fixture(scope="module")
def tiny_config(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("training") / "tiny.toml"
    file.write_text(TINY)
    return file


@pytest.fixture(scope="module")
def trained(tiny_config) -> tuple[TrainingReport, Path]:
    out = tiny_config.parent / "first" / "ast-tiny"
    return train_from_file(tiny_config, (), out), out


def test_a_training_leaves_a_checkpoint_that_the_pipeline_can_dissect(trained):
    report, out = trained
    network = HuggingFaceNetwork(out)
    logits, activations = network.forward([Foley(clips_per_class=2).clip(0).waveform], ["layer2_intermediate"])
    assert network.class_names == Foley().class_names
    assert logits.shape == (1, 20)
    assert activations["layer2_intermediate"].shape == (1, 24)
    assert {tensor.dtype for tensor in load_file(out / "model.safetensors").values()} == {torch.float16}
    assert (report.training_clips, report.held_out_clips) == (20, 20)


def test_the_record_says_what_was_done_and_names_no_place(trained):
    report, out = trained
    record = json.loads((out / "training.json").read_text())
    assert record["accuracy"] == report.accuracy == pytest.approx(np.mean(list(report.accuracy_by_class.values())))
    assert record["settings"]["epochs"] == 2
    assert record["settings"]["dataset"] == {"kind": "foley", "clips_per_class": 2, "folds": 2}
    assert set(record["versions"]) >= {"torch", "transformers"}
    assert str(out.parent) not in (out / "training.json").read_text()
    assert sorted(file.name for file in out.parent.iterdir()) == ["ast-tiny"]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(trained, tiny_config):
    def weights(name: str, *overrides: str) -> bytes:
        train_from_file(tiny_config, overrides, tiny_config.parent / name)
        return (tiny_config.parent / name / "model.safetensors").read_bytes()

    torch.manual_seed(99)  # whatever came before must not matter
    first = (trained[1] / "model.safetensors").read_bytes()
    assert weights("second") == first
    assert weights("third", "seed=1") != first


def test_training_leaves_torchs_random_state_alone(tiny_config):
    before = torch.get_rng_state()
    train_from_file(tiny_config, ("epochs=1",), tiny_config.parent / "fourth")
    assert torch.equal(torch.get_rng_state(), before)


def test_progress_tells_clips_and_epochs(tiny_config):
    seen = []
    train_from_file(tiny_config, (), tiny_config.parent / "fifth", lambda *event: seen.append(event))
    assert seen[0] == ("clips read", 0, 40)
    assert seen[-1] == ("epochs trained", 2, 2)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("epoch=3", "Did you mean 'epochs'"),
        ("model.depth=3", r"model\.depth is not a setting"),
        ("model.heads=3", "16 is not a multiple of heads 3"),
        ("model.patch=64", "patch of 64 is larger"),
        ("label_smoothing=1", "label_smoothing"),
        ("dataset.kind=folly", "Did you mean 'foley'"),
    ],
)
def test_a_wrong_setting_is_refused_before_work_starts(tiny_config, tmp_path, override, message):
    with pytest.raises(ConfigError, match=message):
        train_from_file(tiny_config, (override,), tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_a_place_that_cannot_be_written_is_refused_before_work_starts(tiny_config, tmp_path):
    (tmp_path / "file").touch()
    seen = []
    with pytest.raises(ConfigError, match="cannot be written"):
        train_from_file(tiny_config, (), tmp_path / "file" / "ast", lambda *event: seen.append(event))
    assert not seen


@pytest.fixture(scope="module")
def shipped(project) -> Path:
    return project / "assets" / "ast-foley"


def test_the_shipped_network_is_small_and_made_from_the_foley_of_today(shipped):
    record = json.loads((shipped / "training.json").read_text())
    assert sum(file.stat().st_size for file in shipped.iterdir()) <= 4 * 2**20
    settings = {key: value for key, value in record["settings"]["dataset"].items() if key != "kind"}
    assert record["dataset"] == Foley(**settings).fingerprint
    assert record["accuracy"] > 0.85


@pytest.mark.slow
def test_the_shipped_network_hears_unseen_takes_as_well_as_its_record_says(shipped):
    record = json.loads((shipped / "training.json").read_text())
    network, takes = HuggingFaceNetwork(shipped), record["settings"]["dataset"]["clips_per_class"]
    dataset = Foley(clips_per_class=takes, seed=record["settings"]["dataset"]["seed"])
    unseen = [index for index in range(len(dataset)) if index % takes % 5 == 4]  # only these are worth synthesising
    right = []
    for clip in map(dataset.clip, unseen):
        assert clip.fold == record["held_out_fold"]
        logits, _ = network.forward([clip.waveform])
        right.append(network.class_names[logits.argmax()] == clip.class_name)
    assert len(right) == record["held_out_clips"]
    assert np.mean(right) >= record["accuracy"] - 0.02


def test_more_takes_leave_the_demos_takes_and_their_folds_as_they_are():
    few, many = Foley(clips_per_class=2, seed=0), Foley(clips_per_class=7, seed=0)
    for index, (class_index, take) in enumerate((c, t) for c in range(20) for t in range(2)):
        same = many.clip(class_index * 7 + take)
        np.testing.assert_array_equal(few.clip(index).waveform, same.waveform)
        assert few.clip(index).fold == same.fold
