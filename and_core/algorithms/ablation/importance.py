"""Which neurons does a network need most? (paper, section 4.4, figure 4)"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.experiment import Bench, Pruned, prune
from and_core.algorithms.ablation.selection import BASIC_ADJECTIVES, Limited, Term

PERCENTAGES = (0, 2, 4, 6, 8, 10, 12)
"""Of all hidden neurons."""
PARTS: dict[str, tuple[Term, ...]] = {
    "a": tuple(map(Term, ("random", "nouns", "adjectives", "verbs", "prepositions", "summary_length"))),
    "b": tuple(map(Term, ("random", "basic_adjectives", "high_level_adjectives"))),
    "c": tuple(Term("adjective", word) for word in BASIC_ADJECTIVES),
}
"""Part of the figure -> its curves."""


def terms_of(parts: str) -> list[Term]:
    """The curves of some parts, each once."""
    return list(dict.fromkeys(term for part in parts for term in PARTS[part]))


def curve(
    bench: Bench, term: Term, seeds: Sequence[int], played: dict[bytes, Pruned] | None = None
) -> Iterator[dict[str, Any]]:
    """Accuracy after pruning ever more neurons: a row a percentage and seed.

    A curve ends level where no more neurons carry the word: `pruned` says how many went.

    Args:
        played: what was played of this bench before, by its neurons; what is played now is put there too.
    """
    played = {} if played is None else played
    for percent in PERCENTAGES:
        for seed in seeds:
            selection = Limited(term, percent=float(percent), seed=seed)
            # Where no more neurons carry the word, every further percentage and seed means the same ones.
            same = np.sort(choose(selection, bench.evidence)).tobytes()
            pruned = played[same] = played.get(same) or prune(bench, selection)
            before, after = pruned.effect.overall()
            changes = pruned.effect.after[0, :, 0] - pruned.effect.before[0, :, 0]
            yield {
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
