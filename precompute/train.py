"""`and-precompute train`: train a network, save it as a checkpoint, and measure it on clips it has not heard."""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from and_core.errors import ConfigError
from and_core.models import registry
from and_core.models.devices import chosen_device
from and_core.models.protocols import ProbingDataset
from precompute.training import config as training_config
from precompute.training.beginnings import beginning_of
from precompute.training.config import TrainingConfig
from precompute.training.curves import PICTURE, draw_curves
from precompute.training.examples import Examples, Progress, read_examples
from precompute.training.one_fold import FoldTraining
from precompute.training.report import RECORD, FoldReport, TrainingReport, library_versions, settings_of
from precompute.training.state import Note, State
from precompute.training.trainee import Beginning


def train_from_file(
    source: str | Path,
    overrides: tuple[str, ...] = (),
    out: Path | None = None,
    folds: str | None = None,
    progress: Progress = lambda _what, _done, _total: None,
    note: Note = lambda _sentence: None,
) -> TrainingReport:
    """Train as a configuration file says.

    Args:
        source: a TOML file, or the name of a shipped one (`train_ast_foley`).
        overrides: `dotted.key=value` pairs that win over the file.
        out: folder for the checkpoint, instead of the configuration's.
        folds: `held_out` or `all`, instead of the configuration's.
        progress: told (what is being counted, how many are done, of how many).
        note: told what a person should know, such as that a stopped training goes on.

    Raises:
        ConfigError: the configuration, its `start`, or `out` cannot be written.
        DatasetError: the data set cannot be read, or has no clips to learn from or to measure on.
        NetworkError: `start` cannot be read or is refused.
    """
    return train(training_config.load(source, overrides, out=out, folds=folds), progress, note)


def train(
    config: TrainingConfig,
    progress: Progress = lambda _what, _done, _total: None,
    note: Note = lambda _sentence: None,
) -> TrainingReport:
    """Train, and write weights, feature extractor, curves and record into `config.out`.

    Stopped at any moment and started again, it goes on after the last whole epoch.

    Raises:
        as `train_from_file`.
    """
    dataset: ProbingDataset = registry.create("dataset", config.dataset.kind, config.dataset.options, "dataset")
    _check_writable(config.out)
    return Training(config, dataset, progress, note).run()


class Training:
    """All folds of one configuration."""

    def __init__(self, config: TrainingConfig, dataset: ProbingDataset, progress: Progress, note: Note) -> None:
        self._config, self._dataset = config, dataset
        self._progress, self._note = progress, note
        self._device = chosen_device(config.device, ConfigError)
        self._beginning = beginning_of(config, config.held_out_fold)
        self._unfinished = config.out.parent / f".{config.out.name}.unfinished"
        """States, and checkpoints that are not measured yet: what is left by a training that was stopped."""

    def run(self) -> TrainingReport:
        """As `train`."""
        start = time.perf_counter()
        examples = self._read(self._beginning)
        seconds = time.perf_counter() - start
        folds = self._folds(examples)
        reports = [self._train(fold, examples, len(folds)) for fold in folds]
        report = self._report(examples, reports, seconds)
        self._write(report, self._checkpoint(self._config.held_out_fold))
        shutil.rmtree(self._unfinished)
        return report

    def _read(self, beginning: Beginning) -> Examples:
        return read_examples(self._dataset, beginning, self._config.task == "classify", self._progress)

    def _folds(self, examples: Examples) -> list[int]:
        """The folds to hold out; before hours are spent on the first, all are checked."""
        held_out = self._config.held_out_fold
        others = sorted({*examples.folds.tolist()} - {held_out}) if self._config.folds == "all" else []
        for fold in (held_out, *others):
            examples.split(fold)
            beginning_of(self._config, fold)
        return [held_out, *others]

    def _checkpoint(self, fold: int) -> Path:
        return self._unfinished / f"fold{fold}"

    def _train(self, fold: int, examples: Examples, folds: int) -> FoldReport:
        beginning = self._beginning
        if fold != self._config.held_out_fold and "{fold}" in self._config.start:
            beginning = beginning_of(self._config, fold)
            examples = self._read(beginning)
        of_fold = "" if folds == 1 else f", fold {fold}"
        shutil.rmtree(self._checkpoint(fold), ignore_errors=True)
        self._checkpoint(fold).mkdir(parents=True)
        return FoldTraining(self._config, beginning, examples, fold, self._device).run(
            self._checkpoint(fold),
            State(self._unfinished / f"fold{fold}.pt", self._key(beginning, fold), self._note),
            lambda what, done, total: self._progress(what + of_fold, done, total),
        )

    def _key(self, beginning: Beginning, fold: int) -> str:
        """Names all that a training depends on."""
        everything = [settings_of(self._config), self._dataset.fingerprint, beginning.digest(), fold]
        return hashlib.sha256(json.dumps(everything).encode()).hexdigest()

    def _report(self, examples: Examples, reports: Sequence[FoldReport], seconds: float) -> TrainingReport:
        saved, *others = reports
        accuracies = [report.accuracy for report in reports if report.accuracy is not None]
        return TrainingReport(
            accuracy=saved.accuracy,
            accuracy_by_class=saved.accuracy_by_class,
            retrieval=saved.retrieval,
            accuracy_mean=float(np.mean(accuracies)) if others else None,
            accuracy_std=float(np.std(accuracies, ddof=1)) if others else None,
            held_out_fold=saved.held_out_fold,
            held_out_clips=saved.held_out_clips,
            training_clips=saved.training_clips,
            left_out=examples.left_out,
            dataset=self._dataset.fingerprint,
            start=origin(self._beginning),
            settings=settings_of(self._config),
            versions=library_versions(),
            seconds=round(seconds + sum(row["seconds"] for report in reports for row in report.curve), 1),
            folds=sorted(reports, key=lambda report: report.held_out_fold),
        )

    def _write(self, report: TrainingReport, checkpoint: Path) -> None:
        (checkpoint / RECORD).write_text(json.dumps(asdict(report), indent=2) + "\n")
        draw_curves(report.folds, checkpoint / PICTURE)
        self._config.out.mkdir(exist_ok=True)
        for file in checkpoint.iterdir():
            shutil.copyfile(file, self._config.out / file.name)


def origin(beginning: Beginning) -> dict[str, Any] | None:
    """What a checkpoint's record says of the one it was started from."""
    if not beginning.name:
        return None
    return {"name": beginning.name, "digest": beginning.digest(), "training": beginning.record()}


def _check_writable(out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out if out.is_dir() else out.parent):
            pass
    except OSError as error:
        raise ConfigError(f"out = {str(out)!r} cannot be written: {error.strerror}.", "Give another --out.") from error
