"""The concept sets that come with the project."""

import csv
from pathlib import Path

import pytest

from and_core.models.acoustic_word_judges.lexicon import LexiconJudge
from and_core.models.concept_sets.reading import concept_lines
from and_core.models.concept_sets.shipped import SHIPPED
from and_core.models.datasets.foley import Foley

SIZES = {"esc50": 50, "gtzan": 10, "urbansound8k": 10, "foley": 20, "acoustic_word_pairs": 7946}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_set_holds_so_many_concepts_and_none_twice(name: str) -> None:
    concepts = SHIPPED[name]()
    assert len(concepts) == SIZES[name]
    assert concept_lines("\n".join(concepts)) == concepts


def test_the_classes_of_foley_are_foleys_and_most_of_them_esc50s() -> None:
    assert SHIPPED["foley"]() == Foley().class_names
    assert set(SHIPPED["foley"]()) <= set(SHIPPED["esc50"]())


def test_a_real_clip_of_esc50_has_its_class_at_the_number_in_its_filename(shared: Path) -> None:
    names = SHIPPED["esc50"]()
    with (shared / "esc10/meta/esc50.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            assert names[int(Path(row["filename"]).stem.rsplit("-", 1)[1])] == row["category"]


def test_word_pairs_put_an_acoustic_adjective_before_a_sound_source() -> None:
    pairs = SHIPPED["acoustic_word_pairs"]()
    assert {"loud dog", "muffled street music", "high-pitched siren"} <= set(pairs)
    adjectives = {pair.split(" ", 1)[0] for pair in pairs}
    assert all(answer.value for answer in LexiconJudge().are_acoustic(sorted(adjectives)))
    assert len(pairs) == len(adjectives) * len({pair.split(" ", 1)[1] for pair in pairs})
