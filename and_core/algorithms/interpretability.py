"""Algorithm 1 of the paper: a neuron is interpretable if the captions of its exemplars have something in common.

Sentences of all captions are put into clusters once (section 4.5); `readings` says what may be counted then.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans

from and_core.algorithms.exemplars import row_blocks
from and_core.algorithms.readings import READINGS


class SentenceClusters(NamedTuple):
    """K-means over the sentences of all captions."""

    labels: npt.NDArray[np.int32]
    """[S] cluster of every sentence, from 0."""
    centroids: npt.NDArray[np.float32]
    """[C, D]; C is below the number asked for where there were fewer different sentences."""


class Shared(NamedTuple):
    """How much the exemplars of J neurons have in common; interpretable at tau: the count of a reading >= tau."""

    cluster: npt.NDArray[np.int32]
    """[J] the cluster that most exemplars are related to, the first of equals; -1 where none is related to any."""
    clips: npt.NDArray[np.int32]
    """[J] how many different exemplars are related to it, 0..K."""
    sentences: npt.NDArray[np.int32]
    """[J] the most sentences of the exemplars that one cluster holds; not always the same cluster."""
    intersection: npt.NDArray[np.int32]
    """[J] sentences that all exemplars have in common, cluster by cluster the fewest of any, added up."""


def cluster_sentences(embeddings: npt.NDArray[np.float32], clusters: int, seed: int = 0) -> SentenceClusters:
    """Put sentences into clusters by K-means, the best of ten seeded starts.

    Args:
        embeddings: [S, D] float32, one row a sentence, S at least 1.
        clusters: clusters wanted; as many as there are different sentences, if those are fewer.
        seed: of K-means' random starts.

    Raises:
        ValueError: there is no sentence, or fewer than one cluster is asked for.
    """
    if not len(embeddings) or clusters < 1:
        raise ValueError(f"{len(embeddings)} sentences cannot be put into {clusters} clusters")
    found = min(clusters, len(np.unique(embeddings, axis=0)))
    k_means = KMeans(n_clusters=found, n_init=10, random_state=seed).fit(np.asarray(embeddings, np.float32))
    return SentenceClusters(k_means.labels_.astype(np.int32), k_means.cluster_centers_.astype(np.float32))


def shared(exemplar_clips: npt.NDArray[np.integer], sentence_counts: npt.NDArray[np.integer]) -> Shared:
    """Count what the exemplars of every neuron have in common, in all three readings (Algorithm 1, lines 9-17).

    Args:
        exemplar_clips: [J, K] clip indices, K at least 1; a clip that stands twice in a row counts once.
        sentence_counts: [N, C]: how many sentences of a clip's caption a cluster holds.
    """
    neurons, k = exemplar_clips.shape
    found = Shared(np.full(neurons, -1, np.int32), *(np.zeros(neurons, np.int32) for _ in READINGS))
    if not sentence_counts.shape[1]:
        return found
    for rows in row_blocks(neurons, k * sentence_counts.shape[1]):
        clips = np.sort(exemplar_clips[rows], axis=1)
        counts = sentence_counts[clips]
        found.intersection[rows] = counts.min(axis=1).sum(axis=1)
        counts[:, 1:][clips[:, 1:] == clips[:, :-1]] = 0
        clips_a_cluster = (counts > 0).sum(axis=1)
        found.clips[rows] = clips_a_cluster.max(axis=1)
        found.sentences[rows] = counts.sum(axis=1).max(axis=1)
        found.cluster[rows] = np.where(found.clips[rows] > 0, clips_a_cluster.argmax(axis=1), -1)
    return found
