"""Which clips are held out together."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedGroupKFold

from and_core.errors import DatasetError

DEALT = 5
"""Folds of a data set that has none of its own."""


def deal_folds(labels: npt.NDArray[np.int64], recordings: Sequence[str]) -> npt.NDArray[np.int64]:
    """Folds 1..5 for clips that have none: every class in each, and what was cut from one recording in one fold.

    They depend on the clips alone, so that what one training held out another on the same clips can hold out too.

    Args:
        labels: [N] class of each clip.
        recordings: the recording that each clip was cut from.

    Returns:
        [N] folds.

    Raises:
        DatasetError: there are too few clips of every class.
    """
    folds = np.zeros(len(labels), np.int64)
    splitter = StratifiedGroupKFold(DEALT, shuffle=True, random_state=0)
    try:
        for fold, (_, held_out) in enumerate(splitter.split(labels, labels, recordings), start=1):
            folds[held_out] = fold
    except ValueError as error:
        raise DatasetError(
            f"{len(labels)} clips without folds cannot be dealt to {DEALT}: {error}", "Use more clips of every class."
        ) from error
    return folds
