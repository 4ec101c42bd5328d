"""Pruning for real: the network of the tiny store is loaded, pruned and played to."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.selection import Term
from and_core.store import queries
from and_core.store.connection import open_store
from pages.components.pruning_result import mean_and_spread

OpenPage = Callable[..., AppTest]


def said(app: AppTest) -> str:
    assert not app.exception, [error.message for error in app.exception]
    return "\n".join(element.value for element in (*app.title, *app.text, *app.markdown, *app.caption))


def forgettable(folder: Path) -> str:
    """A class that some hidden neuron speaks of."""
    store = open_store(folder)
    evidence = queries.evidence(store, 0)
    for name in queries.class_outputs(store, 0)["name"]:
        if len(choose(Term("open_concept", name), evidence)):
            return str(name)
    raise AssertionError("no class of the tiny store is named by any neuron")


def pruned(open_page: OpenPage, folder: Path) -> AppTest:
    app = open_page(folder, "pruning", **{"class": forgettable(open_store(folder).folder)})
    app.slider(key="clips_per_class").set_value(1)
    app.slider(key="controls").set_value(1)
    return app.button(key="prune").click().run(timeout=240)


def test_pruning_shows_before_and_after_and_can_be_undone(open_page: OpenPage, tiny_store: Path) -> None:
    app = pruned(open_page, tiny_store)
    text = said(app)
    assert "Without " in text
    assert "The same number of random neurons, layer by layer" in text
    assert "Clips that changed their answer" in text
    app.button(key="undo").click().run()
    assert "Nothing is pruned" in said(app)


def test_random_controls_are_told_with_their_spread() -> None:
    assert mean_and_spread(pd.Series([-1.0, -2.0]), "s") == "loses 1.50 ± 0.50"
    assert mean_and_spread(pd.Series([0.25])) == "gain 0.25"


def test_before_is_what_the_store_says_of_the_same_clips_and_after_is_not(
    open_page: OpenPage, tiny_store: Path
) -> None:
    app = pruned(open_page, tiny_store)
    table = next(element.value for element in app.dataframe if "before" in element.value.columns)
    store = open_store(tiny_store)
    fold = queries.evaluation_fold(store, queries.networks(store)[0].name)
    clips = queries.evaluation_clips(store, 0, 1, fold).set_index("class_name")
    for row in table.itertuples():
        assert row.before == float(clips.loc[row.name, "logits"][clips.loc[row.name, "output"]])
    assert (table["before"] != table["after"]).any()


def test_other_weights_are_refused(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    app = pruned(open_page, altered("UPDATE network SET fingerprint = 'another'"))
    assert "not the ones that were dissected" in said(app)


def test_weights_that_are_not_here_say_so(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    app = pruned(open_page, altered("""UPDATE network SET settings = '{"path": "/nowhere/at/all"}'"""))
    said(app)
    assert app.error
