"""Stage `summaries`: S_h and S_l, what the captions of a neuron's top and bottom clips share (paper, section 3.2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.models.protocols import Summarizer
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.exemplars import POLARITIES, exemplar_clips


class Summaries(Stage):
    name = "summaries"
    inputs = ("exemplars", "captions")

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"summarizer": run.fingerprints["summarizer"]}

    def items(self, job: Job) -> int:
        return len(exemplar_clips(job.input("exemplars")))

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        clips = exemplar_clips(job.input("exemplars"))
        captions: list[str | None] = job.input("captions").table("caption")["caption"].to_pylist()
        summarizer = job.run.new_summarizer()
        yield lambda items: summary_table(summarizer, captions, clips[items.start : items.stop], items)


def summary_table(
    summarizer: Summarizer, captions: list[str | None], clips: npt.NDArray[np.int32], items: range
) -> Tables:
    lists = [
        [caption for clip in exemplar_list if (caption := captions[clip])]
        for exemplar_list in clips.reshape(-1, clips.shape[-1]).tolist()
    ]
    return {
        "summary": pa.table(
            {
                "neuron": np.repeat(np.array(items, dtype=np.int32), len(POLARITIES)),
                "polarity": list(POLARITIES) * len(items),
                "summary": pa.array(summarizer.summarize(lists), pa.string()),
            }
        )
    }
