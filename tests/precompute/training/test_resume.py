"""A training that is stopped and started again."""

import signal
import subprocess
import sys

import pytest
import torch

from precompute.train import train_from_file

KILLS_ITSELF = """
import os, signal, sys
from pathlib import Path
from precompute.train import train_from_file

def progress(what, done, total):
    if what.startswith("epochs") and done == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

train_from_file(sys.argv[1], ("epochs=4",), Path(sys.argv[2]), progress=progress)
"""


class StopError(Exception):
    """Somebody pulls the plug."""


def stop_after(epochs, what="epochs trained"):
    def progress(counted, done, _total):
        if counted == what and done == epochs:
            raise StopError

    return progress


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def left_beside(folder):
    return sorted(file.name for file in folder.parent.iterdir() if file != folder)


@pytest.mark.parametrize("mode", ["supervised", "pretrained", "frozen"])
def test_stopped_and_started_again_it_ends_with_the_same_weights_and_curve(
    mode, tiny_training, pretrained, from_start, tmp_path
):
    config = from_start(pretrained[1], frozen="true", frozen_passes="2") if mode == "frozen" else tiny_training
    overrides = ("epochs=4", 'task="pretrain"') if mode == "pretrained" else ("epochs=4",)
    whole, stopped, notes = tmp_path / "whole" / "ast", tmp_path / "stopped" / "ast", []
    first = train_from_file(config, overrides, whole)
    with pytest.raises(StopError):
        train_from_file(config, overrides, stopped, progress=stop_after(2))
    assert left_beside(stopped) == [".ast.unfinished"]
    second = train_from_file(config, overrides, stopped, note=notes.append)
    assert notes == ["The training goes on after epoch 2, where it was stopped."]
    assert weights(stopped) == weights(whole)
    for one, other in zip(first.folds[0].curve, second.folds[0].curve, strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}
    assert left_beside(stopped) == []


@pytest.mark.slow
def test_killed_it_goes_on(tiny_training, tmp_path):
    whole, killed, notes = tmp_path / "whole" / "ast", tmp_path / "killed" / "ast", []
    command = [sys.executable, "-c", KILLS_ITSELF, str(tiny_training), str(killed), "3"]
    assert subprocess.run(command, timeout=120).returncode == -signal.SIGKILL
    train_from_file(tiny_training, ("epochs=4",), killed, note=notes.append)
    train_from_file(tiny_training, ("epochs=4",), whole)
    assert notes == ["The training goes on after epoch 3, where it was stopped."]
    assert weights(killed) == weights(whole)


@pytest.mark.parametrize("change", ["learning_rate=2e-3", "dataset.seed=3", "epochs=3"])
def test_another_configuration_starts_anew_and_says_so(tiny_training, tmp_path, change):
    notes = []
    with pytest.raises(StopError):
        train_from_file(tiny_training, (), tmp_path / "ast", progress=stop_after(1))
    train_from_file(tiny_training, (change,), tmp_path / "ast", note=notes.append)
    assert len(notes) == 1 and "another configuration" in notes[0]
    train_from_file(tiny_training, (change,), tmp_path / "fresh")
    assert weights(tmp_path / "ast") == weights(tmp_path / "fresh")


class Code:
    def __reduce__(self):
        return print, ("this must never be printed",)


@pytest.mark.parametrize("damage", ["cut off", "code", "no state"])
def test_a_damaged_state_starts_anew_and_runs_nothing(tiny_training, tmp_path, capfd, damage):
    notes, state = [], tmp_path / ".ast.unfinished" / "fold2.pt"
    with pytest.raises(StopError):
        train_from_file(tiny_training, (), tmp_path / "ast", progress=stop_after(1))
    if damage == "cut off":
        state.write_bytes(state.read_bytes()[:2000])
    else:
        torch.save({"key": Code()} if damage == "code" else [1, 2], state)
    train_from_file(tiny_training, (), tmp_path / "ast", note=notes.append)
    assert len(notes) == 1 and "is damaged" in notes[0]
    assert "never be printed" not in capfd.readouterr().out


def test_of_many_folds_the_finished_ones_are_not_trained_again(tiny_training, tmp_path):
    notes, seen = [], []
    with pytest.raises(StopError):
        train_from_file(
            tiny_training, (), tmp_path / "ast", folds="all", progress=stop_after(1, "epochs trained, fold 1")
        )
    report = train_from_file(
        tiny_training, (), tmp_path / "ast", folds="all", note=notes.append, progress=lambda *event: seen.append(event)
    )
    assert [event for event in seen if event[0].endswith("fold 2")] == [("epochs trained, fold 2", 2, 2)]
    assert len(notes) == 2
    assert [fold.held_out_fold for fold in report.folds] == [1, 2]
