"""The page about encoders and concept sets says what the code takes."""

import re
import tomllib
from pathlib import Path

import pytest

from and_core.models import registry
from and_core.models.concept_sets.shipped import SHIPPED
from precompute.training.config import TrainingConfig

PROTOCOLS = {
    "text_encoder": "text_encoder",
    "concept_encoder": "text_encoder",
    "audio_text_encoder": "audio_text_encoder",
}


@pytest.fixture
def page(project: Path) -> str:
    return (project / "docs/encoders.md").read_text(encoding="utf-8")


def test_every_snippet_has_tables_of_the_configuration_with_settings_of_their_kind(page: str) -> None:
    snippets = [tomllib.loads(text) for text in re.findall(r"^```toml\n(.*?)^```$", page, re.S | re.M)]
    training = [snippet for snippet in snippets if "task" in snippet]
    assert [TrainingConfig.model_validate(snippet).task for snippet in training] == ["align"]
    for snippet in snippets:
        for table, settings in snippet.items():
            if table in PROTOCOLS:
                known = registry.settings_of(PROTOCOLS[table], settings.pop("kind"), table)
                assert set(settings) <= set(known)


@pytest.mark.parametrize("protocol", ["text_encoder", "audio_text_encoder"])
def test_every_kind_has_a_row(page: str, protocol: str) -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", page, re.M))
    assert set(registry.REGISTRY[protocol]) <= rows


def test_every_shipped_set_is_named_with_its_size(page: str) -> None:
    table = page.partition("| | concepts |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) >= set(SHIPPED)
    assert f"{len(SHIPPED['acoustic_word_pairs']()):,} pairs" in table
    sizes = ", ".join(str(len(SHIPPED[name]())) for name in ("esc50", "urbansound8k", "gtzan", "foley"))
    assert sizes in table
