"""Interpretability at any K, tau and reading, and the clusters behind it, asked of the store written by hand."""

import pandas as pd
import pytest

from and_core.algorithms.readings import READINGS, Reading
from and_core.errors import ConfigError
from and_core.findings import interpretability
from and_core.findings.clusters import elbow_sentence
from and_core.findings.interpretability import Counts
from and_core.store import queries
from and_core.store.connection import Store
from precompute.evaluate.interpretability import checked


def test_neurons_are_counted_by_what_they_share_at_every_k(store: Store) -> None:
    assert queries.numbers_of_clips(store) == [2, 4]
    assert queries.run_criterion(store) == (2, 2)
    found = queries.shared_by_layer(store, 0)
    of_four = found[(found["k"] == 4) & (found["reading"] == "clips")]
    assert of_four[["name", "shared", "neurons"]].values.tolist() == [
        ["layer1_output", 1, 1],
        ["layer1_output", 2, 1],
    ]
    assert queries.shared_by_layer(store, 1).empty


@pytest.fixture
def counts(store: Store) -> Counts:
    return interpretability.counts(store, queries.networks(store))


@pytest.mark.parametrize(
    ("k", "reading", "shared"),
    [(2, "clips", [0, 2]), (2, "sentences", [0, 3]), (2, "intersection", [0, 1]), (4, "intersection", [0])],
)
def test_every_reading_counts_its_own(counts: Counts, k: int, reading: Reading, shared: list[int]) -> None:
    assert interpretability.hidden(counts, "small", k, reading)["shared"].tolist() == shared


@pytest.mark.parametrize(("tau", "share"), [(1, 0.0), (2, 0.5), (3, 1.0)])
def test_the_uninterpretable_share_at_any_tau_is_a_sum_of_counts(counts: Counts, tau: int, share: float) -> None:
    neurons = interpretability.judged(counts, "small", 4, tau)
    assert (len(neurons), neurons["uninterpretable"].mean()) == (2, share)
    assert interpretability.share_of(counts, "small", 4, tau) == share
    means = interpretability.by_block(counts, ["small"], 4, tau, kinds=True)
    assert means.to_dict("records") == [
        {"network": "small", "kind": "output", "depth": 1, "neurons": 2, "uninterpretable": share}
    ]


def test_chance_stands_beside_every_k_and_reading(counts: Counts) -> None:
    assert interpretability.by_chance(counts, 2, 2) == 0.75
    assert interpretability.by_chance(counts, 2, 1, "sentences") == 1.0
    assert interpretability.by_chance(counts, 4, 4) == 0.0
    assert interpretability.by_chance(counts, 4, 4, "sentences") is None


def test_the_three_readings_are_compared(counts: Counts) -> None:
    found = interpretability.three_readings(counts, ["small"], 2, 2).set_index("reading")
    assert list(found.index) == list(READINGS)
    assert found["uninterpretable"].to_dict() == {"clips": 0.5, "sentences": 0.5, "intersection": 1.0}
    assert found["verdicts_that_differ"].to_dict() == {"clips": 0.0, "sentences": 0.0, "intersection": 0.5}


def test_the_neurons_behind_a_number_are_listed(store: Store) -> None:
    assert queries.neurons_judged(store, 0, 4, 1) == [0, 1], "who shares most is first"
    assert queries.neurons_judged(store, 0, 4, 3, interpretable=False) == [1, 0], "who shares least is first"
    assert queries.neurons_judged(store, 0, 4, 2) == [0]
    assert queries.neurons_judged(store, 0, 2, 2, "intersection") == []
    assert queries.neurons_judged(store, 0, 4, 1, layer="fc") == []


def test_thresholds_are_those_of_the_papers_figures() -> None:
    assert [interpretability.taus(k) for k in (5, 10, 20)] == [(3, 4, 5), (6, 8, 10), (12, 16, 20)]
    assert [interpretability.taus(k) for k in (1, 2)] == [(1,), (2,)]
    assert [interpretability.usual_tau(k) for k in (5, 10, 20)] == [4, 8, 16]


def test_a_criterion_that_the_store_cannot_answer_is_refused(store: Store) -> None:
    assert checked(store, None, None) == (2, 2)
    assert checked(store, 4, None) == (4, 4)
    assert checked(store, 4, 1) == (4, 1)
    with pytest.raises(ConfigError, match=r"--k 5: this run judged neurons by 2, 4 top clips"):
        checked(store, 5, None)
    with pytest.raises(ConfigError, match=r"--tau 3: of 2 clips"):
        checked(store, None, 3)


def test_clusters_come_with_their_words_sentences_and_clips(store: Store) -> None:
    clusters = queries.clusters(store)
    assert clusters["cluster_id"].tolist() == [7, 4], "the one with the most captions first"
    assert clusters["cloud"].tolist()[1] == "clouds/4.png"
    assert pd.isna(clusters["cloud"].iloc[0])
    assert queries.cluster_words(store, 4).values.tolist() == [["loud", 5], ["bark", 3], ["dog", 3]]
    sentences = queries.cluster_sentences(store, 4)
    assert sentences.values.tolist() == [["A dog barks.", 2, 0.25], ["Loud.", 2, 0.5]]


def test_example_clips_say_different_things_first(store: Store) -> None:
    clips = queries.cluster_clips(store, 4)
    assert clips["clip_id"].tolist() == [0, 2, 1], "clip 1 says again what clip 0 says"
    assert clips["sentence"].tolist() == ["A dog barks.", "Loud.", "A dog barks."]
    assert queries.cluster_clips(store, 4, limit=1)["filename"].tolist() == ["a.wav"]


def test_a_cluster_knows_the_neurons_that_share_it(store: Store) -> None:
    assert queries.neurons_by_cluster(store, 0).values.tolist() == [[4, 1]]
    assert queries.neurons_of_cluster(store, 0, 4) == [0]
    assert queries.neurons_of_cluster(store, 0, 7) == []


def test_the_elbow_is_said_beside_what_the_run_has(store: Store) -> None:
    curve = queries.elbow_curve(store)
    assert elbow_sentence(curve, 2).endswith("tried with 1 to 3 clusters, finds 2, which this run has.")
    assert elbow_sentence(curve, 11).endswith("finds 2; this run has 11, as its configuration says.")
    assert elbow_sentence(curve.head(0), 11) == "This run has no curve of the elbow method."
