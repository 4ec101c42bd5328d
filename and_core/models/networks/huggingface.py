"""Target networks from Hugging Face transformers: any architecture that has a row in architectures.py."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from and_core.errors import NetworkError
from and_core.models.networks.architectures import ARCHITECTURES, Architecture, find_layers
from and_core.models.networks.checkpoint import Checkpoint, is_hub_name, open_checkpoint
from and_core.models.networks.pools import checked_pool
from and_core.models.networks.self_check import check_layers, noise
from and_core.models.protocols import FloatArray, Layer, NeuronIds
from and_core.models.registry import nearest

if TYPE_CHECKING:
    from and_core.models.networks.torch_model import TorchModel

# torch and transformers take seconds to import, so the methods that need them import torch_model: a run that has
# nothing left to do, or a page that only shows a network's name, pays nothing.


class HuggingFaceNetwork:
    """An audio classifier saved by transformers, as a `TargetNetwork`.

    A folder's two JSON files are read at once, so that a wrong path is refused before work starts; a hub name is
    looked up, and weights are loaded, at first need.
    """

    def __init__(
        self,
        path: str | Path,
        name: str | None = None,
        pool: str | None = None,
        batch_size: int = 16,
        device: str = "auto",
        revision: str | None = None,
        local_files_only: bool = False,
    ) -> None:
        """
        Args:
            path: a folder that `save_pretrained` wrote (model and feature extractor), or, as text, a name on the hub.
            name: what the run calls it; the last part of `path` where None.
            pool: `cls`, `first`, `mean` or `max`; the architecture's own where None.
            batch_size: clips a pass.
            device: `auto` (a GPU where there is one), `cpu`, `cuda`, ...
            revision: branch, tag or commit on the hub.
            local_files_only: never download: a hub name must be in the local cache.

        Raises:
            NetworkError: no such folder, or its files are incomplete, refused or of an architecture without a row.
        """
        if batch_size < 1:
            raise NetworkError(f"batch_size = {batch_size} is not a number of clips.", "Set it to 1 or more.")
        self.name = name or Path(path).name
        self._path, self._revision, self._pool = path, revision, pool
        self._local_files_only = local_files_only
        self._batch_size, self._device = batch_size, device
        self._load_lock = threading.Lock()
        self._loaded: TorchModel | None = None
        self._ablation = threading.local()
        if not is_hub_name(self._path):
            checked_pool(pool, self._architecture)

    @cached_property
    def _checkpoint(self) -> Checkpoint:
        return open_checkpoint(self._path, self._revision, self._local_files_only)

    @cached_property
    def _architecture(self) -> Architecture:
        if self._checkpoint.model_type not in ARCHITECTURES:
            from and_core.models.networks.torch_model import unknown_architecture

            raise unknown_architecture(self._checkpoint.folder, self._checkpoint.model_type)
        return ARCHITECTURES[self._checkpoint.model_type]

    @cached_property
    def pool(self) -> str:
        """How token outputs become one activation."""
        return checked_pool(self._pool, self._architecture)

    @cached_property
    def sample_rate_hz(self) -> int:
        return self._checkpoint.sample_rate_hz

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Labels in the order of the logits."""
        return self._checkpoint.class_names

    @cached_property
    def fingerprint(self) -> str:
        """Hash of configuration, feature extractor, weights and pool; reads the files, loads nothing into torch."""
        return hashlib.sha256(f"{self._checkpoint.digest()} pool={self.pool}".encode()).hexdigest()

    @cached_property
    def _layers(self) -> dict[str, Layer]:
        from and_core.models.networks.torch_model import build_without_weights, linear_widths

        architecture = self._architecture
        widths = linear_widths(build_without_weights(self._checkpoint.folder))
        return {layer.name: layer for layer in find_layers(architecture, widths)}

    def layers(self) -> tuple[Layer, ...]:
        """Every dissected linear layer, shallow to deep; no weights are read."""
        return tuple(self._layers.values())

    def forward(
        self, waveforms: Sequence[FloatArray], layers: Sequence[str] = ()
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Play clips to the network, `batch_size` a pass, each pass for the logits and all the layers asked for.

        Args:
            waveforms: B arrays [T_b samples] float32 mono at `sample_rate_hz`; shorter and longer than the network's
                input are padded and cut by its feature extractor.
            layers: names of layers whose activations are wanted.

        Returns:
            logits [B, C] float32 and {layer: [B, width]} float32, linear outputs before any nonlinearity, pooled.

        Raises:
            NetworkError: an unknown layer, a waveform that is not [T], or a network that cannot be loaded.
        """
        widths = {layer: self._layer(layer).width for layer in layers}
        for waveform in waveforms:
            if np.ndim(waveform) != 1:
                raise NetworkError(f"{self.name} needs mono waveforms [T], got {np.shape(waveform)}.", "Mix to mono.")
        model, ablation = self._model(), self._current_ablation()
        logits = np.empty((len(waveforms), len(self.class_names)), dtype=np.float32)
        activations = {layer: np.empty((len(waveforms), width), np.float32) for layer, width in widths.items()}
        for start in range(0, len(waveforms), self._batch_size):
            batch = slice(start, start + self._batch_size)
            logits[batch], outputs = model.run(model.features(waveforms[batch]), layers, ablation)
            for layer in layers:
                activations[layer][batch] = outputs[layer]
        return logits, activations

    @contextmanager
    def ablated(self, neurons: NeuronIds) -> Iterator[None]:
        """Inside the context, the linear output of these neurons is 0 for this thread's `forward` (paper, 4.3).

        Contexts nest: the inner one ablates its neurons besides the outer's.

        Raises:
            NetworkError: an unknown layer, or a neuron that its layer does not have.
        """
        before = self._current_ablation()
        added = {layer: self._checked_neurons(layer, ids) for layer, ids in neurons.items()}
        self._ablation.neurons = before | {
            layer: tuple(sorted({*before.get(layer, ()), *ids})) for layer, ids in added.items()
        }
        try:
            yield
        finally:
            self._ablation.neurons = before

    def _current_ablation(self) -> dict[str, tuple[int, ...]]:
        """This thread's ablated neurons, by layer."""
        return getattr(self._ablation, "neurons", {})

    def _model(self) -> TorchModel:
        """The network with its weights, loaded and checked once, whichever thread comes first."""
        with self._load_lock:
            if self._loaded is None:
                from and_core.models.networks.torch_model import TorchModel

                layers = self.layers()
                model = TorchModel(self._checkpoint, self._architecture, layers, self.pool, self._device)
                features = model.features([noise(self.sample_rate_hz)])
                check_layers(self.name, layers, len(self.class_names), partial(model.run, features))
                self._loaded = model
            return self._loaded

    def _layer(self, name: str) -> Layer:
        if name not in self._layers:
            raise NetworkError(f"{self.name} has no layer {name!r}.", nearest(name, list(self._layers)))
        return self._layers[name]

    def _checked_neurons(self, layer: str, ids: Sequence[int]) -> tuple[int, ...]:
        width = self._layer(layer).width
        outside = [neuron for neuron in ids if not 0 <= neuron < width]
        if outside:
            raise NetworkError(
                f"{self.name} has no neuron {layer}#{outside[0]}.", f"{layer} has neurons 0 to {width - 1}."
            )
        return tuple(int(neuron) for neuron in ids)
