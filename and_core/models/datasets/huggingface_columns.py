"""Which column of a Hugging Face data set is the audio, which the class, and so on: named by the reader, or found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from and_core.errors import DatasetError

Features = Mapping[str, Any]
"""Column name -> its type, as `datasets.Features.to_dict()` writes it and `dataset_info.json` keeps it."""

LABELS = ("label", "category", "class", "class_name", "genre")
FILENAMES = ("filename", "file_name", "slice_file_name", "file")
SOURCES = ("src_file", "fsID")
"""What well-known data sets call such columns (ESC-50, UrbanSound8K, GTZAN), first found first."""


@dataclass(frozen=True)
class Columns:
    """Names of columns; None where the data set has no such thing."""

    audio: str
    label: str | None = None
    fold: str | None = None
    filename: str | None = None
    source: str | None = None


def choose_columns(features: Features, wanted: Mapping[str, str | None]) -> Columns:
    """The columns that `wanted` names, by field of `Columns`, and those that can be found for the rest.

    The audio is the one column of type Audio; the class the one ClassLabel, or a column of text named as in `LABELS`.

    Raises:
        DatasetError: a named column is not there or of no use, or the audio or the class is not clear.
    """
    for role, column in wanted.items():
        if column is not None and column not in features:
            raise _error(f"There is no column {column!r}.", role, features)
    columns = Columns(
        audio=wanted.get("audio") or _audio(features),
        label=wanted.get("label") or _label(features),
        fold=wanted.get("fold") or _first(features, ("fold",), "int", "uint"),
        filename=wanted.get("filename") or _first(features, FILENAMES, "string"),
        source=wanted.get("source") or _first(features, SOURCES, "string", "int", "uint"),
    )
    if not is_audio(features[columns.audio]):
        raise _error(f"The column {columns.audio!r} holds no audio.", "audio", features)
    if columns.label and not (is_class_label(features[columns.label]) or _is_one_value(features[columns.label])):
        raise _error(f"The column {columns.label!r} does not hold one class a clip.", "label", features)
    return columns


def is_audio(feature: Any) -> bool:
    """Whether a column holds audio files: as Audio, or as the bytes and paths that Audio is stored as."""
    return isinstance(feature, dict) and (feature.get("_type") == "Audio" or set(feature) == {"bytes", "path"})


def is_class_label(feature: Any) -> bool:
    return isinstance(feature, dict) and feature.get("_type") == "ClassLabel"


def _is_one_value(feature: Any) -> bool:
    dtype = str(feature.get("dtype", "")) if isinstance(feature, dict) and feature.get("_type") == "Value" else ""
    return dtype.startswith(("string", "large_string", "int", "uint", "bool"))


def _audio(features: Features) -> str:
    found = [name for name, feature in features.items() if is_audio(feature)]
    if len(found) != 1:
        raise _error(f"{len(found) or 'None'} of the columns hold audio.", "audio", features)
    return found[0]


def _label(features: Features) -> str | None:
    found = [name for name, feature in features.items() if is_class_label(feature)]
    if len(found) > 1:
        raise _error(f"{len(found)} columns may be the class ({', '.join(found)}).", "label", features)
    return found[0] if found else _first(features, LABELS, "string")


def _first(features: Features, names: tuple[str, ...], *dtypes: str) -> str | None:
    """The first column of these names whose values are of a type that begins as one of `dtypes`."""
    for name in names:
        feature = features.get(name)
        if isinstance(feature, dict) and str(feature.get("dtype", "")).startswith(dtypes) and _is_one_value(feature):
            return name
    return None


def _error(what: str, role: str, features: Features) -> DatasetError:
    columns = ", ".join(f"{name} ({_type_name(feature)})" for name, feature in features.items())
    return DatasetError(what, f"Set dataset.{role}_column to one of the columns: {columns}.")


def _type_name(feature: Any) -> str:
    if not isinstance(feature, dict):
        return "list"
    return str(feature.get("dtype") or feature.get("_type") or "struct")
