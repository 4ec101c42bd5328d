"""What selections are made from: a network's neurons, and what the dissection said of them.

The same small tables whether a stage of the pipeline fills them or the store.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from and_core.algorithms.evaluation import normalised_name

Neurons = npt.NDArray[np.int64]
"""Positions of neurons in the network, counted through all its layers."""


@dataclass(frozen=True)
class LayerPlace:
    """Where neurons live."""

    name: str
    width: int
    depth: int
    """Transformer block, from 1."""
    is_head: bool
    """Whether it is the classification head, whose neurons are the logits: only pruned where it is named."""


@dataclass(frozen=True)
class Evidence:
    """Of one network, its J neurons numbered from 0 through all layers."""

    layers: tuple[LayerPlace, ...]
    """Shallow to deep."""
    words: pd.DataFrame
    """Open-set concepts (module C), columns: neuron, word, part_of_speech, count."""
    picks: pd.DataFrame
    """The best few closed-set concepts (module A), columns: neuron, method, similarity, concept (name), rank, score.
    Similarity and score are missing where a method knows none."""
    summary_words: npt.NDArray[np.int64]
    """[J] words of the calibrated summary; 0 without one."""
    lemmas: Mapping[str, Sequence[str]]
    """Class name, normalised -> its content-word lemmas."""

    @cached_property
    def starts(self) -> npt.NDArray[np.int64]:
        """[layers + 1] the first neuron of each layer, and J."""
        return np.cumsum([0, *(layer.width for layer in self.layers)])

    @cached_property
    def ranges(self) -> dict[str, range]:
        """Layer name -> its neurons."""
        return {
            layer.name: range(start, start + layer.width)
            for layer, start in zip(self.layers, self.starts.tolist(), strict=False)
        }

    @property
    def neuron_count(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def layer_of(self) -> npt.NDArray[np.int64]:
        """[J] index of each neuron's layer."""
        return np.repeat(np.arange(len(self.layers)), [layer.width for layer in self.layers])

    def content_words(self, concept: str) -> tuple[str, ...]:
        """The lemmas of a class; of any other concept its words as they are written."""
        known = self.lemmas.get(normalised_name(concept))
        return tuple(known if known is not None else re.findall(r"[^\W_]+(?:-\w+)*", concept.lower()))

    def by_layer(self, neurons: npt.ArrayLike) -> dict[str, list[int]]:
        """Layer name -> positions in the layer, rising; layers without any are left out. As `ablated` takes it."""
        ids = np.unique(np.asarray(neurons, np.int64))
        layers = self.layer_of[ids]
        return {
            self.layers[layer].name: (ids[layers == layer] - self.starts[layer]).tolist() for layer in np.unique(layers)
        }

    def names(self, neurons: npt.ArrayLike) -> list[tuple[str, int]]:
        """(layer name, position) of each, in the order given."""
        ids = np.asarray(neurons, np.int64)
        layers = self.layer_of[ids]
        return [
            (self.layers[layer].name, position)
            for layer, position in zip(layers.tolist(), (ids - self.starts[layers]).tolist(), strict=True)
        ]
