"""The target network itself, loaded when somebody prunes or looks closer: the app's only touch of torch."""

import importlib.util
import json
from dataclasses import dataclass

import numpy as np
import streamlit as st

from and_core.errors import ClipError, NetworkError
from and_core.models.dissected import dissected_network
from and_core.models.protocols import FloatArray, TargetNetwork
from and_core.store.audio import read_clips
from and_core.store.connection import Store
from and_core.store.queries import Network

NEEDED = ("torch", "transformers", "safetensors", "pydantic", "soundfile", "soxr")


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


@st.cache_resource(max_entries=2, show_spinner=False)
def _loaded(name: str, kind: str, settings: str, fingerprint: str) -> TargetNetwork:
    live = dissected_network(name, kind, json.loads(settings), fingerprint)
    # A network loads its weights when it first plays something. Here, so that the reader is told so, and so that the
    # progress bar's estimate is about clips only.
    live.forward([np.zeros(live.sample_rate_hz, np.float32)])
    return live


def waveform(store: Store, audio: str, sample_rate_hz: int) -> FloatArray:
    """A clip beside the store, [T samples] float32, at the network's rate.

    Raises:
        ClipError: it cannot be read.
    """
    read = read_clips(store, [audio], sample_rate_hz)
    if audio in read.unreadable:
        raise ClipError(f"The clip cannot be played: {read.unreadable[audio]}", "Copy the store with its audio folder.")
    return read.waveforms[0]


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
