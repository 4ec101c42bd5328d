"""Stage `captions`: d_i, a description of every clip (paper, section 3.2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa

from and_core.models.protocols import Captioner
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.clips import ClipArchive


class Captions(Stage):
    name = "captions"
    per_network = False
    inputs = ("clips",)
    unit = "clips"
    shard_size = 64

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"captioner": run.fingerprints["captioner"]}

    def items(self, job: Job) -> int:
        return int(job.input("clips").table("clip").num_rows)

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        archive = ClipArchive.of(job.input("clips"))
        captioner = job.run.new_captioner()
        yield lambda items: caption_table(captioner, archive, items)


def caption_table(captioner: Captioner, archive: ClipArchive, items: range) -> Tables:
    captions = captioner.captions([archive.clip(index) for index in items])
    return {"caption": pa.table({"clip": np.array(items, dtype=np.int32), "caption": captions})}
