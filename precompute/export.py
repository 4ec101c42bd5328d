"""Exports a pruned network as a checkpoint of its own, once it is proved to answer as the pruned one does."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from and_core.algorithms.ablation.choose import some
from and_core.algorithms.ablation.spelling import parse
from and_core.errors import NetworkError
from and_core.models import registry
from and_core.models.dissected import dissected_network
from and_core.models.networks.self_check import noise, tone
from and_core.models.networks.torch_network import TorchNetwork
from and_core.store import queries
from and_core.store.connection import open_store
from precompute.one_network import one_network

RECORD = "pruning.json"
"""What was pruned: beside the weights."""
OF_THE_OLD_CHECKPOINT = ("revision", "feature_extractor", "config", "class_names")
"""Settings of a network that the exported folder answers itself."""
TOLERANCE = 1e-4
"""Of the last layer, relative to its largest output."""


def export(folder: Path, network: str | None, selection: str, out: Path, compact: bool) -> dict[str, Any]:
    """Write a network of a run without the neurons of a selection.

    Args:
        folder: the run's store.
        network: its name; may be None where the run has one only.
        selection: as docs/pruning.md spells it.
        out: a folder that is not there yet.

    Returns:
        The record that is kept beside the weights.

    Raises:
        SelectionError: it cannot be read, or means no neuron.
        NetworkError: the weights are missing or changed, `out` holds files, or what was written answers otherwise.
    """
    store = open_store(folder)
    one, parsed = one_network(store, network), parse(selection)
    evidence = queries.evidence(store, one.network_id)
    neurons = evidence.by_layer(some(parsed, evidence))
    live = dissected_network(one.name, one.kind, one.settings, one.fingerprint)
    if not isinstance(live, TorchNetwork):
        raise NetworkError(f"A network of kind {one.kind} cannot be exported.", "Export a checkpoint.")
    live.save_without(out, neurons, compact)
    try:
        prove(live, neurons, one.kind, one.settings, out)
    except NetworkError:
        shutil.rmtree(out)
        raise
    record = {
        "network": one.name,
        "fingerprint": one.fingerprint,
        "selection": str(parsed),
        "compact": compact,
        "pruned": sum(map(len, neurons.values())),
        "neurons": neurons,
    }
    (out / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return record


def prove(live: TorchNetwork, neurons: dict[str, list[int]], kind: str, settings: dict[str, Any], out: Path) -> None:
    """
    Raises:
        NetworkError: what was written does not answer noise and a tone as the pruned network does.
    """
    kept = {setting: value for setting, value in settings.items() if setting not in OF_THE_OLD_CHECKPOINT}
    written = registry.create("network", kind, {**kept, "path": str(out.resolve()), "name": live.name}, "network")
    sounds, last = [noise(live.sample_rate_hz), tone(live.sample_rate_hz)], live.layers()[-1].name
    with live.ablated(neurons):
        expected = live.forward(sounds, [last])[1][last]
    answers = written.unchecked().forward(sounds, [last])[1][last]
    if np.abs(answers - expected).max() > TOLERANCE * max(1.0, float(np.abs(expected).max())):
        raise NetworkError(
            f"The exported network answers otherwise than {live.name} without these neurons.",
            "Export without --compact; if that fails too, its files name weights otherwise than its row in "
            "and_core/models/networks/architectures.py.",
        )
