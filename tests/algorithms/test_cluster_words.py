"""The words of clusters."""

import numpy as np

from and_core.algorithms.cluster_words import commonest_words, telling_words, word_counts

SENTENCES = ["A dog barks in the room", "The dog is a large dog", "Rain falls in the room", "Soft rain"]
LABELS = np.array([0, 0, 4, 4])


def test_words_are_counted_cluster_by_cluster() -> None:
    counted = word_counts(SENTENCES, LABELS)
    assert counted.clusters.tolist() == [0, 4]
    assert commonest_words(counted, 2) == {0: {"dog": 3, "barks": 1}, 4: {"rain": 2, "falls": 1}}
    assert "the" not in counted.words


def test_telling_words_are_frequent_here_and_rare_elsewhere() -> None:
    words = telling_words(word_counts(SENTENCES, LABELS), words=2)
    assert list(words) == [0, 4]
    assert words[0][0] == "dog"
    assert words[4][0] == "rain"
    assert "room" not in words[0] + words[4], "it stands in both"


def test_sentences_of_stop_words_alone_have_no_words() -> None:
    counted = word_counts(["the and of", "1 2 3"], np.array([0, 1]))
    assert telling_words(counted) == {0: [], 1: []}
    assert commonest_words(counted, 5) == {0: {}, 1: {}}
