import json

import numpy as np
import pytest
import soundfile

from and_core.errors import DatasetError
from and_core.models.datasets.foley import Foley
from precompute.train import train_from_file
from precompute.training.folds import DEALT, deal_folds


def test_every_fold_is_held_out_in_turn_and_the_configured_one_is_saved(tiny_training, tmp_path):
    report = train_from_file(tiny_training, (), tmp_path / "all" / "ast", folds="all")
    alone = train_from_file(tiny_training, (), tmp_path / "one" / "ast")
    accuracies = [fold.accuracy for fold in report.folds]
    assert [fold.held_out_fold for fold in report.folds] == [1, 2]
    assert report.accuracy_mean == pytest.approx(np.mean(accuracies))
    assert report.accuracy_std == pytest.approx(np.std(accuracies, ddof=1))
    assert report.accuracy == alone.accuracy == accuracies[1]
    saved = [(tmp_path / name / "ast" / "model.safetensors").read_bytes() for name in ("all", "one")]
    assert saved[0] == saved[1]
    assert alone.accuracy_mean is None
    assert len(json.loads((tmp_path / "all/ast/training.json").read_text())["folds"]) == 2


@pytest.mark.slow
def test_a_start_for_every_fold_is_named_with_the_fold(tiny_training, from_start, tmp_path):
    for fold in (1, 2):
        overrides = ('task="pretrain"', "epochs=1", f"held_out_fold={fold}")
        train_from_file(tiny_training, overrides, tmp_path / f"start-{fold}")
    report = train_from_file(from_start(tmp_path / "start-{fold}"), (), tmp_path / "out", folds="all")
    assert [fold.held_out_fold for fold in report.folds] == [1, 2]
    assert report.start["name"] == "start-2"


def test_dealt_folds_have_every_class_in_each_and_keep_recordings_together():
    labels = np.repeat(np.arange(3), 20)
    recordings = [f"{label}-{take // 2}" for label, take in zip(labels, np.tile(np.arange(20), 3), strict=True)]
    folds = deal_folds(labels, recordings)
    assert set(folds) == set(range(1, DEALT + 1))
    for fold in range(1, DEALT + 1):
        assert (np.bincount(labels[folds == fold], minlength=3) == 4).all()
    for recording in set(recordings):
        assert len({fold for fold, name in zip(folds, recordings, strict=True) if name == recording}) == 1


def test_too_few_clips_to_deal_are_refused():
    with pytest.raises(DatasetError, match="3 clips without folds"):
        deal_folds(np.array([0, 1, 1]), ["a", "b", "c"])


def test_a_data_set_without_folds_is_trained_on_with_folds_that_are_dealt(tiny_training, tmp_path):
    foley = Foley(clips_per_class=5)
    for index in range(10):
        clip = foley.clip(index)
        folder = tmp_path / "sounds" / str(clip.class_name)
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / clip.filename, clip.waveform, clip.sample_rate_hz)
    config = tmp_path / "sounds.toml"
    root, model = tmp_path / "sounds", tiny_training.read_text().split("[model]")[1]
    config.write_text(
        f'epochs = 1\nheld_out_fold = 3\n[dataset]\nkind = "audio_folder"\nroot = "{root}"\n[model]{model}'
    )
    report = train_from_file(config, (), tmp_path / "out")
    assert (report.training_clips, report.held_out_clips) == (8, 2)
    assert set(report.accuracy_by_class) == {"dog", "rooster"}
