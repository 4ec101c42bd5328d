"""What the words of a cluster's sentences are: how often each stands there, and which tell it from the others."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer


class WordCounts(NamedTuple):
    """How often W words stand in the sentences of C clusters; English stop words are left out."""

    clusters: npt.NDArray[np.int64]
    """[C] the clusters that have sentences, rising."""
    words: npt.NDArray[np.str_]
    """[W] in alphabetical order, lower case."""
    counts: npt.NDArray[np.int64]
    """[C, W]"""


def word_counts(sentences: Sequence[str], labels: npt.NDArray[np.integer]) -> WordCounts:
    """Count the words of every cluster.

    Args:
        sentences: S sentences.
        labels: [S] their clusters.
    """
    clusters, rows = np.unique(labels, return_inverse=True)
    vectorizer = CountVectorizer(token_pattern=r"(?u)\b[^\W\d_][\w-]+\b", dtype=np.int64)
    analyze = vectorizer.build_analyzer()
    if not any(word not in ENGLISH_STOP_WORDS for sentence in sentences for word in analyze(sentence)):
        return WordCounts(clusters, np.empty(0, np.str_), np.zeros((len(clusters), 0), np.int64))
    vectorizer.set_params(stop_words="english")
    counted = vectorizer.fit_transform(sentences)
    by_cluster = [np.asarray(counted[rows == row].sum(axis=0)).ravel() for row in range(len(clusters))]
    return WordCounts(clusters, np.array(vectorizer.get_feature_names_out(), np.str_), np.stack(by_cluster))


def commonest_words(counted: WordCounts, words: int) -> dict[int, dict[str, int]]:
    """Cluster -> its commonest words with their counts, the most frequent first, equals in alphabetical order."""
    order = np.argsort(-counted.counts, axis=1, kind="stable")[:, :words]
    return {
        int(cluster): {
            str(counted.words[word]): int(counted.counts[row, word])
            for word in order[row]
            if counted.counts[row, word] > 0
        }
        for row, cluster in enumerate(counted.clusters)
    }


def telling_words(counted: WordCounts, words: int = 8) -> dict[int, list[str]]:
    """Name the words that tell each cluster from the others: frequent in it and in few other clusters (TF-IDF).

    Args:
        counted: the words of every cluster.
        words: at most so many words a cluster.

    Returns:
        Cluster -> words, the most telling first, equals in alphabetical order.
    """
    clusters = len(counted.clusters)
    frequency = counted.counts / np.maximum(counted.counts.sum(axis=1, keepdims=True), 1)
    rarity = np.log((1 + clusters) / (1 + np.count_nonzero(counted.counts, axis=0))) + 1
    weight = frequency * rarity
    order = np.argsort(-weight, axis=1, kind="stable")[:, :words]
    return {
        int(cluster): [str(counted.words[word]) for word in order[row] if weight[row, word] > 0]
        for row, cluster in enumerate(counted.clusters)
    }
