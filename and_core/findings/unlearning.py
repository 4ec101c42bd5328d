"""What does a network forget when the neurons of a concept are pruned? (paper, section 4.3 and Table 4)"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import pandas as pd

from and_core.algorithms.ablation.bootstrap import Estimate, estimate
from and_core.algorithms.ablation.effect import Delta, Deltas, deltas, excess, mean_over_classes
from and_core.algorithms.ablation.evidence import Evidence
from and_core.algorithms.ablation.experiment import Bench, Heard, experiment, nobody, relearned, rows
from and_core.algorithms.ablation.relearning import Relearning
from and_core.algorithms.ablation.selection import FORGETTING, Limited, Selection, Term
from and_core.algorithms.ablation.strategies import CLOSED_SIMILARITY
from and_core.errors import ConfigError
from and_core.models.registry import nearest


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


def class_table(found: Sequence[Forgotten]) -> pd.DataFrame:
    """A row an experiment: strategy, class, neurons; gap, control and beyond_chance, each with its ends _low, _high."""
    return pd.DataFrame(
        {
            "strategy": one.strategy,
            "class": one.concept,
            "neurons": one.pruned,
            **_ends("gap", one.gap),
            **_ends("control", one.control_gap),
            **_ends("beyond_chance", one.excess),
        }
        for one in found
    )


def strategy_table(found: Sequence[Unlearning]) -> pd.DataFrame:
    """A row a strategy: classes, the mean number of neurons, delta A and R, and the columns of `class_table`."""
    return pd.DataFrame(
        {
            "strategy": one.strategy,
            "classes": one.classes,
            "neurons": one.pruned,
            **_ends("delta_ablated", one.deltas.ablated),
            **_ends("delta_remaining", one.deltas.remaining),
            **_ends("gap", one.deltas.gap),
            **_ends("control", one.control.gap),
            **_ends("beyond_chance", one.excess),
        }
        for one in found
    )


def _ends(name: str, number: Estimate) -> dict[str, float]:
    return {name: number.value, f"{name}_low": number.low, f"{name}_high": number.high}


def stored_table(deltas: pd.DataFrame) -> pd.DataFrame:
    """The run's own experiments, a row a strategy, the means over classes.

    Args:
        deltas: as `queries.ablation_deltas`.

    Returns:
        strategy, classes, neurons, controls (of each class), delta_ablated, delta_remaining, gap, control_gap.
    """
    grouped = deltas.groupby("strategy", sort=False)
    return grouped.agg(
        classes=("class_name", "size"),
        neurons=("neuron_count", "mean"),
        controls=("controls", "min"),
        delta_ablated=("delta_ablated", "mean"),
        delta_remaining=("delta_remaining", "mean"),
        gap=("gap", "mean"),
        control_gap=("control_gap", "mean"),
    ).reset_index()
