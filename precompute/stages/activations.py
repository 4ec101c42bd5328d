"""Stage `activations`: play the clips to the target network; one number per neuron and clip, and the logits.

Shards write rows of clips into one file as they come, each in one place; the end turns it into a file a layer,
neurons x clips, which later stages map into memory. Writing columns at once would touch every page of every file
with every shard.
"""

import itertools
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.exemplars import neuron_statistics
from and_core.errors import NetworkError
from and_core.models.protocols import FloatArray, Layer, TargetNetwork
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.clips import ClipArchive

ROWS = "rows.npy"
"""[clips, neurons of all layers], while shards are written."""


class Activations(Stage):
    name = "activations"
    version = 2
    inputs = ("clips",)
    unit = "clips"
    shard_size = 64

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"network": run.fingerprints[f"network.{network}"]}

    def items(self, job: Job) -> int:
        return int(job.input("clips").table("clip").num_rows)

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        archive = ClipArchive.of(job.input("clips"))
        network = job.run.new_network(str(job.network))
        rows = open_array(job.folder / ROWS, (len(archive), sum(layer.width for layer in network.layers())))
        with ReadAhead(network, archive, self.shards(job)) as features:
            yield lambda items: play(network, features.of(items), archive, items, rows)

    def finish(self, job: Job) -> Tables:
        network = job.run.new_network(str(job.network))
        rows = np.load(job.folder / ROWS, mmap_mode="r")
        statistics, first = [], 0
        for layer in network.layers():
            activations = np.ascontiguousarray(rows[:, first : first + layer.width].T)
            save_array(layer_file(job.folder, layer.name), activations)
            statistics.append(neuron_statistics(activations))
            first += layer.width
        mean, std, quantiles = (np.concatenate(part) for part in zip(*statistics, strict=True))
        return {
            "layer": pa.Table.from_pylist([asdict(layer) for layer in network.layers()]),
            "network": pa.table(
                {
                    "pool": [network.pool],
                    "sample_rate_hz": [network.sample_rate_hz],
                    "longest_s": pa.array([network.longest_s], pa.float64()),
                    "class_names": pa.array([list(network.class_names)], pa.list_(pa.string())),
                }
            ),
            "neuron": pa.table({"mean": mean, "std": std, "quantiles": list(quantiles)}),
        }

    def tidy(self, job: Job) -> None:
        (job.folder / ROWS).unlink(missing_ok=True)


def layer_file(folder: Path, layer: str) -> Path:
    return folder / f"{layer}.npy"


def open_array(file: Path, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """A memory-mapped float32 array, made with its full size on disk where it is not there yet."""
    if not file.is_file():
        temporary = file.with_suffix(".tmp")
        np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float32, shape=shape)
        # A sparse file on a full disk would kill the process at a later write: claim the space now.
        if hasattr(os, "posix_fallocate"):  # not on macOS
            with temporary.open("r+b") as handle:
                os.posix_fallocate(handle.fileno(), 0, temporary.stat().st_size)
        temporary.rename(file)
    array: npt.NDArray[np.float32] = np.load(file, mmap_mode="r+")
    return array


def save_array(file: Path, array: npt.NDArray[np.float32]) -> None:
    with file.with_suffix(".tmp").open("wb") as handle:
        np.save(handle, array)
    file.with_suffix(".tmp").replace(file)


class ReadAhead:
    """Reads the next shard's clips and computes their features while the network plays this one's."""

    def __init__(self, network: TargetNetwork, archive: ClipArchive, shards: list[range]) -> None:
        self._network, self._archive = network, archive
        self._next = dict(itertools.pairwise(shards))
        self._pending: dict[range, Future[list[FloatArray]]] = {}
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")

    def __enter__(self) -> "ReadAhead":
        return self

    def __exit__(self, *_error: object) -> None:
        self._reader.shutdown(cancel_futures=True)

    def of(self, items: range) -> list[FloatArray]:
        """What the network reads of the shard's clips."""
        features = self._pending.pop(items, None) or self._submit(items)
        following = self._next.get(items)
        if following is not None:
            self._pending[following] = self._submit(following)
        return features.result()

    def _submit(self, items: range) -> Future[list[FloatArray]]:
        return self._reader.submit(
            lambda: self._network.features(self._archive.waveforms(items, self._network.sample_rate_hz))
        )


def play(
    network: TargetNetwork,
    features: list[FloatArray],
    archive: ClipArchive,
    items: range,
    rows: npt.NDArray[np.float32],
) -> Tables:
    """Write the activations of some clips into `rows` [clips, neurons], and return their logits."""
    layers = [layer.name for layer in network.layers()]
    logits, activations = network.forward_features(features, layers)
    played = np.concatenate([activations[layer] for layer in layers], axis=1)
    check_finite(played, archive, items)
    rows[items.start : items.stop] = played
    rows.flush()  # type: ignore[attr-defined]
    logit = pa.array(list(logits), pa.list_(pa.float32()))
    return {"logit": pa.table({"clip": np.array(items, dtype=np.int32), "logits": logit})}


def check_finite(played: FloatArray, archive: ClipArchive, items: range) -> None:
    """
    Raises:
        NetworkError: a neuron answers a clip with NaN or infinity. `played` is [clips, neurons].
    """
    bad = ~np.isfinite(played).all(axis=1)
    if bad.any():
        clip = archive.rows[items[int(np.flatnonzero(bad)[0])]]
        raise NetworkError(
            f"The network answers {clip['filename']} with activations that are not finite.",
            "Check its weights and preprocessor_config.json, or leave the clip out of the data set.",
        )


def constant_neurons(job: Job) -> npt.NDArray[np.bool_]:
    """[neurons] whether a neuron answers every clip alike, so that no clip is an exemplar of anything."""
    constant: npt.NDArray[np.bool_] = job.table("neuron")["std"].to_numpy() == 0
    return constant


@dataclass(frozen=True)
class ActivationFolder:
    """What the stage wrote, for the stages that read it."""

    folder: Path
    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, job: Job) -> "ActivationFolder":
        return cls(job.folder, tuple(Layer(**row) for row in job.table("layer").to_pylist()))

    @property
    def neuron_count(self) -> int:
        return sum(layer.width for layer in self.layers)

    @property
    def ranges(self) -> list[range]:
        """The neurons of each layer, numbered through the network."""
        ends = np.cumsum([layer.width for layer in self.layers]).tolist()
        return [range(end - layer.width, end) for end, layer in zip(ends, self.layers, strict=True)]

    def layer_of(self, neurons: range) -> Layer:
        return self.layers[self.ranges.index(neurons)]

    def activations(self, layer: str) -> npt.NDArray[np.float32]:
        """[width, N clips], memory-mapped."""
        array: npt.NDArray[np.float32] = np.load(layer_file(self.folder, layer), mmap_mode="r")
        return array
