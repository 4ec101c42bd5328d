"""A loaded torch module that is read and ablated by hooks, in batches."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from and_core.errors import NetworkError
from and_core.models.devices import chosen_device
from and_core.models.networks.architectures import Architecture
from and_core.models.networks.pools import POOLS
from and_core.models.networks.side_by_side import SideBySide, together
from and_core.models.networks.source import LoadedNetwork
from and_core.models.protocols import FloatArray, Layer

NO_MEMORY = ("can't allocate memory", "ALLOC_FAILED")
"""What torch's other errors say where memory is too small: on the CPU, and in libraries for the GPU."""
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
Played = tuple[torch.Tensor, torch.Tensor]
Play = Callable[[Sequence[FloatArray]], Played]
"""Features of clips -> answers, and what the head read."""
Reduce = Callable[[torch.Tensor], torch.Tensor]
"""Token outputs [B, tokens, width] -> what is kept of them."""


class HookedModel:
    """Safe to share between threads: hooks are module state, so a pass owns the lock."""

    def __init__(
        self,
        loaded: LoadedNetwork,
        architecture: Architecture,
        layers: Sequence[Layer],
        pool: str,
        device: str,
        precision: str,
        batch_size: int,
    ) -> None:
        """
        Args:
            device: `auto` (a GPU where there is one) or one of torch's names.
            precision: `float32` or `bfloat16`, of weights and of everything between them.

        Raises:
            NetworkError: torch cannot use the device.
        """
        self._device, self.dtype = chosen_device(device, NetworkError), PRECISIONS[precision]
        self.batch_size = batch_size
        """Clips a pass; fewer once they did not fit into memory."""
        self._prefix_tokens, self._pool = architecture.prefix_tokens, POOLS[pool]
        self._loaded = loaded
        self.root = loaded.module.to(self._device, self.dtype)
        self._modules = {
            layer.name: self.root.get_submodule(
                layer.module_path.removesuffix(architecture.hooked_at.get(layer.kind, ""))
            )
            for layer in layers
        }
        self.workers = SideBySide(self._device, batch_size)
        self._lock = threading.Lock()

    def features(self, waveforms: Sequence[FloatArray]) -> list[FloatArray]:
        """What the network reads of each clip."""
        with ThreadPoolExecutor() as workers:
            return list(workers.map(self._loaded.features, waveforms))

    def pooled(
        self, features: Sequence[FloatArray], layers: Sequence[Layer], ablation: Mapping[str, Sequence[int]]
    ) -> Iterator[tuple[list[int], FloatArray, dict[str, FloatArray]]]:
        """Play clips, batch by batch. Clips in a batch are of one length, so that none is padded for another's sake.

        Args:
            ablation: layer name -> positions of neurons whose linear output is forced to 0.

        Yields:
            positions of the batch's clips in `features` [b], answers [b, C] and pooled outputs {layer: [b, width]}.
        """
        reduce: Reduce = lambda tokens: self._pool(tokens, self._prefix_tokens)  # noqa: E731
        names, ends = [layer.name for layer in layers], np.cumsum([layer.width for layer in layers])[:-1]
        for clips in same_shapes(features):
            while clips:
                batch = clips[: self.batch_size]
                try:
                    answers, outputs = self._run([features[clip] for clip in batch], names, ablation, reduce)
                except RuntimeError as error:
                    self.make_room(error, len(batch))
                    continue
                # One transfer from the device for all layers.
                flat = to_numpy(torch.cat([outputs[name] for name in names], 1)) if names else None
                split = np.split(flat, ends, axis=1) if flat is not None else []
                yield batch, to_numpy(answers), dict(zip(names, split, strict=True))
                del clips[: len(batch)]

    def tokens(
        self, features: FloatArray, layers: Collection[str], ablation: Mapping[str, Sequence[int]]
    ) -> dict[str, FloatArray]:
        """{layer: [tokens, width]} of one clip, without the prefix tokens."""
        try:
            _, outputs = self._run([features], layers, ablation, lambda tokens: tokens[:, self._prefix_tokens :])
        except RuntimeError as error:
            self.make_room(error, clips=1)
            raise
        return {name: to_numpy(output[0]) for name, output in outputs.items()}

    def _run(
        self,
        features: Sequence[FloatArray],
        wanted: Collection[str],
        ablation: Mapping[str, Sequence[int]],
        reduce: Reduce,
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """One pass over one batch."""
        here = threading.local()

        def keep(name: str, output: torch.Tensor) -> None:
            # Windowed attention makes more rows than clips; the head's output may have no tokens left.
            tokens = output.reshape(here.clips, -1, output.shape[-1]) if output.dim() == 3 else output
            # A copy, so that a part of the tokens does not keep all of them alive.
            here.outputs[name] = (reduce(tokens) if output.dim() == 3 else tokens).to(torch.float32, copy=True)

        def play(part: Sequence[FloatArray]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
            here.clips, here.outputs = len(part), {}
            return self._answer(part), here.outputs

        with self._lock, ExitStack() as hooks:
            for name in {*wanted, *ablation}:
                hook = self._hook(ablation.get(name, ()), partial(keep, name) if name in wanted else None)
                hooks.callback(self._modules[name].register_forward_hook(hook).remove)
            played = self.workers.map(play, self.workers.parts(features))
        names = played[0][1]
        return together([answers for answers, _ in played]), {
            name: together([outputs[name] for _, outputs in played]) for name in names
        }

    def _answer(self, features: Sequence[FloatArray]) -> torch.Tensor:
        """[b, C] in the thread that asks."""
        with torch.inference_mode():
            batch = torch.from_numpy(np.stack(features)).to(self._device, self.dtype)
            return self._loaded.answer(self.root, batch)

    @contextmanager
    def playing(self, ablation: Mapping[str, Sequence[int]]) -> Iterator[Play]:
        """Inside the context, which owns the network, the function plays clips without these neurons, in any thread.

        It returns answers [b, C] and what the classification head reads, [b, D]: the mean over tokens where it reads
        tokens, the answers themselves where there is no head.
        """
        here = threading.local()

        def keep(_module: nn.Module, inputs: tuple[Any, ...], _output: Any) -> None:
            here.read = inputs[0].mean(dim=1) if inputs[0].dim() == 3 else inputs[0]

        def play(features: Sequence[FloatArray]) -> Played:
            here.read = None
            answers = self._answer(features)
            return answers, answers if here.read is None else here.read

        with self._lock, ExitStack() as hooks:
            for name, neurons in ablation.items():
                hooks.callback(self._modules[name].register_forward_hook(self._hook(neurons, None)).remove)
            if "fc" in self._modules:
                hooks.callback(self._modules["fc"].register_forward_hook(keep).remove)
            yield play

    def module(self, path: str) -> nn.Module:
        return self.root.get_submodule(path)

    def _hook(self, ablated: Sequence[int], keep: Callable[[torch.Tensor], None] | None) -> Any:
        """A forward hook that zeroes `ablated` outputs for every token, then hands the output to `keep`."""
        neurons = torch.as_tensor(ablated, dtype=torch.long, device=self._device)

        def hook(_module: nn.Module, _inputs: tuple[Any, ...], returned: Any) -> Any:
            output = returned[0] if isinstance(returned, tuple) else returned
            if len(neurons):
                output.index_fill_(-1, neurons, 0.0)  # in place: a linear layer's output is memory of its own, unread
            if keep is not None:
                keep(output)
            return (output, *returned[1:]) if isinstance(returned, tuple) else output

        return hook

    def make_room(self, error: RuntimeError, clips: int) -> None:
        """Halve the batches where a pass failed because its clips, more than one, did not fit into memory together.

        Raises:
            RuntimeError: `error`, where it says something else.
            NetworkError: a single clip is too much.
        """
        if not isinstance(error, torch.OutOfMemoryError) and not any(words in str(error) for words in NO_MEMORY):
            raise error
        if clips == 1:
            raise NetworkError(
                f"One clip is more than the memory of {self._device} holds: {str(error).splitlines()[0]}",
                "Free memory, set device to another, or use shorter clips (dataset.max_seconds).",
            ) from error
        self.batch_size = clips // 2


def same_shapes(features: Sequence[FloatArray]) -> list[list[int]]:
    """Positions of clips whose features have the same shape, together."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for clip, array in enumerate(features):
        groups.setdefault(array.shape, []).append(clip)
    return list(groups.values())


def to_numpy(tensor: torch.Tensor) -> FloatArray:
    array: FloatArray = tensor.float().cpu().numpy()
    return array
