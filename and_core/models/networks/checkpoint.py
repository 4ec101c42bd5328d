"""The files of a Hugging Face checkpoint: found, read as JSON and hashed, without torch and without loading weights."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from and_core.errors import NetworkError

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
"""What transformers would load, first found first; an index names the files of a sharded checkpoint."""

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


@dataclass(frozen=True)
class Checkpoint:
    """One trained network as a folder of files."""

    folder: Path
    config: dict[str, Any]
    preprocessor: dict[str, Any]
    weight_files: tuple[Path, ...]

    @property
    def is_safetensors(self) -> bool:
        return self.weight_files[0].suffix == ".safetensors"

    @property
    def model_type(self) -> str:
        return str(self.config.get("model_type"))

    @property
    def sample_rate_hz(self) -> int:
        return int(self.preprocessor["sampling_rate"])

    @property
    def class_names(self) -> tuple[str, ...]:
        """Labels in the order of the logits."""
        labels = self.config["id2label"]
        return tuple(str(labels[str(index)]) for index in range(len(labels)))

    def digest(self) -> str:
        """SHA-256 (hex) over the contents of every file that decides what the network answers."""
        total = hashlib.sha256()
        for file in (self.folder / CONFIG, self.folder / PREPROCESSOR, *self.weight_files):
            with file.open("rb") as opened:
                total.update(f"{file.name} {hashlib.file_digest(opened, 'sha256').hexdigest()}\n".encode())
        return total.hexdigest()


def is_hub_name(path: str) -> bool:
    """Whether `path` is to be looked for on the Hugging Face hub: it has such a name's form and is no folder here."""
    return bool(_HUB_NAME.fullmatch(path)) and not Path(path).exists()


def open_checkpoint(path: str, revision: str | None = None) -> Checkpoint:
    """Find a checkpoint's files and read its two JSON files.

    Args:
        path: a folder, or a name on the Hugging Face hub (downloaded there unless it is in the local cache).
        revision: branch, tag or commit on the hub.

    Raises:
        NetworkError: neither a folder nor obtainable; a file or entry is missing or damaged.
    """
    folder = _download(path, revision) if is_hub_name(path) else Path(path).expanduser()
    if not folder.is_dir():
        raise NetworkError(
            f"The target network {path!r} is not a folder here.",
            "Set its path to a folder that save_pretrained wrote, or to a name on the Hugging Face hub.",
        )
    checkpoint = Checkpoint(
        folder, _read_json(folder / CONFIG), _read_json(folder / PREPROCESSOR), _weight_files(folder)
    )
    _check_entries(checkpoint)
    return checkpoint


def _download(name: str, revision: str | None) -> Path:
    """The folder of a hub checkpoint in the local cache; pickled weights are fetched only where there are no others."""
    import huggingface_hub

    jsons = [CONFIG, PREPROCESSOR]
    for weights in (["model*.safetensors", "model.safetensors.index.json"], ["pytorch_model*"]):
        try:
            folder = Path(huggingface_hub.snapshot_download(name, revision=revision, allow_patterns=jsons + weights))
        except (OSError, ValueError, RuntimeError) as error:
            raise NetworkError(
                f"The target network {name!r} is neither a folder here nor obtainable from the Hugging Face hub "
                f"({type(error).__name__}).",
                "Check the name and the connection, or set its path to a folder that holds the checkpoint.",
            ) from error
        if any((folder / file).is_file() for file in WEIGHTS):
            break
    return folder


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NetworkError(
            f"{file.parent} holds no {file.name}.",
            "Save the model and its feature extractor there with save_pretrained, or set another path.",
        ) from error
    except (OSError, ValueError) as error:
        raise NetworkError(f"{file} cannot be read as JSON: {error}.", "Copy the checkpoint again.") from error
    if not isinstance(content, dict):
        raise NetworkError(f"{file} is not a JSON object.", "Copy the checkpoint again.")
    return content


def _weight_files(folder: Path) -> tuple[Path, ...]:
    for name in WEIGHTS:
        if not (folder / name).is_file():
            continue
        if not name.endswith(".index.json"):
            return (folder / name,)
        shards = sorted({folder / shard for shard in _read_json(folder / name).get("weight_map", {}).values()})
        missing = [shard.name for shard in shards if not shard.is_file()]
        if missing or not shards:
            raise NetworkError(
                f"{folder} lacks weight files named in {name}: {', '.join(missing) or 'none is named'}.",
                "Copy the checkpoint again.",
            )
        return tuple(shards)
    raise NetworkError(f"{folder} holds no weights.", f"Put one of these there: {', '.join(WEIGHTS)}.")


def _check_entries(checkpoint: Checkpoint) -> None:
    """Refuse a checkpoint whose JSON lacks what class_names, sample_rate_hz and the feature extractor need."""
    labels = checkpoint.config.get("id2label")
    if not isinstance(labels, dict) or set(labels) != {str(index) for index in range(len(labels))} or not labels:
        raise NetworkError(
            f"{checkpoint.folder / CONFIG} names no classes: id2label must map 0, 1, 2 ... to class names.",
            "Add id2label, in the order of the logits.",
        )
    if not isinstance(checkpoint.preprocessor.get("sampling_rate"), int):
        raise NetworkError(
            f"{checkpoint.folder / PREPROCESSOR} has no sampling_rate.", 'Add it, e.g. "sampling_rate": 16000 (Hz).'
        )
