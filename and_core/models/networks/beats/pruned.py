"""Writes a BEATs checkpoint without some neurons."""

from dataclasses import replace
from pathlib import Path

import torch

from and_core.models.networks.architectures import Architecture
from and_core.models.networks.beats.checkpoint import BeatsCheckpoint, save_beats
from and_core.models.networks.beats.model import Beats
from and_core.models.networks.layers import find_layers
from and_core.models.networks.modules import linear_widths
from and_core.models.networks.pruned_weights import compacted, zeroed
from and_core.models.protocols import NeuronIds


def save_without(
    checkpoint: BeatsCheckpoint, architecture: Architecture, folder: Path, neurons: NeuronIds, compact: bool
) -> None:
    """Write `beats.safetensors` into the folder, in float32.

    Raises:
        NetworkError: the weights cannot be read, or no neuron can be cut out.
    """
    model = checkpoint.load()
    layers = find_layers(architecture, linear_widths(model), has_head=bool(checkpoint.classes))
    config, weights = model.config, dict(model.state_dict())
    if compact:
        weights, width = compacted(weights, architecture, layers, neurons)
        config = replace(config, encoder_ffn_embed_dim=width)
    else:
        weights = zeroed(weights, layers, neurons)
    with torch.device("meta"):
        pruned = Beats(config, checkpoint.classes, model.head_averages_padding)
    pruned.load_state_dict(weights, assign=True)
    save_beats(folder, pruned, checkpoint.class_names)
