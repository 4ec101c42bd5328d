"""Target networks from Hugging Face transformers: any architecture that has a row in architectures.py."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from and_core.errors import NetworkError
from and_core.models.networks.architectures import ARCHITECTURES, Architecture
from and_core.models.networks.checkpoint import CONFIG, Checkpoint, is_hub_name, open_checkpoint
from and_core.models.networks.pools import checked_pool
from and_core.models.networks.source import LoadedNetwork
from and_core.models.networks.token_places import TokenPlaces
from and_core.models.networks.torch_network import TorchNetwork
from and_core.models.protocols import NeuronIds

if TYPE_CHECKING:
    from torch import nn

T = TypeVar("T")


class HuggingFaceSource:
    """A checkpoint that transformers saved, as a `NetworkSource`."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """
        Raises:
            NetworkError: its architecture has no row.
        """
        self.checkpoint = checkpoint
        self.architecture: Architecture = self._row()
        self.sample_rate_hz = checkpoint.sample_rate_hz
        self.class_names = checkpoint.class_names

    def _row(self) -> Architecture:
        if self.checkpoint.model_type not in ARCHITECTURES:
            from and_core.models.networks.huggingface_model import unknown_architecture

            raise unknown_architecture(self.checkpoint)
        return ARCHITECTURES[self.checkpoint.model_type]

    @property
    def longest_s(self) -> float | None:
        length = self.architecture.longest_s
        return self._from_json(length) if length else None

    def digest(self) -> str:
        return self.checkpoint.digest()

    def build_without_weights(self) -> nn.Module:
        from and_core.models.networks.huggingface_model import build_without_weights

        return build_without_weights(self.checkpoint, self.architecture)

    def load(self) -> LoadedNetwork:
        from and_core.models.networks.huggingface_model import load

        return load(self.checkpoint, self.architecture)

    def save_without(self, folder: Path, neurons: NeuronIds, compact: bool) -> None:
        from and_core.models.networks.huggingface_pruned import save_without

        save_without(self.checkpoint, self.architecture, folder, neurons, compact)

    def token_places(self, tokens: int) -> TokenPlaces | None:
        places = self.architecture.places
        return self._from_json(places, tokens) if places else None

    def _from_json(self, rule: Callable[..., T], *more: int) -> T:
        """What a rule of the row reads out of the checkpoint's two JSON files."""
        try:
            return rule(self.checkpoint.config, self.checkpoint.preprocessor, *more)
        except (KeyError, TypeError, ValueError) as error:
            raise NetworkError(
                f"{CONFIG} or {self.checkpoint.preprocessor_file.name} of {self.checkpoint.folder} lacks an entry, or "
                f"has a wrong one, that the row {self.architecture.model_type!r} reads: {error}.",
                "Save the model and its feature extractor anew with save_pretrained, or set the path of another.",
            ) from error


class HuggingFaceNetwork(TorchNetwork):
    """An audio classifier or encoder saved by transformers, as a `TargetNetwork`.

    A folder's two JSON files are read at once, so that a wrong path is refused before work starts; a hub name is
    looked up, and weights are loaded, at first need.
    """

    def __init__(
        self,
        path: str | Path,
        name: str | None = None,
        pool: str | None = None,
        batch_size: int = 16,
        device: str = "auto",
        precision: str = "float32",
        revision: str | None = None,
        local_files_only: bool = False,
        feature_extractor: str | Path | None = None,
    ) -> None:
        """
        Args:
            path: a folder that `save_pretrained` wrote (model and feature extractor), or, as text, a name on the hub.
            name: what the run calls it; the last part of `path` where None.
            pool: `cls`, `first`, `mean` or `max`; the architecture's own where None.
            batch_size: clips a pass; fewer where they do not fit into the device's memory.
            device: `auto` (a GPU where there is one), `cpu`, `cuda`, ...
            precision: `float32`, or `bfloat16`: faster, and slightly other activations.
            revision: branch, tag or commit on the hub.
            local_files_only: never download: a hub name must be in the local cache.
            feature_extractor: another folder or hub name, for a checkpoint that was saved without its own.

        Raises:
            NetworkError: no such folder, or its files are incomplete, refused or of an architecture without a row.
        """
        super().__init__(name or Path(path).name, pool, batch_size, device, precision)
        self._path, self._revision, self._local_files_only = path, revision, local_files_only
        self._feature_extractor = feature_extractor
        if not is_hub_name(self._path) and not (feature_extractor and is_hub_name(feature_extractor)):
            checked_pool(pool, self._source.architecture)

    @cached_property
    def _source(self) -> HuggingFaceSource:
        return HuggingFaceSource(
            open_checkpoint(self._path, self._revision, self._local_files_only, self._feature_extractor)
        )
