"""What stages cost, by the amount of their work: assumed, or as runs in the same folder measured it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from precompute.clean import size_of
from precompute.pipeline import Job
from precompute.planning.sizes import Size, record_in, size_of_done

WORK: dict[str, Callable[[Size], float]] = {
    "clip": lambda size: size.clips,
    "second of sound": lambda size: size.sound_s,
    "thousand samples": lambda size: size.samples / 1e3,
    "neuron": lambda size: size.neurons,
    "thousand activations": lambda size: size.clips * size.neurons / 1e3,
    "clip and million weights": lambda size: size.clips * size.megaparameters,
    "pruned clip and million weights": lambda size: size.pruned_plays * size.megaparameters,
}
"""What work is counted in."""


@dataclass(frozen=True)
class Cost:
    """Of a stage."""

    start_s: float
    """Until its first item: loading, always assumed, so that a small run does not make a large one seem slow."""
    seconds: float
    seconds_unit: str
    """One of `WORK`: what the seconds are for."""
    bytes: float
    bytes_unit: str
    run: str | None = None
    """Which measured it; None where it is assumed."""

    def of(self, size: Size) -> tuple[float, float]:
        """Seconds, and bytes that stay on the disk."""
        return (
            self.start_s + self.seconds * WORK[self.seconds_unit](size),
            self.bytes * WORK[self.bytes_unit](size),
        )

    @property
    def assumed(self) -> tuple[str, ...]:
        """Itself in words, where nobody measured it."""
        seconds = f"{self.start_s:g} s, then {self.seconds:g} s a {self.seconds_unit}"
        return () if self.run else (f"{seconds}; {self.bytes:g} B a {self.bytes_unit}",)


ASSUMED = {
    "clips": Cost(1, 0.01, "second of sound", 1500, "thousand samples"),
    "activations": Cost(4, 0.015, "clip and million weights", 4100, "thousand activations"),
    "exemplars": Cost(0, 1e-4, "thousand activations", 85, "neuron"),
    "token_traces": Cost(4, 0.03, "clip and million weights", 500, "neuron"),
    "captions": Cost(0, 4e-3, "clip", 100, "clip"),
    "caption_clusters": Cost(6, 0.02, "clip", 300, "clip"),
    "name_cosines": Cost(4, 1e-4, "clip", 20, "clip"),
    "summaries": Cost(1, 2e-4, "neuron", 80, "neuron"),
    "caption_embeddings": Cost(6, 5e-3, "clip", 1600, "clip"),
    "audio_embeddings": Cost(5, 0.05, "second of sound", 2100, "clip"),
    "a_closed_concept": Cost(0, 1e-3, "thousand activations", 200, "neuron"),
    "a_in_context": Cost(6, 1e-3, "neuron", 30, "neuron"),
    "point_embeddings": Cost(4, 1e-3, "neuron", 800, "neuron"),
    "b_calibration": Cost(0, 2e-4, "neuron", 50, "neuron"),
    "acoustic_words": Cost(1, 1e-4, "neuron", 5, "neuron"),
    "c_open_concept": Cost(1, 2e-4, "neuron", 50, "neuron"),
    "interpretability": Cost(0, 1e-4, "neuron", 20, "neuron"),
    "ablations": Cost(5, 0.01, "pruned clip and million weights", 50, "neuron"),
    "publish": Cost(1, 1.5e-3, "thousand activations", 5000, "thousand activations"),
}
"""On two CPU cores."""
DIFFERS_BY_WHO_DOES_IT = ("captions", "audio_embeddings", "summaries", "a_in_context", "acoustic_words")
"""Stages of which another configuration's speed says nothing."""


class Measured:
    """What the jobs that are done in a folder of runs cost."""

    def __init__(self, runs_folder: Path) -> None:
        files = sorted(runs_folder.glob("*/work/*/*/done.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        self._done = [(file.parent, record_in(file.parent)) for file in files]

    def cost(self, job: Job) -> Cost | None:
        """As the newest job with the same settings had it, else, where these change the amount of work alone, as the
        newest of the same stage; what is assumed where there is none; None of a stage of which nothing is known.
        """
        usual = ASSUMED.get(job.stage.name)
        measured = (_cost(folder, record, usual) for folder, record in self._like(job)) if usual else iter(())
        return next(filter(None, measured), usual)

    def _like(self, job: Job) -> Iterator[tuple[Path, Any]]:
        stage = (job.stage.name, job.stage.version)
        done = [(folder, record) for folder, record in self._done if (record["stage"], record["version"]) == stage]
        yield from (pair for pair in done if pair[1]["settings"] == job.settings)
        if job.stage.name not in DIFFERS_BY_WHO_DOES_IT:
            yield from done


def _cost(folder: Path, record: Any, usual: Cost) -> Cost | None:
    """What a job cost; None where nothing of it was timed, or there was too little to do."""
    size = size_of_done(folder)
    share = record.get("timed_items", 0) / max(record["items"], 1)  # after a stop, its seconds are of the rest alone
    if size is None or not share:
        return None
    seconds_work, bytes_work = WORK[usual.seconds_unit](size) * share, WORK[usual.bytes_unit](size)
    if not seconds_work or not bytes_work:
        return None
    run = folder.parents[2]
    store = run / "store" / f"and-{folder.name}.duckdb"
    written = size_of(folder) + (size_of(store) if store.is_file() else 0)
    # Of a job that is mostly start, what is known is that an item took no longer.
    seconds = max(record["seconds"] - usual.start_s, record["seconds"] / 2) / seconds_work
    return Cost(usual.start_s, seconds, usual.seconds_unit, written / bytes_work, usual.bytes_unit, run.name)
