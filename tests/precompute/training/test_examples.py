import numpy as np
import pytest

from and_core.errors import ClipError, DatasetError
from and_core.models.protocols import Clip
from precompute.training.config import ModelSizes
from precompute.training.examples import read_examples

SIZES = ModelSizes(mel_bins=16, frames=32, patch=16)


class Tones:
    """Four half-second tones at 8 kHz: two classes, folds 1 and 2."""

    name, class_names, fingerprint = "tones", ("low", "high"), "tones"

    def __init__(self, **odd):
        self.odd = odd

    def __len__(self):
        return 4

    def filename(self, index):
        return f"{index}.wav"

    def clip(self, index):
        if index == self.odd.get("unreadable"):
            raise ClipError("3.wav cannot be read.")
        tone = np.sin(np.arange(4000) * (0.1 + 0.5 * (index % 2))).astype(np.float32)
        class_name = None if index == self.odd.get("nameless") else self.class_names[index % 2]
        return Clip(self.filename(index), tone, 8000, class_name=class_name, fold=1 + index // 2)


def read(dataset, held_out_fold=2):
    return read_examples(dataset, SIZES, held_out_fold, lambda *_: None)


def test_the_held_out_fold_is_kept_apart_as_waveforms_at_the_networks_rate():
    examples = read(Tones())
    assert examples.spectrograms.shape == (2, 32, 16)
    assert examples.labels.tolist() == [0, 1]
    assert [len(waveform) for waveform in examples.held_out] == [8000, 8000]
    assert examples.held_out_labels == [0, 1]


def test_progress_counts_every_clip():
    seen = []
    read_examples(Tones(), SIZES, 2, lambda *event: seen.append(event))
    assert seen == [("clips read", done, 4) for done in range(5)]


def test_a_clip_that_cannot_be_read_is_listed_and_left_out():
    examples = read(Tones(unreadable=3))
    assert examples.left_out == ["3.wav cannot be read."]
    assert len(examples.held_out) == 1


def test_a_clip_without_a_class_is_refused_by_name():
    with pytest.raises(DatasetError, match=r"1\.wav of tones has no class"):
        read(Tones(nameless=1))


@pytest.mark.parametrize("fold", [3, 0])
def test_a_fold_that_the_data_set_does_not_have_is_refused(fold):
    with pytest.raises(DatasetError, match=rf"4 clips to learn from and 0 in the held-out fold {fold}"):
        read(Tones(), held_out_fold=fold)
