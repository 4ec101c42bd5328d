"""How much a job has to go through, to come or done: clips, neurons, how large networks are."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from and_core.errors import ClipError
from precompute.pipeline import Job
from precompute.run import Run

HEAD = "fc"
CLIPS_LOOKED_AT = 8


@dataclass(frozen=True)
class Size:
    """Of one network, or of all networks of a run together."""

    clips: int
    sound_s: float
    """All clips one after the other."""
    samples: float
    """Of all clips."""
    neurons: int
    megaparameters: float
    """Millions of weights in the linear layers, from their widths."""
    pruned_plays: int = 0
    """Clips that pruned networks are played, over all experiments."""


class Sizes:
    """Of a run's jobs, as far as they can be known before anything ran; clips that cannot be read are counted."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._run = jobs[0].run
        self._clips = next(job for job in jobs if job.stage.name == "clips")

    def of(self, job: Job) -> Size:
        networks = [job.network] if job.network else list(self._layers)
        layers = [self._layers[network] for network in networks]
        settings, classes = self._run.config.ablations, len(self._run.dataset.class_names)
        experiments = classes * len(settings.strategies) * (1 + settings.random_seeds)
        clips, sound_s, samples = self._sound
        return Size(
            clips,
            sound_s,
            samples,
            neurons=sum(width for network in layers for _, width in network),
            megaparameters=sum(map(megaparameters, layers)),
            pruned_plays=experiments * min(clips, classes * settings.clips_per_class),
        )

    @cached_property
    def _layers(self) -> dict[str, list[tuple[str, int]]]:
        names = self._run.config.network
        return {name: [(layer.kind, layer.width) for layer in self._run.new_network(name).layers()] for name in names}

    @cached_property
    def _sound(self) -> tuple[int, float, float]:
        """Clips, seconds and samples: of those that the stage `clips` kept, or by a few clips of the data set."""
        if self._clips.is_done:
            return sound_of(self._clips.table("clip"))
        count = len(self._run.dataset)
        few, sound_s, samples = sound_of_few(self._run)
        return count, sound_s * count / max(few, 1), samples * count / max(few, 1)


def sound_of(clips: pa.Table) -> tuple[int, float, float]:
    seconds = clips["seconds"].to_numpy()
    return len(seconds), float(seconds.sum()), float((seconds * clips["sample_rate_hz"].to_numpy()).sum())


def sound_of_few(run: Run) -> tuple[int, float, float]:
    """Of a few clips from all over the data set, without those that cannot be read."""
    count, sound_s, samples = 0, 0.0, 0
    for item in np.unique(np.linspace(0, len(run.dataset) - 1, CLIPS_LOOKED_AT, dtype=int)).tolist():
        try:
            clip = run.dataset.clip(item)
        except ClipError:
            continue
        count += 1
        samples += len(clip.waveform)
        sound_s += len(clip.waveform) / clip.sample_rate_hz
    return count, sound_s, samples


def megaparameters(layers: Sequence[tuple[str, int]]) -> float:
    """Millions of weights behind layers (kind, width): in a transformer block of width h, 12 h^2 behind 6 h neurons."""
    hidden = [width for kind, width in layers if kind != HEAD]
    return 2 * min(hidden, default=0) * sum(hidden) / 1e6


def size_of_done(folder: Path) -> Size | None:
    """What the job that is done in `folder` went through; None where what it read is gone."""
    sound, networks = (0, 0.0, 0.0), {}
    for earlier in set(_line(folder)):
        shards = earlier / "shards"
        if earlier.parent.name == "clips":
            tables = [pq.read_table(file) for file in shards.glob("*/clip.parquet")]
            sound = sound_of(pa.concat_tables(tables, promote_options="permissive"))
        if earlier.parent.name == "activations":
            layers = pq.read_table(shards / "finish" / "layer.parquet", columns=["kind", "width"]).to_pylist()
            networks[earlier.name] = [(layer["kind"], layer["width"]) for layer in layers]
    if not sound[0]:
        return None
    plays = [pc.sum(pq.read_table(file)["clip_count"]).as_py() for file in folder.glob("shards/*/ablation.parquet")]
    return Size(
        *sound,
        neurons=sum(width for layers in networks.values() for _, width in layers),
        megaparameters=sum(map(megaparameters, networks.values())),
        pruned_plays=sum(plays),
    )


def _line(folder: Path) -> Iterator[Path]:
    """The folder itself and those of everything it was made from, as far as they are there."""
    yield folder
    for title, key in record_in(folder)["inputs"].items():
        earlier = folder.parent.parent / title.split(" ")[0] / key
        if (earlier / "done.json").is_file():
            yield from _line(earlier)


def record_in(folder: Path) -> Mapping[str, Any]:
    record: dict[str, Any] = json.loads((folder / "done.json").read_text(encoding="utf-8"))
    return record
