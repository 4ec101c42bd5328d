"""How many clusters: the elbow method (paper, section 4.5, after Thorndike 1953).

K-means with more clusters always lies closer to the sentences. Plotted over the number of clusters, its inertia falls
steeply at first and slowly later; the elbow is where the one turns into the other. The rule that finds it here: of all
points of the curve, the one farthest below the straight line from its first to its last point, both axes scaled to
0..1 (as in Satopaa et al. 2011, "Finding a kneedle in a haystack"). It depends on how far the curve goes: a longer one
moves the elbow to the right.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans

STARTS = 3
"""Random starts of K-means a point of the curve: ten for the clusters themselves, fewer for the shape of a curve."""


STRAIGHT = 1e-9
"""A curve that lies less than this below its chord has no bend."""


class ElbowCurve(NamedTuple):
    """Inertia by number of clusters."""

    clusters: npt.NDArray[np.int32]
    """[E] 1, 2, ..., E."""
    inertia: npt.NDArray[np.float64]
    """[E] sum of squared distances of all sentences to their cluster's centre."""

    @property
    def below_chord(self) -> npt.NDArray[np.float64]:
        """[E] how far each point lies below the line from the first point to the last, 0..1."""
        if len(self.clusters) < 3:
            return np.zeros(len(self.clusters))
        along = (self.clusters - self.clusters[0]) / (self.clusters[-1] - self.clusters[0])
        drop = self.inertia[0] - self.inertia[-1]
        height = (self.inertia - self.inertia[-1]) / (drop if drop > 0 else 1.0)
        return np.maximum(1 - along - height, 0.0)

    @property
    def elbow(self) -> int:
        """The number of clusters at the elbow; all there are where the curve has no bend."""
        below = self.below_chord
        return int(self.clusters[int(below.argmax()) if below.max() > STRAIGHT else -1])


def elbow_curve(embeddings: npt.NDArray[np.float32], most: int, seed: int = 0) -> ElbowCurve:
    """Cluster sentences by K-means into 1, 2, ..., `most` clusters.

    Args:
        embeddings: [S, D] float32, one row a sentence, S at least 1.
        most: how far the curve goes; not beyond the number of different sentences.
        seed: of K-means' random starts.

    Raises:
        ValueError: there is no sentence, or `most` is below 1.
    """
    if not len(embeddings) or most < 1:
        raise ValueError(f"{len(embeddings)} sentences cannot be put into 1 to {most} clusters")
    # Sentences that stand several times are one point with their weight: the same curve, and quicker.
    different, weights = np.unique(np.asarray(embeddings, np.float32), axis=0, return_counts=True)
    clusters = np.arange(1, min(most, len(different)) + 1, dtype=np.int32)
    inertia = [
        KMeans(n_clusters=int(count), n_init=STARTS, random_state=seed).fit(different, sample_weight=weights).inertia_
        for count in clusters
    ]
    return ElbowCurve(clusters, np.asarray(inertia, np.float64))
