"""Fits weights to whatever an objective asks of them: the one training loop."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from precompute.training.config import TrainingConfig
from precompute.training.examples import Progress
from precompute.training.state import Row, State

WARM_UP = 0.1
"""Share of the steps in which the learning rate rises."""


class Objective(Protocol):
    """What is learnt, and from which clips."""

    examples: int
    """How many there are to draw batches from."""

    @property
    def module(self) -> nn.Module:
        """Whose parameters are fitted."""
        ...

    def loss(
        self, batch: npt.NDArray[np.int64], rng: np.random.Generator, device: torch.device
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss of some examples, by their positions, and what else is worth a curve; all without axes."""
        ...

    def finish(self) -> None:
        """Called once, when the parameters are fitted."""
        ...


def fit(
    objective: Objective,
    config: TrainingConfig,
    device: torch.device,
    rng: np.random.Generator,
    state: State,
    progress: Progress,
) -> list[Row]:
    """Fit, going on where `state` was left: the same weights on every run with the same threads, interrupted or not.

    Args:
        progress: told how many epochs are trained, of how many.

    Returns:
        For every epoch: `epoch` from 1, `seconds`, `learning_rate` at its end, and the means of `loss` and of the
        objective's other numbers.
    """
    module = objective.module.to(device)
    batches = math.ceil(objective.examples / config.batch_size)
    optimizer, schedule = _optimizer(module, config, batches * config.epochs)
    curve = state.restore(module, optimizer, schedule, rng)
    module.train()
    for epoch in range(len(curve), config.epochs):
        progress("epochs trained", epoch, config.epochs)
        start = time.perf_counter()
        means = _epoch(objective, config, device, rng, batches, optimizer, schedule)
        seconds = round(time.perf_counter() - start, 2)
        rate = float(schedule.get_last_lr()[0])
        curve.append({"epoch": epoch + 1, "seconds": seconds, "learning_rate": rate, **means})
        state.save(module, optimizer, schedule, rng, curve)
    progress("epochs trained", config.epochs, config.epochs)
    module.eval()
    objective.finish()
    return curve


def _epoch(
    objective: Objective,
    config: TrainingConfig,
    device: torch.device,
    rng: np.random.Generator,
    batches: int,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> dict[str, float]:
    """Every example once; the means of what the objective tells."""
    sums: dict[str, torch.Tensor] = {}
    for batch in np.array_split(rng.permutation(objective.examples), batches):
        with torch.autocast(device.type, torch.bfloat16, enabled=config.precision == "bfloat16"):
            loss, told = objective.loss(batch, rng, device)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(objective.module.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        for name, value in {"loss": loss, **told}.items():
            sums[name] = sums.get(name, torch.zeros((), device=device)) + value.detach().float() * len(batch)
    return {name: float(total) / objective.examples for name, total in sums.items()}


def _optimizer(
    module: nn.Module, config: TrainingConfig, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW, without decay for biases, norms, positions and tokens; the rate warms up and then falls along a cosine."""
    groups = [
        {"params": [p for p in module.parameters() if _is_matrix(p)], "weight_decay": config.weight_decay},
        {"params": [p for p in module.parameters() if not _is_matrix(p)], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)
    warm_up = max(1, round(WARM_UP * steps))

    def share(step: int) -> float:
        if step < warm_up:
            return (step + 1) / warm_up
        return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, share)


def _is_matrix(parameter: nn.Parameter) -> bool:
    """Weights of linear and convolution layers; biases and norms have one axis, tokens and positions have three."""
    return parameter.dim() in (2, 4)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Inside, torch draws from `seed`; afterwards its random state is again what the caller had."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
