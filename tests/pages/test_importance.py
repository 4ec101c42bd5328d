"""Importance for real: the network of the tiny store loses ever more neurons, and its curves are drawn and kept."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from and_core.algorithms.ablation.importance import PERCENTAGES

OpenPage = Callable[..., AppTest]


def said(app: AppTest) -> str:
    assert not app.exception, [error.message for error in app.exception]
    return "\n".join(element.value for element in (*app.title, *app.subheader, *app.text, *app.caption))


def measured(open_page: OpenPage, folder: Path) -> AppTest:
    app = open_page(folder, "importance")
    app.segmented_control(key="importance_parts").set_value(["b"])
    app.slider(key="importance_seeds").set_value(1)
    app.slider(key="importance_clips").set_value(1)
    app.run()
    return app.button(key="measure_importance").click().run(timeout=240)


def test_curves_are_measured_and_still_there_when_the_reader_comes_back(open_page: OpenPage, tiny_store: Path) -> None:
    app = measured(open_page, tiny_store)
    table = next(element.value for element in app.dataframe if "lowest" in element.value.columns)
    assert list(table["strategy"].unique()) == ["random", "basic_adjectives", "high_level_adjectives"]
    random = table[table["strategy"] == "random"]
    assert random["percent"].tolist() == list(PERCENTAGES)
    assert random["neurons"].tolist() == [round(percent / 100 * 3840) for percent in PERCENTAGES]
    at = table[table["percent"] == 6].set_index("strategy")["accuracy"]
    worst = at.drop("random").min()
    first = app.main.text[0].value
    assert first.startswith("Pruning up to 6 % of the hidden neurons costs most accuracy where")
    assert f"to {worst:.1%}. Random ones leave {at['random']:.1%}" in first
    assert "Measured on 20 clips of fold 5" in said(app)
    assert app.button(key="measure_importance").disabled
    app.switch_page("pages/views/pruning.py").run()
    assert app.switch_page("pages/views/importance.py").run().main.text[0].value == first


def test_a_part_that_shares_curves_measures_only_the_others(open_page: OpenPage, tiny_store: Path) -> None:
    app = measured(open_page, tiny_store)
    app.segmented_control(key="importance_parts").set_value(["a", "b"]).run()
    assert "5 of 8 curves are not measured" in said(app)  # random is in both


def test_without_a_part_the_reader_is_asked_for_one(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "importance")
    app.segmented_control(key="importance_parts").set_value([]).run()
    assert "Choose at least one part" in said(app)


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ("UPDATE network SET fingerprint = 'another'", "not the ones that were dissected"),
        ("""UPDATE network SET settings = '{"path": "/nowhere/at/all"}'""", "not a folder here"),
    ],
)
def test_other_or_missing_weights_are_refused(
    open_page: OpenPage, altered: Callable[[str], Path], statement: str, answer: str
) -> None:
    app = measured(open_page, altered(statement))
    assert app.error
    assert answer in said(app)
