"""Algorithm 1: clusters of sentences and the clips that share one."""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from and_core.algorithms import exemplars as exemplars_module
from and_core.algorithms.interpretability import Shared, cluster_sentences, shared


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "golden" / "interpretability.json").read_text())
    return found


def judged(golden: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[int], Shared]]:
    """Every set with its taus and what its neurons share.

    The last neuron of a set holds a clip of the reference's skip list, at which it stops: only the clips before are
    counted there. A shorter list is filled with its own last clip, which counts once.
    """
    names = list(golden["clip_clusters"])
    counts = np.zeros((len(names), golden["n_clusters"]), np.int16)
    for row, name in enumerate(names):
        for cluster, sentences in golden["clip_cluster_sentence_counts"][name].items():
            counts[row, int(cluster)] = sentences
    for group in golden["sets"]:
        rows = []
        for neuron in group["neurons"]:
            clips = [PurePosixPath(clip).name for clip in neuron["top_clips"]]
            if golden["special"]["skip_clip"] in clips:
                clips = clips[: clips.index(golden["special"]["skip_clip"])]
            ids = [names.index(clip) for clip in clips]
            rows.append(ids + ids[-1:] * (group["K"] - len(ids)))
        yield group, group["taus"], shared(np.array(rows), counts)


def test_verdicts_equal_the_reference(golden: dict[str, Any]) -> None:
    compared = 0
    for group, taus, found in judged(golden):
        for tau in taus:
            expected = [neuron["uninterpretable"][str(tau)] for neuron in group["neurons"]]
            assert (found.clips < tau).tolist() == expected
            compared += len(expected)
    assert compared == 3 * 3 * 30


def test_the_multiset_readings_of_algorithm_1_are_not_what_the_reference_counts(golden: dict[str, Any]) -> None:
    """How often they say otherwise is written in readings.py and on the page."""
    differ = {"sentences": 0, "intersection": 0}
    for group, taus, found in judged(golden):
        whole = [golden["special"]["skip_clip"] not in neuron["top_clips"] for neuron in group["neurons"]]
        for tau in taus:
            for reading in differ:
                said = getattr(found, reading) >= tau
                differ[reading] += int((said != (found.clips >= tau))[whole].sum())
    assert differ == {"sentences": 144, "intersection": 78}


def test_what_exemplars_share_is_counted_in_three_ways() -> None:
    counts = np.array([[3, 0, 0], [1, 1, 0], [0, 4, 0], [0, 0, 0]], np.int16)
    found = shared(np.array([[0, 1], [1, 2], [2, 0], [3, 3]]), counts)
    assert found.cluster.tolist() == [0, 1, 0, -1]
    assert found.clips.tolist() == [2, 2, 1, 0]
    assert found.sentences.tolist() == [4, 5, 4, 0]
    assert found.intersection.tolist() == [1, 1, 0, 0]


def test_a_clip_listed_twice_counts_once() -> None:
    found = shared(np.array([[0, 0, 1]]), np.array([[2], [1]], np.int16))
    assert (found.clips.tolist(), found.sentences.tolist(), found.intersection.tolist()) == ([2], [3], [1])


def test_without_clusters_nothing_is_shared() -> None:
    found = shared(np.array([[0, 1]]), np.zeros((2, 0), np.int16))
    assert [column.tolist() for column in found] == [[-1], [0], [0], [0]]


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_shared_equals_counting_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts, clips = rng.poisson(0.5, (12, 4)).astype(np.int16), rng.integers(0, 12, (6, 5))
    found = shared(clips, counts)
    rows = [counts[sorted(set(row))] for row in clips.tolist()]
    assert found.clips.tolist() == [max((row > 0).sum(axis=0)) for row in rows]
    assert found.sentences.tolist() == [max(row.sum(axis=0)) for row in rows]
    assert found.intersection.tolist() == [sum(row.min(axis=0)) for row in rows]
    assert (found.clips <= found.sentences).all(), "counting sentences is never stricter"


def test_blocks_of_neurons_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    counts, clips = rng.poisson(0.5, (12, 4)), rng.integers(0, 12, (9, 5))
    whole = shared(clips, counts)
    monkeypatch.setattr(exemplars_module, "BLOCK_NUMBERS", 40)
    for column, expected in zip(shared(clips, counts), whole, strict=True):
        np.testing.assert_array_equal(column, expected)


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
