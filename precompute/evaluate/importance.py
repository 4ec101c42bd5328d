"""Which neurons does a network need most? (Figure 4 of the paper)"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.experiment import Bench, Pruned, prune
from and_core.algorithms.ablation.selection import BASIC_ADJECTIVES, Limited, Term
from precompute.evaluate.bench import Say

PERCENTAGES = (0, 2, 4, 6, 8, 10, 12)
PARTS: dict[str, tuple[Term, ...]] = {
    "a": tuple(map(Term, ("random", "nouns", "adjectives", "verbs", "prepositions", "summary_length"))),
    "b": tuple(map(Term, ("random", "basic_adjectives", "high_level_adjectives"))),
    "c": tuple(Term("adjective", word) for word in BASIC_ADJECTIVES),
}
"""Part of the figure -> its curves."""
PAPER = {
    "random": (0.95, 0.88, 0.83, 0.68, 0.49, 0.23, 0.16),
    "prepositions": (0.95, 0.87, 0.83, 0.71, 0.52, 0.26, 0.20),
    "verbs": (0.95, 0.94, 0.80, 0.68, 0.51, 0.36, 0.22),
    "nouns": (0.95, 0.92, 0.78, 0.62, 0.43, 0.32, 0.15),
    "summary_length": (0.95, 0.93, 0.82, 0.68, 0.54, 0.34, 0.19),
    "adjectives": (0.95, 0.93, 0.81, 0.65, 0.51, 0.34, 0.16),
    "basic_adjectives": (0.95, 0.91, 0.79, 0.64, 0.42, 0.22, 0.16),
    "high_level_adjectives": (0.95, 0.91, 0.81, 0.67, 0.52, 0.36, 0.18),
    "adjective:clear": (0.95, 0.93, 0.91, 0.89, 0.84, 0.78, 0.67),
    "adjective:high-pitched": (0.95, 0.92, 0.90, 0.85, 0.76, 0.54, 0.39),
    "adjective:loud": (0.95, 0.92, 0.91, 0.87, 0.79, 0.65, 0.57),
}
"""Figure 4, accuracy of AST on ESC-50 at `PERCENTAGES`, read off the plots, give or take 0.01."""


def importance(bench: Bench, parts: str, seeds: Sequence[int], say: Say) -> Iterator[dict[str, Any]]:
    """Accuracy after pruning ever more neurons: a row a curve, percentage and seed.

    Percentages are of all hidden neurons. A curve ends level where no more neurons carry the word: `pruned` says how
    many went.
    """
    terms = dict.fromkeys(term for part in parts for term in PARTS[part])
    played: dict[bytes, Pruned] = {}
    for term in terms:
        say(f"{bench.network}: {term}")
        for percent in PERCENTAGES:
            for seed in seeds:
                selection = Limited(term, percent=float(percent), seed=seed)
                # Where no more neurons carry the word, every further percentage and seed means the same ones.
                same = np.sort(choose(selection, bench.evidence)).tobytes()
                pruned = played[same] = played.get(same) or prune(bench, selection)
                before, after = pruned.effect.overall()
                changes = pruned.effect.after[0, :, 0] - pruned.effect.before[0, :, 0]
                yield {
                    "network": bench.network,
                    "part": "".join(part for part in parts if term in PARTS[part]),
                    "strategy": str(term),
                    "concept": term.concept,
                    "percent": percent,
                    "seed": seed,
                    "pruned": len(pruned.neurons),
                    "logit_change": float(np.mean(changes)),
                    "accuracy_before": before.value,
                    "accuracy_after": after.value,
                    "accuracy_after_low": after.low,
                    "accuracy_after_high": after.high,
                }


@dataclass(frozen=True)
class Curve:
    """One line of the figure, the mean over seeds."""

    network: str
    strategy: str
    accuracy: tuple[float, ...]
    """At `PERCENTAGES`."""
    most: int
    """Neurons pruned at the last of them."""


def curves(rows: list[dict[str, Any]]) -> Iterator[Curve]:
    for network, strategy in dict.fromkeys((row["network"], row["strategy"]) for row in rows):
        own = [row for row in rows if (row["network"], row["strategy"]) == (network, strategy)]
        at = [[row["accuracy_after"] for row in own if row["percent"] == percent] for percent in PERCENTAGES]
        yield Curve(network, strategy, tuple(map(fmean, at)), max(row["pruned"] for row in own))
