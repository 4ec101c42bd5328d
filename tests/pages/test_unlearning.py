"""Table 4 for real: the network of the tiny store forgets one class after the other."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from and_core.store import queries
from and_core.store.connection import open_store

OpenPage = Callable[..., AppTest]


def said(app: AppTest) -> str:
    assert not app.exception, [error.message for error in app.exception]
    return "\n".join(element.value for element in (*app.title, *app.subheader, *app.text, *app.caption))


def measured(open_page: OpenPage, folder: Path) -> AppTest:
    app = open_page(folder, "unlearning")
    app.slider(key="unlearning_seeds").set_value(1)
    app.slider(key="unlearning_clips").set_value(1)
    app.run()
    return app.button(key="measure_unlearning").click().run(timeout=240)


def table_with(app: AppTest, *columns: str) -> pd.DataFrame:
    return next(element.value for element in app.dataframe if set(columns) <= set(element.value.columns))


def test_the_runs_own_experiments_are_there_before_anything_is_measured(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "unlearning")
    own = queries.ablation_deltas(open_store(tiny_store), 0)
    assert app.main.text[0].value.startswith(
        f"In the run's own experiments open-concept pruning takes {abs(own['gap'].mean()):.2f} logits "
    )
    table = table_with(app, "control_gap")
    assert table[["strategy", "classes", "controls"]].values.tolist() == [["open_concept", 20, 5]]
    assert table["control_gap"][0] == pytest.approx(own["control_gap"].mean())
    assert table_with(app, "selection")["class_name"].tolist() == own["class_name"].tolist()
    assert table_with(app, "delta A")["network"].unique().tolist() == ["AST", "BEATs-finetuned", "BEATs-frozen"]
    assert "20 experiments, a class and strategy each, are not measured" in said(app)


def test_classes_are_forgotten_and_still_there_when_the_reader_comes_back(
    open_page: OpenPage, tiny_store: Path
) -> None:
    app = measured(open_page, tiny_store)
    first = app.main.text[0].value
    found = re.match(
        r"Open-concept pruning takes ([\d.]+) logits (more|less) .* random neurons ([\d.]+) (?:more|less)", first
    )
    assert found, first
    row = table_with(app, "delta_ablated_low").iloc[0]
    assert f"{abs(row['gap']):.2f}" == found[1]
    classes = table_with(app, "class", "beyond_chance_low")
    assert len(classes) == row["classes"] == 20
    assert classes["beyond_chance"].is_monotonic_decreasing
    assert row["gap"] == pytest.approx(classes["gap"].mean())
    silent = classes.loc[classes["neurons"] == 0, "class"]
    assert all(name.replace("_", " ") in said(app) for name in silent)
    assert "Measured on 20 clips of fold 5 with 1 random controls" in said(app)
    assert app.button(key="measure_unlearning").disabled
    app.switch_page("pages/views/pruning.py").run()
    assert app.switch_page("pages/views/unlearning.py").run().main.text[0].value == first


def test_another_strategy_is_all_that_is_missing_then(open_page: OpenPage, tiny_store: Path) -> None:
    app = measured(open_page, tiny_store)
    app.multiselect(key="unlearning_strategies").set_value(["open_concept", "in_context"]).run()
    assert "20 experiments" in said(app)
    app.button(key="measure_unlearning").click().run(timeout=240)
    strategies = table_with(app, "delta_ablated_low")["strategy"].tolist()
    assert strategies == ["open_concept", "in_context"]
    app.segmented_control(key="unlearning_shown").set_value("in_context").run()
    assert set(table_with(app, "class", "beyond_chance_low")["strategy"]) == {"in_context"}


def test_without_a_strategy_the_reader_is_asked_for_one(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "unlearning")
    app.multiselect(key="unlearning_strategies").set_value([]).run()
    assert "Choose at least one strategy" in said(app)
    assert app.button(key="measure_unlearning").disabled


def test_a_run_without_experiments_of_its_own_says_what_to_do(
    open_page: OpenPage, altered: Callable[[str], Path]
) -> None:
    app = open_page(altered("DELETE FROM ablation"), "unlearning")
    assert app.main.text[0].value == "Nothing is measured yet."
    assert "Press Measure" in said(app)


def test_a_network_without_classes_of_the_data_set_has_nothing_to_forget(
    open_page: OpenPage, altered: Callable[[str], Path]
) -> None:
    app = open_page(altered("UPDATE network_class SET class_id = NULL"), "unlearning")
    assert "nothing can be forgotten" in said(app)


def test_other_weights_are_refused(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    app = measured(open_page, altered("UPDATE network SET fingerprint = 'another'"))
    assert app.error
    assert "not the ones that were dissected" in said(app)
