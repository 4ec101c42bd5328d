"""Stage `interpretability`: what the captions of a neuron's top clips have in common (Algorithm 1, second half).

For every K of the configuration, so that the app answers for any tau and K at once. Beside every neuron's top clips,
clips drawn by chance are put to the same test: where captions are much alike, any clips share a cluster, and a share
of interpretable neurons says nothing without the share that chance reaches.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.exemplars import top_clips
from and_core.algorithms.interpretability import Shared, shared
from and_core.algorithms.readings import READINGS
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.activations import ActivationFolder, constant_neurons

DRAWS = 5000


class Interpretability(Stage):
    name = "interpretability"
    version = 2
    inputs = ("activations", "caption_clusters", "captions")

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"seed": run.config.seed, "k": sorted({*run.config.interpretability.k, run.config.exemplars.k})}

    def items(self, job: Job) -> int:
        return ActivationFolder.of(job.input("activations")).neuron_count

    def shards(self, job: Job) -> list[range]:
        return ActivationFolder.of(job.input("activations")).ranges

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        folder, counts = ActivationFolder.of(job.input("activations")), sentence_counts(job)
        constant = constant_neurons(job.input("activations"))  # their top clips mean nothing
        ks = numbers_of_clips(job, len(counts))

        def run_shard(items: range) -> Tables:
            clips = top_clips(folder.activations(folder.layer_of(items).name), ks[-1])
            found = [shared(clips[:, :k], counts) for k in ks]
            return {"interpretability": verdicts(items, ks, found, constant[items.start : items.stop])}

        yield run_shard

    def finish(self, job: Job) -> Tables:
        counts = sentence_counts(job)
        ks = numbers_of_clips(job, len(counts))
        drawn = drawn_clips(len(counts), ks[-1], job.run.config.seed)
        return {"interpretability_by_chance": pa.concat_tables(chance(k, shared(drawn[:, :k], counts)) for k in ks)}


def verdicts(items: range, ks: list[int], found: list[Shared], constant: npt.NDArray[np.bool_]) -> pa.Table:
    """A row a neuron and K, sorted by neuron."""
    cluster, *counted = (np.stack(column, axis=1) for column in zip(*found, strict=True))
    clips, sentences, common = (np.where(constant[:, None], 0, count).reshape(-1) for count in counted)
    return pa.table(
        {
            "neuron": np.repeat(np.array(items, np.int32), len(ks)),
            "k": np.tile(np.array(ks, np.int32), len(items)),
            "cluster": pa.array(cluster.reshape(-1), mask=(constant[:, None] | (cluster < 0)).reshape(-1)),
            "shared_clips": clips.astype(np.int32),
            "shared_sentences": sentences.astype(np.int32),
            "common_sentences": common.astype(np.int32),
        }
    )


def chance(k: int, drawn: Shared) -> pa.Table:
    """The share of draws by how much they have in common, a row a reading and number."""
    tables = []
    for reading in READINGS:
        counts = np.bincount(getattr(drawn, reading))
        columns = {"k": np.full(len(counts), k, np.int32), "reading": [reading] * len(counts)}
        tables.append(
            pa.table(columns | {"shared": np.arange(len(counts), dtype=np.int32), "share": counts / counts.sum()})
        )
    return pa.concat_tables(tables)


def numbers_of_clips(job: Job, clips: int) -> list[int]:
    """Every K that is judged by, rising; a data set of fewer clips is judged by all it has."""
    return sorted({min(k, clips) for k in job.settings["k"]})


def sentence_counts(job: Job) -> npt.NDArray[np.int16]:
    """[N clips, clusters] how many sentences of the clip's caption are in the cluster."""
    sentences = job.input("caption_clusters").table("caption_sentence")
    clusters = sentences["cluster"].to_numpy()
    counts = np.zeros((job.input("captions").table("caption").num_rows, clusters.max() + 1), np.int16)
    np.add.at(counts, (sentences["clip"].to_numpy(), clusters), 1)
    return counts


def drawn_clips(clips: int, k: int, seed: int) -> npt.NDArray[np.int32]:
    """[DRAWS, K] different clips a row, drawn by chance; the first few of a row are as much by chance."""
    generator = np.random.default_rng(seed)
    return np.stack([generator.choice(clips, k, replace=False) for _ in range(DRAWS)]).astype(np.int32)
