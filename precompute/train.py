"""`and-precompute train`: train a small AST, save it as a checkpoint, and measure it on the fold it has not seen."""

import json
import platform
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from and_core.errors import ConfigError
from and_core.models import registry
from and_core.models.networks.huggingface import HuggingFaceNetwork
from and_core.models.protocols import ProbingDataset
from and_core.models.quiet import quiet_transformers
from precompute.config import PATH_SETTINGS
from precompute.training import config as training_config
from precompute.training.config import TrainingConfig
from precompute.training.examples import Examples, Progress, feature_extractor, read_examples
from precompute.training.fit import fit, log_mel_statistics, right_answers

RECORD = "training.json"
LIBRARIES = ("numpy", "safetensors", "soxr", "torch", "torchaudio", "transformers")


@dataclass(frozen=True)
class TrainingReport:
    """What came of a training; written beside the weights as training.json."""

    accuracy: float
    """Share of the held-out clips that the saved network gets right."""
    accuracy_by_class: dict[str, float]
    held_out_fold: int
    held_out_clips: int
    training_clips: int
    left_out: list[str]
    """Clips that could not be read, with the reason."""
    dataset: str
    """Fingerprint of what it was trained on."""
    settings: dict[str, Any]
    """The configuration, without paths."""
    versions: dict[str, str]
    seconds: float
    """From the first clip to the last epoch."""


def train_from_file(
    source: str | Path,
    overrides: tuple[str, ...] = (),
    out: Path | None = None,
    progress: Progress = lambda _what, _done, _total: None,
) -> TrainingReport:
    """Train as a configuration file says.

    Args:
        source: a TOML file, or the name of a shipped one (`train_ast_foley`).
        overrides: `dotted.key=value` pairs that win over the file.
        out: folder for the checkpoint, instead of the configuration's.
        progress: told (what is being counted, how many are done, of how many).

    Raises:
        ConfigError: the configuration, or `out` cannot be written.
        DatasetError: the data set cannot be read, or has no clips to learn from or to measure on.
    """
    return train(training_config.load(source, overrides, out), progress)


def train(config: TrainingConfig, progress: Progress = lambda _what, _done, _total: None) -> TrainingReport:
    """Train, write weights (float16), feature extractor and record into `config.out`, and measure what was written.

    The held-out fold takes part in nothing but the measurement: not in the normalisation, not in choosing an epoch.

    Raises:
        ConfigError: `config.out` cannot be written.
        DatasetError: the data set cannot be read, or has no clips to learn from or to measure on.
    """
    dataset: ProbingDataset = registry.create("dataset", config.dataset.kind, config.dataset.options, "dataset")
    _check_writable(config.out)
    start = time.perf_counter()
    examples = read_examples(dataset, config.model, config.held_out_fold, progress)
    mean, std = log_mel_statistics(examples.spectrograms)
    model = fit(config, dataset.class_names, examples, mean, std, progress)
    seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory(dir=config.out.parent, prefix=f".{config.out.name}-") as made:
        with quiet_transformers():
            model.half().save_pretrained(made)
        feature_extractor(config.model, mean=mean, std=std).save_pretrained(made)
        report = _measured(config, dataset, examples, Path(made), seconds)
        (Path(made) / RECORD).write_text(json.dumps(asdict(report), indent=2) + "\n")
        config.out.mkdir(exist_ok=True)
        for file in Path(made).iterdir():
            shutil.copyfile(file, config.out / file.name)
    return report


def _measured(
    config: TrainingConfig, dataset: ProbingDataset, examples: Examples, checkpoint: Path, seconds: float
) -> TrainingReport:
    """The report, with the accuracy of the saved checkpoint as the pipeline would load it."""
    logits, _ = HuggingFaceNetwork(checkpoint, device="cpu").forward(examples.held_out)
    right, labels = right_answers(logits, examples.held_out_labels), np.array(examples.held_out_labels)
    by_class = {
        name: float(right[labels == index].mean())
        for index, name in enumerate(dataset.class_names)
        if (labels == index).any()
    }
    return TrainingReport(
        accuracy=float(right.mean()),
        accuracy_by_class=by_class,
        held_out_fold=config.held_out_fold,
        held_out_clips=len(labels),
        training_clips=len(examples.labels),
        left_out=examples.left_out,
        dataset=dataset.fingerprint,
        settings=_settings(config),
        versions={"python": platform.python_version()} | {library: version(library) for library in LIBRARIES},
        seconds=round(seconds, 1),
    )


def _settings(config: TrainingConfig) -> dict[str, Any]:
    """The configuration without what names places on this machine."""
    settings = config.model_dump(mode="json", exclude={"out"})
    settings["dataset"] = {key: value for key, value in settings["dataset"].items() if key not in PATH_SETTINGS}
    return settings


def _check_writable(out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out if out.is_dir() else out.parent):
            pass
    except OSError as error:
        raise ConfigError(f"out = {str(out)!r} cannot be written: {error.strerror}.", "Give another --out.") from error
