"""Where a training stands, on disk after every epoch, so that one that was killed goes on."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from and_core.errors import PipelineError

Row = dict[str, float]
"""What one epoch was like: one number a curve."""
Note = Callable[[str], None]
"""Takes a sentence for the person who watches."""


class State:
    """Weights, optimizer, schedule, random states and curve of one training, in one file."""

    def __init__(self, file: Path, key: str, note: Note) -> None:
        """
        Args:
            key: names everything that the training depends on; a state of another key is not taken up.
        """
        self._file, self._key, self._note = file, key, note

    def restore(
        self,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        rng: np.random.Generator,
    ) -> list[Row]:
        """Put everything back as it was after the last epoch, and return the curve until then; empty at a beginning."""
        saved = self._read()
        if saved is None:
            return []
        module.load_state_dict(saved["module"])
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        rng.bit_generator.state = json.loads(saved["numpy_random"])
        torch.set_rng_state(saved["torch_random"])
        if torch.cuda.is_available() and saved["cuda_random"]:
            torch.cuda.set_rng_state_all(saved["cuda_random"])
        self._note(f"The training goes on after epoch {len(saved['curve'])}, where it was stopped.")
        curve: list[Row] = saved["curve"]
        return curve

    def save(
        self,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        rng: np.random.Generator,
        curve: list[Row],
    ) -> None:
        """Replace the file in one step: killed at any moment, the old or the new one is there.

        Raises:
            PipelineError: the file cannot be written.
        """
        content = {
            "key": self._key,
            "module": module.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            # As text: torch reads back no whole numbers of 128 bits.
            "numpy_random": json.dumps(rng.bit_generator.state),
            "torch_random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "curve": curve,
        }
        unfinished = self._file.with_suffix(".unfinished")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as opened:
                torch.save(content, opened)
                opened.flush()
                os.fsync(opened.fileno())
            unfinished.replace(self._file)
        except (OSError, RuntimeError) as error:  # RuntimeError: torch's own word for a full disk
            raise PipelineError(
                f"The state of the training cannot be written to {self._file}: {str(error).splitlines()[0]}",
                "Free some space and start it again: it goes on after the last whole epoch.",
            ) from error

    def _read(self) -> dict[str, Any] | None:
        """The saved state, None where there is none of this training."""
        if not self._file.is_file():
            return None
        try:
            saved: dict[str, Any] = torch.load(self._file, map_location="cpu", weights_only=True)
            same = saved["key"] == self._key
        except (OSError, RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError):
            self._note(f"{self._file} is damaged: the training starts anew.")
            return None
        if not same:
            self._note(f"{self._file} is of another configuration, start or data: the training starts anew.")
        return saved if same else None
