"""Whole runs over fakes that ask a language model: what is asked, what is kept, what is told."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from and_core.errors import ConfigError, LanguageModelError
from and_core.models.fakes import REFUSAL
from precompute.closing_notes import closing_notes
from precompute.reply_file import UNSAVED
from precompute.reply_log import Asking, heard_by
from precompute.run import Run

MakeRun = Callable[..., Run]
RunAll = Callable[[Run], Any]


@pytest.fixture
def asking_run(fake_run: MakeRun) -> MakeRun:
    """Makes a run of fakes whose summaries and judgements come from a fake language model with these options."""

    def make(tables: dict[str, Any] | None = None, **options: Any) -> Run:
        tables = {"summarizer": {}, "acoustic_word_judge": {}, **(tables or {})}
        return fake_run(language_model={"kind": "fake", **options}, **tables)

    return make


def rows(run: Run, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect((run.store / "current").resolve(), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def asked(journal: Path) -> list[str]:
    return [json.loads(line) for line in journal.read_text().splitlines()] if journal.is_file() else []


def test_summaries_and_judgements_are_stored_with_what_the_model_said(asking_run: MakeRun, run_all: RunAll) -> None:
    run = asking_run({"b_calibration": {"threshold": 1.0}})
    run_all(run)
    said = rows(run, "SELECT summary, raw, problem FROM summary")
    assert len(said) == 34
    assert all(summary == raw and problem is None for summary, raw, problem in said)
    judged = rows(run, "SELECT is_acoustic, raw FROM acoustic_word")
    assert judged
    assert all((raw == "yes") == is_acoustic for is_acoustic, raw in judged)


def test_prompts_are_in_the_store_and_their_hashes_in_the_settings_of_the_stages(
    asking_run: MakeRun, run_all: RunAll
) -> None:
    run = asking_run()
    run_all(run)
    prompts = rows(run, "SELECT name, hash, text FROM prompt ORDER BY name")
    assert [name for name, _, _ in prompts] == [
        "acoustic_adjective",
        "select_concept",
        "select_five_concepts",
        "summarize_commonalities",
    ]
    settings = " ".join(text for (text,) in rows(run, "SELECT settings FROM stage_run"))
    for _, digest, text in prompts:
        assert digest in settings
        assert text.startswith("## System")


def test_useless_replies_are_stored_as_such_and_none_becomes_a_summary(asking_run: MakeRun, run_all: RunAll) -> None:
    run = asking_run(always=REFUSAL)
    jobs = run_all(run).jobs
    assert rows(run, "SELECT DISTINCT summary, raw, problem FROM summary") == [(None, REFUSAL, "refusal")]
    assert rows(run, "SELECT count(*) FROM summary_point") == [(0,)]
    assert rows(run, "SELECT count(*) FROM open_concept") == [(0,)]
    notes = [note for note in closing_notes(jobs) if "could not be used" in note]
    assert len(notes) == 1
    assert "34 of 34 summaries of fake" in notes[0]
    assert "(34 refusal)" in notes[0]
    assert "--set summarizer.attempts=3" in notes[0]
    (note,) = (
        note for note in closing_notes(run_all(asking_run(always=REFUSAL, attempts=3)).jobs) if "summaries" in note
    )
    assert "--set summarizer.attempts=5" in note


def test_a_word_that_was_not_judged_is_dropped_and_says_so(asking_run: MakeRun, run_all: RunAll) -> None:
    # The low summaries say the same: nothing is struck at a threshold of 1.
    tables = {"acoustic_word_judge": {"constrained": False}, "b_calibration": {"threshold": 1.0}}
    run = asking_run(tables, always="1. The sounds are harsh.\n2. They stop.")
    jobs = run_all(run).jobs
    assert rows(run, "SELECT word, is_acoustic, problem FROM acoustic_word") == [("harsh", None, "no answer")]
    assert rows(run, "SELECT DISTINCT word, kept, dropped_by FROM candidate_word") == [("harsh", False, "not judged")]
    assert any("1 of 1 judgements of words are missing" in note for note in closing_notes(jobs))


def test_strange_characters_of_a_reply_are_stored(asking_run: MakeRun, run_all: RunAll) -> None:
    strange = "\0\x1b � 犬"
    run = asking_run(always=strange)
    run_all(run)
    assert rows(run, "SELECT DISTINCT raw FROM summary") == [(strange,)]


def test_more_attempts_ask_about_the_useless_replies_alone(
    asking_run: MakeRun, tmp_path: Path, run_all: RunAll
) -> None:
    journal = tmp_path / "journal"
    run = asking_run(refuses=0.5, journal=str(journal))
    run_all(run)
    summaries = "SELECT count(*), count(problem) FROM summary"
    ((count, useless),) = rows(run, summaries)
    assert 0 < useless < count
    useless_questions = {
        question for question in asked(journal) if question.startswith("Descriptions") and not is_used(run, question)
    }
    before = len(asked(journal))
    again = asking_run({"summarizer": {"attempts": 2}}, refuses=0.5, journal=str(journal))
    run_all(again)
    new = [question for question in asked(journal)[before:] if question.startswith("Descriptions")]
    assert sorted(new) == sorted(useless_questions)
    ((_, still_useless),) = rows(again, summaries)
    assert still_useless < useless


def is_used(run: Run, question: str) -> bool:
    """Whether the reply to a question about captions became a summary."""
    neurons = rows(
        run,
        """
        SELECT list(caption ORDER BY rank), any_value(problem)
        FROM exemplar JOIN (SELECT clip_id, caption FROM caption) USING (clip_id)
            JOIN (SELECT neuron_id, polarity, problem FROM summary) USING (neuron_id, polarity)
        GROUP BY neuron_id, polarity""",
    )
    for captions, problem in neurons:
        if "\n".join(f"{rank}. {caption}" for rank, caption in enumerate(captions, start=1)) in question:
            return problem is None
    raise AssertionError(question)


def test_a_model_that_stops_half_way_is_asked_nothing_twice(
    asking_run: MakeRun, tmp_path: Path, run_all: RunAll
) -> None:
    journal = tmp_path / "journal"
    with pytest.raises(LanguageModelError):
        run_all(asking_run(fails_after=5, journal=str(journal)))
    assert len(asked(journal)) == 5
    run = asking_run(journal=str(journal))
    run_all(run)
    assert len(asked(journal)) == len(set(asked(journal)))
    assert rows(run, "SELECT count(*) FROM summary WHERE summary IS NULL") == [(0,)]


def test_networks_alike_and_runs_of_the_same_folder_ask_nothing_twice(
    asking_run: MakeRun, tmp_path: Path, run_all: RunAll
) -> None:
    journal = tmp_path / "journal"
    run_all(asking_run({"network": {"one": {}, "same": {}}}, journal=str(journal)))
    questions = asked(journal)
    assert len(questions) == len(set(questions))
    run_all(asking_run({"exemplars": {"k": 4}, "network": {"one": {}}}, journal=str(journal)))
    more = len(asked(journal))
    assert more > len(questions)
    renamed = asking_run({"exemplars": {"k": 4}, "network": {"one": {}}}, journal=str(journal))
    run_all(Run(renamed.config.model_copy(update={"name": "another"}), renamed.runs_folder))
    assert len(asked(journal)) == more


def test_how_far_the_asking_is_can_be_heard(asking_run: MakeRun, run_all: RunAll) -> None:
    heard: list[Asking] = []
    with heard_by(heard.append):
        run_all(asking_run())
    assert next(asking.total for asking in heard if asking.done == asking.total) == 34


def test_a_part_that_asks_needs_a_language_model(fake_run: MakeRun, run_all: RunAll) -> None:
    with pytest.raises(ConfigError, match=r"Add \[language_model\]"):
        run_all(fake_run(summarizer={"kind": "language_model"}))


def test_the_seed_is_the_runs_unless_a_table_says_another(asking_run: MakeRun) -> None:
    fingerprints = [
        asking_run(tables, **options).fingerprints["summarizer"]
        for tables, options in (
            ({}, {}),
            ({"seed": 3}, {}),
            ({"seed": 3}, {"seed": 4}),
            ({"summarizer": {"seed": 5}}, {"seed": 4, "temperature": 1.0}),
        )
    ]
    assert [fingerprint.split("; ")[2] for fingerprint in fingerprints] == [
        "max_tokens 1024 temperature 0.0 seed 0 attempts 1",
        "max_tokens 1024 temperature 0.0 seed 3 attempts 1",
        "max_tokens 1024 temperature 0.0 seed 4 attempts 1",
        "max_tokens 1024 temperature 1.0 seed 5 attempts 1",
    ]


def test_settings_that_nobody_knows_are_named(asking_run: MakeRun) -> None:
    with pytest.raises(ConfigError, match=r"language_model\.modle is not a setting"):
        _ = asking_run(modle="x").fingerprints
    with pytest.raises(ConfigError, match=r"summarizer\.language_model is not a setting"):
        _ = asking_run({"summarizer": {"language_model": "x"}}).fingerprints


SCRIPT = """
import os, signal, sys
from pathlib import Path
from and_core.models import registry
from and_core.models.fakes import FakeLanguageModel, fake_registry
from precompute.config import Component, NetworkTable, RunConfig
from precompute.pipeline import execute, jobs_of
from precompute.run import Run
from precompute.stages.line import STAGES

class Silent:
    def kept(self, job): pass
    def started(self, job, items, already, shards): pass
    def advanced(self, job, items): pass
    def finished(self, job, seconds): pass

folder, dies_after, fake = Path(sys.argv[1]), int(sys.argv[2]), Component(kind="fake")

class Mortal(FakeLanguageModel):
    said = 0  # by the models of all networks together

    def replies(self, conversations, **sampling):
        for position, reply in super().replies(conversations, **sampling):
            Mortal.said += 1
            if Mortal.said == dies_after:
                os.kill(os.getpid(), signal.SIGKILL)
            yield position, reply

for protocol, rows in fake_registry().items():
    registry.REGISTRY[protocol].update(rows)
registry.REGISTRY["language_model"]["fake"] = "__main__:Mortal"
networks = {f"network{seed}": NetworkTable(kind="fake", seed=seed) for seed in range(5)}
run = Run(
    RunConfig(
        name="killed", dataset=Component(kind="fake", clip_count=60, seconds=0.05), network=networks,
        captioner=Component(kind="acoustic", source_name="none"), text_encoder=fake,
        language_model={"kind": "fake", "journal": str(folder / "journal")}, summarizer={}, acoustic_word_judge={},
        interpretability={"clusters": 2}, ablations={"clips_per_class": 1, "strategies": []},
    ),
    folder / "runs",
)
stages = ("clips", "activations", "exemplars", "captions", "summaries")
execute([job for job in jobs_of(run, STAGES) if job.stage.name in stages], Silent())
"""
"""Summaries of 5 networks, 34 each; killed by its own hand, so that the moment is exact."""


@pytest.mark.slow
def test_a_kill_costs_64_replies_at_most(tmp_path: Path) -> None:
    journal, command = tmp_path / "journal", [sys.executable, "-c", SCRIPT, str(tmp_path)]
    assert subprocess.run([*command, "127"]).returncode == -signal.SIGKILL
    assert len(asked(journal)) == 127
    subprocess.run([*command, "0"], check=True)
    questions = asked(journal)
    assert len(set(questions)) > 5 * 30
    assert len(questions) - len(set(questions)) <= UNSAVED


@pytest.fixture(scope="module")
def roomy_llama(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny Llama with a longer context: its tokenizer makes a token of nearly every letter."""
    folder = tmp_path_factory.mktemp("roomy") / "llama"
    shutil.copytree(tiny_llama, folder)
    for file, setting in (("config.json", "max_position_embeddings"), ("tokenizer_config.json", "model_max_length")):
        settings = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps(settings | {setting: 4096}))
    return folder


@pytest.mark.slow
def test_a_run_with_random_weights_completes_without_a_summary(
    asking_run: MakeRun, roomy_llama: Path, run_all: RunAll
) -> None:
    options = {"kind": "transformers", "device": "cpu", "dtype": "float32", "batch_size": 32}
    run = asking_run({"summarizer": {"max_tokens": 24, "temperature": 1.0}}, **options, model=str(roomy_llama))
    notes = list(closing_notes(run_all(run).jobs))
    said = rows(run, "SELECT summary, raw, problem FROM summary")
    assert len(said) == 34
    assert all(summary is None and raw is not None and problem for summary, raw, problem in said)
    assert any("34 of 34 summaries" in note for note in notes)
    assert len({raw for _, raw, _ in said}) > 1
