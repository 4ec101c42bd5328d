"""The part of the BEATs target network that needs torch: waveform to filter bank, and filter bank to answer."""

from functools import partial

import torch
from torch import nn

from and_core.models.networks.beats.fbank import fbank
from and_core.models.networks.beats.model import Beats, BeatsOutput
from and_core.models.networks.source import LoadedNetwork
from and_core.models.protocols import FloatArray


def loaded(model: Beats) -> LoadedNetwork:
    """A network with weights, ready to be played clips."""
    return LoadedNetwork(model, partial(_features, model.config.input_patch_size), _answer)


def _features(patch_frames: int, waveform: FloatArray) -> FloatArray:
    """Waveform [T] -> normalised filter bank [frames, 128]."""
    features: FloatArray = fbank(torch.from_numpy(waveform), patch_frames).numpy()
    return features


def _answer(model: nn.Module, features: torch.Tensor) -> torch.Tensor:
    """Filter banks [B, frames, 128] -> logits [B, C], or without a head the mean of the tokens [B, width]."""
    output: BeatsOutput = model(features)
    return output.features.mean(dim=1) if output.logits is None else output.logits
