import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from and_core.errors import ConfigError
from and_core.models.datasets.foley import Foley
from and_core.models.networks.huggingface import HuggingFaceNetwork
from and_core.models.protocols import Clip
from precompute.__main__ import main
from precompute.train import train_from_file
from precompute.training import config as training_config
from precompute.training.report import TrainingReport, settings_of


@pytest.fixture(scope="module")
def trained(tiny_training, tmp_path_factory) -> tuple[TrainingReport, Path]:
    out = tmp_path_factory.mktemp("first") / "ast-tiny"
    return train_from_file(tiny_training, (), out), out


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


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(trained, tiny_training, tmp_path):
    def weights(name: str, *overrides: str) -> bytes:
        train_from_file(tiny_training, overrides, tmp_path / name)
        return (tmp_path / name / "model.safetensors").read_bytes()

    torch.manual_seed(99)  # whatever came before must not matter
    first = (trained[1] / "model.safetensors").read_bytes()
    assert weights("second") == first
    assert weights("third", "seed=1") != first


def test_training_leaves_torchs_random_state_alone(tiny_training, tmp_path):
    before = torch.get_rng_state()
    train_from_file(tiny_training, ("epochs=1",), tmp_path / "ast")
    assert torch.equal(torch.get_rng_state(), before)


def test_progress_tells_clips_and_epochs(tiny_training, tmp_path):
    seen = []
    train_from_file(tiny_training, (), tmp_path / "ast", progress=lambda *event: seen.append(event))
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
def test_a_wrong_setting_is_refused_before_work_starts(tiny_training, tmp_path, override, message):
    with pytest.raises(ConfigError, match=message):
        train_from_file(tiny_training, (override,), tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_a_place_that_cannot_be_written_is_refused_before_work_starts(tiny_training, tmp_path):
    (tmp_path / "file").touch()
    seen = []
    with pytest.raises(ConfigError, match="cannot be written"):
        train_from_file(tiny_training, (), tmp_path / "file" / "ast", progress=lambda *event: seen.append(event))
    assert not seen


def test_the_command_tells_every_fold_the_mean_and_that_it_goes_on(tiny_training, tmp_path, capsys):
    def stop(what: str, done: int, _total: int) -> None:
        if (what, done) == ("epochs trained, fold 1", 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_from_file(tiny_training, (), tmp_path / "ast", folds="all", progress=stop)
    with pytest.raises(SystemExit) as stopped:
        main(["train", str(tiny_training), "--folds", "all", "--out", str(tmp_path / "ast")])
    said = capsys.readouterr().err
    assert stopped.value.code in (0, None)
    assert "Note: The training goes on after epoch 1, where it was stopped." in said
    assert re.search(r"Fold 1: [\d.]+%\nFold 2: [\d.]+%\nMean [\d.]+%, standard deviation [\d.]+%\n", said)
    assert re.search(r"Held-out fold 2: [\d.]+% of 20 clips right, after \d+ s of training", said)


def test_the_command_says_what_came_of_a_pretraining(tiny_training, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["train", str(tiny_training), "--set", "task=pretrain", "--out", str(tmp_path / "ast")])
    assert "Trained on 20 clips, 20 held out: the codes of" in capsys.readouterr().err


def test_a_slip_in_the_name_of_a_training_is_answered_with_trainings(tmp_path):
    with pytest.raises(ConfigError, match="Did you mean 'train_ast_foley_frozen'"):
        train_from_file("train_ast_foley_frosen", (), tmp_path / "never")


SHIPPED = {"ast-foley": 0.85, "ast-foley-finetuned": 0.85, "ast-foley-frozen": 0.60}
"""Network of the demo -> what its accuracy on the held-out fold must exceed."""
REMADE_BY = {
    "ast-foley": "train_ast_foley",
    "ast-foley-finetuned": "train_ast_foley_finetuned",
    "ast-foley-frozen": "train_ast_foley_frozen",
}


@pytest.fixture(params=SHIPPED)
def shipped(request, project) -> Path:
    return project / "assets" / request.param


@pytest.fixture
def record(shipped) -> dict[str, Any]:
    return json.loads((shipped / "training.json").read_text())


def test_a_shipped_network_is_small_and_made_from_the_foley_of_today(shipped, record):
    assert sum(file.stat().st_size for file in shipped.iterdir()) <= 4 * 2**20
    settings = {key: value for key, value in record["settings"]["dataset"].items() if key != "kind"}
    assert record["dataset"] == Foley(**settings).fingerprint
    assert record["accuracy"] > SHIPPED[shipped.name]


def test_a_shipped_network_was_made_by_the_shipped_configuration(shipped, record):
    config = training_config.load(REMADE_BY[shipped.name])
    assert config.out == Path("assets") / shipped.name
    now = settings_of(config)
    assert record["settings"] == {key: now[key] for key in record["settings"]}


def test_the_shipped_networks_differ_in_their_training_alone(project):
    for file in ("config.json", "preprocessor_config.json"):
        assert len({(project / "assets" / name / file).read_text() for name in SHIPPED}) == 1
    records = [json.loads((project / "assets" / name / "training.json").read_text()) for name in SHIPPED]
    assert len({record["dataset"] for record in records}) == len({record["held_out_fold"] for record in records}) == 1
    _, finetuned, frozen = records
    assert finetuned["start"] == frozen["start"]
    pretraining = settings_of(training_config.load("train_ast_foley_pretrained"))
    assert frozen["start"]["training"]["settings"] == pretraining
    assert frozen["start"]["training"]["held_out_fold"] == frozen["held_out_fold"]


@pytest.fixture(scope="module")
def unseen() -> list[Clip]:
    """The held-out fold of 100 takes a class; only these are worth synthesising."""
    dataset = Foley(clips_per_class=100)
    return [dataset.clip(index) for index in range(len(dataset)) if index % 100 % 5 == 4]


@pytest.mark.slow
def test_a_shipped_network_hears_unseen_takes_as_well_as_its_record_says(shipped, record, unseen):
    assert record["dataset"] == Foley(clips_per_class=100).fingerprint
    assert {clip.fold for clip in unseen} == {record["held_out_fold"]}
    network = HuggingFaceNetwork(shipped)
    logits, _ = network.forward([clip.waveform for clip in unseen])
    answers = zip(logits.argmax(axis=1), unseen, strict=True)
    right = [network.class_names[best] == clip.class_name for best, clip in answers]
    assert len(right) == record["held_out_clips"]
    assert np.mean(right) >= record["accuracy"] - 0.02


def test_more_takes_leave_the_demos_takes_and_their_folds_as_they_are():
    few, many = Foley(clips_per_class=2, seed=0), Foley(clips_per_class=7, seed=0)
    for index, (class_index, take) in enumerate((c, t) for c in range(20) for t in range(2)):
        same = many.clip(class_index * 7 + take)
        np.testing.assert_array_equal(few.clip(index).waveform, same.waveform)
        assert few.clip(index).fold == same.fold
