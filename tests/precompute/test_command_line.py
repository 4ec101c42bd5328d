"""The command line as a person meets it: what it prints, how it exits, and what bad input costs."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from precompute.__main__ import main

CLASSES = ("dog", "rain")
RATE = 16000


@pytest.fixture(scope="session")
def tiny_ast(tmp_path_factory: pytest.TempPathFactory, write_ast: Callable[[Path, Sequence[str]], None]) -> Path:
    folder = tmp_path_factory.mktemp("tiny-ast")
    write_ast(folder, CLASSES)
    return folder


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder a class with four good clips each, and one of every kind that cannot be used."""
    rng = np.random.default_rng(0)
    for index, name in enumerate(CLASSES):
        folder = tmp_path / "recordings" / name
        folder.mkdir(parents=True)
        for take in range(4):
            tone = np.sin(np.arange(RATE // 2) * (0.05 + 0.2 * index) * (1 + 0.1 * take))
            soundfile.write(folder / f"{take}.wav", 0.3 * tone + rng.normal(0, 0.01, len(tone)), RATE)
    dogs = tmp_path / "recordings" / "dog"
    (dogs / "text.wav").write_text("this is not audio")
    soundfile.write(dogs / "empty.wav", np.zeros(0), RATE)
    soundfile.write(dogs / "nan.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    soundfile.write(dogs / "long.flac", np.zeros(600 * 8000), 8000)
    soundfile.write(dogs / "studio.wav", rng.normal(0, 0.1, (48000, 2)), 96000)
    return tmp_path / "recordings"


@pytest.fixture
def config(tmp_path: Path, recordings: Path, tiny_ast: Path) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(
        f"""
[dataset]
kind = "audio_folder"
root = "{recordings}"
[network.tiny]
kind = "huggingface"
path = "{tiny_ast}"
[interpretability]
clusters = 3
[ablations]
clips_per_class = 2
"""
    )
    return file


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs a command; gives its exit code, what it printed, and what it said beside."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main([*map(str, arguments), *([] if arguments[0] == "train" else ["--runs", str(tmp_path / "runs")])])
        printed = capsys.readouterr()
        return int(stop.value.code or 0), printed.out, printed.err

    return run


Command = Callable[..., tuple[int, str, str]]


def test_a_run_leaves_out_what_cannot_be_used_and_says_so(command: Command, config: Path) -> None:
    code, _, said = command("run", config)
    assert code == 0
    assert "4 clips were left out" in said
    for name in ("text.wav", "empty.wav", "nan.wav", "long.flac"):
        assert name in said
    assert "studio.wav" not in said, "a 96 kHz stereo clip is used"
    code, _, said = command("run", config)
    assert code == 0
    assert "Nothing was left to do." in said
    code, printed, _ = command("status", config)
    assert code == 0
    assert "to do" not in printed
    code, printed, _ = command("evaluate", "last-layer", "mine", "--json")
    assert code == 0
    rows = json.loads(printed)
    described = {row["similarity"] for row in rows if row["method"] == "description_based"}
    assert described == {"cos", "cos_cubed", "wpmi", "soft_wpmi"}  # rank reorder is not defined for so few clips
    assert [row["similarity"] for row in rows if row["method"] == "in_context"] == [None]
    figures = {"top1", "top5", "cosine"}
    intervals = {f"{figure}_interval" for figure in figures}
    assert all(set(row) == {"network", "method", "similarity", "n", *figures, *intervals} for row in rows)
    assert all(
        row[f"{figure}_interval"][0] <= row[figure] <= row[f"{figure}_interval"][1]
        for row in rows
        for figure in figures
    )
    assert all(row["n"] == 2 and 0 <= row["top1"] <= row["top5"] <= 1 for row in rows)
    code, printed, _ = command("evaluate", "last-layer", "mine", "--seed", "1")
    assert code == 0
    assert "2 output neurons" in printed
    assert "74 / 96 / 0.82" in printed, "the paper's figure of BEATs-finetuned by cos cubed stands beside ours"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("dataset.root=/nowhere", "/nowhere"),
        ("network.tiny.path=/nowhere", "/nowhere"),
        ("dataset.rot=/x", "Did you mean 'root'?"),
        ("dataset.kind=esc5", "Did you mean 'esc50'?"),
        ("network.tiny.pol=cls", "Did you mean 'pool'?"),
        ("network.tiny.pool=median", "pool"),
        ("captioner.source_name=guess", "source_name"),
        ("b_calibration.treshold=0.5", "Did you mean 'threshold'?"),
        ("a_closed_concept.concepts=/nowhere.txt", "/nowhere.txt"),
    ],
)
def test_a_wrong_setting_stops_the_run_before_it_starts(
    command: Command, config: Path, tmp_path: Path, override: str, message: str
) -> None:
    code, _, said = command("run", config, "--set", override)
    assert code in (1, 2)
    assert message in said
    assert "Traceback" not in said
    assert len(said.splitlines()) <= 3
    assert not list((tmp_path / "runs").rglob("done.json")), "nothing was computed"


def test_an_empty_folder_is_refused(command: Command, config: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, _, said = command("run", config, "--set", f"dataset.root={tmp_path / 'empty'}")
    assert code == 1
    assert str(tmp_path / "empty") in said


def test_a_network_with_other_labels_is_told_at_the_end(command: Command, config: Path, recordings: Path) -> None:
    shutil.move(recordings / "rain", recordings / "violin")
    code, _, said = command("run", config)
    assert code == 0
    assert "no output named as 1 of the data set's 2 classes (violin)" in said


def test_a_run_that_is_not_there_has_no_evaluation(command: Command) -> None:
    code, _, said = command("evaluate", "last-layer", "nothing")
    assert code == 1
    assert "no store" in said
