"""A plan as a person reads it."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE
from rich.table import Column, Table

from precompute.planning.plan import Plan, PlannedJob
from precompute.planning.questions import Asked

ABOUT = "~"
"""Before what is assumed."""


def heading(plan: Plan) -> str:
    networks = ", ".join(f"{neurons:,} neurons of {name}" for name, neurons in plan.neurons.items())
    return f"{plan.clips:,} clips of {plan.clip_s:.1f} s, {networks}"


def table_of(plan: Plan) -> Table:
    """A row a job, and the total; what a model is asked only where one is."""
    asked = [job.asked for job in plan.jobs if job.asked]
    table = Table(Column("stage", no_wrap=True), "state", box=SIMPLE, pad_edge=False)
    for column in (*(("calls", "prompt tokens", "reply tokens") if asked else ()), "time", "disk"):
        table.add_column(column, justify="right")
    for job in plan.jobs:
        table.add_row(*row_of(job, with_counts=bool(asked)))
    table.add_section()
    seconds, count = sum(job.seconds for job in plan.jobs), sum(job.bytes for job in plan.jobs)
    table.add_row("together", "", *(counts_of(asked) if asked else ()), duration(seconds), size(count))
    return table


def row_of(job: PlannedJob, with_counts: bool) -> tuple[str, ...]:
    if not job.share_left:
        return job.title, "done"
    state = "to do" if job.share_left == 1 else f"{1 - job.share_left:.0%} done"
    counts = counts_of([job.asked] if job.asked else []) if with_counts else ()
    if job.cost is None:
        return job.title, state, *counts, "?", "?"
    about = ABOUT if job.assumed else ""
    return job.title, state, *counts, about + duration(job.seconds), size(job.bytes)


def counts_of(asked: Sequence[Asked]) -> tuple[str, ...]:
    """Calls, and tokens of prompts and replies, together."""
    return (
        counted(sum(each.calls for each in asked)),
        counted(sum(each.prompt_tokens for each in asked)),
        counted(sum(each.reply_tokens for each in asked)),
    )


def notes(plan: Plan) -> Iterator[str]:
    """What is measured, assumed and left out, and whether the disk is large enough."""
    runs = sorted({job.cost.run for job in plan.jobs if job.share_left and job.cost and job.cost.run})
    if runs:
        yield f"Times without {ABOUT} go by what was measured in the runs folder ({', '.join(runs)})."
    assumed = {(job.title.split(" ")[0], job.assumed): None for job in plan.jobs if job.assumed}
    if assumed:
        yield f"{ABOUT} is assumed, stages as on two CPU cores; a GPU is much faster:"
        yield from (f"  {stage}: {'; '.join(figures)}" for stage, figures in assumed)
    if any(job.asked for job in plan.jobs):
        yield "Questions that are answered already, or known to be alike, are not counted; nor are second attempts."
    needed = sum(job.bytes for job in plan.jobs)
    if needed > plan.free_bytes:
        yield f"The disk has {size(plan.free_bytes)} left, which is not enough."


def counted(number: float) -> str:
    """`13,844`, `27.3 M`; nothing for 0."""
    if number >= 1e6:
        return f"{number / 1e6:,.1f} M"
    return f"{number:,.0f}" if number else ""


def duration(seconds: float) -> str:
    """`12 s`, `3 min`, `2.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


def size(count: float) -> str:
    """`0.3 MB`, `12 GB`."""
    return f"{count / 1e6:,.1f} MB" if count < 1e9 else f"{count / 1e9:,.1f} GB"
