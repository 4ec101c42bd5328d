"""What pruning is evaluated on: a live network, what the store says of its neurons, and the clips beside the store."""

from collections.abc import Callable

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


def bench_of(
    store: Store, network: queries.Network, live: TargetNetwork, evidence: Evidence, per_class: int, say: Say
) -> Bench:
    """The network's evidence, and its clips, ready to be played.

    Args:
        live: the network itself, the one that was dissected.
        evidence: about its neurons.
        per_class: clips of every class that are played, at most, of the fold that the run itself evaluated on.
        say: told of clips that cannot be read.

    Raises:
        ClipError: clips of fewer than two classes can be read.
    """
    fold = queries.evaluation_fold(store, network.name)
    clips = queries.evaluation_clips(store, network.network_id, per_class, fold)
    read = read_clips(store, clips["audio"].tolist(), network.sample_rate_hz)
    for file, why in read.unreadable.items():
        say(f"{clips.loc[clips['audio'] == file, 'filename'].iloc[0]} is left out: {why}")
    clips = clips.iloc[read.positions]
    if clips["output"].nunique() < 2:
        raise ClipError(
            f"Of {network.name} there are clips of {clips['output'].nunique()} classes, and two are needed.",
            "Copy the store with its audio folder, or run again with clips of more classes.",
        )
    return Bench(
        network=network.name,
        class_names=tuple(queries.output_names(store, network.network_id)),
        evidence=evidence,
        clips=Bootstrap(clips["output"].to_numpy()),
        before=np.stack(clips["logits"].tolist()).astype(np.float32),
        replay=live.replay(live.features(read.waveforms)),
        probe=probe_of(clips),
        clips_said=f"{len(clips)} clips of {'every fold' if fold is None else f'fold {fold}'}",
    )


def probe_of(clips: pd.DataFrame) -> Probe:
    """Folds are not split; of one fold, source recordings are not; where there are neither, clips stand alone."""
    for column, said in (("fold", "folds"), ("source_recording", "source recordings")):
        if clips[column].notna().all() and clips[column].nunique() > 1:
            return Probe(clips["output"].to_numpy(np.intp), pd.factorize(clips[column])[0], said)
    return Probe(clips["output"].to_numpy(np.intp), np.arange(len(clips)), "clips")
