"""What one pruning experiment says, in sentences: for the page and the command line."""

from and_core.algorithms.ablation.bootstrap import Estimate
from and_core.algorithms.ablation.experiment import Experiment
from and_core.algorithms.ablation.relearning import Relearning


def sentences(found: Experiment) -> dict[str, str]:
    """What the class lost beside the others, what chance would have done, and what else a reader should know."""
    deltas, before, after = found.deltas, *found.pruned.effect.of_class(found.label, "probability")[:2]
    target = spoken(found.bench.class_names[found.label])
    count = len(found.pruned.neurons)
    said = {
        "effect": f"Without {count:,} {'neuron' if count == 1 else 'neurons'} {target} {change(deltas.ablated)} logits "
        f"(probability {before.value:.2f} → {after.value:.2f}) and the other classes {change(deltas.remaining, 'mean')}"
        f": a gap of {interval(deltas.gap)}."
    }
    if found.controls:
        said["control"] = control_sentence(found)
    return said | {f"note {number}": note for number, note in enumerate(found.notes)}


def control_sentence(found: Experiment) -> str:
    """Whether the gap is more than chance."""
    draws, excess = len(found.controls), found.excess
    if excess.low > 0:
        verdict = f"is {interval(excess)} wider: more than chance"
    elif excess.high < 0:
        verdict = f"is {interval(excess)}: narrower than chance"
    else:
        verdict = f"differs by {interval(excess)}: no more than chance"
    return (
        f"As many random neurons of the same layers, {draws} {'draw' if draws == 1 else 'draws'}, leave a gap of "
        f"{interval(found.control_deltas.gap)}; the gap {verdict}."
    )


def relearning_sentence(found: Relearning, target: str) -> str:
    """How much of what was pruned a new head gives back."""
    said = (
        f"Of clips of {spoken(target)} the network names {found.before.value:.0%}, pruned {found.pruned.value:.0%}, "
        f"with a new linear head {interval(found.refitted, '.0%')}; a new head on the whole network reaches "
        f"{found.refitted_before.value:.0%} ({found.splits} parts, {found.groups} not split)."
    )
    if found.regained is None:
        return f"{said} Pruning took nothing that could come back."
    return f"{said} {found.regained:.0%} of what pruning took comes back."


def change(number: Estimate, what: str = "") -> str:
    """`loses 3.12 [2.80, 3.40]`"""
    size, ends = abs(number.value), sorted((abs(number.low), abs(number.high)))
    if number.low < 0 < number.high:
        return f"{'change' if what else 'changes'} by {interval(number)}"
    verb = "lose" if number.value <= 0 else "gain"
    return f"{verb}{'' if what else 's'} {size:.2f} [{ends[0]:.2f}, {ends[1]:.2f}]"


def interval(number: Estimate, form: str = ".2f") -> str:
    """`1.20 [1.10, 1.30]`: the number with its 95 % interval."""
    value, low, high = (f"{part:z{form}}" for part in (number.value, number.low, number.high))
    return f"{value} [{low}, {high}]"


def spoken(name: str) -> str:
    return name.replace("_", " ")
