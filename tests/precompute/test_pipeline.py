"""Keys, shards and resuming, with a stage of two lines."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from filelock import FileLock

from and_core.errors import PipelineError
from precompute.config import Component, NetworkTable, RunConfig
from precompute.pipeline import Job, RunShard, Stage, Tables, execute, jobs_of
from precompute.run import Run


class Recorder:
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.kept_jobs: list[str] = []
        self.shards: list[str] = []
        self.resumed: dict[str, int] = {}

    def kept(self, job: Job) -> None:
        self.kept_jobs.append(job.title)

    def started(self, job: Job, items: int, already: int, shards: int) -> None:
        self.resumed[job.title] = already

    def advanced(self, job: Job, items: int) -> None:
        self.shards.append(job.title)

    def finished(self, job: Job, seconds: float) -> None:
        pass


class Squares(Stage):
    """Writes the squares of 0..9, three items a shard; `dies_at` stops it before that shard."""

    name = "squares"
    per_network = False
    shard_size = 3

    def __init__(self, dies_at: int | None = None, error: BaseException | None = None) -> None:
        self.dies_at, self.error, self.loads = dies_at, error or KeyboardInterrupt(), 0

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"k": run.config.exemplars.k}

    def items(self, job: Job) -> int:
        return 10

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        self.loads += 1
        yield self.compute

    def compute(self, items: range) -> Tables:
        if self.dies_at is not None and items.start >= 3 * self.dies_at:
            raise self.error
        return {"square": pa.table({"item": list(items), "square": [item**2 for item in items]})}


class Total(Stage):
    """Adds them up, for every network."""

    name = "total"
    inputs = ("squares",)

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"network": network}

    def items(self, job: Job) -> int:
        return 1

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        squares = job.input("squares").table("square")["square"].to_pylist()
        yield lambda _: {"total": pa.table({"network": [job.network], "total": [sum(squares)]})}


def make_run(folder: Path, **settings: Any) -> Run:
    networks = {"a": NetworkTable(kind="fake"), "b": NetworkTable(kind="fake")}
    return Run(RunConfig(name="test", dataset=Component(kind="fake"), network=networks, **settings), folder)


def test_every_network_gets_a_job_of_its_own_and_reads_what_is_shared(tmp_path: Path) -> None:
    jobs = jobs_of(make_run(tmp_path), [Squares(), Total()])
    execute(jobs, Recorder())
    assert [job.title for job in jobs] == ["squares", "total a", "total b"]
    assert [job.table("total").to_pylist() for job in jobs[1:]] == [
        [{"network": "a", "total": 285}],
        [{"network": "b", "total": 285}],
    ]


def test_a_second_run_does_no_work(tmp_path: Path) -> None:
    run, squares, recorder = make_run(tmp_path), Squares(), Recorder()
    execute(jobs_of(run, [squares, Total()]), Recorder())
    execute(jobs_of(run, [squares, Total()]), recorder)
    assert recorder.kept_jobs == ["squares", "total a", "total b"]
    assert recorder.shards == []
    assert squares.loads == 1


def test_a_killed_run_goes_on_with_the_shard_it_was_at(tmp_path: Path) -> None:
    run, recorder = make_run(tmp_path), Recorder()
    with pytest.raises(KeyboardInterrupt):
        execute(jobs_of(run, [Squares(dies_at=2)]), Recorder())
    jobs = jobs_of(run, [Squares()])
    assert not jobs[0].is_done
    execute(jobs, recorder)
    assert recorder.resumed == {"squares": 6}
    assert len(recorder.shards) == 2
    assert jobs[0].table("square")["square"].to_pylist() == [item**2 for item in range(10)]


def test_a_half_written_shard_is_thrown_away(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    job = jobs_of(run, [Squares()])[0]
    leftover = job.folder / "shards" / "00001.tmp"
    leftover.mkdir(parents=True)
    (leftover / "square.parquet").write_bytes(b"half a file")
    execute([job], Recorder())
    assert not leftover.exists()
    assert job.table("square").num_rows == 10


def test_a_changed_setting_redoes_what_depends_on_it_and_keeps_the_old_result(tmp_path: Path) -> None:
    before = jobs_of(make_run(tmp_path), [Squares(), Total()])
    after = jobs_of(make_run(tmp_path, exemplars={"k": 7}), [Squares(), Total()])
    unrelated = jobs_of(make_run(tmp_path, b_calibration={"threshold": 0.5}), [Squares(), Total()])
    assert all(old.key != new.key for old, new in zip(before, after, strict=True))
    assert [old.key for old in before] == [same.key for same in unrelated]
    execute(before, Recorder())
    execute(after, Recorder())
    assert all(job.is_done for job in before)


def test_two_processes_cannot_work_on_one_run(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.work.mkdir(parents=True)
    with FileLock(run.work / ".lock"), pytest.raises(PipelineError, match="Another process is working"):
        execute(jobs_of(run, [Squares()]), Recorder())


def test_a_full_disk_is_explained_and_costs_nothing_already_computed(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(PipelineError, match="The disk is full") as caught:
        execute(jobs_of(run, [Squares(dies_at=1, error=full)]), Recorder())
    assert "finished shards are kept" in caught.value.remedy
    recorder = Recorder()
    execute(jobs_of(run, [Squares()]), recorder)
    assert recorder.resumed == {"squares": 3}


def test_a_runs_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(PipelineError, match="cannot be made"):
        execute(jobs_of(make_run(tmp_path / "file"), [Squares()]), Recorder())
