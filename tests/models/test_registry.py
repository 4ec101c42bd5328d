import datetime
import importlib
import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from and_core.errors import ConfigError
from and_core.models import registry
from and_core.models.fakes import FakeNetwork, fake_registry


class Gallery:
    """A class with the types that a configuration may have to fill; it keeps what it is given."""

    def __init__(
        self,
        path: Path = Path(),
        either: str | Path = "",
        share: float = 0.5,
        count: int = 1,
        switch: bool = False,
        names: tuple[str, ...] = (),
        rows: Sequence[str] = (),
        maybe: str | None = None,
    ) -> None:
        self.given = {name: value for name, value in locals().items() if name != "self"}


@pytest.fixture(autouse=True)
def more_kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "gallery_of_types", sys.modules[__name__])
    monkeypatch.setitem(registry.REGISTRY["dataset"], "gallery", "gallery_of_types:Gallery")
    for protocol, rows in fake_registry().items():
        monkeypatch.setitem(registry.REGISTRY[protocol], "fake", rows["fake"])
    yield


REGISTERED = [
    row for rows in (registry.REGISTRY, fake_registry()) for classes in rows.values() for row in classes.values()
]


@pytest.mark.parametrize("row", REGISTERED)
def test_every_setting_of_a_registered_class_says_its_type(row):
    module, _, name = row.partition(":")
    target = getattr(importlib.import_module(module), name)
    assert set(inspect.signature(target).parameters) <= set(get_type_hints(target.__init__))


@pytest.mark.parametrize(
    ("protocol", "kind", "option", "value", "expected"),
    [
        ("dataset", "esc50", "max_seconds", "long", "float"),
        ("dataset", "audio_folder", "root", 5, "str | Path"),
        ("dataset", "foley", "clips_per_class", "5", "int"),
        ("dataset", "foley", "seed", True, "int"),
        ("dataset", "foley", "folds", 2.5, "int"),
        ("summarizer", "commonalities", "min_share", "x", "float"),
        ("text_encoder", "minilm", "batch_size", "x", "int"),
        ("network", "huggingface", "pool", 3, "str | None"),
        ("network", "huggingface", "local_files_only", "yes", "bool"),
        ("captioner", "acoustic", "source_name", ["label"], "str"),
        ("network", "fake", "class_names", [1, 2], "Sequence[str]"),
        ("dataset", "gallery", "path", datetime.date(2024, 1, 1), "Path"),
        ("dataset", "gallery", "either", datetime.date(2024, 1, 1), "str | Path"),
        ("dataset", "gallery", "share", None, "float"),
        ("dataset", "gallery", "switch", 1, "bool"),
        ("dataset", "gallery", "rows", "abc", "Sequence[str]"),
    ],
)
def test_a_value_of_the_wrong_type_names_the_setting_the_value_and_the_type(protocol, kind, option, value, expected):
    needed = {"esc50": {"root": "."}, "huggingface": {"path": "."}, "audio_folder": {}}.get(kind, {})
    with pytest.raises(ConfigError) as raised:
        registry.create(protocol, kind, {**needed, option: value}, f"{protocol}.mine")
    assert raised.value.what == f"{protocol}.mine.{option} = {value!r} is of the wrong type."
    assert raised.value.remedy == f"Give a value of this type: {expected}."


@pytest.mark.parametrize(
    ("option", "value", "given"),
    [
        ("path", "a/b", Path("a/b")),
        ("path", Path("a/b"), Path("a/b")),
        ("either", "a/b", "a/b"),
        ("either", Path("a/b"), Path("a/b")),
        ("share", 1, 1.0),
        ("share", float("inf"), float("inf")),
        ("names", ["a", "b"], ("a", "b")),
        ("rows", ["a", "b"], ["a", "b"]),
        ("maybe", None, None),
        ("maybe", "a", "a"),
    ],
)
def test_a_value_of_a_fitting_type_arrives_as_the_constructor_has_it(option: str, value: Any, given: Any):
    kept = registry.create("dataset", "gallery", {option: value}, "dataset").given[option]
    assert kept == given and type(kept) is type(given)


def test_a_class_without_a_constructor_is_made():
    assert registry.create("captioner", "fake", {}, "captioner").name == "fake captioner"
    network = registry.create("network", "fake", {"class_names": ["a", "b"], "seed": 3}, "network.x")
    assert isinstance(network, FakeNetwork) and network.class_names == ("a", "b")


def test_unknown_kinds_and_settings_and_missing_ones_are_named():
    with pytest.raises(ConfigError, match=r"dataset\.kind = 'esc5' is not known.*Did you mean 'esc50'"):
        registry.create("dataset", "esc5", {}, "dataset")
    with pytest.raises(ConfigError, match=r"dataset\.rot is not a setting.*Did you mean 'root'"):
        registry.create("dataset", "esc50", {"rot": "."}, "dataset")
    with pytest.raises(ConfigError, match=r"dataset\.root is not set"):
        registry.create("dataset", "esc50", {}, "dataset")
