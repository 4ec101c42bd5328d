"""What a BEATs checkpoint file holds: pickles of torch without running code, or safetensors."""

import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from and_core.errors import NetworkError
from and_core.models.networks.beats.config import Shapes

if TYPE_CHECKING:
    import torch

SAFETENSORS = ".safetensors"
COPY_AGAIN = "Copy the checkpoint again, or set the path of another."


@dataclass(frozen=True)
class Header:
    """All but the numbers."""

    shapes: Shapes
    """Under the names that the file has."""
    cfg: Mapping[str, Any] | None
    class_names: tuple[str, ...] | None
    """In the order of the logits; None where the file does not say."""


def read_header(file: Path) -> Header:
    """What a checkpoint holds, without its numbers; of safetensors without torch.

    Raises:
        NetworkError: it is damaged, no checkpoint, or a pickle that would run code.
    """
    if file.suffix != SAFETENSORS:
        content = _read_pickle(file)
        return Header(
            {name: tuple(tensor.shape) for name, tensor in _tensors(content, file).items()},
            _cfg(content, file),
            _label_dict(content.get("label_dict"), file),
        )
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as opened:
            shapes = {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118
            metadata = opened.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise NetworkError(f"{file} cannot be read as safetensors: {error}.", COPY_AGAIN) from error
    cfg = _parsed(metadata, "cfg", file, lambda value: isinstance(value, dict))
    names = _parsed(metadata, "class_names", file, _is_list_of_names)
    return Header(shapes, cfg, None if names is None else tuple(names))


def read_tensors(file: Path) -> "dict[str, torch.Tensor]":
    """The tensors under the names that the file has.

    Raises:
        NetworkError: as `read_header`.
    """
    if file.suffix != SAFETENSORS:
        return _tensors(_read_pickle(file), file)
    import safetensors.torch

    try:
        return safetensors.torch.load_file(file)
    except (OSError, safetensors.SafetensorError) as error:
        raise NetworkError(f"{file} cannot be read as safetensors: {error}.", COPY_AGAIN) from error


def _read_pickle(file: Path) -> dict[str, Any]:
    """The dict that torch.save wrote; its tensors stay on disk until they are used, where the format allows it."""
    import torch

    try:
        content = torch.load(file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
    except Exception as error:  # torch raises many kinds for a damaged file; all mean the same here
        refused = re.search(r"GLOBAL (\S+)", str(error))
        if refused:
            raise NetworkError(
                f"{file} is refused: it holds {refused.group(1)} besides tensors and plain settings, and reading that "
                "could run code.",
                "Save it anew with its cfg as a plain dict and its model as a dict of tensors, or as safetensors.",
            ) from error
        raise NetworkError(
            f"{file} cannot be read as a checkpoint of torch ({type(error).__name__}).", COPY_AGAIN
        ) from error
    if not isinstance(content, dict):
        raise NetworkError(f"{file} holds a {type(content).__name__}, not tensors by name.", COPY_AGAIN)
    return content


def _tensors(content: dict[str, Any], file: Path) -> "dict[str, torch.Tensor]":
    """The state dict of an official checkpoint, {"cfg", "model"}, or of a flat one."""
    import torch

    tensors = content.get("model", content)
    if not isinstance(tensors, dict):
        raise NetworkError(f"{file} holds a {type(tensors).__name__} as its model, not tensors by name.", COPY_AGAIN)
    others = [
        str(name) for name, value in tensors.items() if not isinstance(value, torch.Tensor) or not isinstance(name, str)
    ]
    if others:
        raise NetworkError(
            f"{file} holds more than tensors by name: {', '.join(others)}.",
            'A checkpoint is {"cfg": settings, "model": tensors by name}, or tensors by name alone.',
        )
    return tensors


def _cfg(content: dict[str, Any], file: Path) -> dict[str, Any] | None:
    """The settings of an official checkpoint; a flat one has none."""
    cfg = content.get("cfg") if "model" in content else None
    if cfg is not None and not isinstance(cfg, dict):
        raise NetworkError(f"The cfg of {file} is a {type(cfg).__name__}, not settings by name.", COPY_AGAIN)
    return cfg


def _label_dict(labels: Any, file: Path) -> tuple[str, ...] | None:
    """Class names of an official fine-tuned checkpoint: {0: name, 1: name, ...}."""
    if labels is None:
        return None
    if not isinstance(labels, dict) or set(labels) != set(range(len(labels))):
        raise NetworkError(f"The label_dict of {file} does not map 0, 1, 2 ... to class names.", COPY_AGAIN)
    return tuple(str(labels[index]) for index in range(len(labels)))


def _parsed(metadata: Mapping[str, str], entry: str, file: Path, accepted: Callable[[Any], bool]) -> Any:
    """An entry of safetensors metadata, which holds JSON as text; None where absent."""
    if entry not in metadata:
        return None
    try:
        value = json.loads(metadata[entry])
    except ValueError:
        value = None
    if not accepted(value):
        raise NetworkError(f"The metadata entry {entry} of {file} is not what it should be.", COPY_AGAIN)
    return value


def _is_list_of_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)
