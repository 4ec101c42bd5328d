"""How sure a network is of clips whose class is known."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
MEASURES = ("logit", "probability", "accuracy")
"""What is measured of each clip: the logit of its class (the paper's confidence), the class's probability after the
softmax, 0..1, and whether the class's logit is the highest, 0 or 1."""


def confidences(logits: npt.NDArray[np.floating], labels: npt.ArrayLike) -> FloatArray:
    """[N, 3] the `MEASURES` of every clip.

    Args:
        logits: [N clips, C classes].
        labels: [N] true class of each clip, 0..C-1.
    """
    labels = np.asarray(labels, np.intp)
    exact = np.asarray(logits, np.float64)
    weights = np.exp(exact - exact.max(axis=1, keepdims=True))
    clips = np.arange(len(labels))
    return np.stack(
        [
            exact[clips, labels],
            weights[clips, labels] / weights.sum(axis=1),
            (exact.argmax(axis=1) == labels).astype(np.float64),
        ],
        axis=1,
    )


def confusion(logits: npt.NDArray[np.floating], labels: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """[C, C] number of clips by true class (rows) and by the network's answer (columns)."""
    classes = logits.shape[1]
    cells = np.asarray(labels, np.intp) * classes + logits.argmax(axis=1)
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)
