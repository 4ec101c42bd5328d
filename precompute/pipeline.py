"""Stages, their keys and shards, and how a run resumes.

A stage writes `work/<stage>/<key>/`, where the key is a hash of everything that can change its result: the stage's
name and version, the settings it declares, and the keys of its inputs. Names are not among them: renaming a network
costs nothing. Items (clips or neurons) are cut into shards; a shard is written under a temporary name and renamed, so
it is there whole or not at all. `done.json`, written last, alone means done. Nothing is overwritten: run twice, no
work; killed at any moment, the next run redoes at most one shard.
"""

import errno
import hashlib
import json
import os
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from and_core.errors import PipelineError
from precompute.run import Run

Tables = dict[str, pa.Table]
"""Table name -> rows."""
RunShard = Callable[[range], Tables]
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
RECORDED_LIBRARIES = ("numpy", "torch", "transformers", "sentence-transformers", "librosa", "scikit-learn", "textblob")


@dataclass(frozen=True)
class Job:
    """One stage of one run, for one of its networks or for all of them."""

    stage: "Stage"
    run: Run
    network: str | None
    inputs: dict[tuple[str, str | None], "Job"] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.stage.name} {self.network}" if self.network else self.stage.name

    @cached_property
    def settings(self) -> dict[str, Any]:
        return self.stage.settings(self.run, self.network)

    @cached_property
    def key(self) -> str:
        inputs = sorted(f"{job.stage.name} {job.key}" for job in self.inputs.values())
        whole = [self.stage.name, self.stage.version, self.settings, inputs]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def folder(self) -> Path:
        return self.run.work / self.stage.name / self.key

    @property
    def is_done(self) -> bool:
        return self.stage.is_done(self)

    def input(self, stage: str, network: str | None = None) -> "Job":
        """The job whose results this one reads: of the same network, of `network`, or of the whole run."""
        return self.inputs.get((stage, network or self.network)) or self.inputs[stage, None]

    def table(self, name: str) -> pa.Table:
        """All rows of a table this job wrote, in the order of its shards; no columns when it wrote none."""
        files = sorted(self.folder.glob(f"shards/*/{name}.parquet"))
        tables = [pq.read_table(file) for file in files]
        return pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({})

    @property
    def record(self) -> dict[str, Any]:
        """What `done.json` says."""
        record: dict[str, Any] = json.loads((self.folder / "done.json").read_text(encoding="utf-8"))
        return record


class Stage(ABC):
    """One step of the pipeline. Stateless: everything about a run is in the job."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    """Raised when the stage's code changes what it writes."""
    per_network: ClassVar[bool] = True
    inputs: ClassVar[tuple[str, ...]] = ()
    """Earlier stages it reads."""
    unit: ClassVar[str] = "neurons"
    """What its items are."""
    shard_size: ClassVar[int] = 2048
    resumes: ClassVar[bool] = True
    """Whether finished shards are kept when the stage was not finished."""

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        """Settings and fingerprints, besides the inputs, that can change the result. JSON values."""
        return {}

    @abstractmethod
    def items(self, job: Job) -> int:
        """How many clips or neurons it goes through; its inputs are done when this is asked."""

    def shards(self, job: Job) -> list[range]:
        """The items of each shard."""
        items = self.items(job)
        return [range(start, min(start + self.shard_size, items)) for start in range(0, items, self.shard_size)]

    @abstractmethod
    def work(self, job: Job) -> AbstractContextManager[RunShard]:
        """Load what the stage needs, once; the context's value computes one shard; leaving it frees everything."""

    def finish(self, job: Job) -> Tables:
        """Tables made from all shards together."""
        return {}

    def tidy(self, job: Job) -> None:  # noqa: B027 (most stages leave nothing behind)
        """Delete what only its own shards needed, once everything is written; asked again after a kill."""

    def is_done(self, job: Job) -> bool:
        return (job.folder / "done.json").is_file()


class Progress(Protocol):
    """Is told what happens; `precompute.progress` draws it."""

    def kept(self, job: Job) -> None: ...

    def started(self, job: Job, items: int, already: int, shards: int) -> None: ...

    def advanced(self, job: Job, items: int) -> None: ...

    def finished(self, job: Job, seconds: float) -> None: ...


def jobs_of(run: Run, stages: Sequence[Stage]) -> list[Job]:
    """Every job of a run in an order that works. `stages` stand in that order already."""
    jobs: dict[tuple[str, str | None], Job] = {}
    for stage in stages:
        for network in run.config.network if stage.per_network else (None,):
            inputs = {
                (name, owner): job
                for (name, owner), job in jobs.items()
                if name in stage.inputs and (owner is None or network is None or owner == network)
            }
            jobs[stage.name, network] = Job(stage, run, network, inputs)
    return list(jobs.values())


def execute(jobs: Sequence[Job], progress: Progress) -> None:
    """Do what is not done yet.

    Raises:
        PipelineError: another process works on the run, or its folder cannot be written.
        AndError: whatever a stage cannot go on with; what was finished stays.
    """
    for job in jobs:
        _ = job.key  # looks at its settings: a wrong one is refused before any work
    with disk_errors_explained(jobs[0].run), locked(jobs[0].run):
        for job in jobs:
            if job.is_done:
                progress.kept(job)
            else:
                execute_job(job, progress)


def execute_job(job: Job, progress: Progress) -> None:
    """Compute the shards that are missing, then write `done.json`."""
    started = time.perf_counter()
    if job.folder.is_dir() and not job.stage.resumes:
        shutil.rmtree(job.folder)
    shards_folder = job.folder / "shards"
    shards_folder.mkdir(parents=True, exist_ok=True)
    for leftover in shards_folder.glob("*.tmp"):
        shutil.rmtree(leftover)
    shards = job.stage.shards(job)
    missing = [(i, items) for i, items in enumerate(shards) if not (shards_folder / f"{i:05d}").is_dir()]
    total, left = sum(len(items) for items in shards), sum(len(items) for _, items in missing)
    progress.started(job, total, total - left, len(shards))
    if missing:
        with job.stage.work(job) as run_shard:
            for i, items in missing:
                write_shard(shards_folder / f"{i:05d}", run_shard(items))
                progress.advanced(job, len(items))
    finished = shards_folder / "finish"
    if not finished.is_dir():
        write_shard(finished, job.stage.finish(job))
    job.stage.tidy(job)
    seconds = time.perf_counter() - started
    write_record(job, total, left, seconds)
    progress.finished(job, seconds)


def write_shard(folder: Path, tables: Tables) -> None:
    """Write a shard's tables so that it is there whole or not at all; tables without rows are left out."""
    temporary = folder.with_suffix(".tmp")
    temporary.mkdir(parents=True)
    for name, table in tables.items():
        if table.num_rows:
            pq.write_table(table, temporary / f"{name}.parquet")
    temporary.rename(folder)


def write_record(job: Job, items: int, timed: int, seconds: float) -> None:
    """Write `done.json`; `seconds` were spent on `timed` of the items, the others being done before."""
    files = sorted((job.folder / "shards").glob("*/*.parquet"))
    rows: dict[str, int] = {}
    for file in files:
        rows[file.stem] = rows.get(file.stem, 0) + pq.read_metadata(file).num_rows
    record = {
        "stage": job.stage.name,
        "version": job.stage.version,
        "network": job.network,
        "settings": job.settings,
        "inputs": {input_job.title: input_job.key for input_job in job.inputs.values()},
        "items": items,
        "timed_items": timed,
        "rows": rows,
        "seconds": round(seconds, 3),
        "versions": {library: version(library) for library in RECORDED_LIBRARIES},
    }
    temporary = job.folder / "done.json.tmp"
    temporary.write_text(json.dumps(record, indent=1, sort_keys=True), encoding="utf-8")
    temporary.replace(job.folder / "done.json")


@contextmanager
def locked(run: Run) -> Iterator[None]:
    """Hold the run's folder: two processes in one run would write over each other."""
    try:
        run.work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PipelineError(
            f"The run's folder {run.folder} cannot be made: {error.strerror}.", "Give another with --runs DIR."
        ) from error
    try:
        with FileLock(run.work / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise PipelineError(
            f"Another process is working on {run.folder}.", "Wait for it, or stop it, then run again."
        ) from error


@contextmanager
def disk_errors_explained(run: Run) -> Iterator[None]:
    """A disk that takes nothing more is a person's business: say what it costs (nothing) and how to go on."""
    try:
        yield
    except OSError as error:
        if error.errno not in (*NO_SPACE, errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        what = "The disk is full" if error.errno in NO_SPACE else "A file or folder cannot be used"
        raise PipelineError(
            f"{what}: {os.strerror(error.errno)} ({error.filename or run.folder}).",
            "Mend that, or give another folder with --runs DIR, and run again: finished shards are kept.",
        ) from error
