"""Does each output neuron get the name of its class? (Tables 2 and 7 of the paper)"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pandas as pd

from and_core.algorithms.evaluation import Interval, LastLayerScore, last_layer_evaluation
from and_core.algorithms.last_layer_of_paper import METHOD_NAMES, NETWORKS, paper_scores
from and_core.store.connection import open_store
from and_core.store.queries import last_layer_concepts

LEGEND = (
    "In brackets: 95 % bootstrap intervals over output neurons. The paper's figures, top-1 / top-5 / cosine of its "
    "Table 7, are of other networks on ESC-50, with captions by SALMONN and concepts embedded by CLIP."
)


def last_layer_scores(store_folder: Path, seed: int = 0) -> list[LastLayerScore]:
    """How often an output neuron's best concept is the class it stands for (paper, section 4.1, Tables 2 and 7).

    Output neurons without a class of the same name in the data set are left out.

    Args:
        seed: of the bootstrap.

    Raises:
        StoreError: the run has no store.
    """
    return last_layer_evaluation(last_layer_concepts(open_store(store_folder)), seed)


def score_tables(scores: Sequence[LastLayerScore]) -> dict[str, pd.DataFrame]:
    """A table a network, under its title: ours, and beside it what the paper has for the same method and function."""
    frames = {}
    for network, of_network in groupby(scores, key=lambda score: score.network):
        rows = list(of_network)
        frames[f"{network}, {rows[0].n} output neurons"] = pd.DataFrame(
            [
                {
                    "method": METHOD_NAMES.get(score.method, score.method),
                    "similarity": score.similarity,
                    "top-1": percent(score.top1, score.top1_interval),
                    "top-5": percent(score.top5, score.top5_interval),
                    "cosine": "{:.2f} ({:.2f} to {:.2f})".format(score.cosine, *score.cosine_interval),
                    **{f"paper: {name}": "" for name in NETWORKS},
                    **{f"paper: {name}": str(s) for name, s in paper_scores(score.method, score.similarity).items()},
                }
                for score in rows
            ]
        )
    return frames


def percent(share: float, interval: Interval) -> str:
    """85.0 (70 to 95) for 0.85"""
    return f"{100 * share:.1f} ({100 * interval[0]:.0f} to {100 * interval[1]:.0f})"
