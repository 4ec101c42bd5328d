"""What pruning is evaluated on: the network of a finished run, with its weights, and the clips beside the store."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from and_core.algorithms.ablation.bootstrap import Bootstrap
from and_core.algorithms.ablation.experiment import Bench
from and_core.algorithms.ablation.relearning import Probe
from and_core.errors import ClipError, ConfigError
from and_core.models.dissected import dissected_network
from and_core.models.registry import nearest
from and_core.store import queries
from and_core.store.audio import read_clips
from and_core.store.connection import Store, open_store

Say = Callable[[str], object]


def benches(folder: Path, network: str | None, per_class: int, say: Say) -> Iterator[Bench]:
    """One of each network of the run, or of the one named; a network is loaded when its turn comes.

    Args:
        folder: the run's store.
        per_class: clips of every class that are played, of the fold that the run itself evaluated on.
        say: told of clips that cannot be read, and of networks that are left out.

    Raises:
        ConfigError: the run has no network of that name.
        NetworkError: weights are missing or are not those that were dissected.
    """
    store = open_store(folder)
    found = {one.name: one for one in queries.networks(store)}
    if network is not None and network not in found:
        raise ConfigError(f"The run has no network {network!r}.", nearest(network, list(found)))
    for one in [found[network]] if network else found.values():
        if queries.class_outputs(store, one.network_id).empty:
            say(f"{one.name} is left out: no output of it bears the name of a class of the data set.")
            continue
        yield bench_of(store, one, per_class, say)


def bench_of(store: Store, network: queries.Network, per_class: int, say: Say) -> Bench:
    """The network's evidence, and its clips, ready to be played."""
    live = dissected_network(network.name, network.kind, network.settings, network.fingerprint)
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
        evidence=queries.evidence(store, network.network_id),
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
