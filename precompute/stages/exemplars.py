"""Stage `exemplars`: the clips that excite each neuron most and least (paper, section 3.2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.exemplars import exemplars
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.activations import ActivationFolder

POLARITIES = ("high", "low")


class ExemplarStage(Stage):
    name = "exemplars"
    inputs = ("activations",)

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"k": run.config.exemplars.k}

    def items(self, job: Job) -> int:
        return ActivationFolder.of(job.input("activations")).neuron_count

    def shards(self, job: Job) -> list[range]:
        return ActivationFolder.of(job.input("activations")).ranges

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        folder = ActivationFolder.of(job.input("activations"))
        yield lambda items: exemplar_table(folder, items, job.run.config.exemplars.k)


def exemplar_table(folder: ActivationFolder, items: range, k: int) -> Tables:
    found = exemplars(folder.activations(folder.layer_of(items).name), k)
    # [neurons, polarities, ranks], so that the rows come out sorted by neuron
    clips = np.stack([found.high_clips, found.low_clips], axis=1)
    activations = np.stack([found.high_activations, found.low_activations], axis=1)
    neurons, polarities, ranks = np.indices(clips.shape).reshape(3, -1)
    return {
        "exemplar": pa.table(
            {
                "neuron": (neurons + items.start).astype(np.int32),
                "polarity": np.array(POLARITIES)[polarities].tolist(),
                "rank": (ranks + 1).astype(np.int32),
                "clip": clips.reshape(-1).astype(np.int32),
                "activation": activations.reshape(-1).astype(np.float32),
            }
        )
    }


def exemplar_clips(job: Job) -> npt.NDArray[np.int32]:
    """[neurons, 2 polarities (high, low), K] clip indices that the stage wrote."""
    table = job.table("exemplar")
    k = int(table["rank"].to_numpy().max())
    clips: npt.NDArray[np.int32] = table["clip"].to_numpy().reshape(-1, len(POLARITIES), k)
    return clips
