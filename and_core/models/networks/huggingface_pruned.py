"""Writes a Hugging Face checkpoint without some neurons: everything else is as it was, name by name and bit by bit."""

import json
import shutil
from pathlib import Path

import safetensors.torch

from and_core.models.networks.architectures import Architecture
from and_core.models.networks.checkpoint import CONFIG, Checkpoint
from and_core.models.networks.huggingface_model import build_without_weights
from and_core.models.networks.huggingface_weights import encoder_stem, read_weights
from and_core.models.networks.layers import find_layers
from and_core.models.networks.pruned_weights import Weights, compacted, zeroed
from and_core.models.protocols import Layer, NeuronIds

WEIGHTS = "model.safetensors"


def save_without(
    checkpoint: Checkpoint, architecture: Architecture, folder: Path, neurons: NeuronIds, compact: bool
) -> None:
    """Write config.json, the feature extractor's settings and the weights.

    Raises:
        NetworkError: the files name layers otherwise than the architecture's row, or it cannot be compacted.
    """
    weights: Weights = {name: tensor for file in checkpoint.weight_files for name, tensor in read_weights(file).items()}
    layers = layers_in_file(checkpoint, architecture, weights)
    config = checkpoint.config
    if compact:
        weights, width = compacted(weights, architecture, layers, neurons)
        config = {**config, architecture.width_entry: width}
    else:
        weights = zeroed(weights, layers, neurons)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(checkpoint.preprocessor_file, folder / checkpoint.preprocessor_file.name)
    if compact:
        (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    else:
        shutil.copyfile(checkpoint.folder / CONFIG, folder / CONFIG)
    # Copies, because safetensors refuses tensors that share memory, as tied ones of a pickle do.
    apart = {name: tensor.clone().contiguous() for name, tensor in weights.items()}
    safetensors.torch.save_file(apart, folder / WEIGHTS, {"format": "pt"})


def layers_in_file(checkpoint: Checkpoint, architecture: Architecture, weights: Weights) -> list[Layer]:
    """The dissected layers under the names that the files have for them, which may be those of an older library."""
    stem = ""
    if not checkpoint.is_classifier:
        stem = encoder_stem(weights, build_without_weights(checkpoint, architecture).state_dict().keys())
    widths = {
        name.removesuffix(".weight"): len(tensor)
        for name, tensor in weights.items()
        if name.startswith(stem) and name.endswith(".weight") and tensor.dim() == 2
    }
    return list(find_layers(architecture, widths, has_head=checkpoint.is_classifier))
