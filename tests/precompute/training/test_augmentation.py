from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.training.augmentation import (
    augment_spectrograms,
    augment_waveforms,
    masked,
    mix_only,
    mixed,
    shifted,
)
from precompute.training.config import Augmentation

NOTHING = Augmentation(mixup=0, time_masks=0, mel_masks=0, shift_s=0, gain_db=0)


def random_batch(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(6, 30, 8)).astype(np.float32) + 5, np.eye(6, dtype=np.float32)


KINDS = [
    (partial(augment_spectrograms, log_mel_std=2.0), slice(None)),
    (partial(augment_waveforms, sample_rate_hz=100), 0),
    (mix_only, slice(None)),
]


@pytest.mark.parametrize(("augment", "part"), KINDS)
def test_with_everything_turned_off_nothing_changes(augment, part):
    batch, labels = random_batch(0)
    batch = batch[..., part]
    clips, shares = augment(batch, labels, NOTHING, np.random.default_rng(0))
    np.testing.assert_array_equal(clips, batch)
    np.testing.assert_array_equal(shares, labels)


@pytest.mark.parametrize(("augment", "part"), KINDS)
@given(seed=st.integers(0, 50))
@settings(max_examples=20)
def test_a_batch_keeps_its_shape_and_a_label_its_sum(augment, part, seed):
    batch, labels = random_batch(seed)
    batch = batch[..., part]
    kept = batch.copy(), labels.copy()
    clips, shares = augment(batch, labels, Augmentation(), np.random.default_rng(seed))
    assert clips.shape == batch.shape and clips.dtype == np.float32
    assert not np.array_equal(clips, batch)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
    assert (shares.argmax(axis=1) == np.arange(6)).all()  # a clip's own label weighs most
    np.testing.assert_array_equal(batch, kept[0])
    np.testing.assert_array_equal(labels, kept[1])


def test_a_shift_rolls_each_spectrogram_and_loses_nothing():
    batch, _ = random_batch(1)
    moved = shifted(batch, 10, np.random.default_rng(1))
    offsets = set()
    for before, after in zip(batch, moved, strict=True):
        matches = [n for n in range(-10, 11) if np.array_equal(np.roll(before, n, axis=0), after)]
        assert len(matches) == 1
        offsets.add(matches[0])
    assert len(offsets) > 1


@pytest.mark.parametrize(("axis", "longest"), [(1, 10), (2, 3), (2, 100)])
def test_a_mask_is_one_block_of_zeros_across_the_other_axis(axis, longest):
    batch, _ = random_batch(2)
    hidden = np.all(masked(batch, axis, longest, np.random.default_rng(2)) == 0, axis=3 - axis)
    assert hidden.any()
    for row in hidden:
        where = np.flatnonzero(row)
        assert len(where) <= longest
        assert len(where) == 0 or where[-1] - where[0] + 1 == len(where)


def test_a_gain_of_6_db_is_a_constant_of_at_most_its_logarithm():
    batch, labels = random_batch(3)
    loud = NOTHING.model_copy(update={"gain_db": 6.0})
    change = augment_spectrograms(batch, labels, loud, np.random.default_rng(3), log_mel_std=0.5)[0] - batch
    np.testing.assert_allclose(np.ptp(change, axis=(1, 2)), 0, atol=1e-5)
    # 6 dB are a factor of 3.98 in power; twice the standard deviation is 1.
    assert 0.5 < np.abs(change).max() <= np.log(10**0.6) + 1e-5


def test_a_gain_of_6_db_multiplies_a_waveform_by_at_most_2():
    batch, labels = random_batch(3)
    loud = NOTHING.model_copy(update={"gain_db": 6.0})
    factors = augment_waveforms(batch[..., 0], labels, loud, np.random.default_rng(3), 16_000)[0] / batch[..., 0]
    np.testing.assert_allclose(np.ptp(factors, axis=1), 0, atol=1e-6)
    assert 0.5 < factors.min() < 1 < factors.max() < 2


def test_a_waveform_is_masked_and_shifted_by_seconds_and_not_by_frames():
    batch, labels = np.ones((50, 1000), np.float32), np.eye(50, dtype=np.float32)
    masks = NOTHING.model_copy(update={"time_masks": 1, "time_mask_frames": 10})
    clips, _ = augment_waveforms(batch, labels, masks, np.random.default_rng(0), sample_rate_hz=2000)
    silent = (clips == 0).sum(axis=1)
    assert 150 < silent.max() <= 200  # 10 frames of 10 ms at 2 kHz
    ramp = np.tile(np.arange(1000, dtype=np.float32), (50, 1))
    moved, _ = augment_waveforms(
        ramp, labels, NOTHING.model_copy(update={"shift_s": 0.1}), np.random.default_rng(0), sample_rate_hz=2000
    )
    shifts = (moved[:, 500] - 500) * -1
    assert 150 < np.abs(shifts).max() <= 200


def test_mixup_mixes_spectrograms_and_labels_by_the_same_share():
    batch, labels = random_batch(4)
    spectrograms, shares = mixed(batch, labels, 1.0, np.random.default_rng(4))
    for own, (spectrogram, share) in enumerate(zip(spectrograms, shares, strict=True)):
        np.testing.assert_allclose(spectrogram, np.tensordot(share, batch, axes=1), rtol=1e-5)
        assert share[own] >= 0.5
