"""Stage `b_calibration`: module B, strike from S_h what S_l says too (paper, section 3.4)."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.b_calibration.calibrate import calibrate_neurons
from and_core.algorithms.b_calibration.points import points
from and_core.models.protocols import FloatArray, TextEncoder
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.exemplars import POLARITIES


class BCalibration(Stage):
    name = "b_calibration"
    inputs = ("summaries",)

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"threshold": run.config.b_calibration.threshold, "text_encoder": run.fingerprints["text_encoder"]}

    def items(self, job: Job) -> int:
        return int(job.input("summaries").table("summary").num_rows) // len(POLARITIES)

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        summaries = job.input("summaries").table("summary")["summary"].to_pylist()
        points_of = [points(summary or "") for summary in summaries]
        embedded = EmbeddedPoints.of(points_of, job.run.new_text_encoder())
        threshold = job.run.config.b_calibration.threshold
        yield lambda items: point_table(points_of, embedded, items, threshold)


@dataclass(frozen=True)
class EmbeddedPoints:
    """Every different point of a network once: neurons share most of them.

    All are embedded together and in a fixed order, because an encoder's last digits depend on a text's company: a run
    that was stopped and one that was not must strike the same points.
    """

    rows: dict[str, int]
    """Point -> row of `matrix`."""
    matrix: FloatArray
    """[different points, D]"""

    @classmethod
    def of(cls, points_of: Iterable[Sequence[str]], encoder: TextEncoder) -> "EmbeddedPoints":
        different = sorted({point for points_of_summary in points_of for point in points_of_summary})
        return cls({point: row for row, point in enumerate(different)}, encoder.embed(different))

    def row_of(self, texts: Sequence[str]) -> npt.NDArray[np.intp]:
        return np.array([self.rows[text] for text in texts], dtype=np.intp)


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
