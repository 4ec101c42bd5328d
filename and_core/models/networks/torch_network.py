"""A target network over a torch module: what every kind of checkpoint shares once its source is open.

torch and transformers take seconds to import, so what needs them is imported at first need: a run that has nothing
left to do, or a page that only shows a network's name, pays nothing.
"""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import numpy as np

from and_core.errors import NetworkError
from and_core.models.networks.layers import blocks_of, find_layers
from and_core.models.networks.pools import checked_pool
from and_core.models.networks.self_check import check_agreement, check_layers, explained_failures, noise, tone
from and_core.models.networks.source import NetworkSource
from and_core.models.protocols import FloatArray, Layer, NeuronIds, Replay, TokenActivations
from and_core.models.registry import nearest

if TYPE_CHECKING:
    from and_core.models.networks.hooked_model import HookedModel

PRECISIONS = ("float32", "bfloat16")


class TorchNetwork(ABC):
    """A `TargetNetwork`; a subclass says where it comes from. Weights are loaded, and checked, at first need."""

    def __init__(self, name: str, pool: str | None, batch_size: int, device: str, precision: str) -> None:
        """
        Args:
            name: what the run calls it.
            pool: `cls`, `first`, `mean` or `max`; the architecture's own where None.
            batch_size: clips a pass; fewer where they do not fit into the device's memory.
            device: `auto` (a GPU where there is one), `cpu`, `cuda`, ...
            precision: `float32`, or `bfloat16`: faster, and slightly other activations.

        Raises:
            NetworkError: a setting is none of these.
        """
        if batch_size < 1:
            raise NetworkError(f"batch_size = {batch_size} is not a number of clips.", "Set it to 1 or more.")
        if precision not in PRECISIONS:
            raise NetworkError(f"precision = {precision!r} is not known.", nearest(precision, list(PRECISIONS)))
        self.name = name
        self._pool, self._batch_size, self._device, self._precision = pool, batch_size, device, precision
        self._load_lock = threading.Lock()
        self._loaded: HookedModel | None = None
        self._ablation = threading.local()
        self._checks_itself = True

    @property
    @abstractmethod
    def _source(self) -> NetworkSource:
        """Opened at first need; no weights are read."""

    @cached_property
    def pool(self) -> str:
        """How token outputs become one activation."""
        return checked_pool(self._pool, self._source.architecture)

    @cached_property
    def sample_rate_hz(self) -> int:
        return self._source.sample_rate_hz

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Labels in the order of the logits; none without a classification head."""
        return self._source.class_names

    @cached_property
    def longest_s(self) -> float | None:
        """Seconds that it hears of a clip."""
        return self._source.longest_s

    @property
    def locates_tokens(self) -> bool:
        """Whether its tokens have places in the clip."""
        return self._source.architecture.places is not None

    @cached_property
    def fingerprint(self) -> str:
        """Hash of configuration, features, weights, pool and precision; reads files, loads nothing into torch."""
        settings = f"pool={self.pool} precision={self._precision}"
        return hashlib.sha256(f"{self._source.digest()} {settings}".encode()).hexdigest()

    @cached_property
    def _layers(self) -> dict[str, Layer]:
        from and_core.models.networks.modules import linear_widths

        widths = linear_widths(self._source.build_without_weights())
        layers = find_layers(self._source.architecture, widths, has_head=bool(self.class_names))
        return {layer.name: layer for layer in layers}

    def layers(self) -> tuple[Layer, ...]:
        """Every dissected linear layer, shallow to deep; no weights are read."""
        return tuple(self._layers.values())

    def forward(
        self, waveforms: Sequence[FloatArray], layers: Sequence[str] = ()
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Play clips to the network, `batch_size` a pass, each pass for the logits and all the layers asked for.

        Args:
            waveforms: B arrays [T_b samples] float32 mono at `sample_rate_hz`; a network that hears `longest_s` of a
                clip hears its beginning.
            layers: names of layers whose activations are wanted.

        Returns:
            logits [B, C] float32 and {layer: [B, width]} float32, linear outputs before any nonlinearity, pooled.

        Raises:
            NetworkError: an unknown layer, a waveform that is not [T], or a network that cannot be loaded.
        """
        return self.forward_features(self.features(waveforms), layers)

    def features(self, waveforms: Sequence[FloatArray]) -> list[FloatArray]:
        """What the network reads of each clip, computed in threads.

        Raises:
            NetworkError: a waveform is not [T], or the network cannot be loaded.
        """
        for waveform in waveforms:
            if np.ndim(waveform) != 1:
                raise NetworkError(f"{self.name} needs mono waveforms [T], got {np.shape(waveform)}.", "Mix to mono.")
        shortest = round(self._source.architecture.shortest_s * self.sample_rate_hz)
        longest = round(self.longest_s * self.sample_rate_hz) if self.longest_s else None
        return self._model().features([_fitted(waveform, shortest, longest) for waveform in waveforms])

    def forward_features(
        self, features: Sequence[FloatArray], layers: Sequence[str] = ()
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        """As `forward`, of clips whose `features` are known already."""
        wanted = [self._layer(layer) for layer in layers]
        logits = np.empty((len(features), len(self.class_names)), dtype=np.float32)
        activations = {layer.name: np.empty((len(features), layer.width), np.float32) for layer in wanted}
        for clips, answers, outputs in self._model().pooled(features, wanted, self._current_ablation()):
            if self.class_names:
                logits[clips] = answers
            for layer, output in outputs.items():
                activations[layer][clips] = output
        return logits, activations

    def token_activations(self, waveforms: Sequence[FloatArray], layers: Sequence[str]) -> Iterator[TokenActivations]:
        """Play clips one by one and give what layers answered to each token that begins within the clip.

        Args:
            waveforms: as for `forward`.
            layers: names of hidden layers.

        Raises:
            NetworkError: an unknown layer, `fc`, or a network whose tokens have no places (not `locates_tokens`).
        """
        for layer in layers:
            if self._layer(layer).kind == "fc":
                raise NetworkError(
                    f"{self.name}'s layer fc answers once a clip, not to each token.", "Ask for another."
                )
        for waveform, features in zip(waveforms, self.features(waveforms), strict=True):
            # No variable holds the outputs, which would keep them while the next clip is played.
            yield self._placed(
                self._model().tokens(features, layers, self._current_ablation()), len(waveform) / self.sample_rate_hz
            )

    def _placed(self, outputs: Mapping[str, FloatArray], seconds: float) -> TokenActivations:
        """Token outputs {layer: [tokens, width]} on the grid of places, without the steps behind the clip's end."""
        places = self._source.token_places(len(next(iter(outputs.values()))))
        if places is None:
            raise NetworkError(
                f"Nobody can say which part of a clip a token of {self.name} heard.",
                "Look at its activations, which are of whole clips.",
            )
        steps = max(1, int(np.searchsorted(places.start_s, seconds)))
        return TokenActivations(
            {layer: places.grid(output)[:, :steps] for layer, output in outputs.items()},
            places.start_s[:steps],
            places.end_s[:steps],
            places.low_hz,
            places.high_hz,
        )

    @contextmanager
    def ablated(self, neurons: NeuronIds) -> Iterator[None]:
        """Inside the context, the linear output of these neurons is 0 for this thread's passes (paper, section 4.3).

        Contexts nest: the inner one ablates its neurons besides the outer's.

        Raises:
            NetworkError: an unknown layer, or a neuron that its layer does not have.
        """
        before = self._current_ablation()
        added = self._checked(neurons)
        self._ablation.neurons = before | {
            layer: tuple(sorted({*before.get(layer, ()), *ids})) for layer, ids in added.items()
        }
        try:
            yield
        finally:
            self._ablation.neurons = before

    def replay(self, features: Sequence[FloatArray]) -> Replay:
        """Play the same clips again and again, each time without other neurons.

        Args:
            features: of the clips, as `features` gives them.
        """
        from and_core.models.networks.replay import TorchReplay

        blocks = blocks_of(self._source.architecture, self.layers())
        return TorchReplay(self._model(), features, blocks, self._checked, bool(self.class_names))

    def save_without(self, folder: Path, neurons: NeuronIds, compact: bool = False) -> None:
        """Write the network without these neurons as a checkpoint like its own, in safetensors.

        Args:
            folder: empty, or not there yet.
            compact: cut pruned neurons of intermediate layers out, where the architecture allows it.

        Raises:
            NetworkError: an unknown neuron, a folder with files in it, or a network that cannot be compacted.
        """
        checked = self._checked(neurons)
        if folder.exists() and any(folder.iterdir()):
            raise NetworkError(f"{folder} is not empty.", "Give a folder that is not there yet.")
        self._source.save_without(folder, checked, compact)

    def unchecked(self) -> Self:
        """The same, but loaded without its self-check, which a pruned network may fail: a layer may do nothing."""
        self._checks_itself = False
        return self

    def _current_ablation(self) -> dict[str, tuple[int, ...]]:
        """This thread's ablated neurons, by layer."""
        return getattr(self._ablation, "neurons", {})

    def _model(self) -> HookedModel:
        """The network with its weights, loaded and checked once, whichever thread comes first."""
        with self._load_lock:
            if self._loaded is None:
                self._loaded = self._load_and_check()
            return self._loaded

    def _load_and_check(self) -> HookedModel:
        """The network, once noise and a tone prove that batches and precision are sound and layers what they claim."""
        from and_core.models.networks.hooked_model import HookedModel

        source, names = self._source, [layer.name for layer in self.layers() if layer.depth == 1]
        parts = (source.load(), source.architecture, self.layers(), self.pool, self._device)
        if not self._checks_itself:
            return HookedModel(*parts, self._precision, self._batch_size)
        exact = HookedModel(*parts, "float32", batch_size=1)
        with explained_failures(self.name):
            clips = exact.features([noise(self.sample_rate_hz), tone(self.sample_rate_hz)])
            _, alone = self._play(exact, clips, names)
            model = HookedModel(*parts, self._precision, self._batch_size)
            _, together = self._play(model, clips, names)
            check_agreement(self.name, self._precision, alone, together)
            check_layers(self.name, self.layers(), len(self.class_names), partial(self._play, model, clips[:1]))
        return model

    def _play(
        self,
        model: HookedModel,
        clips: Sequence[FloatArray],
        wanted: Collection[str],
        ablation: NeuronIds = MappingProxyType({}),
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Answers [B, C] and activations {layer: [B, width]} of clips whose features have one shape."""
        batches = list(model.pooled(clips, [self._layers[name] for name in wanted], ablation))
        answers = np.concatenate([answers for _, answers, _ in batches])
        return answers, {name: np.concatenate([outputs[name] for _, _, outputs in batches]) for name in wanted}

    def _layer(self, name: str) -> Layer:
        if name not in self._layers:
            raise NetworkError(f"{self.name} has no layer {name!r}.", nearest(name, list(self._layers)))
        return self._layers[name]

    def _checked(self, neurons: NeuronIds) -> NeuronIds:
        return {layer: self._checked_neurons(layer, ids) for layer, ids in neurons.items()}

    def _checked_neurons(self, layer: str, ids: Sequence[int]) -> tuple[int, ...]:
        width = self._layer(layer).width
        outside = [neuron for neuron in ids if not 0 <= neuron < width]
        if outside:
            raise NetworkError(
                f"{self.name} has no neuron {layer}#{outside[0]}.", f"{layer} has neurons 0 to {width - 1}."
            )
        return tuple(int(neuron) for neuron in ids)


def _fitted(waveform: FloatArray, shortest: int, longest: int | None) -> FloatArray:
    """The clip's beginning, of at most `longest` samples; followed by silence where it has fewer than `shortest`."""
    cut = np.asarray(waveform, dtype=np.float32)[:longest]
    return np.pad(cut, (0, max(0, shortest - len(cut))))
