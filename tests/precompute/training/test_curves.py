import numpy as np
from PIL import Image

from precompute.train import train_from_file
from precompute.training.curves import draw_curves
from precompute.training.report import FoldReport


def a_fold(fold, losses, accuracy):
    curve = [
        {
            "epoch": n + 1,
            "seconds": 1.0,
            "learning_rate": 1e-3 / (n + 1),
            "loss": loss,
            "training_accuracy": 1 - loss / 4,
        }
        for n, loss in enumerate(losses)
    ]
    return FoldReport(fold, 10, 40, accuracy, {}, {}, curve)


def pixels(file):
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def test_every_fold_has_a_line_and_a_point(tmp_path):
    one, two = a_fold(1, [3, 2, 1], 0.6), a_fold(2, [3, 1, 0.5], 0.8)
    pictures = []
    for name, folds in {"one": [one], "two": [one, two], "again": [one, two]}.items():
        draw_curves(folds, tmp_path / f"{name}.png")
        pictures.append(pixels(tmp_path / f"{name}.png"))
    assert pictures[0].shape[1] > 600
    assert (pictures[0] != pictures[1]).any()
    np.testing.assert_array_equal(pictures[1], pictures[2])


def test_numbers_and_picture_lie_beside_the_weights(tiny_training, pretrained, tmp_path):
    report = train_from_file(tiny_training, (), tmp_path / "ast")
    for folder, names in ((tmp_path / "ast", {"training_accuracy"}), (pretrained[1], {"patch_loss", "codes_right"})):
        assert (folder / "curves.png").stat().st_size < 100_000
        assert pixels(folder / "curves.png").std() > 0
        assert "loss" in (folder / "training.json").read_text() and all(
            name in (folder / "training.json").read_text() for name in names
        )
    curve = report.folds[0].curve
    assert [row["epoch"] for row in curve] == [1, 2]
    assert curve[-1]["learning_rate"] < 1e-9 and curve[0]["learning_rate"] > 1e-4
