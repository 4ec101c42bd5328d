"""Stage `interpretability`: how many of a neuron's K captions share a cluster (Algorithm 1, second half).

Beside every neuron's exemplars, clips drawn by chance are put to the same test: where captions are much alike, any
clips share a cluster, and a share of interpretable neurons says nothing without the share that chance reaches.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.interpretability import shared_clips
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.activations import constant_neurons
from precompute.stages.exemplars import exemplar_clips

DRAWS = 5000


class Interpretability(Stage):
    name = "interpretability"
    inputs = ("activations", "exemplars", "caption_clusters", "captions")

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"seed": run.config.seed}

    def items(self, job: Job) -> int:
        return len(exemplar_clips(job.input("exemplars")))

    def shards(self, job: Job) -> list[range]:
        return [range(self.items(job))]

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        yield lambda items: interpretability_tables(job, items)


def interpretability_tables(job: Job, items: range) -> Tables:
    clip_clusters = clusters_of_clips(job)
    high = exemplar_clips(job.input("exemplars"))[:, 0]
    k = high.shape[1]
    found = shared_clips(high, clip_clusters)
    constant = constant_neurons(job.input("activations"))  # their exemplars mean nothing
    drawn = shared_clips(drawn_clips(len(clip_clusters), k, job.run.config.seed), clip_clusters).shared
    return {
        "interpretability": pa.table(
            {
                "neuron": np.array(items, dtype=np.int32),
                "k": np.full(len(items), k, dtype=np.int32),
                "cluster": pa.array(found.cluster, pa.int32(), mask=constant | (found.cluster < 0)),
                "shared_clips": np.where(constant, 0, found.shared).astype(np.int32),
            }
        ),
        "interpretability_by_chance": pa.table(
            {
                "k": np.full(k + 1, k, dtype=np.int32),
                "shared_clips": np.arange(k + 1, dtype=np.int32),
                "share": np.bincount(drawn, minlength=k + 1) / len(drawn),
            }
        ),
    }


def clusters_of_clips(job: Job) -> npt.NDArray[np.bool_]:
    """[N clips, clusters] whether a sentence of the clip's caption is in the cluster."""
    sentences = job.input("caption_clusters").table("caption_sentence")
    clusters = sentences["cluster"].to_numpy()
    related = np.zeros((job.input("captions").table("caption").num_rows, clusters.max() + 1), dtype=bool)
    related[sentences["clip"].to_numpy(), clusters] = True
    return related


def drawn_clips(clips: int, k: int, seed: int) -> npt.NDArray[np.int32]:
    """[DRAWS, K] different clips a row, drawn by chance."""
    generator = np.random.default_rng(seed)
    return np.stack([generator.choice(clips, k, replace=False) for _ in range(DRAWS)]).astype(np.int32)
