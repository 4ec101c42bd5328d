"""Questions of the paper's analyses, asked of the store written by hand."""

import pytest

from and_core.findings import acoustics, adjectives, training
from and_core.store import queries
from and_core.store.connection import Store


def test_hidden_neurons_leave_the_head_out_and_count_every_neuron(store: Store) -> None:
    rows = queries.hidden_neurons(store, 0)
    assert rows["depth"].tolist() == [1, 1, 1]
    # loud and wave; loud; nothing but nouns.
    assert rows["adjectives"].tolist() == [2, 1, 0]
    assert rows["interpretable"].tolist() == [1, 0, 0]


def test_words_of_the_head_count_only_where_the_head_is_asked_for(store: Store) -> None:
    assert queries.adjectives(store, 0, hidden=True).set_index("word")["neurons"].to_dict() == {"loud": 2, "wave": 1}
    table = adjectives.commonest(store, queries.networks(store), 1)
    assert table[["network", "word", "neurons"]].to_numpy().tolist() == [["small", "loud", 2], ["other", "loud", 1]]
    assert table["share"].tolist() == pytest.approx([2 / 3, 1 / 2])


def test_what_exemplars_measure_is_their_mean_beside_the_word_and_the_first_clip(store: Store) -> None:
    assert queries.measured_names(store) == ["loudness_dbfs", "pitch_hz"]
    rows = queries.clip_measurements(store, 0, "loud", "loudness_dbfs")
    # Neuron 0 hears clips 1 and 0, neuron 1 clip 2; the others have no high exemplar.
    assert rows["value"].tolist() == pytest.approx([-15, -30])
    assert rows["has_word"].tolist() == [True, True]
    assert rows["top_clip"].tolist() == [1, 2]
    assert queries.clip_measurements(store, 0, "wave", "loudness_dbfs")["has_word"].tolist() == [True, False]


def test_a_neuron_whose_clips_lack_a_measurement_is_left_out(store: Store) -> None:
    assert queries.clip_measurements(store, 0, "loud", "pitch_hz")["value"].tolist() == [440.0]


def test_numbers_that_a_clip_was_made_from_are_no_measurements(store: Store) -> None:
    assert "made_up" not in queries.measured_names(store)
    assert queries.clip_measurements(store, 0, "loud", "made_up").empty


def test_a_word_of_every_neuron_has_no_effect_to_measure(store: Store) -> None:
    found = acoustics.effects(
        store, queries.networks(store)[:1], [("loud", "loudness_dbfs"), ("wave", "loudness_dbfs")]
    )
    table = acoustics.effect_table(found)
    assert table["delta"].isna().tolist() == [True, False]
    assert table["delta"].iloc[1] == 1
    pairs = {(word, measurement): effect for (_, word, measurement), effect in found.items()}
    said = acoustics.headline("small", pairs)
    assert "where neurons speak of wave (Cliff's delta +1.00)" in said
    assert "loud " not in said
    nothing = acoustics.headline("small", {("loud", "loudness_dbfs"): None})
    assert nothing.startswith("In small no two groups can be compared")


def test_the_best_and_the_worst_described_neuron_of_a_layer(store: Store) -> None:
    assert queries.told_apart(store, 0, best=True, limit=5) == [0]
    assert queries.told_apart(store, 0, best=False, limit=5) == [1]


def test_networks_stand_side_by_side_with_their_training(store: Store) -> None:
    networks = queries.networks(store)
    neurons = {network.name: queries.hidden_neurons(store, network.network_id) for network in networks}
    table = training.measures_by_block(neurons, networks)
    assert table[["network", "training", "adjectives"]].values.tolist() == [
        ["small", "supervised", 1],
        ["other", None, 0.5],
    ]
    assert training.tested(neurons, networks, "neurons") == []  # one block has no line


def test_units_stand_where_a_person_looks_for_them() -> None:
    assert acoustics.label("median_frequency_hz") == "median frequency (Hz)"
    assert acoustics.label("mean_amplitude") == "mean amplitude"
