"""What another threshold would strike, asked of two neurons: cosines 0.65 and 0.9 of the one, 0.75 of the other."""

import pytest

from and_core.store import queries
from and_core.store.connection import Store, open_store


@pytest.mark.parametrize(
    ("threshold", "kept", "touched", "emptied"),
    [(0.6, 0, 2, 2), (0.65, 1, 2, 1), (0.7, 1, 2, 1), (0.75, 2, 1, 0), (0.9, 3, 0, 0)],
)
def test_a_threshold_keeps_cosines_up_to_its_own(
    store: Store, threshold: float, kept: int, touched: int, emptied: int
) -> None:
    row = queries.calibration_by_layer(store, 1, threshold).iloc[0]
    assert (row["name"], row["neurons"], row["described"], row["points"]) == ("layer1_output", 2, 2, 3)
    assert (row["kept"], row["touched"], row["emptied"]) == (1, 2, 1), "what the run did does not move"
    assert (row["kept_at"], row["touched_at"], row["emptied_at"]) == (kept, touched, emptied)


def test_a_layer_without_points_has_its_row(store: Store) -> None:
    rows = queries.calibration_by_layer(store, 0, 0.7).set_index("name")
    assert rows.loc["fc", ["neurons", "described", "points", "kept", "emptied"]].tolist() == [2, 0, 0, 0, 0]


def test_the_runs_own_threshold_keeps_what_the_run_kept(tiny_store_opened: Store) -> None:
    threshold = float(queries.meta(tiny_store_opened)["calibration_threshold"])
    rows = queries.calibration_by_layer(tiny_store_opened, 0, threshold)
    assert rows["points"].sum() > rows["kept"].sum() > 0
    for column in ("kept", "touched", "emptied"):
        assert rows[column].tolist() == rows[f"{column}_at"].tolist()
    assert queries.points_that_change_sides(tiny_store_opened, 0, threshold).empty


def test_cosines_are_counted_up_to_the_upper_edge_of_their_bar(store: Store) -> None:
    assert queries.cosine_counts(store, 1).values.tolist() == [[0.66, 1], [0.76, 1], [0.9, 1]]


def test_points_that_change_sides_lead_to_a_neuron(store: Store) -> None:
    lower, higher = (queries.points_that_change_sides(store, 1, threshold) for threshold in (0.6, 0.8))
    columns = ["point", "low_point", "kept", "neurons", "layer", "position"]
    assert lower[columns].values.tolist() == [["Steady all along.", "Rather steady.", True, 1, "layer1_output", 0]]
    assert higher[columns].values.tolist() == [["Clear recording.", "Clear.", False, 1, "layer1_output", 1]]
    assert queries.points_that_change_sides(store, 1, 0.7).empty
    assert queries.points_that_change_sides(store, 1, 0.6, layer_id=0).empty


def test_neurons_left_without_a_point_are_those_that_had_one(store: Store) -> None:
    assert queries.neurons_left_without_a_point(store, 1, 0.7) == [6]
    assert queries.neurons_left_without_a_point(store, 1, 0.6) == [5, 6]
    assert queries.neurons_left_without_a_point(store, 1, 0.8) == []
    assert queries.neurons_left_without_a_point(store, 0, 0.7) == [], "neurons without a summary lost nothing"


def test_the_most_struck_sentence_names_what_strikes_it(store: Store) -> None:
    rows = queries.most_struck_points(store, 1)
    assert rows[["point", "struck", "said", "low_point"]].values.tolist() == [["Clear recording.", 2, 2, "Clear."]]
    assert rows["similarity"].iloc[0] == pytest.approx(0.9)
    assert queries.neurons_with_point_struck(store, 1, "Clear recording.") == [5, 6]
    assert queries.neurons_with_point_struck(store, 1, "Steady all along.") == []


@pytest.fixture(scope="module")
def tiny_store_opened(tiny_store: object) -> Store:
    return open_store(tiny_store)  # type: ignore[arg-type]
