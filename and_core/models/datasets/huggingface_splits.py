"""Opens a Hugging Face data set, from a folder or from the hub, split by split. No code of the data set is ever run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from and_core.errors import DatasetError
from and_core.models.networks.checkpoint import is_hub_name

if TYPE_CHECKING:
    import datasets

# datasets takes a second to import, so only functions that need it do.

SAVED_SPLIT, SAVED_SPLITS = "state.json", "dataset_dict.json"
"""What `save_to_disk` writes beside the data of one split, and beside the folders of several."""

_SHARD = re.compile(r"(.*)-\d{5}-of-(\d{5})(.*)")


def check_path(path: str | Path) -> None:
    """Look at a path without reading the data set.

    Raises:
        DatasetError: it is neither a folder that `save_to_disk` wrote nor a name of the hub's form.
    """
    if is_hub_name(path):
        return
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise DatasetError(
            f"The data set {str(path)!r} is not a folder here.",
            "Set dataset.path to a folder that save_to_disk wrote, or to a name on the Hugging Face hub.",
        )
    if not (folder / SAVED_SPLIT).is_file() and not (folder / SAVED_SPLITS).is_file():
        raise DatasetError(
            f"{folder} holds neither {SAVED_SPLIT} nor {SAVED_SPLITS}: save_to_disk did not write it.",
            "A folder of recordings is kind = 'audio_folder'.",
        )


def open_splits(
    path: str | Path, subset: str | None = None, revision: str | None = None, local_files_only: bool = False
) -> dict[str, datasets.Dataset]:
    """Split name -> its rows; a folder that holds one unnamed split has it under "".

    Raises:
        DatasetError: it cannot be obtained or is damaged.
    """
    import datasets

    hub_name = is_hub_name(path)
    folder = _snapshot(str(path), revision, local_files_only) if hub_name else Path(path).expanduser()
    try:
        found = datasets.load_dataset(str(folder), subset) if hub_name else datasets.load_from_disk(str(folder))
    except (OSError, ValueError, RuntimeError, LookupError, TypeError, datasets.exceptions.DatasetsError) as error:
        raise DatasetError(
            f"The data set {str(path)!r} cannot be opened ({type(error).__name__}: {str(error).strip()[:500]}).",
            "Set dataset.subset where it has several; else get or save it again.",
        ) from error
    splits = found if isinstance(found, dict) else {str(found.split or ""): found}
    return {str(name): split.with_format(None) for name, split in splits.items()}


def pick_splits(splits: dict[str, datasets.Dataset], wanted: str | None) -> dict[str, datasets.Dataset]:
    """The splits that `wanted` names, joined with `+`; the only one where it is None.

    Raises:
        DatasetError: there is no such split, or there are several and none was named.
    """
    names = wanted.split("+") if wanted else list(splits)
    unknown = [name for name in names if name not in splits]
    if unknown or (wanted is None and len(splits) != 1):
        known = ", ".join(name or "one without a name" for name in splits)
        raise DatasetError(
            f"The data set has no split {unknown[0]!r}." if unknown else f"The data set has {len(splits)} splits.",
            f"Set dataset.split to one of them, or to several joined with +; there are: {known}.",
        )
    return {name: splits[name] for name in names}


def _snapshot(name: str, revision: str | None, local_files_only: bool) -> Path:
    """The folder of one revision of a hub repository in the local cache, downloaded where that is allowed and needed.

    `datasets.load_dataset(name)` would do without the network too, but with whichever revision it last prepared.
    """
    import huggingface_hub

    try:
        folder = Path(
            huggingface_hub.snapshot_download(
                name, repo_type="dataset", revision=revision, local_files_only=local_files_only
            )
        )
    except (OSError, ValueError, RuntimeError) as error:
        get = f"hf download --repo-type dataset {name}"
        if local_files_only:
            raise DatasetError(
                f"The data set {name!r} is neither a folder here nor in the local cache of the Hugging Face hub, "
                "and downloading is off.",
                f"Get it once: {get}",
            ) from error
        raise DatasetError(
            f"The data set {name!r} is neither a folder here nor obtainable from the Hugging Face hub "
            f"({type(error).__name__}).",
            f"Check the name and the connection (a gated data set: hf auth login), or get it before: {get}",
        ) from error
    _check_snapshot(name, folder)
    return folder


def _check_snapshot(name: str, folder: Path) -> None:
    if (folder / f"{name.rpartition('/')[2]}.py").exists():
        raise DatasetError(
            f"The data set {name!r} is made by a script of its own, which is never run here.",
            "Set dataset.revision = 'refs/convert/parquet', where the hub keeps most such data sets as plain tables.",
        )
    missing = missing_shards([file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()])
    if missing:
        raise DatasetError(
            f"The data set {name!r} was downloaded in part: of {missing[0]} files are missing.",
            f"Get the rest: hf download --repo-type dataset {name}",
        )


def missing_shards(files: Sequence[str]) -> list[str]:
    """Of files named `...-00000-of-00003...`, the names whose numbers are not complete."""
    counts: dict[tuple[str, ...], int] = {}
    for shard in filter(None, map(_SHARD.fullmatch, files)):
        counts[shard.groups()] = counts.get(shard.groups(), 0) + 1
    return [f"{start}-...-of-{total}{end}" for (start, total, end), count in counts.items() if count != int(total)]
