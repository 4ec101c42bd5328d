"""Draws progress: a bar a stage on a terminal, and a line a stage everywhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from precompute.pipeline import Job
from precompute.reply_log import Asking


class RateColumn(ProgressColumn):
    """Items a second since this run of the stage began."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


class ShardColumn(ProgressColumn):
    """The shard; or, where a language model is at work, the tokens that it writes a second."""

    def render(self, task: Task) -> Text:
        tokens_per_s = task.fields["tokens_per_s"]
        if tokens_per_s:
            return Text(f"{tokens_per_s:,.0f} tok/s" if tokens_per_s < 9999 else f"{tokens_per_s / 1000:.0f}k tok/s")
        return Text(f"shard {task.fields['shard']}/{task.fields['shards']}")


class RichProgress:
    """Implements `pipeline.Progress`; a context manager."""

    def __init__(self, console: Console) -> None:
        self.console = console
        # Together no wider than 80 columns, so that nothing is cut off.
        self.bars = Progress(
            TextColumn("{task.description:26}"),
            BarColumn(bar_width=8),
            TextColumn("{task.completed:.0f}/{task.total:.0f} {task.fields[unit]}"),
            ShardColumn(),
            RateColumn(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.task: TaskID | None = None
        self.kept_count = self.finished_items = self.shard_items = 0

    def __enter__(self) -> "RichProgress":
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    def kept(self, job: Job) -> None:
        self.kept_count += 1
        self.console.print(f"[dim]{job.title:34} already done[/dim]")

    def started(self, job: Job, items: int, already: int, shards: int) -> None:
        self.finished_items, self.shard_items = already, -(-items // max(shards, 1))
        self.task = self.bars.add_task(
            job.title, total=items, completed=already, unit=job.stage.unit, shard=0, shards=shards, tokens_per_s=0
        )
        if already:
            self.console.print(f"{job.title:34} goes on after {already:,} of {items:,} {job.stage.unit}")

    def advanced(self, job: Job, items: int) -> None:
        self.finished_items += items
        if self.task is not None:
            shard = self.bars.tasks[-1].fields["shard"] + 1
            self.bars.update(self.task, completed=self.finished_items, shard=shard)

    def asked(self, asking: Asking) -> None:
        """Move on within a shard as replies come: shards of a slow model take an hour."""
        if self.task is not None and asking.total:
            bar = self.bars.tasks[-1]
            of_shard = min(self.shard_items, int(bar.total or 0) - self.finished_items)
            completed = self.finished_items + of_shard * asking.done / asking.total
            self.bars.update(self.task, completed=max(bar.completed, completed), tokens_per_s=asking.tokens_per_s)

    def finished(self, job: Job, seconds: float) -> None:
        if self.task is not None:
            self.bars.remove_task(self.task)
        items = job.record["items"]
        self.console.print(f"{job.title:34} {items:>7,} {job.stage.unit} in {seconds:,.1f} s")


@contextmanager
def training_bar(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each thing that is counted while a network is trained; the value takes (what, done, of how many)."""
    bars = Progress(
        TextColumn("{task.description:34}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    tasks: dict[str, TaskID] = {}

    def advance(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
        bars.update(tasks[what], completed=done, total=total)

    with bars:
        yield advance


@contextmanager
def byte_bar(console: Console) -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar for each thing that is counted in bytes; the value takes (what, done, of how many where that is known)."""
    bars = Progress(
        TextColumn("{task.description:12}"),
        BarColumn(bar_width=16),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    tasks: dict[str, TaskID] = {}

    def advance(what: str, done: int, total: int | None) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
        bars.update(tasks[what], completed=done, total=total)

    with bars:
        yield advance
