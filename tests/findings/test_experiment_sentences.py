"""What an experiment says of itself."""

from dataclasses import replace

import pytest

from and_core.algorithms.ablation.bootstrap import Estimate
from and_core.algorithms.ablation.relearning import Relearning
from and_core.findings.experiment import change, relearning_sentence

LITTLE, MUCH = Estimate(0.1, 0.0, 0.2), Estimate(0.9, 0.8, 1.0)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (Estimate(-3.12, -3.4, -2.8), "loses 3.12 [2.80, 3.40]"),
        (Estimate(0.5, 0.25, 0.75), "gains 0.50 [0.25, 0.75]"),
        (Estimate(-0.1, -0.3, 0.1), "changes by -0.10 [-0.30, 0.10]"),
    ],
)
def test_a_change_is_a_loss_or_a_gain_only_where_its_interval_leaves_no_doubt(number: Estimate, said: str) -> None:
    assert change(number) == said


def test_what_comes_back_is_a_share_of_what_was_taken() -> None:
    found = Relearning(MUCH, LITTLE, Estimate(0.5, 0.4, 0.6), MUCH, 5, "folds")
    assert "50% of what pruning took comes back" in relearning_sentence(found, "sea_waves")
    assert "sea waves" in relearning_sentence(found, "sea_waves")
    assert "took nothing" in relearning_sentence(replace(found, pruned=MUCH), "dog")
