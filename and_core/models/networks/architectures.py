"""Which linear layers an architecture has and where transformers keeps them: rows of data, one an architecture.

A new architecture is a new row of `ARCHITECTURES`; no other file changes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from and_core.errors import NetworkError
from and_core.models.protocols import Layer


@dataclass(frozen=True)
class Architecture:
    """Where the layers of one `model_type` of transformers live.

    Module paths are tuples of spellings, newest transformers first, because names move between its major versions.
    `{block}` stands for the transformer block, counted from 0 as the module lists do.
    """

    model_type: str
    """As in the checkpoint's config.json."""
    block_layers: Mapping[str, tuple[str, ...]]
    """Kind of layer (as in the paper) -> module paths, in the order in which a block computes them."""
    head: tuple[str, ...]
    """Module paths of the classification layer, `fc`."""
    default_pool: str
    prefix_tokens: int
    """How many tokens (CLS, distillation) come before those of the audio."""


ARCHITECTURES: dict[str, Architecture] = {
    row.model_type: row
    for row in (
        Architecture(
            model_type="audio-spectrogram-transformer",
            block_layers={
                "attention_output": (
                    "audio_spectrogram_transformer.layers.{block}.attention.o_proj",
                    "audio_spectrogram_transformer.encoder.layer.{block}.attention.output.dense",
                ),
                "intermediate": (
                    "audio_spectrogram_transformer.layers.{block}.mlp.fc1",
                    "audio_spectrogram_transformer.encoder.layer.{block}.intermediate.dense",
                ),
                "output": (
                    "audio_spectrogram_transformer.layers.{block}.mlp.fc2",
                    "audio_spectrogram_transformer.encoder.layer.{block}.output.dense",
                ),
            },
            head=("classifier.dense",),
            default_pool="cls",
            prefix_tokens=2,
        ),
    )
}


def find_layers(architecture: Architecture, widths: Mapping[str, int]) -> tuple[Layer, ...]:
    """The dissected layers of a model, shallow to deep.

    Args:
        widths: module path -> number of outputs, of every linear layer of the model.

    Raises:
        NetworkError: a layer of the row is nowhere in the model, or a block lacks one that the first block has.
    """
    first_spellings = {
        kind: _first_present(architecture, kind, [path.format(block=0) for path in paths], widths)
        for kind, paths in architecture.block_layers.items()
    }
    patterns = {kind: architecture.block_layers[kind][spelling] for kind, spelling in first_spellings.items()}
    layers: list[Layer] = []
    block = 0
    while any(pattern.format(block=block) in widths for pattern in patterns.values()):
        for kind, pattern in patterns.items():
            path = pattern.format(block=block)
            _first_present(architecture, kind, [path], widths)
            layers.append(Layer(f"layer{block + 1}_{kind}", path, kind, widths[path], depth=block + 1))
        block += 1
    head = architecture.head[_first_present(architecture, "fc", architecture.head, widths)]
    return (*layers, Layer("fc", head, "fc", widths[head], depth=block + 1))


def describe_linear_layers(paths: Iterable[str]) -> str:
    """Linear layers of a model in one line, block numbers replaced by `{block}`, for messages."""
    return ", ".join(dict.fromkeys(re.sub(r"\.\d+\.", ".{block}.", path) for path in paths)) or "none"


def _first_present(architecture: Architecture, kind: str, paths: Iterable[str], widths: Mapping[str, int]) -> int:
    """Position of the first of `paths` that is a linear layer of the model."""
    for position, path in enumerate(paths):
        if path in widths:
            return position
    raise NetworkError(
        f"The model has no linear layer {' or '.join(paths)} ({kind}); its linear layers: "
        f"{describe_linear_layers(widths)}.",
        f"Add the path to the row {architecture.model_type!r} in and_core/models/networks/architectures.py.",
    )
