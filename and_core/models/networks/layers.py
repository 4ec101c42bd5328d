"""The dissected layers of a model, found by the module paths in its architecture's row."""

import re
from collections.abc import Iterable, Mapping

from and_core.errors import NetworkError
from and_core.models.networks.architectures import Architecture
from and_core.models.protocols import Layer

Block = tuple[int, ...]
"""The numbers in the places of `*`."""


def find_layers(architecture: Architecture, widths: Mapping[str, int], has_head: bool = True) -> tuple[Layer, ...]:
    """The dissected layers of a model, shallow to deep.

    Args:
        widths: module path -> number of outputs, of every linear layer of the model.
        has_head: whether the model ends in a classification layer, `fc`.

    Raises:
        NetworkError: a layer of the row is nowhere in the model or in several places, or a block lacks one that
            another block has.
    """
    found = {kind: _by_block(architecture, kind, ends, widths) for kind, ends in architecture.block_layers.items()}
    blocks = sorted({block for paths in found.values() for block in paths})
    layers: list[Layer] = []
    for depth, block in enumerate(blocks, start=1):
        for kind, paths in found.items():
            if block not in paths:
                missing = [end.replace("*", "{}").format(*block) for end in architecture.block_layers[kind]]
                raise _no_layer(architecture, kind, missing, widths)
            layers.append(Layer(f"layer{depth}_{kind}", paths[block], kind, widths[paths[block]], depth))
    if not has_head:
        return tuple(layers)
    head = next((path for path in architecture.head if path in widths), None)
    if head is None:
        raise _no_layer(architecture, "fc", architecture.head, widths)
    return (*layers, Layer("fc", head, "fc", widths[head], depth=len(blocks) + 1))


def blocks_of(architecture: Architecture, layers: Iterable[Layer]) -> dict[str, str]:
    """Layer name -> module path of the block that holds it, in the order of `layers`; the head is its own block."""
    return {layer.name: _block_path(architecture, layer) for layer in layers}


def _block_path(architecture: Architecture, layer: Layer) -> str:
    """The module path up to the last number that stands for a `*`."""
    for end in architecture.block_layers.get(layer.kind, ()):
        matched = re.fullmatch(r"(?:.+\.)?" + re.escape(end).replace(r"\*", r"(\d+)"), layer.module_path)
        if matched:
            return layer.module_path[: matched.end(matched.lastindex or 0)]
    return layer.module_path


def describe_linear_layers(paths: Iterable[str]) -> str:
    """Linear layers of a model in one line, numbers of blocks replaced by `*`, for messages."""
    return ", ".join(dict.fromkeys(re.sub(r"(?<=\.)\d+(?=\.)", "*", path) for path in paths)) or "none"


def _by_block(
    architecture: Architecture, kind: str, ends: Iterable[str], widths: Mapping[str, int]
) -> dict[Block, str]:
    """Module paths of the first spelling that the model knows."""
    for end in ends:
        pattern = re.compile(r"((?:.+\.)?)" + re.escape(end).replace(r"\*", r"(\d+)"))
        matches = [match for path in widths if (match := pattern.fullmatch(path))]
        stems = sorted({match[1] for match in matches})
        if len(stems) > 1:
            raise NetworkError(
                f"The model has linear layers {end} ({kind}) in several places: {', '.join(stems)}.",
                _remedy(architecture, "Write more of the path in"),
            )
        if matches:
            return {tuple(int(number) for number in match.groups()[1:]): match.group() for match in matches}
    raise _no_layer(architecture, kind, ends, widths)


def _no_layer(architecture: Architecture, kind: str, paths: Iterable[str], widths: Mapping[str, int]) -> NetworkError:
    return NetworkError(
        f"The model has no linear layer {' or '.join(paths)} ({kind}); its linear layers: "
        f"{describe_linear_layers(widths)}.",
        _remedy(architecture, "Add the path to"),
    )


def _remedy(architecture: Architecture, what: str) -> str:
    return f"{what} the row {architecture.model_type!r} in and_core/models/networks/architectures.py."
