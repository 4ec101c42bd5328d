"""The page that tells people how to name their data says what the classes take."""

import importlib
import inspect
import re
import tomllib
from pathlib import Path

import pytest

from and_core.models.registry import REGISTRY
from precompute.download import source_of


@pytest.fixture
def page(project: Path) -> str:
    return (project / "docs/datasets.md").read_text(encoding="utf-8")


def test_every_kind_has_a_section_and_every_snippet_fits_its_class(page: str):
    snippets = [tomllib.loads(text)["dataset"] for text in re.findall(r"^```toml\n(.*?)^```$", page, re.S | re.M)]
    assert (
        {snippet["kind"] for snippet in snippets}
        == set(REGISTRY["dataset"])
        == set(re.findall(r"^## (\w+)$", page, re.M))
    )
    for snippet in snippets:
        module, _, name = REGISTRY["dataset"][snippet.pop("kind")].partition(":")
        parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters
        assert set(snippet) <= set(parameters)
        needed = {key for key, parameter in parameters.items() if parameter.default is inspect.Parameter.empty}
        assert needed <= set(snippet)


def test_every_setting_in_the_table_of_columns_is_one(page: str):
    module, _, name = REGISTRY["dataset"]["huggingface"].partition(":")
    settings = set(inspect.signature(getattr(importlib.import_module(module), name)).parameters)
    table = page.partition("| setting |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.M)) <= settings


def test_every_download_on_the_page_is_in_the_catalogue(page: str):
    names = re.findall(r"^and-precompute download (\w+) --to", page, re.M)
    assert len(names) == 3 and all(source_of(name).kind == name for name in names)
