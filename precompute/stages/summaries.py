"""Stage `summaries`: S_h and S_l, what the captions of a neuron's top and bottom clips share (paper, section 3.2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.models.protocols import Answer, Summarizer
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run, freed
from precompute.stages.activations import constant_neurons
from precompute.stages.answers import answer_columns
from precompute.stages.exemplars import POLARITIES, exemplar_clips


class Summaries(Stage):
    name = "summaries"
    version = 2
    inputs = ("activations", "exemplars", "captions")

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"summarizer": run.fingerprints["summarizer"]}

    def items(self, job: Job) -> int:
        return len(exemplar_clips(job.input("exemplars")))

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        clips = exemplar_clips(job.input("exemplars"))
        constant = constant_neurons(job.input("activations"))
        captions: list[str | None] = job.input("captions").table("caption")["caption"].to_pylist()
        with freed(job.run.new_summarizer()) as summarizer:
            yield lambda items: summary_table(summarizer, caption_lists(captions, clips, constant, items), items)


def caption_lists(
    captions: list[str | None], clips: npt.NDArray[np.int32], constant: npt.NDArray[np.bool_], items: range
) -> list[list[str]]:
    """The captions of each neuron's exemplars, high then low; none for a neuron that answers every clip alike."""
    return [
        [] if constant[neuron] else [caption for clip in exemplars if (caption := captions[clip])]
        for neuron in items
        for exemplars in clips[neuron].tolist()
    ]


def summary_table(summarizer: Summarizer, lists: list[list[str]], items: range) -> Tables:
    """One summary a list; an empty list is not asked about and has none."""
    asked = [i for i, captions in enumerate(lists) if captions]
    answers: list[Answer[str]] = [Answer(None)] * len(lists)
    for i, answer in zip(asked, summarizer.summarize([lists[i] for i in asked]), strict=True):
        answers[i] = answer
    return {
        "summary": pa.table(
            {
                "neuron": np.repeat(np.array(items, dtype=np.int32), len(POLARITIES)),
                "polarity": list(POLARITIES) * len(items),
                **answer_columns(answers, "summary", pa.string()),
            }
        )
    }
