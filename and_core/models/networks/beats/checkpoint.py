"""A trained BEATs network on disk: opened, checked, hashed, loaded and saved. torch is imported where it is needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from and_core.errors import NetworkError
from and_core.models.networks.beats.config import BeatsConfig, Shapes
from and_core.models.networks.beats.files import SAFETENSORS, Header, read_header, read_tensors
from and_core.models.networks.beats.layouts import (
    HEAD,
    OFFICIAL_HEAD,
    SHARED,
    averages_padding,
    check_tensors,
    our_names,
)
from and_core.models.networks.beats.options import FILE_IN_FOLDER, checkpoint_file, read_cfg, read_class_names

if TYPE_CHECKING:
    from and_core.models.networks.beats.model import Beats


class BeatsCheckpoint:
    """An official checkpoint, pretrained or fine-tuned, one of the AND authors, or one of `save_beats`.

    Opening it reads no numbers: of safetensors the header at once, of a pickle nothing before it is needed.
    """

    def __init__(
        self,
        path: str | Path,
        class_names: Sequence[str] | str | Path | None = None,
        config: str | Path | None = None,
    ) -> None:
        """
        Args:
            path: a file, `.safetensors` or of torch.save, or a folder with `beats.safetensors`.
            class_names: in the order of the logits, or a text file with one a line; else the checkpoint's own.
            config: a JSON file with the official `cfg`, instead of the checkpoint's own.

        Raises:
            NetworkError: a file is absent or damaged, or the checkpoint is not one of BEATs.
        """
        self.file = checkpoint_file(Path(path).expanduser())
        self._class_names = read_class_names(class_names)
        self._cfg_file = None if config is None else Path(config).expanduser()
        self._cfg = None if self._cfg_file is None else read_cfg(self._cfg_file)
        if self.file.suffix == SAFETENSORS:
            _ = self.config, self.class_names

    @cached_property
    def _header(self) -> Header:
        return read_header(self.file)

    @cached_property
    def _names(self) -> dict[str, str]:
        """Our names of the tensors -> those in the file."""
        return our_names(self._header.shapes.keys(), self.file)

    @cached_property
    def _shapes(self) -> Shapes:
        """Under our names."""
        return {ours: self._header.shapes[name] for ours, name in self._names.items()}

    @property
    def _settings(self) -> Mapping[str, Any] | None:
        """The official `cfg`: the option's, else the checkpoint's own."""
        return self._header.cfg if self._cfg is None else self._cfg

    @cached_property
    def config(self) -> BeatsConfig:
        """
        Raises:
            NetworkError: settings that BEATs does not have, or that cannot be told.
        """
        shapes = self._shapes
        if self._settings is None:
            return BeatsConfig.from_shapes(shapes, str(self.file))
        return BeatsConfig.from_cfg(self._settings, str(self._cfg_file or self.file))

    @cached_property
    def classes(self) -> int:
        """Width of the head, 0 without one.

        Raises:
            NetworkError: the settings speak of a head that is not there.
        """
        shapes = [self._shapes[HEAD + part] for part in ("weight", "bias") if HEAD + part in self._shapes]
        if not shapes and self._settings and self._settings.get("finetuned_model"):
            raise NetworkError(
                f"{self.file} lacks {OFFICIAL_HEAD}weight and {OFFICIAL_HEAD}bias, the head that its settings tell of "
                "(finetuned_model).",
                "Set the path of a complete checkpoint.",
            )
        return shapes[0][0] if shapes and shapes[0] else 0

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the logits: as given, else as the checkpoint has them, else `class 0`, `class 1`, ...

        Raises:
            NetworkError: there are more or fewer than the head is wide.
        """
        names = self._class_names if self._class_names is not None else self._header.class_names
        if names is None:
            return tuple(f"class {index}" for index in range(self.classes))
        if len(names) != self.classes:
            head = f"is {self.classes} wide" if self.classes else "does not exist: it was pretrained only"
            raise NetworkError(
                f"There are {len(names)} class names for {self.file}, whose head {head}.",
                "Set class_names to one name for each class, in the order of the logits, or leave it out.",
            )
        return names

    def digest(self) -> str:
        """SHA-256 (hex) of the file and of the options; torch is not needed."""
        with self.file.open("rb") as opened:
            file = hashlib.file_digest(opened, "sha256").hexdigest()
        options = json.dumps([self._cfg, self._class_names], sort_keys=True)
        return hashlib.sha256(f"{file} {options}".encode()).hexdigest()

    def build_without_weights(self) -> Beats:
        """The network on torch's meta device: modules and shapes, no numbers."""
        import torch

        from and_core.models.networks.beats.model import Beats

        with torch.device("meta"):
            return Beats(self.config, self.classes, averages_padding(self._header.shapes))

    def load(self) -> Beats:
        """The network with its weights: float32, on the CPU, in evaluation mode.

        Raises:
            NetworkError: tensors are missing, superfluous, of another shape, or cannot be read.
        """
        model = self.build_without_weights()
        expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
        check_tensors(expected, self._shapes, self.file)
        tensors = read_tensors(self.file)
        state = {ours: tensors[name].float() for ours, name in self._names.items()}
        tables = [tensor for name, tensor in state.items() if name.endswith(SHARED)]
        if any(not table.equal(tables[0]) for table in tables):
            raise NetworkError(
                f"The blocks of {self.file} have different tables of relative positions ({SHARED}); "
                "the blocks of BEATs share one.",
                "Set the path of another checkpoint.",
            )
        model.load_state_dict(state, assign=True)
        return model.eval()


def save_beats(folder_or_file: str | Path, model: Beats, class_names: Sequence[str] = ()) -> Path:
    """Save a network as one safetensors file, under the official names, that `BeatsCheckpoint` opens.

    Args:
        folder_or_file: a `.safetensors` file, or a folder for `beats.safetensors`; made where absent.
        model: its tensors are saved in the precision they have.
        class_names: in the order of the logits; none without a head.

    Returns:
        The file.

    Raises:
        NetworkError: the class names are not as many as the head is wide.
    """
    import safetensors.torch

    classes = 0 if model.fc is None else model.fc.out_features
    if len(class_names) != classes:
        raise NetworkError(f"{len(class_names)} class names for a head {classes} wide.", "Give one for each class.")
    path = Path(folder_or_file).expanduser()
    file = path if path.suffix == SAFETENSORS else path / FILE_IN_FOLDER
    file.parent.mkdir(parents=True, exist_ok=True)
    head = HEAD if model.head_averages_padding else OFFICIAL_HEAD
    # Copies, because safetensors refuses tensors that share memory, as the table of relative positions does.
    tensors = {
        head + name.removeprefix(HEAD) if name.startswith(HEAD) else name: tensor.detach().cpu().clone()
        for name, tensor in model.state_dict().items()
    }
    metadata = {"format": "pt", "cfg": json.dumps(asdict(model.config)), "class_names": json.dumps(list(class_names))}
    # Renamed when complete: a network may still be reading its weights from the file that this one replaces.
    unfinished = file.with_name(f".{file.name}.unfinished")
    safetensors.torch.save_file(tensors, unfinished, metadata)
    return unfinished.replace(file)
