"""What does a network forget when the neurons of a concept are pruned? (Table 4 of the paper)"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import pandas as pd

from and_core.algorithms.ablation.bootstrap import Estimate
from and_core.algorithms.ablation.effect import Delta, Deltas, deltas, excess, mean_over_classes
from and_core.algorithms.ablation.experiment import Bench, Experiment, experiment, relearned, rows
from and_core.algorithms.ablation.relearning import Relearning
from and_core.algorithms.ablation.selection import FORGETTING, Limited, Selection, Term
from and_core.algorithms.ablation.strategies import CLOSED_SIMILARITY
from and_core.errors import ConfigError
from and_core.findings.bench import Say
from and_core.models.registry import nearest

PAPER = {
    ("AST", "random"): (3000, -13.52, -13.48, 0.04),
    ("AST", "text_audio_based"): (3317, -4.19, -4.03, 0.16),
    ("AST", "description_based"): (3317, -7.18, -7.41, -0.23),
    ("AST", "open_concept"): (2808, -10.73, -6.83, 3.90),
    ("BEATs-finetuned", "random"): (3000, -0.55, -0.55, 0.00),
    ("BEATs-finetuned", "text_audio_based"): (2765, -0.50, -0.49, 0.01),
    ("BEATs-finetuned", "description_based"): (2765, -0.53, -0.57, -0.04),
    ("BEATs-finetuned", "open_concept"): (2677, -2.00, -0.51, 1.49),
    ("BEATs-frozen", "random"): (3000, -0.72, -0.73, -0.01),
    ("BEATs-frozen", "text_audio_based"): (2765, -0.42, -0.51, -0.09),
    ("BEATs-frozen", "description_based"): (2765, -0.48, -0.58, -0.10),
    ("BEATs-frozen", "open_concept"): (2906, -0.65, -0.55, 0.10),
}
"""Table 4 by network and strategy: neurons, delta A, delta R and what its last column prints; ESC-50, all neurons,
captions by SALMONN."""
LEGEND = "The gap is delta R - delta A, which the paper prints as delta A - delta R. In brackets: 95 % intervals."


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
    rows: list[dict[str, Any]]


def strategies_of(bench: Bench, asked: Sequence[str]) -> list[str]:
    """Those asked for; where none is, all that the run can follow.

    Raises:
        ConfigError: one does not exist.
    """
    for strategy in asked:
        if strategy not in FORGETTING:
            raise ConfigError(f"There is no strategy {strategy!r} to forget a class.", nearest(strategy, [*FORGETTING]))
    methods = set(bench.evidence.picks["method"])
    return list(asked) or [
        strategy for strategy in FORGETTING if strategy not in CLOSED_SIMILARITY or strategy in methods
    ]


def unlearning(
    bench: Bench, strategies: Sequence[str], seeds: Sequence[int], places: tuple[str, ...], relearn: bool, say: Say
) -> Iterator[Unlearning]:
    """Prune for every class that has clips, by every strategy; with `relearn`, fit a head anew each time."""
    for strategy in strategies:
        found: list[Experiment] = []
        for label in bench.clips.classes.tolist():
            concept = bench.class_names[label]
            say(f"{bench.network}: {strategy}:{concept}")
            selection: Selection = Term(strategy, concept)
            found.append(experiment(bench, Limited(selection, places) if places else selection, label, seeds))
        yield summary(bench, strategy, found, relearn)


def summary(bench: Bench, strategy: str, found: list[Experiment], relearn: bool) -> Unlearning:
    pruned = mean_over_classes([one.pruned.effect.delta(one.label) for one in found])
    control: Delta = mean_over_classes([one.control_delta() for one in found])
    return Unlearning(
        network=bench.network,
        strategy=strategy,
        classes=len(found),
        without_neurons=[bench.class_names[one.label] for one in found if not len(one.pruned.neurons)],
        pruned=sum(len(one.pruned.neurons) for one in found) / len(found),
        deltas=deltas(pruned),
        control=deltas(control),
        excess=excess(pruned, control),
        relearned=[relearned(one) for one in found] if relearn else [],
        rows=[line for one in found for line in rows(one, strategy, bench.class_names[one.label])],
    )


def unlearning_tables(found: Sequence[Unlearning]) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """The run's table and the paper's, under their titles; and what else there is to say."""
    own = pd.DataFrame(
        {
            "network": one.network,
            "strategy": one.strategy,
            "neurons": f"{one.pruned:,.0f}",
            "delta A": interval(one.deltas.ablated),
            "delta R": interval(one.deltas.remaining),
            "gap": interval(one.deltas.gap),
            "control's gap": interval(one.control.gap),
            "gap - control's": interval(one.excess),
        }
        for one in found
    )
    columns = ["network", "strategy", "neurons", "delta A", "delta R", "gap"]
    of_paper = pd.DataFrame([(*names, *numbers) for names, numbers in PAPER.items()], columns=columns)
    said = {}
    for one in found:
        about = f"{one.network}: {one.strategy}"
        if one.without_neurons:
            said[f"{about}, no neuron"] = f"{about} finds no neuron for {', '.join(one.without_neurons)}."
        if one.relearned:
            said[f"{about}, relearned"] = f"{one.network}: {relearning_sentence(one)}"
    return {"the run": own, "the paper's Table 4": of_paper}, said | {"legend": LEGEND}


def interval(number: Estimate) -> str:
    return f"{number.value:.2f} [{number.low:.2f}, {number.high:.2f}]"


def relearning_sentence(one: Unlearning) -> str:
    """What heads say of clips of the class to forget, the mean over classes."""
    before, pruned, refitted, reachable = (
        fmean(getattr(found, head).value for found in one.relearned)
        for head in ("before", "pruned", "refitted", "refitted_before")
    )
    first = one.relearned[0]
    return (
        f"{one.strategy}: of clips of the class to forget the network names {before:.0%}, pruned {pruned:.0%}, with "
        f"a head fitted anew {refitted:.0%} (a new head on the whole network: {reachable:.0%}; {first.splits} parts, "
        f"{first.groups} not split)."
    )
