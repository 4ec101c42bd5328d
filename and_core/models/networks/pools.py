"""How the outputs of a layer for the tokens of a clip become one activation a neuron."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from and_core.errors import NetworkError
from and_core.models.networks.architectures import Architecture

if TYPE_CHECKING:
    import torch

Pool = Callable[["torch.Tensor", int], "torch.Tensor"]
"""(token outputs [B, tokens, width], number of prefix tokens) -> [B, width]."""

POOLS: dict[str, Pool] = {
    # The paper's choice for AST: the token that the classification head reads.
    "cls": lambda tokens, _prefix: tokens[:, 0],
    # The others look at the audio only, not at the CLS and distillation tokens.
    "first": lambda tokens, prefix: tokens[:, prefix],
    "mean": lambda tokens, prefix: tokens[:, prefix:].float().mean(dim=1),
    "max": lambda tokens, prefix: tokens[:, prefix:].amax(dim=1),
}


def checked_pool(pool: str | None, architecture: Architecture) -> str:
    """`pool`, or the architecture's own where None.

    Raises:
        NetworkError: no such pool, or `cls` for a network without such a token.
    """
    choices = [name for name in POOLS if name != "cls" or architecture.prefix_tokens]
    name = architecture.default_pool if pool is None else pool
    if name not in choices:
        raise NetworkError(
            f"pool = {name!r} is not known for {architecture.model_type}.", f"Choose one of: {', '.join(choices)}."
        )
    return name
