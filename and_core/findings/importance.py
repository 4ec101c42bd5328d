"""What the curves of figure 4 say: accuracy without ever more of the neurons that a strategy puts first."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

STATED_AT = 6
"""Per cent of the hidden neurons, the middle of the figure."""


def over_seeds(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """strategy, percent, neurons, accuracy, lowest, highest: the mean over seeds, and the ends of their range.

    Args:
        rows: as `importance.curve` yields them, of one network.
    """
    grouped = pd.DataFrame(rows).groupby(["strategy", "percent"], sort=False)
    return grouped.agg(
        neurons=("pruned", "max"),
        accuracy=("accuracy_after", "mean"),
        lowest=("accuracy_after", "min"),
        highest=("accuracy_after", "max"),
    ).reset_index()


def sentences(curves: pd.DataFrame) -> dict[str, str]:
    """What follows from the curves of `over_seeds`, by what it is about; what comes first is the finding."""
    said = {"costliest": costliest(curves), "basic adjectives": basic_adjectives(curves), "ended": ended(curves)}
    return {about: sentence for about, sentence in said.items() if sentence}


def costliest(curves: pd.DataFrame) -> str:
    """Which strategy's neurons the network misses most, and whether more than neurons drawn by chance."""
    at = curves[curves["percent"] == STATED_AT].set_index("strategy")
    others = at.drop(index="random", errors="ignore")
    if others.empty:
        return ""
    whole = curves.loc[curves["percent"] == 0, "accuracy"].iloc[0]
    worst = others.sort_values("accuracy", kind="stable").iloc[0]
    said = (
        f"Pruning up to {STATED_AT} % of the hidden neurons costs most accuracy where {worst.name} chooses them: from "
        f"{whole:.1%} to {worst['accuracy']:.1%}"
    )
    if "random" not in at.index:
        return f"{said}."
    chance = at.loc["random"]
    verdict = "" if chance["accuracy"] > worst["accuracy"] else ": no choice costs more than chance"
    return (
        f"{said}. Random ones leave {chance['accuracy']:.1%} ({chance['lowest']:.1%} to {chance['highest']:.1%} by "
        f"seed){verdict}."
    )


def basic_adjectives(curves: pd.DataFrame) -> str:
    """The paper's claim of part b."""
    table = curves[curves["percent"] > 0].pivot(index="percent", columns="strategy", values="accuracy")
    if not {"basic_adjectives", "high_level_adjectives"} <= set(table):
        return ""
    lower = int((table["basic_adjectives"] < table["high_level_adjectives"]).sum())
    return (
        "The paper finds basic adjectives more influential than high-level ones throughout; here accuracy is lower "
        f"without the basic ones at {lower} of {len(table)} percentages."
    )


def ended(curves: pd.DataFrame) -> str:
    """Strategies with too few neurons for the last percentages, whose lines end level."""
    counts = curves.groupby("strategy", sort=False)["neurons"].agg(list)
    few = [f"{strategy} ({own[-1]:,})" for strategy, own in counts.items() if len(own) > 1 and own[-1] == own[-2]]
    return f"A line ends level where no more neurons carry the word: {', '.join(few)}." if few else ""
