"""What does a network forget when the neurons of a concept are pruned? (paper, section 4.3 and Table 4)"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from and_core.algorithms.ablation.bootstrap import Estimate, estimate
from and_core.algorithms.ablation.effect import Delta, Deltas, deltas, excess, mean_over_classes
from and_core.algorithms.ablation.evidence import Evidence
from and_core.algorithms.ablation.experiment import Bench, Heard, experiment, nobody, relearned, rows
from and_core.algorithms.ablation.relearning import Relearning
from and_core.algorithms.ablation.selection import FORGETTING, Limited, Selection, Term
from and_core.algorithms.ablation.strategies import CLOSED_SIMILARITY
from and_core.errors import ConfigError
from and_core.findings.experiment import interval, spoken
from and_core.models.registry import nearest

TITLES = {
    "open_concept": "Open-concept",
    "open_concept_substring": "Substring open-concept",
    "description_based": "Description-based",
    "text_audio_based": "Text-audio-based",
    "in_context": "In-context",
}
"""How a sentence begins that speaks of pruning by a strategy."""
LEGEND = "The gap is delta R - delta A, which the paper prints as delta A - delta R. In brackets: 95 % intervals."


@dataclass(frozen=True)
class Forgotten:
    """What stays of one experiment: a class, a strategy, and the matched controls. Small enough to keep hundreds."""

    network: str
    strategy: str
    concept: str
    """Class to forget."""
    pruned: int
    """Neurons."""
    delta: Delta
    control: Delta
    """The mean of the controls."""
    relearned: Relearning | None
    """Where that was asked for."""
    rows: list[dict[str, Any]]
    """For JSON: the strategy's, then the controls'."""

    @property
    def gap(self) -> Estimate:
        return estimate(self.delta.gap)

    @property
    def control_gap(self) -> Estimate:
        return estimate(self.control.gap)

    @property
    def excess(self) -> Estimate:
        """How much wider the gap is than the controls'."""
        return excess(self.delta, self.control)


@dataclass(frozen=True)
class Unlearning:
    """A row of table 4, with the matched random control beside it: means over the classes to forget."""

    network: str
    strategy: str
    classes: int
    """To forget, each in an experiment of its own."""
    without_neurons: list[str]
    """Classes of them that the strategy finds no neuron for."""
    pruned: float
    """Mean number of neurons."""
    deltas: Deltas
    control: Deltas
    excess: Estimate
    """How much wider the gap is than the control's."""
    relearned: list[Relearning]
    """For every class, where that was asked for."""


def strategies_of(evidence: Evidence, asked: Sequence[str] = ()) -> list[str]:
    """Those asked for; where none is, all that the run can follow.

    Raises:
        ConfigError: one does not exist.
    """
    for strategy in asked:
        if strategy not in FORGETTING:
            raise ConfigError(f"There is no strategy {strategy!r} to forget a class.", nearest(strategy, [*FORGETTING]))
    methods = set(evidence.picks["method"])
    return list(asked) or [
        strategy for strategy in FORGETTING if strategy not in CLOSED_SIMILARITY or strategy in methods
    ]


def forget(
    bench: Bench,
    strategy: str,
    label: int,
    seeds: Sequence[int],
    places: tuple[str, ...] = (),
    relearn: bool = False,
    heard: Heard = nobody,
) -> Forgotten:
    """Prune for a class, and as many random neurons of the same layers, once a seed.

    Args:
        label: the output of the class; it has clips.
        places: layers or depths, as in a selection; every hidden layer where there is none.
        relearn: fit a new head to what is left.
        heard: told, batch by batch, how many clips were played.

    Raises:
        SelectionError: the run lacks what the strategy reads, or there are too few clips to fit a head.
    """
    concept = bench.class_names[label]
    selection: Selection = Term(strategy, concept)
    done = experiment(bench, Limited(selection, places) if places else selection, label, seeds, heard)
    again = relearned(done) if relearn else None
    return Forgotten(
        network=bench.network,
        strategy=strategy,
        concept=concept,
        pruned=len(done.pruned.neurons),
        delta=done.pruned.effect.delta(label),
        control=done.control_delta(),
        relearned=again,
        rows=list(rows(done, strategy, concept, again)),
    )


def over_classes(found: Sequence[Forgotten]) -> Unlearning:
    """The row of table 4 that the experiments of one strategy make, all on the same clips of the same network."""
    pruned, control = (mean_over_classes([getattr(one, which) for one in found]) for which in ("delta", "control"))
    return Unlearning(
        network=found[0].network,
        strategy=found[0].strategy,
        classes=len(found),
        without_neurons=[one.concept for one in found if not one.pruned],
        pruned=fmean(one.pruned for one in found),
        deltas=deltas(pruned),
        control=deltas(control),
        excess=excess(pruned, control),
        relearned=[one.relearned for one in found if one.relearned],
    )


def finding(found: Sequence[Unlearning]) -> str:
    """What the strategy says that goes furthest beyond chance."""
    return sentence(max(found, key=lambda one: one.excess.value)) if found else ""


def sentence(one: Unlearning) -> str:
    """What pruning by a strategy takes, beside chance."""
    verb, gap = ("less", -one.deltas.gap.value) if one.deltas.gap.value < 0 else ("more", one.deltas.gap.value)
    beyond = one.excess
    verdict = "more than chance" if beyond.low > 0 else "less than chance" if beyond.high < 0 else "no more than chance"
    return (
        f"{TITLES[one.strategy]} pruning takes {gap:.2f} logits {verb} from the class to forget than from the others, "
        f"matched random neurons {one.control.gap.value:.2f}: {verdict}, by {interval(beyond)}, the mean over "
        f"{one.classes} classes."
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
