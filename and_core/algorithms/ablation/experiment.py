"""One experiment: neurons are pruned, the same clips are played, and the matched random controls stand beside it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from and_core.algorithms.ablation.bootstrap import Bootstrap, Draws, Estimate
from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.confidence import MEASURES, confusion
from and_core.algorithms.ablation.effect import Delta, Deltas, Effect, deltas, excess, mean_delta, means
from and_core.algorithms.ablation.evidence import Evidence, Neurons
from and_core.algorithms.ablation.relearning import Probe, Relearning, relearning
from and_core.algorithms.ablation.selection import Selection, control_of
from and_core.models.protocols import FloatArray, PlayedClips, Replay

SEEDS = tuple(range(5))
"""Of the matched random controls."""
Heard = Callable[[int], object]
"""Told how many clips were played just now."""


def nobody(_clips: int) -> None:
    """Does not want to know."""


@dataclass(frozen=True)
class Bench:
    """What every experiment on a network shares."""

    network: str
    class_names: tuple[str, ...]
    """Of the network's outputs."""
    evidence: Evidence
    clips: Bootstrap
    """Of the N clips that are played, each with the output of its class."""
    before: FloatArray
    """[N, C] logits of the unpruned network."""
    replay: Replay | None
    """Plays them. None where the bench is kept for its figures only: a replay holds memory."""
    clips_said: str
    """Which clips those are, in words."""
    probe: Probe | None = None
    """What relearning is measured on; None where it is not."""

    @cached_property
    def before_means(self) -> Draws:
        """The side of every `Effect` that is the same."""
        return means(self.clips, self.before)

    def play(self, neurons: npt.ArrayLike, heard: Heard = nobody) -> tuple[FloatArray, FloatArray]:
        """Logits [N, C] without these neurons, and what the head then reads of each clip, [N, D]."""
        batches = []
        for batch in self.batches(neurons):
            batches.append(batch)
            heard(len(batch.clips))
        _, logits, representations = in_order(batches)
        return logits, representations

    def batches(self, neurons: npt.ArrayLike) -> Iterator[PlayedClips]:
        """The same, batch by batch.

        Raises:
            ValueError: the bench is kept for its figures only.
        """
        if self.replay is None:
            raise ValueError("nothing can be played on a bench without a replay")
        return self.replay.without(self.evidence.by_layer(neurons))


def in_order(batches: Sequence[PlayedClips]) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    """Positions [n] of the clips that were played, rising, with logits [n, C] and representations [n, D]."""
    clips = np.concatenate([batch.clips for batch in batches]).astype(np.intp)
    order = np.argsort(clips)
    logits, representations = (
        np.concatenate(arrays)[order]
        for arrays in zip(*((batch.logits, batch.representations) for batch in batches), strict=True)
    )
    return clips[order], logits, representations


@dataclass(frozen=True)
class Pruned:
    """A selection, its neurons, and what the network is without them."""

    selection: Selection
    neurons: Neurons
    """The surest first."""
    after: FloatArray
    """[N, C] logits."""
    representations: FloatArray
    """[N, D] what the classification head then reads."""
    effect: Effect


@dataclass(frozen=True)
class Experiment:
    """A pruned network beside its matched random controls."""

    bench: Bench
    label: int
    """The output of the class that was to be forgotten."""
    pruned: Pruned
    controls: dict[int, Pruned]
    """By seed."""

    @property
    def deltas(self) -> Deltas:
        return deltas(self.pruned.effect.delta(self.label))

    def control_delta(self) -> Delta:
        """The mean of the controls, its draws of clips and of controls."""
        return mean_delta([control.effect.delta(self.label) for control in self.controls.values()])

    @property
    def control_deltas(self) -> Deltas:
        return deltas(self.control_delta())

    @property
    def excess(self) -> Estimate:
        """How much wider the gap is than the controls'."""
        return excess(self.pruned.effect.delta(self.label), self.control_delta())

    @property
    def notes(self) -> list[str]:
        """What a reader should know before believing a number."""
        hidden = sum(layer.width for layer in self.bench.evidence.layers if not layer.is_head)
        count = len(self.pruned.neurons)
        if not count:
            return ["No neuron is pruned: nothing changes."]
        if count >= hidden:
            return [f"All {hidden:,} hidden neurons are pruned: every clip is answered alike, and so by any control."]
        return []


def prune(bench: Bench, selection: Selection, heard: Heard = nobody) -> Pruned:
    """Prune and play.

    Args:
        heard: told, batch by batch, how many clips were played.

    Raises:
        SelectionError: the selection does not fit the network or the run.
    """
    neurons = choose(selection, bench.evidence)
    return measured(bench, selection, neurons, *bench.play(neurons, heard))


def measured(
    bench: Bench, selection: Selection, neurons: Neurons, after: FloatArray, representations: FloatArray
) -> Pruned:
    """What was played, compared with the unpruned network."""
    if not len(neurons):
        after = bench.before  # as the run has them, to the last bit
    compared = Effect(bench.clips, bench.before_means, means(bench.clips, after))
    return Pruned(selection, neurons, after, representations, compared)


def experiment(
    bench: Bench, selection: Selection, label: int, seeds: Sequence[int] = SEEDS, heard: Heard = nobody
) -> Experiment:
    """Prune for a class, and as many random neurons of the same layers, once a seed."""
    controls = {seed: prune(bench, control_of(selection, seed), heard) for seed in seeds}
    return Experiment(bench, label, prune(bench, selection, heard), controls)


def relearned(result: Experiment) -> Relearning:
    """How much of the concept a linear head that is fitted anew finds in what the pruned network's head reads.

    Raises:
        SelectionError: there are too few clips to fit a head.
        ValueError: the bench has no probe.
    """
    bench = result.bench
    if bench.probe is None:
        raise ValueError("the bench says nothing of what may not be split")
    _, whole = bench.play([])
    logits, read = (bench.before, result.pruned.after), (whole, result.pruned.representations)
    return relearning(bench.probe, result.label, logits, read)


def rows(result: Experiment, strategy: str, concept: str, again: Relearning | None = None) -> Iterator[dict[str, Any]]:
    """For JSON: the strategy's row, with what a new head finds `again` where that was asked; then a row a control."""
    own = row(result.bench.network, strategy, concept, None, result.pruned, result.label)
    yield own | (relearning_figures(again) if again else {})
    for seed, control in result.controls.items():
        yield row(result.bench.network, f"random({strategy})", concept, seed, control, result.label)


def row(network: str, strategy: str, concept: str, seed: int | None, pruned: Pruned, label: int) -> dict[str, Any]:
    found = deltas(pruned.effect.delta(label))
    before, after = pruned.effect.overall()
    return {
        "network": network,
        "strategy": strategy,
        "concept": concept,
        "seed": seed,
        "pruned": len(pruned.neurons),
        "delta_ablated": found.ablated.value,
        "delta_remaining": found.remaining.value,
        "gap": found.gap.value,
        "gap_low": found.gap.low,
        "gap_high": found.gap.high,
        "accuracy_before": before.value,
        "accuracy_after": after.value,
    }


def relearning_figures(found: Relearning) -> dict[str, Any]:
    """Shares of the concept's clips that the four heads name, 0..1, and how much of what was lost a new one regains."""
    heads = ("before", "pruned", "refitted", "refitted_before")
    return {f"relearned_{head}": getattr(found, head).value for head in heads} | {"regained": found.regained}


def class_rows(result: Experiment) -> list[dict[str, Any]]:
    """For CSV: one row a class that has clips, every measure before and after with its interval, and what it is after
    pruning random neurons instead, the lowest and the highest of the controls."""
    found = []
    for label, clips in zip(result.bench.clips.classes.tolist(), result.bench.clips.clip_counts.tolist(), strict=True):
        entry: dict[str, Any] = {
            "class": result.bench.class_names[label],
            "to_forget": label == result.label,
            "clips": clips,
        }
        for measure in MEASURES:
            for when, value in zip(
                ("before", "after", "change"), result.pruned.effect.of_class(label, measure), strict=True
            ):
                entry |= {f"{measure}_{when}{end}": number for end, number in _numbers(value)}
            random = [one.effect.of_class(label, measure)[1].value for one in result.controls.values()]
            if random:
                entry |= {f"{measure}_control_low": min(random), f"{measure}_control_high": max(random)}
        found.append(entry)
    return found


def answers(result: Experiment) -> list[dict[str, Any]]:
    """The confusion matrices, a row a cell that is not empty: class, answer, clips before, clips after."""
    names, labels = result.bench.class_names, result.bench.clips.labels
    before, after = confusion(result.bench.before, labels), confusion(result.pruned.after, labels)
    return [
        {
            "class": names[row],
            "answer": names[column],
            "before": int(before[row, column]),
            "after": int(after[row, column]),
        }
        for row, column in np.argwhere(before + after).tolist()
    ]


def _numbers(value: Estimate) -> list[tuple[str, float]]:
    return [("", value.value), ("_low", value.low), ("_high", value.high)]


def as_json(result: Experiment, again: Relearning | None = None) -> dict[str, Any]:
    """The whole experiment: enough to do it again, and what came out, a new head's finds too where that was asked."""
    concept = result.bench.class_names[result.label]
    relearning = {"relearning": asdict(again) | {"regained": again.regained}} if again else {}
    return relearning | {
        "network": result.bench.network,
        "concept": concept,
        "selection": str(result.pruned.selection),
        "clips": result.bench.clips_said,
        "notes": result.notes,
        "neurons": result.bench.evidence.by_layer(result.pruned.neurons),
        "deltas": asdict(result.deltas),
        "control_deltas": asdict(result.control_deltas),
        "excess": asdict(result.excess),
        "rows": list(rows(result, str(result.pruned.selection), concept, again)),
        "classes": class_rows(result),
        "class_names": list(result.bench.class_names),
        "confusion_before": confusion(result.bench.before, result.bench.clips.labels).tolist(),
        "confusion_after": confusion(result.pruned.after, result.bench.clips.labels).tolist(),
    }
