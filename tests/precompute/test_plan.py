"""What a run will take, told before anything runs; and whether it was true."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from and_core.errors import ConfigError, LanguageModelError
from and_core.models.fakes import REFUSAL
from precompute.pipeline import Job, execute, jobs_of
from precompute.planning.costs import ASSUMED, WORK
from precompute.planning.plan import Plan, PlannedJob, for_machines, plan
from precompute.planning.questions import questions
from precompute.planning.shown import counted, duration, heading, notes, size, table_of
from precompute.planning.sizes import megaparameters
from precompute.reply_file import ReplyFile
from precompute.run import Run
from precompute.stages.line import STAGES

MakeRun = Callable[..., Run]
NEURONS = 17
"""Of a fake network: 8, 6 and 3."""


class Silent:
    """A Progress that says nothing, and stops the run after a number of shards of a stage."""

    def __init__(self, stage: str = "", shards: int = 0) -> None:
        self.stage, self.left = stage, shards

    def kept(self, job: Job) -> None: ...

    def started(self, job: Job, items: int, already: int, shards: int) -> None: ...

    def advanced(self, job: Job, items: int) -> None:
        if job.stage.name == self.stage:
            self.left -= 1
            if not self.left:
                raise InterruptedError

    def finished(self, job: Job, seconds: float) -> None: ...


@pytest.fixture
def asking_run(fake_run: MakeRun) -> MakeRun:
    """Makes a run of fakes whose summaries and judgements come from a fake language model with these options."""

    def make(tables: dict[str, Any] | None = None, **options: Any) -> Run:
        tables = {"summarizer": {}, "acoustic_word_judge": {}, **(tables or {})}
        return fake_run(language_model={"kind": "fake", **options}, **tables)

    return make


def jobs(run: Run, *stages: str) -> list[Job]:
    return [job for job in jobs_of(run, STAGES) if not stages or job.stage.name in stages]


def planned(run: Run) -> Plan:
    return plan(jobs(run))


def of(found: Plan, title: str) -> PlannedJob:
    return next(job for job in found.jobs if job.title == title)


def calls(found: Plan, title: str) -> float:
    asked = of(found, title).asked
    assert asked is not None
    return asked.calls


def test_before_anything_ran_all_is_counted_and_nothing_is_written(asking_run: MakeRun, tmp_path: Path) -> None:
    run = asking_run({"network": {"one": {}, "other": {"seed": 1}}}, journal=str(tmp_path / "journal"))
    found = planned(run)
    assert (found.clips, found.clip_s) == (12, pytest.approx(0.25))
    assert found.neurons == {"one": NEURONS, "other": NEURONS}
    assert [job.title for job in found.jobs] == [job.title for job in jobs(run)]
    assert all(job.share_left == 1 and job.seconds > 0 and job.bytes > 0 for job in found.jobs)
    assert calls(found, "summaries one") == 2 * NEURONS
    assert calls(found, "acoustic_words") == 2 * NEURONS
    asked = of(found, "summaries one").asked
    assert asked is not None and asked.prompt_tokens > 5 * 300 / 4 * 2 * NEURONS, "five captions of 300 characters"
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "journal").exists()


def test_a_run_without_a_language_model_has_no_questions(fake_run: MakeRun) -> None:
    assert all(job.asked is None for job in planned(fake_run()).jobs)


def test_where_captions_and_exemplars_are_known_the_questions_are_those_that_are_put(
    asking_run: MakeRun, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    with pytest.raises(LanguageModelError):
        execute(jobs(asking_run(fails_after=5)), Silent())
    run = asking_run(journal=str(journal))
    expected = of(planned(run), "summaries fake").asked
    execute(jobs(run), Silent())
    put = [question for line in journal.read_text().splitlines() if "\n" in (question := json.loads(line))]
    assert expected is not None
    assert expected.calls == len(put) < 2 * NEURONS - 5 + 1


def test_useless_replies_are_asked_about_again_when_attempts_allow_it(asking_run: MakeRun) -> None:
    run = asking_run(always=REFUSAL)
    execute(jobs(run), Silent())
    assert of(planned(run), "summaries fake").share_left == 0
    again = planned(asking_run({"summarizer": {"attempts": 3}}, always=REFUSAL))
    assert of(again, "exemplars fake").share_left == 0
    with ReplyFile(run.runs_folder / "replies.sqlite") as file:
        rate = file.rate(run.new_language_model().fingerprint)
    assert rate is not None
    assert 0 < calls(again, "summaries fake") <= rate.replies


def test_what_was_measured_takes_the_place_of_what_is_assumed(asking_run: MakeRun) -> None:
    keeping_all = {"b_calibration": {"threshold": 1.0}}  # else there are no words to judge
    execute(jobs(asking_run(keeping_all)), Silent())
    found = planned(asking_run({"network": {"other": {"seed": 1}}, **keeping_all}))
    assert of(found, "clips").share_left == 0
    activations = of(found, "activations other").cost
    assert activations is not None and activations.run == "fakes"
    assert activations.seconds != ASSUMED["activations"].seconds
    asked = of(found, "summaries other").asked
    assert asked is not None and asked.assumed == ("captions of 46 characters, no two neurons with the same",), (
        "the model's tokens and speed are known"
    )
    words = of(found, "acoustic_words").asked
    assert words is not None and words.reply_tokens == words.calls, "yes and no are one token to the fake"


def test_another_captioners_speed_says_nothing(fake_run: MakeRun) -> None:
    execute(jobs(fake_run()), Silent())
    other = {"kind": "acoustic", "source_name": "none"}
    found = planned(fake_run(captioner=other))
    assert of(found, "captions").cost == ASSUMED["captions"]


def test_nothing_is_left_of_a_run_that_is_done(asking_run: MakeRun) -> None:
    run = asking_run()
    execute(jobs(run), Silent())
    found = planned(run)
    assert sum(job.seconds + job.bytes for job in found.jobs) == 0
    assert all(job.asked is None and job.assumed == () for job in found.jobs)


def test_what_a_stopped_stage_did_is_not_counted(fake_run: MakeRun) -> None:
    run = fake_run(dataset={"clip_count": 150})
    whole = of(planned(run), "clips")
    with pytest.raises(InterruptedError):
        execute(jobs(run), Silent("clips", shards=1))
    rest = of(planned(run), "clips")
    assert rest.share_left == pytest.approx(86 / 150)
    assert rest.seconds == pytest.approx(whole.seconds * 86 / 150)
    execute(jobs(run), Silent())
    assert jobs(run, "clips")[0].record["timed_items"] == 86, "what the seconds in its record are about"


def test_what_was_planned_is_what_it_takes(fake_run: MakeRun) -> None:
    """The disk, as measured by one run, for another of twice the clips."""
    execute(jobs(fake_run()), Silent())
    larger = fake_run(dataset={"clip_count": 24})
    expected = of(planned(larger), "clips").bytes
    execute(jobs(larger), Silent())
    folder = jobs(larger, "clips")[0].folder
    written = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert expected == pytest.approx(written, rel=0.2)


def test_a_clip_is_heard_by_a_model_that_hears(fake_run: MakeRun) -> None:
    model = {"kind": "openai", "model": "m", "base_url": "http://127.0.0.1:1/v1"}
    found = planned(fake_run(captioner={"kind": "audio_llm", "audio_model": model}))
    asked = of(found, "captions").asked
    assert asked is not None
    assert asked.calls == 12
    assert asked.prompt_tokens > 12 * 0.25 * 25, "the sound has tokens, too"


def test_salmonn_is_asked_once_a_clip(fake_run: MakeRun, tmp_path: Path) -> None:
    for name in ("salmonn.pth", "beats.pt", "vicuna/model.safetensors"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"weights")
    files = {"checkpoint": "salmonn.pth", "beats": "beats.pt", "vicuna": "vicuna"}
    paths = {setting: str(tmp_path / name) for setting, name in files.items()}
    assert calls(planned(fake_run(captioner={"kind": "salmonn", **paths})), "captions") == 12


def test_a_wrong_setting_is_refused(asking_run: MakeRun) -> None:
    with pytest.raises(ConfigError, match="modle is not a setting"):
        planned(asking_run(modle="x"))


def test_questions_of_a_real_part_are_what_it_sends(asking_run: MakeRun) -> None:
    run = asking_run({"summarizer": {"max_tokens": 20, "attempts": 4}})
    lists = [["A dog barks."], ["Rain falls."], ["A dog barks."]]
    asked = questions(run, lambda run: run.new_summarizer().summarize(lists))
    assert (asked.calls, asked.reply_tokens) == (2, 40), "alike once, and second attempts not at all"


def test_a_blocks_weights_follow_from_its_widths() -> None:
    """AST-base: 12 blocks of width 768 with 4 h^2 in attention and 8 h^2 behind it."""
    block = [("attention_output", 768), ("intermediate", 3072), ("output", 768)]
    assert megaparameters([*block * 12, ("fc", 50)]) == pytest.approx(12 * 12 * 768**2 / 1e6)
    assert megaparameters([("fc", 50)]) == 0


def test_every_assumption_is_counted_in_something_that_is_known() -> None:
    assert {unit for cost in ASSUMED.values() for unit in (cost.seconds_unit, cost.bytes_unit)} <= set(WORK)


def test_a_plan_is_shown_with_its_assumptions(asking_run: MakeRun) -> None:
    found = planned(asking_run())
    assert heading(found) == "12 clips of 0.2 s, 17 neurons of fake"
    assert table_of(found).row_count == len(found.jobs) + 1
    said = list(notes(found))
    assert any("two CPU cores" in line for line in said)
    assert any("summaries" in line and "4 characters a token" in line for line in said)
    full = Plan(found.clips, found.clip_s, found.neurons, found.jobs, free_bytes=10)
    assert list(notes(full))[-1] == "The disk has 0.0 MB left, which is not enough."
    assert json.loads(json.dumps(for_machines(found)))["jobs"][0]["job"] == "clips"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (duration(12.4), "12 s"),
        (duration(600), "10 min"),
        (duration(9000), "2.5 h"),
        (size(3e5), "0.3 MB"),
        (size(1.25e10), "12.5 GB"),
        (counted(0), ""),
        (counted(13844), "13,844"),
        (counted(27.31e6), "27.3 M"),
    ],
)
def test_figures_are_short(shown: str, expected: str) -> None:
    assert shown == expected


def test_time_and_disk_grow_with_the_work(fake_run: MakeRun) -> None:
    seconds = [of(planned(fake_run(dataset={"clip_count": count})), "clips").seconds for count in (12, 120)]
    start = ASSUMED["clips"].start_s
    assert np.diff(np.log10(np.subtract(seconds, start))) == pytest.approx(1)
