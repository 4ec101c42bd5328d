"""An experiment that is looked at while it runs."""

import numpy as np

from and_core.algorithms.ablation.experiment import Bench, as_json, experiment
from and_core.algorithms.ablation.spelling import parse
from and_core.algorithms.ablation.unfolding import unfold

SELECTION = parse("neurons:layer1_intermediate#0-3")


def test_it_grows_from_a_clip_of_every_class_to_all_and_then_by_its_controls(bench: Bench) -> None:
    found = list(unfold(bench, SELECTION, 1, seeds=(3, 4)))
    assert [len(one.bench.before) for one in found] == [4, 16, 18, 18, 18]  # four clips a batch
    assert [list(one.controls) for one in found] == [[]] * 3 + [[3], [3, 4]]
    assert all(len(one.bench.clips.classes) == 3 for one in found)


def test_the_last_one_is_what_the_experiment_gives_that_nobody_watched(bench: Bench) -> None:
    *_, last = unfold(bench, SELECTION, 1)
    assert as_json(last) == as_json(experiment(bench, SELECTION, 1))


def test_what_is_shown_of_a_part_is_right_for_that_part(bench: Bench) -> None:
    whole = experiment(bench, SELECTION, 1, seeds=())
    for part in unfold(bench, SELECTION, 1, seeds=()):
        played = len(part.bench.before)
        np.testing.assert_allclose(part.pruned.after, whole.pruned.after[:played], atol=1e-6)
        first = part.bench.clips.labels == 1
        before, after = (logits[:played][first, 1].mean() for logits in (bench.before, whole.pruned.after))
        assert np.isclose(part.deltas.ablated.value, after - before, atol=1e-6)


def test_every_clip_that_is_played_is_told_of(bench: Bench) -> None:
    heard: list[int] = []
    list(unfold(bench, SELECTION, 1, seeds=(0, 1), heard=heard.append))
    assert sum(heard) == 3 * len(bench.before)
