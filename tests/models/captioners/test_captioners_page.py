"""The page about captioners says what the classes take."""

import importlib
import inspect
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from and_core.models.registry import REGISTRY


@pytest.fixture
def page(project: Path) -> str:
    return (project / "docs/captioners.md").read_text(encoding="utf-8")


def check_settings(protocol: str, options: dict[str, Any]) -> None:
    """Every one is a setting of its kind, and none that is needed is left out."""
    module, _, name = REGISTRY[protocol][options["kind"]].partition(":")
    parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters
    assert options.keys() - {"kind"} <= parameters.keys()
    assert {key for key, parameter in parameters.items() if parameter.default is inspect.Parameter.empty} <= set(
        options
    )


def test_every_kind_has_a_section_and_every_snippet_fits_its_class(page: str) -> None:
    snippets = [tomllib.loads(text)["captioner"] for text in re.findall(r"^```toml\n(.*?)^```$", page, re.S | re.M)]
    kinds = set(REGISTRY["captioner"])
    assert {snippet["kind"] for snippet in snippets} == kinds
    assert set(re.findall(r"^## (\w+)$", page, re.M)) == kinds
    for snippet in snippets:
        check_settings("captioner", snippet)
        if "audio_model" in snippet:
            check_settings("language_model", snippet["audio_model"])


def test_every_setting_that_is_mentioned_is_one(page: str) -> None:
    for kind, section in re.findall(r"^## (\w+)$(.*?)(?=^## )", page, re.S | re.M):
        module, _, name = REGISTRY["captioner"][kind].partition(":")
        parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters
        for setting in re.findall(r"`(\w+) = ", section):
            assert setting in parameters, f"{setting} is no setting of {kind}"
