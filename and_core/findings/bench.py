"""What pruning is evaluated on: a live network, what the store says of its neurons, and the clips beside the store."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from and_core.algorithms.ablation.bootstrap import Bootstrap
from and_core.algorithms.ablation.evidence import Evidence
from and_core.algorithms.ablation.experiment import Bench
from and_core.algorithms.ablation.relearning import Probe
from and_core.errors import ClipError
from and_core.models.protocols import TargetNetwork
from and_core.store import queries
from and_core.store.audio import read_clips
from and_core.store.connection import Store

Say = Callable[[str], object]
"""Told, in a line, what is being done."""


@dataclass(frozen=True)
class BenchOfStore:
    """A bench, and the clips of the store that are played on it."""

    bench: Bench
    clips: pd.DataFrame
    """As `queries.evaluation_clips`, without those that cannot be read; in the bench's order."""
    left_out: list[str]
    """A sentence a clip that cannot be read."""


def bench_of(
    store: Store, network: queries.Network, live: TargetNetwork, evidence: Evidence, per_class: int, fold: int | None
) -> BenchOfStore:
    """The network's evidence, and its clips, ready to be played.

    Args:
        live: the network itself, the one that was dissected.
        evidence: about its neurons.
        per_class: clips of every class that are played, at most.
        fold: of these only; None for every fold. `queries.evaluation_fold` is the one that the run evaluated on.

    Raises:
        ClipError: clips of fewer than two classes can be read.
    """
    clips = queries.evaluation_clips(store, network.network_id, per_class, fold)
    read = read_clips(store, clips["audio"].tolist(), network.sample_rate_hz)
    names = dict(zip(clips["audio"], clips["filename"], strict=True))
    clips = clips.iloc[read.positions].reset_index(drop=True)
    said = "every fold" if fold is None else f"fold {fold}"
    if clips["output"].nunique() < 2:
        raise ClipError(
            f"Of {network.name} there are clips of {clips['output'].nunique()} classes in {said}, and two are needed.",
            "Choose another fold, copy the store with its audio folder, or run again with clips of more classes.",
        )
    bench = Bench(
        network=network.name,
        class_names=tuple(queries.output_names(store, network.network_id)),
        evidence=evidence,
        clips=Bootstrap(clips["output"].to_numpy()),
        before=np.stack(clips["logits"].tolist()).astype(np.float32),
        replay=live.replay(live.features(read.waveforms)),
        probe=probe_of(clips),
        clips_said=f"{len(clips)} clips of {said}",
    )
    left_out = [f"{names[file]} is left out: {why}" for file, why in read.unreadable.items()]
    return BenchOfStore(bench, clips, left_out)


def probe_of(clips: pd.DataFrame) -> Probe:
    """Folds are not split; of one fold, source recordings are not; where there are neither, clips stand alone."""
    for column, said in (("fold", "folds"), ("source_recording", "source recordings")):
        if clips[column].notna().all() and clips[column].nunique() > 1:
            return Probe(clips["output"].to_numpy(np.intp), pd.factorize(clips[column])[0], said)
    return Probe(clips["output"].to_numpy(np.intp), np.arange(len(clips)), "clips")
