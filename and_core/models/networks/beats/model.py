"""BEATs (Chen et al. 2023): a transformer over 16 x 16 patches of a log-mel spectrogram.

Modules are named so that the keys of the official checkpoints load as they are. Everything is batch first, so a hook on
a linear layer of a block sees [B, tokens, width]. Dropout and layer drop of the original's training are left out.
"""

from typing import NamedTuple

import torch
from torch import nn

from and_core.models.networks.beats.config import BeatsConfig
from and_core.models.networks.beats.encoder import Encoder


class BeatsOutput(NamedTuple):
    """Tokens are time-major: with 8 patches over the 128 mel bins, token 8 * t + f is patch f of time step t."""

    features: torch.Tensor
    """[B, tokens, width]"""
    logits: torch.Tensor | None
    """[B, classes], None without a head."""
    token_logits: torch.Tensor | None
    """[B, tokens, classes], None without a head."""
    padding_mask: torch.Tensor | None
    """bool [B, tokens], True for padding; None where no mask was given."""


class Beats(nn.Module):
    """The network from filter bank to features and, with a head, logits."""

    def __init__(self, config: BeatsConfig, classes: int = 0, head_averages_padding: bool = False) -> None:
        """
        Args:
            classes: width of the head `fc`, one linear layer; 0 for a pretrained network, which has none.
            head_averages_padding: logits are the mean over all tokens, padding too (the AND authors' head), and not
                over those of the audio alone (the official one). No difference without a padding mask.
        """
        super().__init__()
        self.config, self.head_averages_padding = config, head_averages_padding
        patch, embedding, width = config.input_patch_size, config.embed_dim, config.encoder_embed_dim
        self.patch_embedding = nn.Conv2d(1, embedding, kernel_size=patch, stride=patch, bias=config.conv_bias)
        self.layer_norm = nn.LayerNorm(embedding)
        self.post_extract_proj = nn.Linear(embedding, width) if embedding != width else None
        self.encoder = Encoder(config)
        self.fc = nn.Linear(width, classes) if classes else None
        _initialise(self)

    def forward(self, fbank: torch.Tensor, padding_mask: torch.Tensor | None = None) -> BeatsOutput:
        """
        Args:
            fbank: [B, frames, 128], normalised as `fbank.fbank` does; frames that do not fill a patch are not heard.
            padding_mask: bool [B, samples] or [B, frames], True for padding.
        """
        patches = self.patch_embedding(fbank[:, None]).flatten(2).transpose(1, 2)
        tokens = self.layer_norm(patches)
        if padding_mask is not None:
            padding_mask = coarser_mask(coarser_mask(padding_mask, fbank.shape[1]), tokens.shape[1])
        if self.post_extract_proj is not None:
            tokens = self.post_extract_proj(tokens)
        features = self.encoder(tokens, padding_mask)
        if self.fc is None:
            return BeatsOutput(features, None, None, padding_mask)
        token_logits = self.fc(features)
        heard = None if self.head_averages_padding else padding_mask
        return BeatsOutput(features, _mean_over_audio(token_logits, heard), token_logits, padding_mask)


def coarser_mask(padding_mask: torch.Tensor, length: int) -> torch.Tensor:
    """A padding mask [B, fine] for `length` equal groups of it: [B, length], a group is padding where all of it is.

    What is left over at the end belongs to no group. As in the original, frames are grouped into tokens evenly although
    tokens are time-major patches: at the border some of a time step's frequency patches count as padding.
    """
    group = padding_mask.shape[1] // length
    return padding_mask[:, : group * length].unflatten(1, (length, group)).all(-1)


def _initialise(model: Beats) -> None:
    """Random weights to train from: small ones, and in blocks with DeepNorm those that Wang et al. 2022 derive."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
    if not model.config.deep_norm:
        return
    gain = (8 * model.config.encoder_layers) ** -0.25
    for name, parameter in model.encoder.layers.named_parameters():
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            nn.init.xavier_normal_(parameter)
        elif name.endswith(("v_proj.weight", "out_proj.weight", "fc1.weight", "fc2.weight")):
            nn.init.xavier_normal_(parameter, gain=gain)


def _mean_over_audio(token_logits: torch.Tensor, padding_mask: torch.Tensor | None) -> torch.Tensor:
    """[B, tokens, classes] -> [B, classes], the mean over tokens that are not padding."""
    if padding_mask is None:
        return token_logits.mean(dim=1)
    heard = ~padding_mask[..., None]
    return (token_logits * heard).sum(dim=1) / heard.sum(dim=1)
