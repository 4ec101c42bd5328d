"""The page about language models says what the classes take and what the rules say."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from and_core.models import registry
from and_core.models.protocols import Problem
from precompute.config import LanguageModelTable


@pytest.fixture
def page(project: Path) -> str:
    return (project / "docs/language-models.md").read_text(encoding="utf-8")


def test_every_snippet_fits_its_classes(page: str) -> None:
    snippets = [tomllib.loads(text) for text in re.findall(r"^```toml\n(.*?)^```$", page, re.S | re.M)]
    assert len(snippets) == 2
    for tables in snippets:
        model = LanguageModelTable.model_validate(tables.pop("language_model"))
        assert model.options.keys() <= set(registry.settings_of("language_model", model.kind, ""))
        for protocol, settings in tables.items():
            assert settings.keys() <= set(registry.settings_of(protocol, "language_model", ""))


def test_every_kind_and_every_reason_is_in_a_table(page: str) -> None:
    rows = set(re.findall(r"^\| `([^`]+)` \|", page, re.M))
    assert rows - {"kind"} == set(registry.REGISTRY["language_model"]) - {"fake"} | set(get_args(Problem))
