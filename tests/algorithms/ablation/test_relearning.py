"""What a head that is fitted anew finds in a pruned network."""

import numpy as np
import pytest

from and_core.algorithms.ablation.relearning import Probe, relearning
from and_core.errors import SelectionError

LABELS = np.arange(90) % 3
FOLDS = np.arange(90) // 30
NOISE = np.random.default_rng(3).normal(0, 0.1, (90, 6))


def logits(right: np.ndarray) -> np.ndarray:
    """Those of a head that is right about some clips and calls the others class 2."""
    return np.eye(3)[np.where(right, LABELS, 2)]


def probe(groups: np.ndarray = FOLDS) -> Probe:
    return Probe(LABELS, groups, "folds")


def test_a_concept_that_only_the_head_forgot_comes_back() -> None:
    representation = np.eye(6)[LABELS] + NOISE
    turned = representation[:, ::-1]
    found = relearning(probe(), 0, (logits(LABELS >= 0), logits(LABELS != 0)), (representation, turned))
    assert (found.before.value, found.pruned.value, found.refitted.value) == (1, 0, 1)
    assert found.regained == 1
    assert (found.splits, found.groups) == (3, "folds")


def test_a_concept_that_left_the_network_does_not_come_back() -> None:
    representation = np.eye(6)[LABELS] + NOISE
    gone = representation.copy()
    gone[LABELS == 0] = gone[LABELS == 1]  # dogs now look as cats do
    found = relearning(probe(), 0, (logits(LABELS >= 0), logits(LABELS != 0)), (representation, gone))
    assert found.refitted_before.value == 1
    assert found.refitted.value < 0.8


def test_a_network_whose_every_neuron_is_pruned_is_probed_all_the_same() -> None:
    representation = np.eye(6)[LABELS] + NOISE
    found = relearning(probe(), 0, (logits(LABELS >= 0), np.zeros((90, 3))), (representation, np.zeros((90, 6))))
    assert found.refitted.value in (0, 1)  # all clips are answered alike


def test_nothing_lost_cannot_be_regained() -> None:
    representation = np.eye(6)[LABELS] + NOISE
    same = (logits(LABELS >= 0),) * 2
    assert relearning(probe(), 0, same, (representation, representation)).regained is None


def test_a_single_group_leaves_nothing_to_learn_from() -> None:
    with pytest.raises(SelectionError, match="cannot be fitted anew"):
        relearning(probe(np.zeros(90, int)), 0, (logits(LABELS >= 0),) * 2, (NOISE, NOISE))
