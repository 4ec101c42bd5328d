"""A picture of how trainings went."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from precompute.training.report import FoldReport

PICTURE = "curves.png"
PANELS = {
    "loss": ("loss", "patch_loss", "clip_loss"),
    "share right": ("training_accuracy", "codes_right", "texts_found", "accuracy"),
    "learning rate": ("learning_rate",),
}
"""Title -> the numbers drawn in one panel; `accuracy` is of the held-out clips, at the end."""


def draw_curves(folds: Sequence[FoldReport], file: Path) -> None:
    """Draw one panel a kind of number, over epochs, and one line a fold; PNG."""
    # Figure itself, not pyplot: no window, no global state. Here, because few commands draw.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.2), dpi=90, layout="constrained")
    for axes, (title, names) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        for line, name in enumerate(names):
            for fold in folds:
                _draw(axes, fold, name, f"C{line}")
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        handles, labels = axes.get_legend_handles_labels()
        once = dict(zip(labels, handles, strict=True))
        axes.legend(once.values(), once.keys(), fontsize="small")
    figure.savefig(file, metadata={"Software": None})


def _draw(axes: Any, fold: FoldReport, name: str, colour: str) -> None:
    epochs = [row["epoch"] for row in fold.curve]
    if name == "accuracy" and fold.accuracy is not None:
        axes.plot(epochs[-1:], [fold.accuracy], "o", color=colour, label="held out")
    elif name in fold.curve[0]:
        axes.plot(epochs, [row[name] for row in fold.curve], color=colour, alpha=0.7, label=name.replace("_", " "))
