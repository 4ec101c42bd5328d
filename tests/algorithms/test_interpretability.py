"""Algorithm 1: clusters of sentences and the clips that share one."""

import json
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms import exemplars as exemplars_module
from and_core.algorithms.interpretability import cluster_sentences, shared_clips, telling_words


def test_verdicts_equal_the_reference(shared: Path) -> None:
    """The last neuron of each set is left out: its list holds a clip at which the reference stops counting."""
    golden = json.loads((shared / "golden" / "interpretability.json").read_text())
    names = list(golden["clip_clusters"])
    related = np.zeros((len(names), golden["n_clusters"]), bool)
    for row, clusters in enumerate(golden["clip_clusters"].values()):
        related[row, clusters] = True
    compared = 0
    for group in golden["sets"]:
        neurons = [n for n in group["neurons"] if golden["special"]["skip_clip"] not in n["top_clips"]]
        assert len(neurons) == len(group["neurons"]) - 1
        clips = np.array([[names.index(PurePosixPath(clip).name) for clip in n["top_clips"]] for n in neurons])
        shared_count = shared_clips(clips, related).shared
        for tau in group["taus"]:
            expected = [n["uninterpretable"][str(tau)] for n in neurons]
            assert (shared_count < tau).tolist() == expected
            compared += len(expected)
    assert compared == 3 * 3 * 29


def test_the_cluster_that_most_exemplars_share_is_found() -> None:
    related = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]], bool)
    found = shared_clips(np.array([[0, 1, 3], [1, 2, 3], [2, 0, 1], [3, 3, 3]]), related)
    assert found.cluster.tolist() == [0, 1, 0, -1]
    assert found.shared.tolist() == [2, 2, 2, 0]


def test_a_clip_listed_twice_counts_once() -> None:
    assert shared_clips(np.array([[0, 0, 1]]), np.array([[True], [True]])).shared.tolist() == [2]


def test_without_clusters_nothing_is_shared() -> None:
    found = shared_clips(np.array([[0, 1]]), np.zeros((2, 0), bool))
    assert (found.cluster.tolist(), found.shared.tolist()) == ([-1], [0])


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_shared_clips_equal_counting_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    related, clips = rng.random((12, 4)) < 0.3, rng.integers(0, 12, (6, 5))
    expected = [max(len({c for c in row if related[c, g]}) for g in range(4)) for row in clips.tolist()]
    assert shared_clips(clips, related).shared.tolist() == expected


def test_blocks_of_neurons_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    related, clips = rng.random((12, 4)) < 0.3, rng.integers(0, 12, (9, 5))
    whole = shared_clips(clips, related)
    monkeypatch.setattr(exemplars_module, "BLOCK_NUMBERS", 40)
    np.testing.assert_array_equal(shared_clips(clips, related).cluster, whole.cluster)


def test_sentences_that_lie_together_share_a_cluster() -> None:
    points = np.array([[0, 0], [0, 0.1], [9, 9], [9, 9.1], [0.1, 0]], np.float32)
    labels, centroids = cluster_sentences(points, 2, seed=1)
    assert labels[0] == labels[1] == labels[4] != labels[2] == labels[3]
    np.testing.assert_allclose(centroids[labels[2]], [9, 9.05], atol=1e-5)


def test_the_same_seed_gives_the_same_clusters() -> None:
    points = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    np.testing.assert_array_equal(cluster_sentences(points, 5, 3).labels, cluster_sentences(points, 5, 3).labels)


def test_fewer_different_sentences_than_clusters_give_fewer_clusters() -> None:
    points = np.array([[0, 0], [0, 0], [1, 1]], np.float32)
    labels, centroids = cluster_sentences(points, 11, 0)
    assert len(centroids) == 2
    assert labels[0] == labels[1] != labels[2]


def test_no_sentence_cannot_be_clustered() -> None:
    with pytest.raises(ValueError, match="0 sentences"):
        cluster_sentences(np.empty((0, 3), np.float32), 11, 0)


def test_telling_words_are_frequent_here_and_rare_elsewhere() -> None:
    sentences = ["A dog barks in the room", "The dog is a large dog", "Rain falls in the room", "Soft rain"]
    words = telling_words(sentences, np.array([0, 0, 4, 4]), words=2)
    assert list(words) == [0, 4]
    assert words[0][0] == "dog"
    assert words[4][0] == "rain"
    assert "the" not in words[0] + words[4]


def test_sentences_of_stop_words_alone_have_no_telling_words() -> None:
    assert telling_words(["the and of", "1 2 3"], np.array([0, 1])) == {0: [], 1: []}
