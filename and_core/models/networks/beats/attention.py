"""Self-attention with a gated relative position bias, as BEATs has it (Chen et al. 2023, after Chi et al. 2022)."""

import math

import torch
from torch import nn
from torch.nn import functional

from and_core.models.networks.beats.config import BeatsConfig

GATES, TERMS = 2, 4
"""Each of a head's two gates is the sigmoid of a sum of four terms."""


def relative_position_buckets(distances: torch.Tensor, buckets: int, max_distance: int) -> torch.Tensor:
    """The bucket of each distance: near ones have their own, farther ones share logarithmically wider ones.

    Args:
        distances: int64, key position minus query position, in tokens.
        buckets: how many there are: the first half for keys at or before the query, the second for keys after it.
        max_distance: from there on all share the last bucket of their side.

    Returns:
        int64, the shape of `distances`.
    """
    one_side = buckets // 2
    near = one_side // 2
    size = distances.abs()
    # In float32 like the original: other roundings would move distances at a border to another bucket.
    relative = torch.log(size.clamp(min=1).float() / near) / math.log(max_distance / near)
    far = (near + (relative * (one_side - near)).long()).clamp(max=one_side - 1)
    return (distances > 0) * one_side + torch.where(size < near, size, far)


def relative_position_bias(embedding: nn.Embedding, tokens: int, max_distance: int) -> torch.Tensor:
    """What every query adds to its score of every key before gating: [heads, tokens, tokens]."""
    # On the CPU: a GPU's logarithm may round otherwise at the border of a bucket.
    distances = torch.arange(1 - tokens, tokens, device="cpu")
    of_distance = embedding(
        relative_position_buckets(distances, embedding.num_embeddings, max_distance).to(embedding.weight.device)
    )
    positions = torch.arange(tokens, device=embedding.weight.device)
    return of_distance[positions - positions[:, None] + tokens - 1].permute(2, 0, 1)


class Attention(nn.Module):
    """Multi-head self-attention. All blocks share one table of position biases; each block has its own gates."""

    def __init__(self, config: BeatsConfig, relative_attention_bias: nn.Embedding | None) -> None:
        super().__init__()
        width = config.encoder_embed_dim
        self.heads = config.encoder_attention_heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))
        self.relative_attention_bias = relative_attention_bias
        self.gated = config.gru_rel_pos
        if self.gated:
            self.grep_linear = nn.Linear(width // self.heads, GATES * TERMS)
            self.grep_a = nn.Parameter(torch.ones(1, self.heads, 1, 1))

    def forward(
        self, tokens: torch.Tensor, position_bias: torch.Tensor | None, padding_mask: torch.Tensor | None
    ) -> torch.Tensor:
        """
        Args:
            tokens: [B, T, width].
            position_bias: [heads, T, T], from `relative_position_bias`.
            padding_mask: bool [B, T], True where a token is padding, which nobody then attends to.

        Returns:
            [B, T, width].
        """
        queries, keys, values = (
            projection(tokens).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # [B, heads, T, width of a head]
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        bias = self._bias(queries, position_bias, padding_mask)
        attended = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
        return self.out_proj(attended.transpose(1, 2).flatten(2))

    def _bias(
        self, queries: torch.Tensor, position_bias: torch.Tensor | None, padding_mask: torch.Tensor | None
    ) -> torch.Tensor | None:
        """What is added to the scores: [B, heads or 1, T, T] in the queries' dtype, or None for nothing."""
        bias = None if position_bias is None else (self._gate(queries) * position_bias).to(queries.dtype)
        if padding_mask is None:
            return bias
        if bias is None:
            bias = queries.new_zeros(len(queries), 1, *[queries.shape[2]] * 2)
        return bias.masked_fill(padding_mask[:, None, None, :], -math.inf)

    def _gate(self, queries: torch.Tensor) -> torch.Tensor:
        """How much of the position bias each query lets in, 1 to 2 for `grep_a` = 1: [B, heads, T, 1]."""
        if not self.gated:
            return queries.new_ones(1, 1, 1, 1)
        sums = self.grep_linear(queries).unflatten(-1, (GATES, TERMS)).sum(-1)
        update, reset = torch.sigmoid(sums).chunk(GATES, dim=-1)
        return update * (reset * self.grep_a - 1) + 2
