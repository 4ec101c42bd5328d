"""An experiment while it runs: first on a few clips, then on ever more, then beside ever more random controls."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.experiment import (
    SEEDS,
    Bench,
    Experiment,
    Heard,
    Pruned,
    in_order,
    measured,
    nobody,
    prune,
)
from and_core.algorithms.ablation.selection import Selection, control_of
from and_core.models.protocols import PlayedClips

GROWTH = 4


def unfold(
    bench: Bench, selection: Selection, label: int, seeds: Sequence[int] = SEEDS, heard: Heard = nobody
) -> Iterator[Experiment]:
    """The experiment as far as it is, whenever there is enough that is new; the last is what `experiment` returns.

    First without controls: as soon as one clip of every class was played, and whenever there are `GROWTH` times as many
    clips as the last time, so that intervals narrow. Then on all clips, with one control after another.

    Args:
        bench: its first clips are played first.
        label: the output of the class to forget.
        heard: told, batch by batch, how many clips were played, by the controls too.

    Raises:
        SelectionError: the selection does not fit the network or the run.
    """
    pruned: Pruned | None = None
    for part, pruned in _growing(bench, selection, heard):
        yield Experiment(part, label, pruned, {})
    if pruned is None:
        raise ValueError("the bench has no clips")
    controls: dict[int, Pruned] = {}
    for seed in seeds:
        controls[seed] = prune(bench, control_of(selection, seed), heard)
        yield Experiment(bench, label, pruned, dict(controls))


def _growing(bench: Bench, selection: Selection, heard: Heard) -> Iterator[tuple[Bench, Pruned]]:
    """Ever more of the bench, in the end all of it, and what the pruned network answers there."""
    neurons = choose(selection, bench.evidence)
    classes: set[int] = set()
    batches: list[PlayedClips] = []
    played = shown = 0
    for batch in bench.batches(neurons):
        batches.append(batch)
        heard(len(batch.clips))
        classes |= set(bench.clips.labels[batch.clips].tolist())
        played += len(batch.clips)
        is_all = played == len(bench.before)
        if is_all or (played >= GROWTH * shown and len(classes) == len(bench.clips.classes)):
            shown = played
            clips, after, representations = in_order(batches)
            part = bench if is_all else _part(bench, clips)
            yield part, measured(part, selection, neurons, after, representations)


def _part(bench: Bench, clips: npt.NDArray[np.intp]) -> Bench:
    """The figures of the bench as if it had only these clips."""
    return replace(bench, clips=bench.clips.of(clips), before=bench.before[clips], replay=None)
