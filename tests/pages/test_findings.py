"""Pages of the findings: what they say follows from the store, and moves with their controls."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from and_core.store import queries
from and_core.store.connection import open_store

OpenPage = Callable[..., AppTest]


def said(app: AppTest) -> str:
    assert not app.exception, [error.message for error in app.exception]
    return "\n".join(element.value for element in (*app.title, *app.subheader, *app.text, *app.caption, *app.warning))


def test_adjectives_have_a_line_through_neurons_or_through_block_means(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "adjectives")
    hidden = len(queries.hidden_neurons(open_store(tiny_store), 0))
    assert f"{hidden:,} neurons)" in said(app)
    app.session_state["trend_over"] = "block means"
    assert "4 blocks)" in said(app.run())


def test_any_word_meets_any_measurement(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "acoustics")
    assert "neurons that speak of loud, clips have a mean amplitude of" in said(app)
    assert "neurons that speak of high-pitched, clips have a median frequency (Hz) of" in said(app)
    app.selectbox(key="word_a").set_value("quiet")
    app.selectbox(key="measurement_a").set_value("loudness_dbfs").run()
    text = said(app)
    assert "neurons that speak of quiet, clips have a loudness (dBFS) of" in text
    assert ": lower. Cliff's delta -" in text


def test_the_training_page_says_plainly_whether_the_paper_holds(open_page: OpenPage, tiny_store: Path) -> None:
    text = said(open_page(tiny_store, "training"))
    assert "That supervised training narrows attention with depth" in text
    assert "self-supervised" not in text  # the store has no such network


def test_a_run_that_does_not_say_how_it_trained_learns_how_to_say_it(
    open_page: OpenPage, altered: Callable[[str], Path]
) -> None:
    text = said(open_page(altered("UPDATE network SET training = NULL"), "training"))
    assert "The configuration does not say how these networks were trained" in text
    assert "slope" in text  # the figures are there all the same


@pytest.mark.parametrize("page", ["adjectives", "acoustics", "training"])
def test_a_run_without_words_and_measurements_is_explained(
    open_page: OpenPage, altered: Callable[[str], Path], page: str
) -> None:
    folder = altered("DELETE FROM open_concept; DELETE FROM clip_measurement; DELETE FROM interpretability")
    expected = {
        "adjectives": "has an adjective: no calibrated summary holds one",
        "acoustics": "There is nothing to compare in this run: no neuron has an adjective.",
        "training": "does not hold here",
    }
    assert expected[page] in said(open_page(folder, page))
