"""A network that was pretrained on next to nothing, through the real command's way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from precompute.train import train_from_file
from precompute.training.report import TrainingReport

DATASET = """
[dataset]
kind = "foley"
clips_per_class = 2
folds = 2
"""


@pytest.fixture(scope="session")
def pretrained(tiny_training: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingReport, Path]:
    """The report and the folder of a pretraining with fold 2 held out."""
    out = tmp_path_factory.mktemp("pretrained") / "ast-tiny"
    report = train_from_file(tiny_training, ('task="pretrain"', "pretraining.codes=64", "epochs=3"), out)
    return report, out


@pytest.fixture(scope="session")
def from_start(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Writes a configuration that starts from a checkpoint: `from_start(path, frozen="true", ...)`."""

    def write(start: Path | str, **settings: str) -> Path:
        file = tmp_path_factory.mktemp("from-start") / "tiny.toml"
        lines = {"start": f'"{start}"', "epochs": "2", "batch_size": "8", "held_out_fold": "2", **settings}
        file.write_text("".join(f"{key} = {value}\n" for key, value in lines.items()) + DATASET)
        return file

    return write
