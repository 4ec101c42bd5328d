"""What pruning for every class says, in sentences: for the page and the command line."""

from collections.abc import Sequence
from statistics import fmean

import pandas as pd

from and_core.findings.experiment import interval, spoken
from and_core.findings.unlearning import Unlearning

TITLES = {
    "open_concept": "Open-concept",
    "open_concept_substring": "Substring open-concept",
    "description_based": "Description-based",
    "text_audio_based": "Text-audio-based",
    "in_context": "In-context",
}
"""How a sentence begins that speaks of pruning by a strategy."""
LEGEND = "The gap is delta R - delta A, which the paper prints as delta A - delta R. In brackets: 95 % intervals."


def finding(found: Sequence[Unlearning]) -> str:
    """What the strategy says that goes furthest beyond chance."""
    return sentence(max(found, key=lambda one: one.excess.value)) if found else ""


def sentence(one: Unlearning) -> str:
    """What pruning by a strategy takes, beside chance."""
    beyond = one.excess
    verdict = "more than chance" if beyond.low > 0 else "less than chance" if beyond.high < 0 else "no more than chance"
    return (
        f"{_takes(one.strategy, one.deltas.gap.value, one.control.gap.value)}: {verdict}, by {interval(beyond)}, the "
        f"mean over {one.classes} {'class' if one.classes == 1 else 'classes'}."
    )


def stored_sentence(strategies: pd.DataFrame) -> str:
    """What the rows of `stored_table` say: that of the strategy furthest beyond its control."""
    known = strategies.dropna(subset=["gap", "control_gap"])
    if known.empty:
        return ""
    best = known.iloc[(known["gap"] - known["control_gap"]).argmax()]
    takes = _takes(best["strategy"], best["gap"], best["control_gap"])
    return f"In the run's own experiments {takes[0].lower()}{takes[1:]}, the mean over {best['classes']} classes."


def _takes(strategy: str, gap: float, control: float) -> str:
    more, control_more = ("less" if number < 0 else "more" for number in (gap, control))
    return (
        f"{TITLES[strategy]} pruning takes {abs(gap):.2f} logits {more} from the class to forget than from the others, "
        f"matched random neurons {abs(control):.2f} {control_more}"
    )


def without_neurons_sentence(one: Unlearning) -> str:
    """Which classes the strategy cannot forget; nothing where it finds neurons for all."""
    if not one.without_neurons:
        return ""
    return f"{TITLES[one.strategy]} pruning finds no neuron for {', '.join(map(spoken, one.without_neurons))}."


def relearning_sentence(one: Unlearning) -> str:
    """What heads say of clips of the class to forget, the mean over classes; nothing where no head was fitted."""
    if not one.relearned:
        return ""
    before, pruned, refitted, reachable = (
        fmean(getattr(found, head).value for found in one.relearned)
        for head in ("before", "pruned", "refitted", "refitted_before")
    )
    first = one.relearned[0]
    return (
        f"{TITLES[one.strategy]} pruning: of clips of the class to forget the network names {before:.0%}, pruned "
        f"{pruned:.0%}, with a head fitted anew {refitted:.0%} (a new head on the whole network: {reachable:.0%}; "
        f"{first.splits} parts, {first.groups} not split)."
    )
