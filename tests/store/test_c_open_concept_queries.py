"""Words by part of speech, lengths, and the audit of the filters, asked of the store written by hand."""

import pytest

from and_core.store import queries
from and_core.store.connection import Store


def test_words_are_counted_by_part_of_speech(store: Store) -> None:
    assert queries.word_kinds(store, 0).values.tolist() == [["adjective", 2, 2, 3], ["noun", 4, 3, 5]]
    assert queries.words(store, 0, "noun").values.tolist() == [["wave", 2], ["dog", 1], ["dogma", 1], ["sea", 1]]
    assert queries.words(store, 0, "noun", limit=1)["word"].tolist() == ["wave"]
    assert queries.words(store, 0, "verb").empty
    assert queries.neurons_with_word(store, 0, "wave", "noun") == [1, 2]
    assert queries.neurons_with_word(store, 0, "wave") == [0], "the adjective alone"


def test_words_by_layer_are_means_over_all_neurons_and_lengths_over_the_described(store: Store) -> None:
    rows = queries.words_by_layer(store, 0).set_index("name")
    assert rows.loc["layer1_output", "adjective"] == pytest.approx(3 / 3)
    assert rows.loc["layer1_output", "noun"] == pytest.approx(5 / 3)
    assert rows.loc["layer1_output", ["neurons", "described", "length"]].tolist() == [3, 1, 4]  # A LOUD dog barks.
    assert rows.loc["fc", ["adjective", "noun", "described"]].tolist() == [0, 0, 0]


def test_lengths_are_counted_in_bars_that_lead_to_their_neurons(store: Store) -> None:
    assert queries.LENGTH_BIN == 5
    assert queries.length_counts(store, 0).values.tolist() == [[0, 1]]
    assert queries.neurons_of_length(store, 0, 0) == [0]
    assert queries.neurons_of_length(store, 0, 5) == []


def test_the_audit_says_which_filter_dropped_a_word_and_what_the_judge_said(store: Store) -> None:
    rows = queries.candidate_audit(store, 1).set_index("word")
    counts = ["neurons", "kept", "stop_word", "negated", "not_acoustic", "not_judged"]
    assert rows.loc["loud", counts].tolist() == [2, 1, 0, 1, 0, 0]
    assert rows.loc["odd", counts].tolist() == [1, 0, 0, 0, 0, 1]
    assert rows.loc["odd", ["reply", "problem", "judge"]].tolist() == ["Perhaps.", "no answer", "a judge"]
    assert bool(rows.loc["loud", "is_acoustic"]) is True
    assert queries.candidate_audit(store, 0)["word"].tolist() == ["clear", "loud"]


def test_a_word_leads_to_the_neurons_that_kept_and_that_dropped_it(store: Store) -> None:
    assert queries.neurons_with_candidate(store, 1, "loud", kept=True) == [5]
    assert queries.neurons_with_candidate(store, 1, "loud", kept=False) == [6]
    assert queries.neurons_with_candidate(store, 0, "odd", kept=False) == []
