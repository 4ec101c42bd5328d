"""Seeded sampling in batches, for transformers."""

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)


def sampling(settings: GenerationConfig, temperature: float, seed: int) -> LogitsProcessorList:
    """What turns greedy generation into sampling with a temperature and the model's own top_k and top_p."""
    if temperature == 0:
        return LogitsProcessorList()
    steps = LogitsProcessorList([TemperatureLogitsWarper(temperature)])
    if settings.top_k:
        steps.append(TopKLogitsWarper(settings.top_k))
    if settings.top_p is not None and settings.top_p < 1:
        steps.append(TopPLogitsWarper(settings.top_p))
    steps.append(GumbelNoise(seed))
    return steps


class GumbelNoise(LogitsProcessor):
    """Makes the highest logit a draw from the softmax of the logits (Gumbel-max).

    One noise a step for all rows: a reply depends on its conversation and the seed, not on who shares the batch.
    """

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        exponential = torch.empty(scores.shape[-1]).exponential_(generator=self._generator)
        return scores - exponential.log().to(scores.device)
