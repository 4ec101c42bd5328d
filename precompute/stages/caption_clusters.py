"""Stage `caption_clusters`: K-means over the sentences of all captions (Algorithm 1, first half)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa

from and_core.algorithms.b_calibration.points import points
from and_core.algorithms.interpretability import cluster_sentences, telling_words
from and_core.errors import PipelineError
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run


class CaptionClusters(Stage):
    name = "caption_clusters"
    per_network = False
    inputs = ("captions",)
    unit = "clips"

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {
            "clusters": run.config.interpretability.clusters,
            "seed": run.config.seed,
            "text_encoder": run.fingerprints["text_encoder"],
        }

    def items(self, job: Job) -> int:
        return int(job.input("captions").table("caption").num_rows)

    def shards(self, job: Job) -> list[range]:
        return [range(self.items(job))]

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        yield lambda _: cluster_tables(job)


def cluster_tables(job: Job) -> Tables:
    captions = job.input("captions").table("caption")["caption"].to_pylist()
    rows = [
        (clip, position, sentence)
        for clip, caption in enumerate(captions)
        for position, sentence in enumerate(points(caption or ""), start=1)
    ]
    if not rows:
        raise PipelineError("Not one clip has a caption.", "Choose another captioner in [captioner].")
    clips, positions, sentences = zip(*rows, strict=True)
    embeddings = job.run.new_text_encoder().embed(sentences)
    config = job.run.config
    labels, _ = cluster_sentences(embeddings, config.interpretability.clusters, config.seed)
    words = telling_words(sentences, labels)
    ids = np.unique(labels)
    return {
        "caption_sentence": pa.table(
            {"clip": clips, "position": positions, "sentence": sentences, "cluster": labels.astype(np.int32)}
        ),
        "cluster": pa.table(
            {
                "cluster": ids.astype(np.int32),
                "sentence_count": [int((labels == i).sum()) for i in ids],
                "clip_count": [len(set(np.array(clips)[labels == i].tolist())) for i in ids],
                "words": [words[i] for i in ids],
            }
        ),
    }
