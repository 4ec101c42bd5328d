"""Algorithm 1 of the paper: a neuron is interpretable if the captions of its exemplars have something in common.

Sentences of all captions are put into clusters once (section 4.5). A caption is related to a cluster if at least one
of its sentences belongs there, and a neuron is interpretable if at least tau of its top-K captions are related to the
same one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from and_core.algorithms.exemplars import row_blocks

CLUSTERS = 11
"""Number of clusters in section 4.5, found there by the elbow method."""


class SentenceClusters(NamedTuple):
    """K-means over the sentences of all captions."""

    labels: npt.NDArray[np.int32]
    """[S] cluster of every sentence, from 0."""
    centroids: npt.NDArray[np.float32]
    """[C, D]; C is below the number asked for where there were fewer different sentences."""


class SharedClips(NamedTuple):
    """How much the exemplars of J neurons have in common; interpretable at tau: `shared` >= tau."""

    cluster: npt.NDArray[np.int32]
    """[J] the cluster that most exemplars are related to, the first of equals; -1 where none is related to any."""
    shared: npt.NDArray[np.int32]
    """[J] how many different exemplars are related to it, 0..K."""


def cluster_sentences(embeddings: npt.NDArray[np.float32], clusters: int = CLUSTERS, seed: int = 0) -> SentenceClusters:
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


def shared_clips(exemplar_clips: npt.NDArray[np.integer], clip_clusters: npt.NDArray[np.bool_]) -> SharedClips:
    """Find the cluster that most of a neuron's exemplars are related to, and how many are (Algorithm 1, lines 9-17).

    Args:
        exemplar_clips: [J, K] clip indices; a clip that stands twice in a row counts once.
        clip_clusters: [N, C] bool: whether a clip's caption has a sentence in a cluster.
    """
    neurons, k = exemplar_clips.shape
    cluster, shared = np.full(neurons, -1, np.int32), np.zeros(neurons, np.int32)
    if not clip_clusters.shape[1]:
        return SharedClips(cluster, shared)
    for rows in row_blocks(neurons, k * clip_clusters.shape[1]):
        clips = np.sort(exemplar_clips[rows], axis=1)
        related = clip_clusters[clips]
        related[:, 1:] &= (clips[:, 1:] != clips[:, :-1])[:, :, None]
        clips_a_cluster = related.sum(axis=1)
        shared[rows] = clips_a_cluster.max(axis=1)
        cluster[rows] = np.where(shared[rows] > 0, clips_a_cluster.argmax(axis=1), -1)
    return SharedClips(cluster, shared)


def telling_words(sentences: Sequence[str], labels: npt.NDArray[np.integer], words: int = 8) -> dict[int, list[str]]:
    """Name the words that tell each cluster from the others: frequent in it and in few other clusters (TF-IDF).

    Args:
        sentences: S sentences.
        labels: [S] their clusters.
        words: at most so many words a cluster.

    Returns:
        Cluster -> words, the most telling first, equals in alphabetical order; English stop words are left out.
    """
    found, rows = np.unique(labels, return_inverse=True)
    empty: dict[int, list[str]] = {int(label): [] for label in found}
    vectorizer = CountVectorizer(token_pattern=r"(?u)\b[^\W\d_][\w-]+\b", dtype=np.float64)
    analyze = vectorizer.build_analyzer()
    if not any(word not in ENGLISH_STOP_WORDS for sentence in sentences for word in analyze(sentence)):
        return empty
    vectorizer.set_params(stop_words="english")
    counts = vectorizer.fit_transform(sentences)
    vocabulary = vectorizer.get_feature_names_out()
    by_cluster = np.zeros((len(found), len(vocabulary)))
    for row in range(len(found)):
        by_cluster[row] = np.asarray(counts[rows == row].sum(axis=0)).ravel()
    frequency = by_cluster / np.maximum(by_cluster.sum(axis=1, keepdims=True), 1)
    rarity = np.log((1 + len(found)) / (1 + np.count_nonzero(by_cluster, axis=0))) + 1
    weight = frequency * rarity
    order = np.argsort(-weight, axis=1, kind="stable")[:, :words]
    return {
        int(label): [str(vocabulary[word]) for word in order[row] if weight[row, word] > 0]
        for row, label in enumerate(found)
    }
