"""Unlearning, importance and export, on a run of the real pipeline: its store, its clips, its weights."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import transformers

from and_core.algorithms.ablation.experiment import Bench, answers, as_json, class_rows, experiment
from and_core.algorithms.ablation.selection import Term
from and_core.algorithms.ablation.spelling import parse
from and_core.errors import ClipError, ConfigError, NetworkError, SelectionError
from and_core.findings.experiment import sentences
from and_core.models.networks.huggingface import HuggingFaceNetwork
from precompute.__main__ import main
from precompute.evaluate.bench import benches
from precompute.evaluate.experiment import changed_answers, one_experiment
from precompute.export import export

ROW = (
    "network strategy concept seed pruned delta_ablated delta_remaining gap gap_low gap_high accuracy_before "
    "accuracy_after"
)


@pytest.fixture(scope="module")
def bench(tiny_store: Path) -> Bench:
    return next(benches(tiny_store, None, 1, print))


@pytest.fixture
def altered_store(tiny_store: Path, tmp_path: Path) -> Callable[[str], Path]:
    """The tiny store with something changed in it."""

    def alter(sql: str) -> Path:
        folder = Path(shutil.copytree(tiny_store, tmp_path / "store", symlinks=True))
        with duckdb.connect(str((folder / "current").resolve())) as connection:
            connection.execute(sql).fetchall()
        return folder

    return alter


def carried(bench: Bench) -> str:
    """A class that some hidden neuron speaks of."""
    words = set(bench.evidence.words.query("part_of_speech == 'noun'")["word"])
    return next(name for name in bench.class_names if words & set(bench.evidence.content_words(name)))


def test_rows_hold_every_class_and_its_controls(
    tiny_store: Path, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tiny_store.parent
    options = ["--clips-per-class", "1", "--seeds", "2", "--in", "depth:4", "--strategy", "open_concept", "--json"]
    main_in(["evaluate", "unlearning", run.name, "--runs", str(run.parent), *options])
    rows = json.loads(capsys.readouterr().out)
    assert list(rows[0]) == ROW.split()
    own = [row for row in rows if row["strategy"] == "open_concept"]
    controls = [row for row in rows if row["strategy"] == "random(open_concept)"]
    assert {row["concept"] for row in own} == set(bench.class_names)
    assert len(controls) == 2 * len(own) and {row["seed"] for row in controls} == {0, 1}
    assert all(row["gap"] == pytest.approx(row["delta_remaining"] - row["delta_ablated"]) for row in rows)
    counts = {row["concept"]: row["pruned"] for row in own}
    assert all(row["pruned"] == counts[row["concept"]] for row in controls)
    assert max(counts.values()) > 0


def main_in(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert not stopped.value.code


def test_one_experiment_is_printed_and_kept_as_files(
    tiny_store: Path, bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, concept = tiny_store.parent, carried(bench)
    selection = f"open_concept:{concept} in depth:3-4"
    files = ["--json", str(tmp_path / "kept/one.json"), "--csv", str(tmp_path / "kept/one.csv")]
    command = ["evaluate", "experiment", run.name, "--runs", str(run.parent), "--prune", selection]
    main_in([*command, "--forget", concept.replace("_", " "), "--seeds", "2", "--clips-per-class", "1", *files])
    printed = capsys.readouterr().out
    kept = json.loads((tmp_path / "kept/one.json").read_text())
    result = experiment(bench, parse(selection), bench.class_names.index(concept), range(2))
    assert kept == json.loads(json.dumps(as_json(result)))
    classes = pd.read_csv(tmp_path / "kept/one.csv")
    assert classes["class"][classes["to_forget"]].tolist() == [concept]
    assert classes["logit_change"].tolist() == pytest.approx([row["logit_change"] for row in class_rows(result)])
    assert sentences(result)["effect"] in printed
    assert f"{bench.network} without {selection}" in printed
    gap, control = result.deltas.gap, result.control_deltas.gap
    assert f"{gap.value:.2f} [{gap.low:.2f}, {gap.high:.2f}]" in printed
    assert f"{control.value:.2f} [{control.low:.2f}, {control.high:.2f}]" in printed
    changed = {(cell["class"], cell["answer"]) for cell in answers(result) if cell["before"] != cell["after"]}
    assert set(zip(changed_answers(result)["class"], changed_answers(result)["answer"], strict=True)) == changed


def test_every_neuron_can_be_pruned_in_one_experiment(
    tiny_store: Path, bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tiny_store.parent
    command = ["evaluate", "experiment", run.name, "--runs", str(run.parent), "--prune", "all", "--forget"]
    main_in([*command, bench.class_names[0], "--seeds", "1", "--clips-per-class", "1"])
    assert "All 3,840 hidden neurons are pruned" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"selection": "open_concept:unicorn"}, SelectionError, r"No neuron is selected.*Nearest to 'unicorn'"),
        ({"selection": "open_concept"}, SelectionError, "needs a concept"),
        ({"selection": "neurons:layer9_output#0"}, SelectionError, "no layer 'layer9_output'"),
        ({"forget": "dogg"}, ConfigError, r"no output for a class 'dogg'.*Did you mean"),
        ({"network": "another"}, ConfigError, r"Name one network.*ast-foley"),
    ],
)
def test_an_experiment_that_cannot_be_made_is_refused_before_anything_is_played(
    tiny_store: Path, options: dict[str, str], error: type[Exception], said: str
) -> None:
    asked = {"network": None, "selection": "all", "forget": "dog", **options}
    with pytest.raises(error, match=said):
        one_experiment(tiny_store, seeds=1, per_class=1, relearn=False, say=print, **asked)


def test_an_experiment_needs_a_run_and_the_weights_that_were_dissected(
    altered_store: Callable[[str], Path], bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = altered_store("UPDATE network SET fingerprint = 'another'")
    with pytest.raises(NetworkError, match="not the ones that were dissected"):
        one_experiment(folder, None, "all", bench.class_names[0], 1, 1, False, print)
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", "experiment", "nowhere", "--runs", str(tmp_path), "--prune", "all", "--forget", "dog"])
    assert stopped.value.code
    assert "nowhere" in " ".join(capsys.readouterr().err.split())


def test_importance_prunes_more_at_every_percentage(tiny_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tiny_store.parent
    options = ["--clips-per-class", "1", "--seeds", "1", "--parts", "b", "--json"]
    main_in(["evaluate", "importance", run.name, "--runs", str(run.parent), *options])
    rows = json.loads(capsys.readouterr().out)
    random = [row for row in rows if row["strategy"] == "random"]
    assert [row["percent"] for row in random] == [0, 2, 4, 6, 8, 10, 12]
    assert [row["pruned"] for row in random] == [round(p / 100 * 3840) for p in (0, 2, 4, 6, 8, 10, 12)]
    assert random[0]["accuracy_after"] == random[0]["accuracy_before"]


def test_an_experiment_can_be_done_again_from_its_json(bench: Bench) -> None:
    concept = carried(bench)
    result = experiment(bench, Term("open_concept", concept), bench.class_names.index(concept), seeds=(0,))
    kept = json.loads(json.dumps(as_json(result)))
    again = experiment(bench, parse(kept["selection"]), bench.class_names.index(kept["concept"]), seeds=(0,))
    assert as_json(again) == as_json(result)
    assert sum(map(len, kept["neurons"].values())) == kept["rows"][0]["pruned"] > 0
    assert np.sum(kept["confusion_after"]) == np.sum(kept["confusion_before"]) == len(bench.before)
    assert [row["class"] for row in class_rows(result) if row["to_forget"]] == [concept]


def test_an_exported_network_loads_with_transformers_and_answers_as_the_pruned_one(
    tiny_store: Path, bench: Bench, project: Path, tmp_path: Path
) -> None:
    selection = f"open_concept:{carried(bench)}"
    record = export(tiny_store, None, selection, tmp_path / "pruned", compact=False)
    assert json.loads((tmp_path / "pruned" / "pruning.json").read_text()) == record
    whole = project / "assets" / "ast-foley"
    assert (tmp_path / "pruned" / "config.json").read_bytes() == (whole / "config.json").read_bytes()
    before = transformers.ASTForAudioClassification.from_pretrained(whole).state_dict()
    after = transformers.ASTForAudioClassification.from_pretrained(tmp_path / "pruned").state_dict()
    paths = {layer.name: layer.module_path for layer in HuggingFaceNetwork(whole).layers()}
    for layer, positions in record["neurons"].items():
        for part in ("weight", "bias"):
            name = f"{paths[layer]}.{part}"
            before[name][positions] = 0
    assert all(after[name].equal(tensor) for name, tensor in before.items())


def test_an_export_that_cannot_be_compacted_or_lands_on_files_leaves_nothing(tiny_store: Path, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="keeps all its neurons"):
        export(tiny_store, None, "neurons:layer1_output#0", tmp_path / "pruned", compact=True)
    assert not (tmp_path / "pruned").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    with pytest.raises(NetworkError, match="is not empty"):
        export(tiny_store, None, "neurons:layer1_output#0", tmp_path / "full", compact=False)


def test_even_a_network_without_any_hidden_neuron_is_exported(tiny_store: Path, tmp_path: Path) -> None:
    assert export(tiny_store, None, "all", tmp_path / "pruned", compact=True)["pruned"] == 3840


def test_a_concept_that_no_neuron_carries_is_not_exported(tiny_store: Path, tmp_path: Path) -> None:
    with pytest.raises(SelectionError, match=r"No neuron is selected by open_concept:unicorn. Nearest to 'unicorn'"):
        export(tiny_store, None, "open_concept:unicorn", tmp_path / "pruned", compact=False)


def test_changed_or_missing_weights_are_refused(altered_store: Callable[[str], Path], tmp_path: Path) -> None:
    folder = altered_store("UPDATE network SET fingerprint = 'another'")
    with pytest.raises(NetworkError, match="not the ones that were dissected"):
        next(benches(folder, None, 1, print))
    with pytest.raises(NetworkError, match="not the ones that were dissected"):
        export(folder, None, "all", tmp_path / "pruned", compact=False)
    with duckdb.connect(str((folder / "current").resolve())) as connection:
        connection.execute("""UPDATE network SET settings = '{"path": "/nowhere/at/all"}'""").fetchall()
    with pytest.raises(NetworkError, match="not a folder here"):
        next(benches(folder, None, 1, print))


def test_a_clip_that_cannot_be_read_is_named_and_left_out(altered_store: Callable[[str], Path]) -> None:
    folder, said = altered_store("SELECT 1"), []
    with duckdb.connect(str((folder / "current").resolve()), read_only=True) as connection:
        first = "SELECT audio, filename FROM clip WHERE fold = 5 ORDER BY clip_id LIMIT 1"
        audio, filename = connection.execute(first).fetchall()[0]
    (folder / audio).unlink()
    (folder / audio).write_bytes(b"no audio")
    bench = next(benches(folder, None, 1, said.append))
    assert said[0].startswith(f"{filename} is left out: ")
    assert len(bench.before) == len(bench.class_names) - 1
    shutil.rmtree(folder / "audio")
    with pytest.raises(ClipError, match="clips of 0 classes"):
        next(benches(folder, None, 1, said.append))


def test_what_does_not_exist_is_refused_by_name(tiny_store: Path) -> None:
    with pytest.raises(ConfigError, match=r"no network 'ast-fole'.*Did you mean 'ast-foley'"):
        next(benches(tiny_store, "ast-fole", 1, print))
