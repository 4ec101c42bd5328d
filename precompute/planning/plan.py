"""A run's plan: what is left to do, job by job, and what it takes."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from precompute.pipeline import Job
from precompute.planning.asking import ASKING
from precompute.planning.costs import ASSUMED, Cost, Measured
from precompute.planning.questions import Asked
from precompute.planning.sizes import Size, Sizes


@dataclass(frozen=True)
class PlannedJob:
    """What is left of one job."""

    title: str
    share_left: float
    """Of its items: 0 where it is done, 1 where nothing is."""
    size: Size
    cost: Cost | None
    """Of the stage without its model; None where nothing is known of it."""
    asked: Asked | None
    """None where it asks no model."""

    @property
    def seconds(self) -> float:
        stage = self.cost.of(self.size)[0] * self.share_left if self.cost else 0.0
        return stage + (self.asked.seconds if self.asked else 0.0)

    @property
    def bytes(self) -> float:
        return self.cost.of(self.size)[1] * self.share_left if self.cost else 0.0

    @property
    def assumed(self) -> tuple[str, ...]:
        """What these figures go by that nobody has measured."""
        stage = ("nothing is known of it",) if self.cost is None else self.cost.assumed
        return (*stage, *(self.asked.assumed if self.asked else ())) if self.share_left else ()


@dataclass(frozen=True)
class Plan:
    clips: int
    clip_s: float
    """Of a clip, on average."""
    neurons: dict[str, int]
    """Of each network."""
    jobs: list[PlannedJob]
    free_bytes: int
    """On the disk of the runs folder."""


def plan(jobs: Sequence[Job]) -> Plan:
    """What is left of a run.

    Raises:
        AndError: a part of the configuration cannot be used.
    """
    for job in jobs:
        _ = job.key  # a wrong setting is refused before anything is counted
    sizes, measured = Sizes(jobs), Measured(jobs[0].run.runs_folder)
    planned = [planned_job(job, sizes.of(job), measured) for job in jobs]
    whole = planned[0].size
    neurons = {str(job.network): sizes.of(job).neurons for job in jobs if job.network}
    return Plan(whole.clips, whole.sound_s / max(whole.clips, 1), neurons, planned, free_bytes(jobs[0].run.runs_folder))


def for_machines(plan: Plan) -> dict[str, Any]:
    """A plan as JSON values; tokens and seconds of jobs that are done are 0."""
    jobs = [
        {
            "job": job.title,
            "share_left": job.share_left,
            "calls": job.asked.calls if job.asked else 0,
            "prompt_tokens": job.asked.prompt_tokens if job.asked else 0,
            "reply_tokens": job.asked.reply_tokens if job.asked else 0,
            "seconds": job.seconds,
            "bytes": job.bytes,
            "assumed": list(job.assumed),
        }
        for job in plan.jobs
    ]
    return {"clips": plan.clips, "clip_s": plan.clip_s, "neurons": plan.neurons, "jobs": jobs}


def planned_job(job: Job, size: Size, measured: Measured) -> PlannedJob:
    left = share_left(job)
    ask = ASKING.get(job.stage.name)
    asked = ask(job, size) if ask and left else None
    # Of a stage that asks, what earlier jobs took has the model's time in it.
    cost = ASSUMED.get(job.stage.name) if asked else measured.cost(job)
    return PlannedJob(job.title, left, size, cost, asked)


def share_left(job: Job) -> float:
    """Of a job's items, those in shards that are not there yet."""
    if job.is_done:
        return 0.0
    there = {int(folder.name) for folder in job.folder.glob("shards/*") if folder.name.isdigit()}
    if not there:
        return 1.0
    shards = job.stage.shards(job)
    return sum(len(items) for i, items in enumerate(shards) if i not in there) / max(sum(map(len, shards)), 1)


def free_bytes(folder: Path) -> int:
    """On the disk where the folder is, or will be."""
    there = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.is_dir())
    return shutil.disk_usage(there).free
