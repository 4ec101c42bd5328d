"""Concepts by neuron, layer and function, asked of the store written by hand."""

import pytest

from and_core.store import queries
from and_core.store.connection import Store

CUBED, COS = ("description_based", "cos_cubed"), ("description_based", "cos")


def test_the_papers_function_comes_first(store: Store) -> None:
    rows = queries.concept_functions(store, 0)
    found = [tuple(row) for row in rows[["method", "similarity", "neurons"]].values if row[0] == "description_based"]
    assert found == [(*CUBED, 2), (*COS, 4), ("description_based", "wpmi", 1)]


def test_a_concept_is_counted_where_it_is_the_best(store: Store) -> None:
    assert queries.concept_counts(store, 0, *COS)[["concept", "neurons"]].values.tolist() == [
        ["dog", 3],
        ["sea waves", 1],
    ]
    assert queries.concept_counts(store, 0, *COS)["score"].iloc[0] == pytest.approx((0.9 + 0.9 + 0.8) / 3)
    assert queries.concept_counts(store, 0, *COS, layer_id=1)["neurons"].tolist() == [1, 1]
    assert queries.concept_counts(store, 0, "in_context", "cos").empty
    assert queries.concept_count(store) == 2


def test_concepts_are_counted_layer_by_layer(store: Store) -> None:
    rows = queries.concepts_by_layer(store, 0, *COS, ["dog"])
    assert rows[["layer", "width", "concept", "neurons"]].values.tolist() == [
        ["layer1_output", 3, "dog", 2],
        ["fc", 2, "dog", 1],
    ]


def test_a_concept_leads_to_its_neurons_the_highest_score_first(store: Store) -> None:
    assert queries.neurons_of_concept(store, 0, *COS, "dog")["neuron_id"].tolist() == [0, 1, 3]
    assert queries.neurons_of_concept(store, 0, *COS, "dog", layer_id=1)["neuron_id"].tolist() == [3]
    assert queries.neurons_of_concept(store, 0, *COS, "cat").empty


def test_functions_agree_where_their_best_concepts_are_the_same(store: Store) -> None:
    rows = queries.function_agreement(store, 0)
    of = {(row.similarity, row.other_similarity): row for row in rows.itertuples() if row.method == row.other_method}
    assert (of["cos", "cos_cubed"].neurons, of["cos", "cos_cubed"].agreeing) == (2, 1)
    assert (of["cos", "wpmi"].neurons, of["cos", "wpmi"].agreeing) == (1, 0)
    assert len(of) == 3, "every pair once"


def test_a_disagreement_leads_to_its_neurons(store: Store) -> None:
    rows = queries.neurons_that_disagree(store, 0, CUBED, COS)
    assert rows.values.tolist() == [[1, "sea waves", "dog"]]


def test_an_output_neuron_comes_with_its_class_and_how_alike_the_names_are(store: Store) -> None:
    found = {entry.position: entry for entry in queries.last_layer_concepts(store, 0) if entry.similarity == "cos"}
    assert (found[0].layer, found[0].class_name, found[0].concepts) == ("fc", "sea_waves", ("dog",))
    assert (found[0].cosine, found[0].class_rank) == (0.25, None)
    assert (found[1].class_name, found[1].concepts, found[1].cosine) == ("dog", ("sea_waves",), 0.25)
    without = [entry for entry in queries.last_layer_concepts(store, 0) if entry.similarity == "wpmi"]
    assert [(entry.concepts, entry.cosine) for entry in without] == [((), None), ((), None)]
    assert queries.last_layer_concepts(store, 1) == []


def test_how_sure_picks_are_is_counted_in_bins_that_lead_to_their_neurons(store: Store) -> None:
    rows = queries.pick_certainty(store, 0)
    assert rows[["method", "at_least", "neurons"]].values.tolist() == [
        ["description_based", 0.6, 1],
        ["description_based", 0.95, 1],
        ["text_audio_based", 0.5, 1],
    ]
    assert queries.pick_certainty(store, 1)["at_least"].tolist() == [0.95], "certain is in the last bin"
    found = queries.neurons_of_certainty(store, 0, "description_based", 0.6)
    assert found[["neuron_id", "concept"]].values.tolist() == [[1, "sea waves"]]
    for row in rows.itertuples():
        assert len(queries.neurons_of_certainty(store, 0, row.method, row.at_least)) == row.neurons
