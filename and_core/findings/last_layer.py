"""Does each output neuron get the name of its class? (Tables 2 and 7 of the paper)"""

from collections.abc import Sequence
from itertools import groupby

import pandas as pd

from and_core.algorithms.evaluation import Interval, LastLayerScore
from and_core.algorithms.last_layer_of_paper import METHOD_NAMES, NETWORKS, paper_scores

LEGEND = (
    "In brackets: 95 % bootstrap intervals over output neurons. The paper's figures, top-1 / top-5 / cosine of its "
    "Table 7, are of other networks on ESC-50, with captions by SALMONN and concepts embedded by CLIP."
)


def label(method: str, similarity: str | None) -> str:
    """DB cos_cubed"""
    return " ".join(part for part in (METHOD_NAMES.get(method, method), similarity) if part)


def headlines(scores: Sequence[LastLayerScore]) -> dict[str, str]:
    """Network -> how its best function does, beside the paper's figure for AST."""
    return {network: _headline(list(own)) for network, own in groupby(scores, key=lambda score: score.network)}


def _headline(scores: Sequence[LastLayerScore]) -> str:
    best = max(scores, key=lambda score: (score.top1, score.top5, score.cosine))
    low, high = best.top1_interval
    paper = paper_scores(best.method, best.similarity)
    beside = f" The paper has {paper['AST'].top1:.0%} for AST on ESC-50 by the same function." if paper else ""
    return (
        f"By {label(best.method, best.similarity)}, the best of {len(scores)} functions, {best.top1 * best.n:.0f} of "
        f"{best.n} output neurons of {best.network} get the name of their class ({best.top1:.0%}; 95 % interval "
        f"{low:.0%} to {high:.0%}).{beside}"
    )


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
