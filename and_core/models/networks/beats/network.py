"""BEATs as a target network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from and_core.models.networks.architectures import Architecture
from and_core.models.networks.beats.checkpoint import BeatsCheckpoint
from and_core.models.networks.beats.config import MEL_BINS, SAMPLE_RATE_HZ
from and_core.models.networks.pools import checked_pool
from and_core.models.networks.source import LoadedNetwork
from and_core.models.networks.token_places import TokenPlaces, patch_grid
from and_core.models.networks.torch_network import TorchNetwork
from and_core.models.protocols import NeuronIds

if TYPE_CHECKING:
    from torch import nn


def spectrogram_patches(config: Mapping[str, Any], _preprocessor: Mapping[str, Any], tokens: int) -> TokenPlaces:
    """The tokens of BEATs: time step by time step, low bands first."""
    patch = int(config["input_patch_size"])
    steps = tokens // (MEL_BINS // patch)
    square = (patch, patch)
    return patch_grid(steps * patch, MEL_BINS, square, square, SAMPLE_RATE_HZ, time_major=True)


ARCHITECTURE = Architecture(
    model_type="beats",
    block_layers={"fc1": ("encoder.layers.*.fc1",), "fc2": ("encoder.layers.*.fc2",)},
    head=("fc",),
    feed_forward={"fc1": "fc2"},
    width_entry="encoder_ffn_embed_dim",
    default_pool="mean",
    places=spectrogram_patches,
)


class BeatsSource:
    """A checkpoint of BEATs, as a `NetworkSource`."""

    architecture: Architecture = ARCHITECTURE
    sample_rate_hz: int = SAMPLE_RATE_HZ
    longest_s: float | None = None

    def __init__(self, checkpoint: BeatsCheckpoint) -> None:
        self.checkpoint = checkpoint

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.checkpoint.class_names

    def digest(self) -> str:
        return self.checkpoint.digest()

    def build_without_weights(self) -> nn.Module:
        return self.checkpoint.build_without_weights()

    def load(self) -> LoadedNetwork:
        from and_core.models.networks.beats.playing import loaded

        return loaded(self.checkpoint.load())

    def save_without(self, folder: Path, neurons: NeuronIds, compact: bool) -> None:
        from and_core.models.networks.beats.pruned import save_without

        save_without(self.checkpoint, self.architecture, folder, neurons, compact)

    def token_places(self, tokens: int) -> TokenPlaces:
        return spectrogram_patches(asdict(self.checkpoint.config), {}, tokens)


class BeatsNetwork(TorchNetwork):
    """A BEATs checkpoint (Chen et al. 2023), with or without a classification head, as a `TargetNetwork`.

    Its files are opened at once, so that a wrong path is refused before work starts; weights are loaded at first need.
    """

    def __init__(
        self,
        path: str | Path,
        name: str | None = None,
        class_names: list[str] | str | None = None,
        config: str | Path | None = None,
        pool: str | None = None,
        batch_size: int = 16,
        device: str = "auto",
        precision: str = "float32",
    ) -> None:
        """
        Args:
            path: a checkpoint of torch.save or `.safetensors`, official or of the AND authors, or a folder that holds
                `beats.safetensors`.
            name: what the run calls it; the name of the file, without suffix, or of the folder where None.
            class_names: in the order of the logits, or a text file with one a line; the checkpoint's own where None.
            config: a JSON file with the official `cfg`, for a checkpoint that lacks it.
            pool: `mean`, `first` (what the AND authors' hook took: the lowest patch of the first 160 ms) or `max`;
                `mean` where None.
            batch_size: clips a pass; fewer where they do not fit into the device's memory.
            device: `auto` (a GPU where there is one), `cpu`, `cuda`, ...
            precision: `float32`, or `bfloat16`: faster, and slightly other activations.

        Raises:
            NetworkError: a file is absent, damaged or refused, or is no checkpoint of BEATs.
        """
        self._checkpoint = BeatsCheckpoint(path, class_names, config)
        own_name = Path(path).stem if self._checkpoint.file == Path(path).expanduser() else Path(path).name
        super().__init__(name or own_name, pool, batch_size, device, precision)
        checked_pool(pool, ARCHITECTURE)

    @cached_property
    def _source(self) -> BeatsSource:
        return BeatsSource(self._checkpoint)
