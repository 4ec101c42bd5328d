"""Stage `interpretability`: how many of a neuron's K captions share a cluster (Algorithm 1, second half)."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
from and_core.algorithms.interpretability import shared_clips

from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.stages.exemplars import exemplar_clips


class Interpretability(Stage):
    name = "interpretability"
    inputs = ("exemplars", "caption_clusters", "captions")

    def items(self, job: Job) -> int:
        return len(exemplar_clips(job.input("exemplars")))

    def shards(self, job: Job) -> list[range]:
        return [range(self.items(job))]

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        yield lambda items: interpretability_table(job, items)


def interpretability_table(job: Job, items: range) -> Tables:
    sentences = job.input("caption_clusters").table("caption_sentence")
    clusters = sentences["cluster"].to_numpy()
    in_cluster = np.zeros((job.input("captions").table("caption").num_rows, clusters.max() + 1), dtype=bool)
    in_cluster[sentences["clip"].to_numpy(), clusters] = True
    high = exemplar_clips(job.input("exemplars"))[:, 0]
    best, shared = shared_clips(high, in_cluster)
    return {
        "interpretability": pa.table(
            {
                "neuron": np.array(items, dtype=np.int32),
                "k": np.full(len(items), high.shape[1], dtype=np.int32),
                "cluster": pa.array(best.astype(np.int32), mask=shared == 0),
                "shared_clips": shared.astype(np.int32),
            }
        )
    }
