import numpy as np
import pytest

from and_core.errors import ClipError, DatasetError
from and_core.models.protocols import Clip
from precompute.training.config import ModelSizes
from precompute.training.examples import NO_CLASS, NO_FOLD, read_examples
from precompute.training.huggingface import RandomAst

BEGINNING = RandomAst(ModelSizes(mel_bins=16, frames=32, patch=16))


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
        class_name = None if index in self.odd.get("nameless", ()) else self.class_names[index % 2]
        fold = None if index in self.odd.get("foldless", ()) else 1 + index // 2
        return Clip(self.filename(index), tone, 8000, class_name=class_name, fold=fold)


def read(dataset, need_classes=True):
    return read_examples(dataset, BEGINNING, need_classes, lambda *_: None)


def test_clips_are_read_as_the_network_hears_them_with_classes_and_folds():
    examples = read(Tones())
    assert examples.features.shape == (4, 32, 16)
    assert examples.labels.tolist() == [0, 1, 0, 1]
    assert examples.folds.tolist() == [1, 1, 2, 2]


def test_the_held_out_fold_is_split_off_and_its_waveforms_are_at_the_networks_rate():
    examples = read(Tones())
    training, held_out = examples.split(2)
    assert (training.tolist(), held_out.tolist()) == ([0, 1], [2, 3])
    assert [len(waveform) for waveform in examples.waveforms(held_out, 16_000)] == [8000, 8000]


def test_progress_counts_every_clip():
    seen = []
    read_examples(Tones(), BEGINNING, True, lambda *event: seen.append(event))
    assert seen == [("clips read", done, 4) for done in range(5)]


def test_a_clip_that_cannot_be_read_is_listed_and_left_out():
    examples = read(Tones(unreadable=1))
    assert examples.left_out == ["3.wav cannot be read."]
    assert examples.clips.tolist() == [0, 2, 3]
    lengths = [len(waveform) for waveform in examples.waveforms(examples.split(2)[1], 8000)]
    assert lengths == [4000, 4000]


def test_a_clip_without_a_class_is_refused_by_name_unless_classes_are_not_needed():
    dataset = Tones(nameless=[1])
    with pytest.raises(DatasetError, match=r"1\.wav of tones has no class"):
        read(dataset)
    assert read(dataset, need_classes=False).labels.tolist() == [0, NO_CLASS, 0, 1]


def test_a_data_set_with_folds_for_some_clips_alone_is_refused():
    with pytest.raises(DatasetError, match="1 clips of tones have no fold, and 3 have one"):
        read(Tones(foldless=[2]))


def test_without_folds_and_classes_there_are_no_folds():
    assert read(Tones(foldless=range(4), nameless=range(4)), need_classes=False).folds.tolist() == [NO_FOLD] * 4


@pytest.mark.parametrize("fold", [3, 0])
def test_a_fold_that_the_data_set_does_not_have_is_refused(fold):
    with pytest.raises(DatasetError, match=rf"4 clips to learn from and 0 in the held-out fold {fold}"):
        read(Tones()).split(fold)
