"""How sure a pick is: the same answer as drawing the clips by hand, one resample after the other."""

import numpy as np
import numpy.typing as npt
import pytest

from and_core.algorithms.a_closed_concept.certainty import resampled_clips, share_that_stay_first
from and_core.algorithms.a_closed_concept.similarity import cos_cubed, ranked_concepts

FloatArray = npt.NDArray[np.float32]


def some_layer(seed: int, neurons: int = 30, clips: int = 60, concepts: int = 7) -> tuple[FloatArray, FloatArray]:
    """Activations [J, N] and features [N, M]; neuron j leans towards concept j mod M."""
    generator = np.random.default_rng(seed)
    features = generator.random((clips, concepts)).astype(np.float32) ** 4
    noise = generator.normal(size=(neurons, clips)).astype(np.float32)
    return features.T[np.arange(neurons) % concepts] * 3 + noise, features


def test_the_share_is_what_drawing_clips_by_hand_gives() -> None:
    activations, features = some_layer(0)
    first = ranked_concepts(cos_cubed(activations, features), 1).concepts[:, 0]
    drawn = resampled_clips(60, 15, seed=1)
    by_hand = np.zeros(30)
    for counts in drawn:
        clips = np.repeat(np.arange(60), counts.astype(int))
        by_hand += cos_cubed(activations[:, clips], features[clips]).argmax(axis=1) == first
    shares = share_that_stay_first(activations, features, first, drawn)
    assert shares == pytest.approx(by_hand / 15)
    assert 0 < shares.min() < shares.max() == 1


def test_every_resample_has_as_many_clips_and_the_seed_decides_which() -> None:
    drawn = resampled_clips(50, 8, seed=3)
    assert (drawn.sum(axis=1) == 50).all()
    assert (drawn == resampled_clips(50, 8, seed=3)).all()
    assert (drawn != resampled_clips(50, 8, seed=4)).any()


def test_a_neuron_of_one_concept_is_sure_and_one_of_chance_is_not() -> None:
    activations, features = some_layer(1)
    activations[0] = features[:, 2]
    activations[1] = np.random.default_rng(9).normal(size=60)
    first = ranked_concepts(cos_cubed(activations, features), 1).concepts[:, 0]
    shares = share_that_stay_first(activations, features, first, resampled_clips(60, 100, seed=0))
    assert shares[0] == 1
    assert shares[1] < 0.8


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0])
def test_a_constant_neuron_agrees_with_nothing(value: float) -> None:
    activations, features = some_layer(2)
    activations[:] = value
    drawn = resampled_clips(60, 5, seed=0)
    for first in (np.zeros(30, np.int32), np.full(30, -1)):
        assert (share_that_stay_first(activations, features, first, drawn) == 0).all()


def test_the_only_concept_is_always_the_first_and_no_resample_says_nothing() -> None:
    activations, features = some_layer(3, concepts=1)
    first = np.zeros(30, np.int32)
    assert (share_that_stay_first(activations, features, first, resampled_clips(60, 5, seed=0)) == 1).all()
    assert (share_that_stay_first(activations, features, first, resampled_clips(60, 0, seed=0)) == 0).all()
