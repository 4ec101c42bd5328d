"""Stage `b_calibration`: module B, strike from S_h what S_l says too (paper, section 3.4)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.b_calibration.calibrate import calibrate_neurons
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.exemplars import POLARITIES
from precompute.stages.points import EmbeddedPoints, points_of_summaries


class BCalibration(Stage):
    name = "b_calibration"
    version = 2
    inputs = ("summaries", "point_embeddings")

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"threshold": run.config.b_calibration.threshold}

    def items(self, job: Job) -> int:
        return int(job.input("summaries").table("summary").num_rows) // len(POLARITIES)

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        points_of = points_of_summaries(job.input("summaries"))
        embedded = EmbeddedPoints.of(job.input("point_embeddings"))
        threshold = job.run.config.b_calibration.threshold
        yield lambda items: point_table(points_of, embedded, items, threshold)


def point_table(points_of: list[list[str]], embedded: EmbeddedPoints, items: range, threshold: float) -> Tables:
    """The points of some neurons' summaries, with the low point nearest to each high one."""
    texts = {
        polarity: [points_of[len(POLARITIES) * neuron + which] for neuron in items]
        for which, polarity in enumerate(POLARITIES)
    }
    high, low = ([text for neuron in texts[polarity] for text in neuron] for polarity in POLARITIES)
    if not high and not low:
        return {}
    rows = {polarity: embedded.row_of(flat) for polarity, flat in zip(POLARITIES, (high, low), strict=True)}
    calibration = calibrate_neurons(
        embedded.matrix, rows["high"], offsets(texts["high"]), rows["low"], offsets(texts["low"]), threshold
    )
    compared = calibration.nearest_low >= 0
    high_table = pa.table(
        {
            **point_columns(texts["high"], items, "high"),
            "kept": calibration.kept,
            "nearest_low": pa.array(calibration.nearest_low + 1, pa.int32(), mask=~compared),
            "similarity": pa.array(calibration.similarity, pa.float32(), mask=~compared),
        }
    )
    low_table = pa.table(
        {
            **point_columns(texts["low"], items, "low"),
            "kept": np.ones(len(low), dtype=bool),
            "nearest_low": pa.nulls(len(low), pa.int32()),
            "similarity": pa.nulls(len(low), pa.float32()),
        }
    )
    return {"summary_point": pa.concat_tables([high_table, low_table])}


def offsets(texts: list[list[str]]) -> npt.NDArray[np.intp]:
    """[neurons + 1] where each neuron's points begin in the flat list."""
    return np.concatenate([[0], np.cumsum([len(points_of_neuron) for points_of_neuron in texts])]).astype(np.intp)


def point_columns(texts: list[list[str]], items: range, polarity: str) -> dict[str, Any]:
    counts = [len(points_of_neuron) for points_of_neuron in texts]
    return {
        "neuron": np.repeat(np.array(items, dtype=np.int32), counts),
        "polarity": pa.repeat(polarity, sum(counts)),
        "position": pa.array([position for count in counts for position in range(1, count + 1)], pa.int32()),
        "point": pa.array([text for points_of_neuron in texts for text in points_of_neuron], pa.string()),
    }


def calibrated_summaries(job: Job) -> dict[int, list[str]]:
    """Neuron -> the points of S_h that a job of this stage kept."""
    rows = job.table("summary_point")
    kept: dict[int, list[str]] = {}
    if rows.num_rows:
        columns = (rows[name].to_pylist() for name in ("neuron", "polarity", "kept", "point"))
        for neuron, polarity, is_kept, point in zip(*columns, strict=True):
            if polarity == "high" and is_kept:
                kept.setdefault(neuron, []).append(point)
    return kept
