"""Which beginning a configuration names, and what that may have heard before."""

from pathlib import Path

from and_core.errors import ConfigError
from and_core.models.networks.beats.options import FILE_IN_FOLDER
from and_core.models.networks.checkpoint import is_hub_name, open_checkpoint
from precompute.training.beats import BeatsStart
from precompute.training.config import TrainingConfig
from precompute.training.huggingface import HuggingFaceStart, RandomAst
from precompute.training.trainee import Beginning


def beginning_of(config: TrainingConfig, fold: int) -> Beginning:
    """Random weights, or the checkpoint that `start` names when `fold` is held out.

    Raises:
        ConfigError: nothing is there, or it was trained on the held-out fold.
        NetworkError: it cannot be read, is refused, or is of an architecture that is not known.
    """
    if not config.start:
        return RandomAst(config.model)
    start = config.start.replace("{fold}", str(fold))
    beginning = _checkpoint(start, config.clip_s)
    _check_unheard(beginning, start, config.dataset.kind, fold)
    return beginning


def _checkpoint(start: str, clip_s: float) -> Beginning:
    path = Path(start).expanduser()
    if path.is_file() or (path / FILE_IN_FOLDER).is_file():
        return BeatsStart(path, clip_s)
    if not path.exists() and not is_hub_name(start):
        raise ConfigError(
            f"start = {start!r} is not here.",
            "Set it to a checkpoint, or make that one first: a shipped configuration whose name ends in _pretrained.",
        )
    return HuggingFaceStart(open_checkpoint(path if path.exists() else start), path.name, clip_s)


def _check_unheard(beginning: Beginning, start: str, dataset_kind: str, fold: int) -> None:
    """Refuse a start whose own record says that it was trained on clips that are to be held out now."""
    record = beginning.record() or {}
    dataset = record.get("settings", {}).get("dataset")
    if isinstance(dataset, dict) and dataset.get("kind") == dataset_kind and record.get("held_out_fold") != fold:
        raise ConfigError(
            f"start = {start!r} was trained with fold {record.get('held_out_fold')} of {dataset_kind} held out, so it "
            f"has heard fold {fold}, and its accuracy there would say nothing.",
            f"Set held_out_fold={record.get('held_out_fold')}, or train a start for every fold and write "
            "{fold} in start where their names differ.",
        )
