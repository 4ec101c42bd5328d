"""Stage `point_embeddings`: the points of all summaries of a run, each different one embedded once (module B).

Neurons and networks share most of their points. They are embedded in a fixed order and in shards that stay the same,
because an encoder's last digits depend on a text's company: a run that was stopped and one that was not must strike
the same points.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.b_calibration.points import points
from and_core.models.protocols import FloatArray
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run, freed
from precompute.stages.embeddings import embedding_rows, read_embeddings


class PointEmbeddings(Stage):
    name = "point_embeddings"
    per_network = False
    inputs = ("summaries",)
    unit = "points"

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"text_encoder": run.fingerprints["text_encoder"]}

    def items(self, job: Job) -> int:
        return len(different_points(job))

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        texts = different_points(job)
        with freed(job.run.new_text_encoder()) as encoder:

            def embed(items: range) -> Tables:
                shard = texts[items.start : items.stop]
                rows = embedding_rows(encoder.embed(shard))
                return {"point_embedding": pa.table({"point": pa.array(shard, pa.string()), "embedding": rows})}

            yield embed


def points_of_summaries(job: Job) -> list[list[str]]:
    """The points of every summary that a job of the stage `summaries` wrote, in its order."""
    return [points(summary or "") for summary in job.table("summary")["summary"].to_pylist()]


def different_points(job: Job) -> list[str]:
    """Those of all networks of the run, sorted."""
    networks = (job.input("summaries", name) for name in job.run.config.network)
    return sorted(
        {point for network in networks for of_summary in points_of_summaries(network) for point in of_summary}
    )


@dataclass(frozen=True)
class EmbeddedPoints:
    """What a job of the stage wrote."""

    rows: dict[str, int]
    """Point -> row of `matrix`."""
    matrix: FloatArray
    """[different points, D]"""

    @classmethod
    def of(cls, job: Job) -> "EmbeddedPoints":
        table = job.table("point_embedding")
        if not table.num_rows:
            return cls({}, np.zeros((0, 1), np.float32))
        return cls({point: row for row, point in enumerate(table["point"].to_pylist())}, read_embeddings(table))

    def row_of(self, texts: Sequence[str]) -> npt.NDArray[np.intp]:
        return np.array([self.rows[text] for text in texts], dtype=np.intp)
