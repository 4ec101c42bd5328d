"""Stage `caption_clusters`: K-means over the sentences of all captions (Algorithm 1, first half)."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.b_calibration.points import points
from and_core.algorithms.cluster_words import commonest_words, telling_words, word_counts
from and_core.algorithms.elbow import ElbowCurve, elbow_curve
from and_core.algorithms.interpretability import SentenceClusters, cluster_sentences
from and_core.errors import PipelineError
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.word_cloud import word_cloud

CLOUDS = "clouds"
"""Folder of the word clouds, in the stage's own folder and beside the store."""
CLOUD_WORDS = 100


class CaptionClusters(Stage):
    name = "caption_clusters"
    version = 2
    per_network = False
    inputs = ("captions",)
    unit = "clips"

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {
            "clusters": run.config.interpretability.clusters,
            "elbow_most": run.config.interpretability.elbow_most,
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
    config = job.run.config.interpretability
    curve = elbow_curve(embeddings, config.elbow_most, job.run.config.seed)
    wanted = curve.elbow if config.clusters == "elbow" else config.clusters
    found = cluster_sentences(embeddings, wanted, job.run.config.seed)
    counted = word_counts(sentences, found.labels)
    commonest = commonest_words(counted, CLOUD_WORDS)
    clouds = save_clouds(job.folder / CLOUDS, commonest, job.run.config.seed)
    return {
        "caption_sentence": pa.table(
            {
                "clip": clips,
                "position": positions,
                "sentence": sentences,
                "cluster": found.labels,
                "distance": distances(embeddings, found),
            }
        ),
        "cluster": cluster_table(np.array(clips), found.labels, telling_words(counted), clouds),
        "cluster_word": cluster_word_table(commonest),
        "cluster_elbow": elbow_table(curve),
    }


def distances(embeddings: npt.NDArray[np.float32], found: SentenceClusters) -> npt.NDArray[np.float32]:
    """[S] from every sentence to the centre of its cluster."""
    apart: npt.NDArray[np.float32] = np.linalg.norm(embeddings - found.centroids[found.labels], axis=1)
    return apart.astype(np.float32)


def cluster_table(
    clips: npt.NDArray[np.integer],
    labels: npt.NDArray[np.integer],
    words: Mapping[int, Sequence[str]],
    clouds: Mapping[int, str],
) -> pa.Table:
    ids = np.unique(labels).tolist()
    return pa.table(
        {
            "cluster": pa.array(ids, pa.int32()),
            "sentence_count": [int((labels == i).sum()) for i in ids],
            "clip_count": [len(np.unique(clips[labels == i])) for i in ids],
            "words": pa.array([words[i] for i in ids], pa.list_(pa.string())),
            "cloud": pa.array([clouds.get(i) for i in ids], pa.string()),
        }
    )


def cluster_word_table(commonest: Mapping[int, Mapping[str, int]]) -> pa.Table:
    rows = [(cluster, word, count) for cluster, words in commonest.items() for word, count in words.items()]
    clusters, words, counts = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "cluster": pa.array(clusters, pa.int32()),
            "word": pa.array(words, pa.string()),
            "count": pa.array(counts, pa.int32()),
        }
    )


def elbow_table(curve: ElbowCurve) -> pa.Table:
    return pa.table({"clusters": curve.clusters, "inertia": curve.inertia, "below_chord": curve.below_chord})


def save_clouds(folder: Path, commonest: Mapping[int, Mapping[str, int]], seed: int) -> dict[int, str]:
    """Draw a word cloud for every cluster that has words: cluster -> its file, named by what is in it."""
    folder.mkdir(exist_ok=True)
    files = {}
    for cluster, words in commonest.items():
        if words:
            picture = word_cloud(words, seed)
            files[cluster] = f"{CLOUDS}/{hashlib.sha256(picture).hexdigest()[:16]}.png"
            (folder.parent / files[cluster]).write_bytes(picture)
    return files
