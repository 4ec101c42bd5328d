"""The target network itself, loaded when somebody prunes or looks closer: the app's only touch of torch."""

import importlib.util
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from and_core.errors import NetworkError
from and_core.models.dissected import dissected_network
from and_core.models.protocols import FloatArray, NeuronIds, TargetNetwork
from and_core.store.connection import Store
from and_core.store.queries import Network

NEEDED = ("torch", "transformers", "safetensors", "pydantic", "soundfile", "soxr")
BATCH = 8
"""Clips between two steps of the progress bar."""
Progress = Callable[[float, str], object]


@dataclass(frozen=True)
class Pruning:
    """One experiment: what was pruned, and what the network then said of the same clips."""

    title: str
    target: str
    """Class to forget."""
    neurons: NeuronIds
    clips: pd.DataFrame
    """As `queries.evaluation_clips`; its logits are those of the unpruned network."""
    after: FloatArray
    """[N clips, C outputs] logits of the pruned network."""
    controls: list[FloatArray]
    """The same for as many random neurons of the same layers, one array a seed."""

    @property
    def neuron_count(self) -> int:
        return sum(len(positions) for positions in self.neurons.values())

    @property
    def before(self) -> FloatArray:
        """[N clips, C outputs] logits of the unpruned network."""
        return np.stack(list(self.clips["logits"])).astype(np.float32)


def loaded(network: Network) -> TargetNetwork:
    """The network with its weights, the very ones that were dissected.

    Raises:
        NetworkError: something it needs is not installed, its files are not here, or they are other weights.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise NetworkError(
            f"Playing to the network needs {', '.join(missing)}, not installed here.",
            "Install what dissecting needs, in the project's folder: pip install '.[dissect]'",
        )
    return _loaded(network.name, network.kind, json.dumps(network.settings, sort_keys=True), network.fingerprint)


@st.cache_resource(max_entries=2, show_spinner="Loading the network")
def _loaded(name: str, kind: str, settings: str, fingerprint: str) -> TargetNetwork:
    live = dissected_network(name, kind, json.loads(settings), fingerprint)
    spare_a_core()
    # A network loads its weights when it first plays something. Here, so that the reader is told so, and so that the
    # progress bar's estimate is about clips only.
    live.forward([np.zeros(live.sample_rate_hz, np.float32)])
    return live


def spare_a_core() -> None:
    """Leave one core to the server and the browser.

    Torch's threads wait for each other at every layer: with one of them off its core, playing took ten times as long.
    """
    import torch

    torch.set_num_threads(min(torch.get_num_threads(), max(1, (os.cpu_count() or 1) - 1)))


def waveforms(store: Store, clips: pd.DataFrame, sample_rate_hz: int) -> list[FloatArray]:
    """The clips beside the store, [T samples] float32 each, at the network's rate."""
    import soundfile
    import soxr

    read = [soundfile.read(store.file(audio), dtype="float32") for audio in clips["audio"]]
    return [
        sound if rate == sample_rate_hz else np.asarray(soxr.resample(sound, rate, sample_rate_hz), np.float32)
        for sound, rate in read
    ]


@dataclass(frozen=True)
class TokenMap:
    """When, and where in frequency, a neuron fired in a clip."""

    activations: FloatArray
    """[bands, steps] its output to every token."""
    start_s: FloatArray
    """[steps]"""
    end_s: FloatArray
    low_hz: FloatArray | None
    """[bands]; None where a token hears all frequencies."""
    high_hz: FloatArray | None


def token_map(live: TargetNetwork, waveform: FloatArray, layer: str, position: int) -> TokenMap:
    """Play a clip to the network and listen to one neuron of a hidden layer.

    Raises:
        NetworkError: nobody can say which part of a clip a token of this network heard.
    """
    tokens = next(live.token_activations([waveform], [layer]))
    outputs = tokens.outputs[layer][:, :, position].copy()  # the rest of the layer can go
    return TokenMap(outputs, tokens.start_s, tokens.end_s, tokens.low_hz, tokens.high_hz)


def pruned_logits(
    live: TargetNetwork, sounds: Sequence[FloatArray], groups: Sequence[NeuronIds], progress: Progress
) -> list[FloatArray]:
    """What the network says of `sounds` without each of the groups of neurons in turn.

    Args:
        progress: told how far it is, from 0 to 1, and in words.

    Returns:
        One array [N clips, C outputs] a group.
    """
    started, done, total = time.monotonic(), 0, len(sounds) * len(groups)
    features = live.features(sounds)
    results = []
    for group in groups:
        parts = []
        for start in range(0, len(features), BATCH):
            # Held for one batch only, so that another reader's pruning gets its turn.
            with live.ablated(group):
                parts.append(live.forward_features(features[start : start + BATCH])[0])
            done += len(parts[-1])
            left = (time.monotonic() - started) / done * (total - done)
            progress(done / total, f"Played {done} of {total} clips, about {left:.0f} s left")
        results.append(np.concatenate(parts))
    return results
