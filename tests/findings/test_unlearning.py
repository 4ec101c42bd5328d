"""What the experiments of one strategy say together, from draws made by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from and_core.algorithms.ablation.bootstrap import Estimate
from and_core.algorithms.ablation.effect import Delta
from and_core.algorithms.ablation.relearning import Relearning
from and_core.findings import paper
from and_core.findings.unlearning import Forgotten, class_table, over_classes, stored_table, strategy_table
from and_core.findings.unlearning_sentences import (
    finding,
    relearning_sentence,
    sentence,
    stored_sentence,
    without_neurons_sentence,
)


def delta(ablated: float, remaining: float, spread: float = 0.0) -> Delta:
    """Draws of which the first is what was measured, the others up to `spread` to either side."""
    around = np.concatenate([[0.0], np.linspace(-spread, spread, 100)])
    return Delta(ablated + around, np.full(101, remaining))


def forgotten(concept: str, own: Delta, chance: Delta, pruned: int = 10) -> Forgotten:
    return Forgotten("ast", "open_concept", concept, pruned, own, chance, None, [])


@pytest.fixture
def found() -> list[Forgotten]:
    nothing = delta(0, 0)
    return [
        forgotten("sea_waves", delta(-3, -1, spread=0.5), delta(-1, -0.9)),
        forgotten("never_heard", nothing, nothing, pruned=0),
    ]


def test_a_row_of_table_4_is_the_mean_over_classes(found: list[Forgotten]) -> None:
    row = over_classes(found)
    assert (row.classes, row.pruned) == (2, 5)
    assert (row.deltas.ablated.value, row.deltas.remaining.value, row.deltas.gap.value) == (-1.5, -0.5, 1)
    assert row.control.gap.value == pytest.approx(0.05)
    assert row.excess.value == pytest.approx(0.95)
    # Each class's gap moves by half a logit to either side, their mean by a quarter; 95 % of the draws.
    assert (row.excess.low, row.excess.high) == pytest.approx((0.95 - 0.2375, 0.95 + 0.2375), abs=0.01)


def test_the_finding_says_whether_pruning_is_more_than_chance(found: list[Forgotten]) -> None:
    said = sentence(over_classes(found))
    assert said.startswith(
        "Open-concept pruning takes 1.00 logits more from the class to forget than from the others, matched random "
        "neurons 0.05 more: more than chance, by 0.95 [0.71, 1.19], the mean over 2 classes."
    )
    doubtful = [forgotten("dog", delta(-1, -1.2, spread=1), delta(-1, -0.9))]
    assert "takes 0.20 logits less" in sentence(over_classes(doubtful))
    assert ": no more than chance, by -0.30 [" in sentence(over_classes(doubtful))
    worse = [forgotten("dog", delta(0, -1), delta(0, 0))]
    assert ": less than chance, by -1.00 [" in sentence(over_classes(worse))


def test_the_finding_is_of_the_strategy_that_goes_furthest_beyond_chance(found: list[Forgotten]) -> None:
    other = replace(over_classes(found), strategy="text_audio_based", excess=Estimate(2, 1, 3))
    assert finding([over_classes(found), other]).startswith("Text-audio-based")
    assert finding([]) == ""


def test_classes_without_neurons_are_named(found: list[Forgotten]) -> None:
    assert without_neurons_sentence(over_classes(found)) == "Open-concept pruning finds no neuron for never heard."
    assert without_neurons_sentence(over_classes(found[:1])) == ""


def test_what_a_new_head_finds_is_the_mean_over_classes(found: list[Forgotten]) -> None:
    heads = [Estimate(share, share, share) for share in (1.0, 0.2, 0.6, 0.8)]
    one = Relearning(*heads, splits=5, groups="folds")
    other = replace(one, refitted=Estimate(0.4, 0.4, 0.4))
    asked = [replace(found[0], relearned=one), replace(found[1], relearned=other)]
    assert "names 100%, pruned 20%, with a head fitted anew 50%" in relearning_sentence(over_classes(asked))
    assert relearning_sentence(over_classes(found)) == ""


def test_the_papers_gaps_are_delta_r_less_delta_a_as_it_rounds_them() -> None:
    table = paper.unlearning()
    assert len(table) == 12
    np.testing.assert_allclose(table["delta R"] - table["delta A"], table["gap"], atol=0.011)


def test_tables_hold_what_was_found_with_the_ends_of_intervals(found: list[Forgotten]) -> None:
    classes = class_table(found)
    assert classes[["class", "neurons", "gap", "beyond_chance"]].to_numpy().tolist() == [
        ["sea_waves", 10, 2, pytest.approx(1.9)],
        ["never_heard", 0, 0, 0],
    ]
    assert (classes["gap_low"][0], classes["gap_high"][0]) == pytest.approx((2 - 0.475, 2 + 0.475), abs=0.01)
    [row] = strategy_table([over_classes(found)]).to_dict("records")
    assert (row["classes"], row["gap"], row["control"]) == (2, 1, pytest.approx(0.05))


def test_the_runs_own_experiments_are_means_over_classes_beside_their_controls() -> None:
    columns = [
        "strategy",
        "class_name",
        "neuron_count",
        "controls",
        "delta_ablated",
        "delta_remaining",
        "gap",
        "control_gap",
    ]
    rows = [
        ("open_concept", "dog", 10, 5, -2.0, -1.0, 1.0, 0.2),
        ("open_concept", "rain", 20, 5, -4.0, -1.0, 3.0, 0.4),
        ("description_based", "dog", 30, 5, -2.0, -4.0, -2.0, 0.0),
    ]
    table = stored_table(pd.DataFrame(rows, columns=columns))
    assert table.loc[0].tolist() == ["open_concept", 2, 15, 5, -3, -1, 2, pytest.approx(0.3)]
    assert stored_sentence(table).startswith(
        "In the run's own experiments open-concept pruning takes 2.00 logits more from the class to forget than from "
        "the others, matched random neurons 0.30 more, the mean over 2 classes."
    )
    assert "description-based pruning takes 2.00 logits less" in stored_sentence(table[1:])
    assert stored_sentence(table[:0]) == ""
