"""What came of a training, as training.json says it."""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from and_core.errors import ConfigError
from precompute.config import PATH_SETTINGS
from precompute.training.config import TrainingConfig
from precompute.training.state import Row

RECORD = "training.json"
LIBRARIES = ("numpy", "safetensors", "soxr", "torch", "torchaudio", "transformers")
OWN_SETTING = {"classify": "label_smoothing", "pretrain": "pretraining", "align": "captioner"}
"""Task -> the setting that no other task has."""


@dataclass(frozen=True)
class FoldReport:
    """One training, with one fold held out."""

    held_out_fold: int
    held_out_clips: int
    training_clips: int
    accuracy: float | None
    """Share of the held-out clips that the saved network gets right; None where it names no classes."""
    accuracy_by_class: dict[str, float]
    retrieval: dict[str, float]
    """What `aligning.retrieval` found among the held-out clips and captions; empty for other tasks."""
    curve: list[Row]
    """Epoch by epoch."""


@dataclass(frozen=True)
class TrainingReport:
    """What came of a training; written beside the weights as training.json."""

    accuracy: float | None
    """Of the network that was saved, on the fold that it has not heard."""
    accuracy_by_class: dict[str, float]
    retrieval: dict[str, float]
    """Captions and clips that find each other among the held-out ones; empty where the task is not `align`."""
    accuracy_mean: float | None
    """Over folds, where every one was held out in turn."""
    accuracy_std: float | None
    """Of the folds' accuracies, with N - 1."""
    held_out_fold: int
    held_out_clips: int
    training_clips: int
    left_out: list[str]
    """Clips that could not be read, with the reason."""
    dataset: str
    """Fingerprint of what it was trained on."""
    start: dict[str, Any] | None
    """The checkpoint it was started from: its name, digest and training.json without curves; None: random weights."""
    settings: dict[str, Any]
    """The configuration, without paths."""
    versions: dict[str, str]
    seconds: float
    """Reading the clips and all epochs."""
    folds: list[FoldReport]
    """Every training, the saved one among them."""


def library_versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {library: version(library) for library in LIBRARIES}


def settings_of(config: TrainingConfig) -> dict[str, Any]:
    """The configuration without what names places on this machine, and without tables that play no part."""
    others = {setting for task, setting in OWN_SETTING.items() if task != config.task}
    unused = {"model" if config.start else "clip_s", *others}
    settings = config.model_dump(mode="json", exclude={"out", "start", "device"} | unused)
    for table in ("dataset", "captioner"):
        if table in settings:
            settings[table] = {key: value for key, value in settings[table].items() if key not in PATH_SETTINGS}
    return settings


def record_beside(folder: Path) -> dict[str, Any] | None:
    """The training.json in a checkpoint's folder, without curves; None where there is none, or one of somebody else's.

    Raises:
        ConfigError: it cannot be read.
    """
    file = folder / RECORD
    if not file.is_file():
        return None
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{file} cannot be read: {error}.", "Put the file back, or take it away: what start heard is then unknown."
        ) from error
    if not isinstance(record, dict) or not isinstance(record.get("settings"), dict):
        return None
    return {key: value for key, value in record.items() if key != "folds"}


def closing_lines(report: TrainingReport) -> list[str]:
    """What a person wants to know at the end."""
    end = f"after {report.seconds:,.0f} s of training."
    if report.accuracy is None and not report.retrieval:
        told = report.folds[0].curve[-1]
        right = f"the codes of {told['codes_right']:.1%} of hidden patches right, " if "codes_right" in told else ""
        return [f"Trained on {report.training_clips} clips, {report.held_out_clips} held out: {right}{end}"]
    lines = []
    if report.accuracy_mean is not None:
        lines = [f"Fold {fold.held_out_fold}: {fold.accuracy:.1%}" for fold in report.folds]
        lines.append(f"Mean {report.accuracy_mean:.1%}, standard deviation {report.accuracy_std:.1%}")
    if report.retrieval:
        lines.append(_found(report.retrieval))
    measured = "" if report.accuracy is None else f"{report.accuracy:.1%} of {report.held_out_clips} clips right, "
    return [*lines, f"Held-out fold {report.held_out_fold}: {measured}{end}"]


def _found(retrieval: Mapping[str, float]) -> str:
    """`Captions find their clip: 20.0% at once and 50.0% among the first 5 (by chance 0.2% and 1.2%).`"""
    first, five = ((retrieval[f"text_to_audio_at_{k}"], retrieval[f"chance_at_{k}"]) for k in (1, 5))
    return (
        f"Captions find their clip: {first[0]:.1%} at once and {five[0]:.1%} among the first 5 "
        f"(by chance {first[1]:.1%} and {five[1]:.1%})."
    )
