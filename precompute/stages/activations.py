"""Stage `activations`: play the clips to the target network; one number per neuron and clip, and the logits."""

import os
from collections.abc import Iterator
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


class Activations(Stage):
    name = "activations"
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
        files = [layer_file(job.folder, layer.name) for layer in network.layers()]
        arrays = [
            open_array(file, (layer.width, len(archive))) for file, layer in zip(files, network.layers(), strict=True)
        ]
        yield lambda items: play(network, archive, items, arrays)

    def finish(self, job: Job) -> Tables:
        network = job.run.new_network(str(job.network))
        statistics = [neuron_statistics(np.load(layer_file(job.folder, layer.name))) for layer in network.layers()]
        mean, std, quantiles = (np.concatenate(part) for part in zip(*statistics, strict=True))
        return {
            "layer": pa.Table.from_pylist([asdict(layer) for layer in network.layers()]),
            "network": pa.table(
                {
                    "pool": [network.pool],
                    "sample_rate_hz": [network.sample_rate_hz],
                    "class_names": [list(network.class_names)],
                }
            ),
            "neuron": pa.table({"mean": mean, "std": std, "quantiles": list(quantiles)}),
        }


def layer_file(folder: Path, layer: str) -> Path:
    return folder / f"{layer}.npy"


def open_array(file: Path, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    """A memory-mapped array [neurons, clips], made with its full size on disk where it is not there yet."""
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


def play(network: TargetNetwork, archive: ClipArchive, items: range, arrays: list[npt.NDArray[np.float32]]) -> Tables:
    """Write the activations of some clips into the layers' arrays, and return their logits."""
    layers = network.layers()
    logits, activations = network.forward(
        archive.waveforms(items, network.sample_rate_hz), [layer.name for layer in layers]
    )
    check_finite(logits, archive, items)
    for layer, array in zip(layers, arrays, strict=True):
        array[:, items.start : items.stop] = activations[layer.name].T
        array.flush()  # type: ignore[attr-defined]
    return {"logit": pa.table({"clip": np.array(items, dtype=np.int32), "logits": list(logits)})}


def check_finite(logits: FloatArray, archive: ClipArchive, items: range) -> None:
    bad = ~np.isfinite(logits).all(axis=1)
    if bad.any():
        clip = archive.rows[items[int(np.flatnonzero(bad)[0])]]
        raise NetworkError(
            f"The network answers {clip['filename']} with logits that are not finite.",
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
