"""The files of a Hugging Face checkpoint: found, read as JSON and hashed, without torch and without loading weights."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from and_core.errors import NetworkError

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
PROCESSOR = "processor_config.json"
"""Where transformers saves a feature extractor together with a tokenizer; read where there is no other."""
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
"""What transformers would load, first found first; an index names the files of a sharded checkpoint."""

CLASSIFIERS = ("ForAudioClassification", "ForSequenceClassification")
"""How transformers calls the classes of audio classifiers, the ends of their names."""

REFUSED = {
    "auto_map": "names code of its own to run",
    "configuration_files": "names another file to take its place",
    "fusion_config": "replaces modules of the network",
    "quantization_config": "has the weights converted by another library",
    "transformers_weights": "names another weights file than the one that is hashed",
}
"""Entries by which a checkpoint can make transformers load or run something else -> what each does."""

LABELS = ("id2label", "label2id")
"""Entries whose own entries are names of classes."""

ADAPTER = "adapter_config.json"

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


@dataclass(frozen=True)
class Checkpoint:
    """One trained network as a folder of files."""

    folder: Path
    config: dict[str, Any]
    preprocessor_file: Path
    preprocessor: dict[str, Any]
    """The feature extractor's settings."""
    weight_files: tuple[Path, ...]

    @property
    def model_type(self) -> str:
        return str(self.config.get("model_type"))

    @property
    def sample_rate_hz(self) -> int:
        return int(self.preprocessor["sampling_rate"])

    @property
    def is_classifier(self) -> bool:
        """Whether it has a head that names classes: so it is unless its config.json says that it was saved without."""
        saved_as = self.config.get("architectures") or [CLASSIFIERS[0]]
        return any(str(name).endswith(CLASSIFIERS) for name in saved_as)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Labels in the order of the logits; none without a head."""
        if not self.is_classifier:
            return ()
        labels = self.config["id2label"]
        return tuple(str(labels[str(index)]) for index in range(len(labels)))

    def digest(self) -> str:
        """SHA-256 (hex) over the contents of every file that decides what the network answers."""
        total = hashlib.sha256()
        for file in (self.folder / CONFIG, self.preprocessor_file, *self.weight_files):
            with file.open("rb") as opened:
                total.update(f"{file.name} {hashlib.file_digest(opened, 'sha256').hexdigest()}\n".encode())
        return total.hexdigest()


def is_hub_name(path: str | Path) -> bool:
    """Whether `path` is to be looked for on the Hugging Face hub: `name` or `owner/name`, and nothing of it is here.

    A `Path` is a folder always. So is a text that starts with `.`, `/` or `~`, has more than one slash, or whose
    first part is a folder here: with a slip in `assets/my-network`, nobody's network of that name is downloaded.
    """
    if isinstance(path, Path) or not _HUB_NAME.fullmatch(path) or Path(path).exists():
        return False
    return "/" not in path or not Path(path).parent.is_dir()


def open_checkpoint(
    path: str | Path,
    revision: str | None = None,
    local_files_only: bool = False,
    feature_extractor: str | Path | None = None,
) -> Checkpoint:
    """Find a checkpoint's files and read its two JSON files.

    Args:
        path: a folder, or a name on the Hugging Face hub (downloaded there unless it is in the local cache).
        revision: branch, tag or commit on the hub.
        local_files_only: never download; a hub name must be in the local cache.
        feature_extractor: another folder or hub name, whose feature extractor is taken instead of the checkpoint's own.

    Raises:
        NetworkError: neither a folder nor obtainable; a file or entry is missing, damaged or refused.
    """
    own_extractor = feature_extractor is None
    hub_name = is_hub_name(path)
    folder = _hub_folder(str(path), revision, local_files_only, own_extractor) if hub_name else Path(path).expanduser()
    if not folder.is_dir():
        raise NetworkError(
            f"The target network {str(path)!r} is not a folder here.",
            "Set its path to a folder that save_pretrained wrote, or to a name on the Hugging Face hub.",
        )
    extractor_folder = folder if own_extractor else _extractor_folder(str(feature_extractor), local_files_only)
    preprocessor_file, preprocessor = _preprocessor(extractor_folder)
    config, weight_files = _read_json(folder / CONFIG), _weight_files(folder)
    checkpoint = Checkpoint(folder, config, preprocessor_file, preprocessor, weight_files)
    _check_safe(checkpoint)
    _check_entries(checkpoint)
    return checkpoint


def _extractor_folder(path: str, local_files_only: bool) -> Path:
    """The folder of a feature extractor, downloaded where that is allowed and needed."""
    if not is_hub_name(path):
        return Path(path).expanduser()
    return _download(path, None, [PREPROCESSOR, PROCESSOR], local_files_only)


def _hub_folder(name: str, revision: str | None, local_files_only: bool, own_extractor: bool) -> Path:
    """The folder of a hub checkpoint in the local cache, downloaded where that is allowed and needed."""
    if not local_files_only:
        return _snapshot(name, revision)
    try:
        folder = _snapshot(name, revision, local_files_only=True)
    except NetworkError as error:
        raise _not_cached(name) from error
    # A download that was broken off leaves a folder with some of the files.
    has_preprocessor = not own_extractor or any((folder / file).is_file() for file in (PREPROCESSOR, PROCESSOR))
    if not (folder / CONFIG).is_file() or not has_preprocessor or not _has_weights(folder):
        raise _not_cached(name)
    return folder


def _snapshot(name: str, revision: str | None, local_files_only: bool = False) -> Path:
    """The folder of a hub checkpoint in the local cache; pickled weights are fetched only where there are no others."""
    jsons = [CONFIG, PREPROCESSOR, PROCESSOR]
    for weights in (["model*.safetensors", "model.safetensors.index.json"], ["pytorch_model*"]):
        folder = _download(name, revision, jsons + weights, local_files_only)
        if _has_weights(folder):
            break
    return folder


def _download(name: str, revision: str | None, files: list[str], local_files_only: bool) -> Path:
    """The folder in the local cache that holds `files` of a hub name, as far as they exist."""
    import huggingface_hub

    try:
        return Path(
            huggingface_hub.snapshot_download(
                name, revision=revision, allow_patterns=files, local_files_only=local_files_only
            )
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise NetworkError(
            f"The target network {name!r} is neither a folder here nor obtainable from the Hugging Face hub "
            f"({type(error).__name__}).",
            "Check the name and the connection, or set its path to a folder that holds the checkpoint.",
        ) from error


def _has_weights(folder: Path) -> bool:
    return any((folder / file).is_file() for file in WEIGHTS)


def _not_cached(name: str) -> NetworkError:
    return NetworkError(
        f"The target network {name!r} is neither a folder here nor in the local cache of the Hugging Face hub, "
        "and downloading is off.",
        f"Run the pipeline with it, or: hf download {name}",
    )


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


def _preprocessor(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The file that describes the feature extractor, and what it says of it."""
    alone, together = folder / PREPROCESSOR, folder / PROCESSOR
    if alone.is_file() or not together.is_file():
        return alone, _read_json(alone)
    entries = _read_json(together).get("feature_extractor")
    if not isinstance(entries, dict):
        raise NetworkError(
            f"{folder} holds no {PREPROCESSOR}, and {PROCESSOR} describes no feature extractor.",
            "Save the feature extractor there with save_pretrained, or set another path.",
        )
    return together, entries


def _weight_files(folder: Path) -> tuple[Path, ...]:
    for name in WEIGHTS:
        if not (folder / name).is_file():
            continue
        if not name.endswith(".index.json"):
            return (folder / name,)
        shards = _shard_names(folder / name)
        missing = [shard for shard in shards if not (folder / shard).is_file()]
        if missing or not shards:
            raise NetworkError(
                f"{folder} lacks weight files named in {name}: {', '.join(missing) or 'none is named'}.",
                "Copy the checkpoint again.",
            )
        return tuple(folder / shard for shard in shards)
    raise NetworkError(f"{folder} holds no weights.", f"Put one of these there: {', '.join(WEIGHTS)}.")


def _shard_names(index: Path) -> list[str]:
    """Names of the weight files of a sharded checkpoint: beside the index, in the format that its name says."""
    weight_map = _read_json(index).get("weight_map")
    names: list[Any] = list(weight_map.values()) if isinstance(weight_map, dict) else [weight_map]
    suffix = Path(index.name.removesuffix(".index.json")).suffix
    for name in names:
        if not isinstance(name, str) or name != Path(name).name or Path(name).suffix != suffix:
            raise NetworkError(
                f"{index} names {name!r}, which is not a {suffix} file beside it.",
                "Copy the checkpoint again, or save it anew with save_pretrained.",
            )
    return sorted(set(names))


def _check_safe(checkpoint: Checkpoint) -> None:
    """Refuse what would make another network of the checkpoint than its hashed files are."""
    jsons = ((checkpoint.folder / CONFIG, checkpoint.config), (checkpoint.preprocessor_file, checkpoint.preprocessor))
    for file, entries in jsons:
        for entry in _paths(entries):
            effect = REFUSED.get(entry.rpartition(".")[2])
            if effect:
                raise NetworkError(
                    f"{file} has the entry {entry!r}, which {effect}.",
                    f"Remove {entry!r} if the checkpoint is complete without, or set the path of another.",
                )
    if (checkpoint.folder / ADAPTER).exists():
        raise NetworkError(
            f"{checkpoint.folder} holds {ADAPTER}: an adapter changes the weights of the network.",
            f"Merge it into the network and save that with save_pretrained, or remove {ADAPTER}.",
        )


def _paths(entries: dict[str, Any], above: str = "") -> Iterator[str]:
    """Names of all entries that are not null, e.g. `audio_config.depths`: parts of a network have a config each."""
    for key, value in entries.items():
        if value is not None and key not in LABELS:
            yield above + key
            if isinstance(value, dict):
                yield from _paths(value, f"{above}{key}.")


def _check_entries(checkpoint: Checkpoint) -> None:
    """Refuse a checkpoint whose JSON lacks what class_names, sample_rate_hz and the feature extractor need."""
    labels = checkpoint.config.get("id2label")
    if checkpoint.is_classifier and not _are_labels(labels):
        raise NetworkError(
            f"{checkpoint.folder / CONFIG} names no classes: id2label must map 0, 1, 2 ... to class names.",
            "Add id2label, in the order of the logits.",
        )
    rate = checkpoint.preprocessor.get("sampling_rate")
    if type(rate) is not int or rate <= 0:
        raise NetworkError(
            f"{checkpoint.preprocessor_file} says sampling_rate: {json.dumps(rate)}, which is no number of samples a "
            "second.",
            'Set it to what the network takes, e.g. "sampling_rate": 16000.',
        )


def _are_labels(labels: Any) -> bool:
    return isinstance(labels, dict) and bool(labels) and set(labels) == {str(index) for index in range(len(labels))}
