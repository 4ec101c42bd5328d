"""Keeps a pass where a block begins, and resumes it there: many threads at once, each with clips of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from and_core.models.networks.hooked_model import Play, Played
from and_core.models.protocols import FloatArray

Features = Sequence[FloatArray]
"""Of the clips that one thread plays."""


@dataclass
class Kept:
    """Where a batch can be resumed: the call of one module, and what came before."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    before: list[tuple[nn.Module, Any]]
    """Modules in the order in which they ended, each with its output, in which tensors became their shapes."""

    @property
    def bytes(self) -> int:
        values = [*self.args, *self.kwargs.values()]
        return sum(value.numel() * value.element_size() for value in values if isinstance(value, torch.Tensor))


@dataclass(frozen=True)
class Shape:
    """Stands for a tensor that nobody will read."""

    size: torch.Size
    dtype: torch.dtype
    device: torch.device

    def tensor(self) -> torch.Tensor:
        return torch.zeros(self.size, dtype=self.dtype, device=self.device)


@contextmanager
def capturing(root: nn.Module, block: nn.Module) -> Iterator[Callable[[Play, Features], tuple[Played, Kept]]]:
    """Inside the context, the function plays clips, in any thread, and keeps the first call of `block`, with the
    outputs of the modules that ended before it."""
    here = threading.local()

    def keep(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if here.kept is None:
            named = {name: _copies(value) for name, value in kwargs.items()}
            here.kept = Kept(_copies(args), named, here.ended)

    def end(module: nn.Module, _inputs: tuple[Any, ...], output: Any) -> None:
        if here.kept is not None:
            return
        inside = set(module.modules())
        while here.ended and here.ended[-1][0] in inside:  # the whole stands in for its parts
            here.ended.pop()
        here.ended.append((module, _shapes(output)))

    def capture(play: Play, features: Features) -> tuple[Played, Kept]:
        here.kept, here.ended = None, []
        return play(features), here.kept

    with ExitStack() as hooks:
        for module in root.modules():
            hooks.callback(module.register_forward_hook(end).remove)
        hooks.callback(block.register_forward_pre_hook(keep, with_kwargs=True).remove)
        yield capture


@contextmanager
def resuming(block: nn.Module, kept: Sequence[Kept]) -> Iterator[Callable[[Play, Features, Kept], Played]]:
    """Inside the context, the function plays clips, in any thread, as if the first call of `block` were the one that
    was kept; modules before it compute nothing.

    Args:
        kept: all that will be resumed, of the same modules.
    """
    here = threading.local()

    def stand_in(module: nn.Module) -> Callable[..., Any]:
        own = module.forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            waiting = getattr(here, "waiting", None)
            return own(*args, **kwargs) if waiting is None else _tensors(next(waiting[module]))

        return forward

    def exchange(_module: nn.Module, _args: Any, _kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        if here.waiting is None:
            return None
        here.waiting = None  # from here on modules compute
        return _copies(here.kept.args), {name: _copies(value) for name, value in here.kept.kwargs.items()}

    def resume(play: Play, features: Features, own: Kept) -> Played:
        waiting: dict[nn.Module, list[Any]] = {}
        for module, output in own.before:
            waiting.setdefault(module, []).append(output)
        here.kept, here.waiting = own, {module: iter(outputs) for module, outputs in waiting.items()}
        try:
            return play(features)
        finally:
            here.waiting = None

    with ExitStack() as undo:
        for module in {module for module, _ in kept[0].before}:
            undo.callback(_put_back, module, module.__dict__.get("forward"))
            module.__dict__["forward"] = stand_in(module)  # in the instance, where it stands before the class's own
        undo.callback(block.register_forward_pre_hook(exchange, with_kwargs=True).remove)
        yield resume


def _put_back(module: nn.Module, forward: Callable[..., Any] | None) -> None:
    if forward is None:
        del module.__dict__["forward"]
    else:
        module.__dict__["forward"] = forward


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
