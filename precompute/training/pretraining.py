"""Learning from sound alone: masked patches, after BEATs (Chen et al. 2023, arXiv 2212.09058).

An AST hears some patches of a spectrogram. From what it says of them a small predictor, thrown away afterwards, names
the codes of the patches that were hidden. An AST's head reads the mean of the CLS and the distillation token, which are
to speak for the clip; so that these learn it, they predict which codes each band of the whole clip has.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers
from torch import nn
from torch.nn import functional

from and_core.errors import ConfigError
from and_core.models.protocols import FloatArray
from precompute.training.config import TrainingConfig
from precompute.training.tokenizer import RandomTokenizer, histograms
from precompute.training.trainee import Trainee

CLIP_TOKENS = 2
"""CLS and distillation."""


class MaskedPatches:
    """An `Objective`: the trainee's weights and a predictor's learn the codes of hidden patches."""

    def __init__(self, trainee: Trainee, inputs: FloatArray, config: TrainingConfig) -> None:
        """
        Args:
            inputs: [N, frames, mel bins] as the trainee reads them.

        Raises:
            ConfigError: the trainee is no AST.
        """
        if not isinstance(trainee.module, transformers.ASTModel):
            raise ConfigError(
                'task = "pretrain" masks patches of an audio spectrogram transformer, and start is another network.',
                'Set start to an AST, or leave it out; with task = "classify" any network can be fine-tuned.',
            )
        self._trainee, self._inputs = trainee, inputs
        self._augmentation = config.augmentation.model_copy(update={"time_masks": 0, "mel_masks": 0})
        self._clip_weight = config.pretraining.clip_weight
        self.examples = len(inputs)
        self.module: MaskedPredictor = MaskedPredictor(trainee.module, config)

    def loss(
        self, batch: npt.NDArray[np.int64], rng: np.random.Generator, device: torch.device
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Cross entropy of hidden patches' codes and of the clip's, and the share of hidden patches named right."""
        no_labels = np.zeros((len(batch), 1), np.float32)
        inputs, _ = self._trainee.augment(self._inputs[batch], no_labels, self._augmentation, rng)
        order = torch.from_numpy(rng.random((len(batch), self.module.patches)).argsort(axis=1)).to(device)
        patch_loss, clip_loss, right = self.module(torch.from_numpy(inputs).to(device), order)
        loss = patch_loss + self._clip_weight * clip_loss
        return loss, {"patch_loss": patch_loss, "clip_loss": clip_loss, "codes_right": right}

    def finish(self) -> None:
        """Nothing is left to do: the predictor is not kept."""


class MaskedPredictor(nn.Module):
    """An AST with what is needed to ask it for codes."""

    def __init__(self, encoder: Any, config: TrainingConfig) -> None:
        super().__init__()
        sizes, settings = encoder.config, config.pretraining
        width, self._patch = sizes.hidden_size, sizes.patch_size
        self._stride = (sizes.frequency_stride, sizes.time_stride)
        self.bands, self._steps = encoder.embeddings.get_shape(sizes)
        self.patches = self.bands * self._steps
        self._heard = max(1, round(self.patches * (1 - settings.masked)))
        if self._heard == self.patches:
            raise ConfigError(
                f"pretraining.masked = {settings.masked} hides none of {self.patches} patches.", "Raise it."
            )
        self.tokenizer = RandomTokenizer(self._patch**2, settings.codes, settings.code_dimensions, config.seed)
        self.encoder: Any = encoder
        self.hidden = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.zeros(1, self.patches, width))
        self.tell = nn.Linear(width, width)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, sizes.num_attention_heads, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(settings.predictor_blocks)
        )
        self.norm = nn.LayerNorm(width)
        self.name_patch = nn.Linear(width, settings.codes)
        # As in the head that comes later: what it reads is normalised first.
        self.clip_norm = nn.LayerNorm(width, elementwise_affine=False)
        self.name_clip = nn.Linear(width, self.bands * settings.codes)

    def forward(self, inputs: torch.Tensor, order: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """
        Args:
            inputs: [B, frames, mel bins].
            order: [B, patches] a permutation a clip: the first patches are heard, the others hidden.

        Returns:
            cross entropy of hidden patches' codes, soft cross entropy of the clips' codes by band, and the share of
            hidden patches whose likeliest code is right; all without axes.
        """
        codes = self.tokenizer(self.cut(inputs))
        heard, hidden = order[:, : self._heard], order[:, self._heard :]
        clip, tokens = self.listen(inputs, heard)
        predicted = self._predict(tokens, heard, hidden).float()
        wanted = codes.gather(1, hidden)
        patch_loss = functional.cross_entropy(predicted.flatten(0, 1), wanted.flatten())
        by_band = histograms(codes.unflatten(1, (self.bands, self._steps)), self.tokenizer.codes)
        told = self.name_clip(self.clip_norm(clip)).float().unflatten(1, (self.bands, self.tokenizer.codes))
        clip_loss = -(by_band * told.log_softmax(dim=-1)).sum(dim=-1).mean()
        return patch_loss, clip_loss, (predicted.argmax(dim=-1) == wanted).float().mean()

    def cut(self, inputs: torch.Tensor) -> torch.Tensor:
        """[B, frames, mel bins] -> patches [B, patches, values], in the order of the AST: band by band."""
        spectrograms = inputs.transpose(1, 2)
        patches = spectrograms.unfold(1, self._patch, self._stride[0]).unfold(2, self._patch, self._stride[1])
        return patches.flatten(3).flatten(1, 2)

    def listen(self, inputs: torch.Tensor, heard: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What the AST says when it hears some patches: of the clip [B, width], and of them [B, heard, width]."""
        embedded = self.encoder.embeddings(inputs)
        patches = embedded[:, CLIP_TOKENS:].gather(1, _rows(heard, embedded.shape[-1]))
        tokens = torch.cat((embedded[:, :CLIP_TOKENS], patches), dim=1)
        for layer in self.encoder.layers:
            tokens = layer(tokens)
        tokens = self.encoder.layernorm(tokens)
        return tokens[:, :CLIP_TOKENS].mean(dim=1), tokens[:, CLIP_TOKENS:]

    def _predict(self, tokens: torch.Tensor, heard: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """[B, hidden, codes] logits."""
        told = self.tell(tokens)
        width = told.shape[-1]
        everywhere = self.hidden.to(told.dtype).expand(len(told), self.patches, width)
        everywhere = everywhere.scatter(1, _rows(heard, width), told) + self.places
        for block in self.blocks:
            everywhere = block(everywhere)
        logits: torch.Tensor = self.name_patch(self.norm(everywhere.gather(1, _rows(hidden, width))))
        return logits


def _rows(positions: torch.Tensor, width: int) -> torch.Tensor:
    """[B, n] positions of tokens as the index [B, n, width] that gather and scatter take."""
    return positions[:, :, None].expand(-1, -1, width)
