"""Plays the same clips to a network again and again, each time without other neurons.

What comes before the first block that holds a pruned neuron is the same every time: the block's input is kept, and
later passes resume there. The modules before it are not computed again; stand-ins give outputs of the same shape, which
nobody reads, because the block's input is exchanged for the one that was kept. A network that does read them (one that
sums the outputs of all its blocks) is found out at the first batch, where a resumed pass must equal the whole one, and
is always played whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn

from and_core.models.networks.hooked_model import HookedModel, Played, same_shapes, to_numpy
from and_core.models.protocols import FloatArray, NeuronIds, PlayedClips

AGREEMENT = {torch.float32: 1e-5, torch.bfloat16: 1e-2}
"""By how much, relative to the largest logit, a resumed pass may differ from a whole one."""
KEPT_BYTES = 2 * 2**30
"""Of block inputs: 400 clips of AST-base at one block take 1.5 GB."""


@dataclass
class Kept:
    """Where a batch can be resumed: the call of one module, and what came before."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    before: list[tuple[nn.Module, Any]]
    """Modules in the order in which they ended, each with its output, in which tensors became their shapes."""


@dataclass(frozen=True)
class Shape:
    """Stands for a tensor that nobody will read."""

    size: torch.Size
    dtype: torch.dtype
    device: torch.device

    def tensor(self) -> torch.Tensor:
        return torch.zeros(self.size, dtype=self.dtype, device=self.device)


@dataclass
class TorchReplay:
    """A `Replay` over a loaded model; safe to share between threads, which take turns batch by batch."""

    model: HookedModel
    features: Sequence[FloatArray]
    resumed_at: Mapping[str, str]
    """Layer name -> module path of its block, in the order in which blocks are computed; the head is its own."""
    checked: Callable[[NeuronIds], NeuronIds]
    """Refuses neurons that the network does not have."""
    has_head: bool
    """Whether answers are logits."""
    kept_bytes: int = KEPT_BYTES
    _kept: dict[tuple[int, ...], dict[str, Kept]] = field(default_factory=dict)
    """Clips of a batch -> block -> where it can be resumed."""
    _resumes: dict[str, bool] = field(default_factory=dict)
    """Block -> whether a resumed pass equals a whole one."""

    def without(self, neurons: NeuronIds) -> Iterator[PlayedClips]:
        """Batch by batch what the network answers without these neurons."""
        ablation = {layer: ids for layer, ids in self.checked(neurons).items() if len(ids)}
        blocks = list(self.resumed_at.values())
        first = next((block for layer, block in self.resumed_at.items() if layer in ablation), blocks[-1])
        for clips in same_shapes(self.features):
            while clips:
                batch = clips[: self.model.batch_size]
                try:
                    answers, representations = self._play(tuple(batch), first, ablation)
                except RuntimeError as error:
                    self.model.make_room(error, len(batch))
                    self._kept.clear()
                    continue
                logits = answers if self.has_head else answers[:, :0]
                yield PlayedClips(batch, to_numpy(logits), to_numpy(representations))
                del clips[: len(batch)]

    def _play(self, clips: tuple[int, ...], block: str, ablation: NeuronIds) -> Played:
        """Answers and representations, from where the batch was kept if it was."""
        module = self.model.module(block)
        with self.model.playing(ablation) as run:
            play = partial(run, [self.features[clip] for clip in clips])
            kept = self._kept.get(clips, {}).get(block)
            if kept is not None:
                with resumed(module, kept):
                    return play()
            if not self._resumes.get(block, True) or not self._has_room():
                return play()
            with capturing(self.model.root, module) as captured:
                whole = play()
            if block not in self._resumes:
                with resumed(module, captured[0]):
                    self._resumes[block] = self._agree(whole[0], play()[0])
            if self._resumes[block]:
                self._kept.setdefault(clips, {})[block] = captured[0]
            return whole

    def _agree(self, whole: torch.Tensor, again: torch.Tensor) -> bool:
        tolerance = AGREEMENT[whole.dtype] * max(1.0, float(whole.abs().max()))
        return bool((again - whole).abs().max() <= tolerance)

    def _has_room(self) -> bool:
        return sum(_bytes(kept) for blocks in self._kept.values() for kept in blocks.values()) < self.kept_bytes


@contextmanager
def capturing(root: nn.Module, block: nn.Module) -> Iterator[list[Kept]]:
    """Inside the context, the first call of `block` is kept, with the outputs of the modules that ended before it."""
    captured: list[Kept] = []
    ended: list[tuple[nn.Module, Any]] = []

    def keep(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not captured:
            named = {name: _copies(value) for name, value in kwargs.items()}
            captured.append(Kept(_copies(args), named, ended.copy()))

    def end(module: nn.Module, _inputs: tuple[Any, ...], output: Any) -> None:
        if captured:
            return
        inside = set(module.modules())
        while ended and ended[-1][0] in inside:  # the whole stands in for its parts
            ended.pop()
        ended.append((module, _shapes(output)))

    with ExitStack() as hooks:
        for module in root.modules():
            hooks.callback(module.register_forward_hook(end).remove)
        hooks.callback(block.register_forward_pre_hook(keep, with_kwargs=True).remove)
        yield captured


@contextmanager
def resumed(block: nn.Module, kept: Kept) -> Iterator[None]:
    """Inside the context, the first call of `block` is the one that was kept, and modules before it compute nothing."""
    waiting: dict[nn.Module, list[Any]] = {}
    for module, output in kept.before:
        waiting.setdefault(module, []).append(output)
    for module, outputs in waiting.items():
        # In the instance, where it stands before the class's own; a parameter of its own binds this module's turns.
        module.__dict__["forward"] = lambda *_args, turns=iter(outputs), **_kwargs: _tensors(next(turns))

    def give_back() -> None:
        handle.remove()
        for module in waiting:
            module.__dict__.pop("forward", None)

    def exchange(_module: nn.Module, _args: Any, _kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        give_back()
        return _copies(kept.args), {name: _copies(value) for name, value in kept.kwargs.items()}

    handle = block.register_forward_pre_hook(exchange, with_kwargs=True)
    try:
        yield
    finally:
        give_back()


def _shapes(output: Any) -> Any:
    """`output` with every tensor replaced by its shape."""
    if isinstance(output, torch.Tensor):
        return Shape(output.size(), output.dtype, output.device)
    return tuple(map(_shapes, output)) if type(output) is tuple else output


def _tensors(output: Any) -> Any:
    if isinstance(output, Shape):
        return output.tensor()
    return tuple(map(_tensors, output)) if type(output) is tuple else output


def _copies(value: Any) -> Any:
    """The same, of memory of its own: a block may write into what it is given."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    return tuple(map(_copies, value)) if type(value) is tuple else value


def _bytes(kept: Kept) -> int:
    values = [*kept.args, *kept.kwargs.values()]
    return sum(value.numel() * value.element_size() for value in values if isinstance(value, torch.Tensor))
