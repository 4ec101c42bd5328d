"""The transformer of BEATs (Chen et al. 2023): position embeddings and blocks."""

import math
from collections.abc import Callable
from functools import partial
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from and_core.models.networks.beats.attention import Attention, relative_position_bias
from and_core.models.networks.beats.config import BeatsConfig

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "gelu": functional.gelu,
    "gelu_accurate": partial(functional.gelu, approximate="tanh"),
    "gelu_fast": partial(functional.gelu, approximate="tanh"),
    "relu": functional.relu,
    "tanh": torch.tanh,
}


class WeightNormConvolution(nn.Module):
    """A grouped convolution over tokens whose kernel has the direction of `weight_v` and, at each of its positions, the
    length `weight_g`. torch's own weight norm would give the parameters other names than the checkpoints have."""

    def __init__(self, width: int, kernel: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.weight_v = nn.Parameter(torch.randn(width, width // groups, kernel) * math.sqrt(4 / (kernel * width)))
        self.weight_g = nn.Parameter(torch.linalg.vector_norm(self.weight_v.detach(), dim=(0, 1), keepdim=True))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """[B, width, T] -> [B, width, T]."""
        kernel = self.weight_v.shape[-1]
        length = torch.linalg.vector_norm(self.weight_v, dim=(0, 1), keepdim=True)
        weight = self.weight_v * (self.weight_g / length)
        convolved = functional.conv1d(tokens, weight, self.bias, padding=kernel // 2, groups=self.groups)
        return convolved[..., : tokens.shape[-1]]  # an even kernel gives one token too many


class EncoderLayer(nn.Module):
    """A transformer block."""

    def __init__(self, config: BeatsConfig, relative_attention_bias: nn.Embedding | None) -> None:
        super().__init__()
        width = config.encoder_embed_dim
        self.self_attn = Attention(config, relative_attention_bias)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, config.encoder_ffn_embed_dim)
        self.fc2 = nn.Linear(config.encoder_ffn_embed_dim, width)
        self.final_layer_norm = nn.LayerNorm(width)
        self.activation = ACTIVATIONS[config.activation_fn]
        self.layer_norm_first = config.layer_norm_first
        self.residual_weight = (2 * config.encoder_layers) ** 0.25 if config.deep_norm else 1.0

    def forward(
        self, tokens: torch.Tensor, position_bias: torch.Tensor | None, padding_mask: torch.Tensor | None
    ) -> torch.Tensor:
        """[B, T, width] -> [B, T, width]; bias and mask as `Attention` takes them."""
        if self.layer_norm_first:
            tokens = tokens + self.self_attn(self.self_attn_layer_norm(tokens), position_bias, padding_mask)
            return tokens + self._feed_forward(self.final_layer_norm(tokens))
        attended = self.self_attn(tokens, position_bias, padding_mask)
        tokens = self.self_attn_layer_norm(tokens * self.residual_weight + attended)
        return self.final_layer_norm(tokens * self.residual_weight + self._feed_forward(tokens))

    def _feed_forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.fc2(self.activation(self.fc1(tokens)))


class Encoder(nn.Module):
    """Position embeddings and the transformer blocks."""

    def __init__(self, config: BeatsConfig) -> None:
        super().__init__()
        width, self.max_distance = config.encoder_embed_dim, config.max_distance
        self.pos_conv = nn.Sequential(WeightNormConvolution(width, config.conv_pos, config.conv_pos_groups), nn.GELU())
        shared = (
            nn.Embedding(config.num_buckets, config.encoder_attention_heads)
            if config.relative_position_embedding
            else None
        )
        self.layers = nn.ModuleList(EncoderLayer(config, shared) for _ in range(config.encoder_layers))
        self.layer_norm = nn.LayerNorm(width)
        self.layer_norm_first = config.layer_norm_first

    def forward(self, tokens: torch.Tensor, padding_mask: torch.Tensor | None = None) -> torch.Tensor:
        """[B, T, width] -> [B, T, width]; `padding_mask` is bool [B, T], True for padding."""
        if padding_mask is not None:
            tokens = tokens.masked_fill(padding_mask[..., None], 0.0)
        tokens = tokens + self.pos_conv(tokens.transpose(1, 2)).transpose(1, 2)
        if not self.layer_norm_first:
            tokens = self.layer_norm(tokens)
        position_bias = self._position_bias(tokens.shape[1])
        for layer in self.layers:
            tokens = layer(tokens, position_bias, padding_mask)
        return self.layer_norm(tokens) if self.layer_norm_first else tokens

    def _position_bias(self, tokens: int) -> torch.Tensor | None:
        """The bias that every block gates for itself."""
        table = cast(EncoderLayer, self.layers[0]).self_attn.relative_attention_bias
        return None if table is None else relative_position_bias(table, tokens, self.max_distance)
