"""A network's weights without some neurons: their rows zeroed, or where the architecture allows it, cut out."""

from collections.abc import Mapping, Sequence

import torch

from and_core.errors import NetworkError
from and_core.models.networks.architectures import Architecture
from and_core.models.protocols import Layer, NeuronIds

Weights = dict[str, torch.Tensor]


def zeroed(weights: Weights, layers: Sequence[Layer], neurons: NeuronIds) -> Weights:
    """Every tensor, with the weight rows and biases of these neurons 0.

    Args:
        layers: their module paths are the beginnings of names in `weights`.
    """
    paths = {layer.name: layer.module_path for layer in layers}
    changed = dict(weights)
    for layer, ids in neurons.items():
        for name in (f"{paths[layer]}.weight", f"{paths[layer]}.bias"):
            if len(ids) and name in weights:
                changed[name] = weights[name].clone()
                changed[name][list(ids)] = 0
    return changed


def compacted(
    weights: Weights, architecture: Architecture, layers: Sequence[Layer], neurons: NeuronIds
) -> tuple[Weights, int]:
    """Zeroed weights, and of intermediate layers the pruned neurons cut out: rows of the layer, columns of the next.

    A configuration knows one width for all blocks. That is the number of neurons left in the block that keeps most; the
    others are filled up with neurons that are zeroed and cut out nowhere.

    Returns:
        The weights, and the new width.

    Raises:
        NetworkError: the architecture has no such layers, or a block keeps all its intermediate neurons.
    """
    pairs = _pairs(architecture, layers)
    if not pairs:
        raise NetworkError(
            f"A network of the kind {architecture.model_type} cannot be compacted: its configuration has no single "
            "width of intermediate layers.",
            "Export it without --compact: its pruned neurons are then zeroed.",
        )
    left = {layer.name: layer.width - len(set(neurons.get(layer.name, ()))) for layer, _ in pairs}
    widest = max(left, key=left.__getitem__)
    width = max(1, left[widest])
    if width == next(layer.width for layer, _ in pairs if layer.name == widest):
        raise NetworkError(
            f"{widest} keeps all its neurons, and the configuration knows one width for the intermediate layers of all "
            "blocks: nothing can be cut out.",
            "Export without --compact, or prune neurons in the intermediate layer of every block.",
        )
    changed = zeroed(weights, layers, neurons)
    for layer, following in pairs:
        keep = _kept(layer.width, neurons.get(layer.name, ()), width)
        for name in (f"{layer.module_path}.weight", f"{layer.module_path}.bias"):
            if name in changed:
                changed[name] = changed[name][keep]
        changed[f"{following.module_path}.weight"] = changed[f"{following.module_path}.weight"][:, keep]
    return changed, width


def _pairs(architecture: Architecture, layers: Sequence[Layer]) -> list[tuple[Layer, Layer]]:
    """Intermediate layers, each with the one that reads it."""
    at: Mapping[tuple[int, str], Layer] = {(layer.depth, layer.kind): layer for layer in layers}
    return [
        (layer, at[layer.depth, architecture.feed_forward[layer.kind]])
        for layer in layers
        if layer.kind in architecture.feed_forward
    ]


def _kept(width: int, pruned: Sequence[int], wanted: int) -> list[int]:
    """`wanted` positions, rising: those that are not pruned, and as many pruned ones as it takes."""
    others = set(pruned)
    alive = [position for position in range(width) if position not in others]
    return sorted(alive + sorted(others)[: wanted - len(alive)])
