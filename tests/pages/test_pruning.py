"""Pruning for real: the network of the tiny store is loaded, pruned and played to."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.selection import Term
from and_core.store import queries
from and_core.store.connection import open_store

OpenPage = Callable[..., AppTest]


def said(app: AppTest) -> str:
    assert not app.exception, [error.message for error in app.exception]
    return "\n".join(element.value for element in (*app.title, *app.text, *app.markdown, *app.caption))


def forgettable(folder: Path) -> str:
    """A class that some hidden neurons speak of."""
    store = open_store(folder)
    evidence = queries.evidence(store, 0)
    for name in queries.class_outputs(store, 0)["name"]:
        if len(choose(Term("open_concept", name), evidence)) > 1:
            return str(name)
    raise AssertionError("no class of the tiny store is named by any neuron")


def opened(open_page: OpenPage, folder: Path, **query: str) -> AppTest:
    app = open_page(folder, "pruning", **{"class": forgettable(open_store(folder).folder)}, **query)
    app.slider(key="clips_per_class").set_value(1)
    return app.slider(key="controls").set_value(2).run()


def prune(app: AppTest) -> AppTest:
    return app.button(key="prune").click().run(timeout=240)


def classes(app: AppTest) -> pd.DataFrame:
    """The table beside the arrows."""
    found: pd.DataFrame = next(element.value for element in app.dataframe if "change_low" in element.value.columns)
    return found


def titles(app: AppTest) -> list[str]:
    return list(app.selectbox(key="chosen_pruning").options)


def test_pruning_shows_before_and_after_and_can_be_undone(open_page: OpenPage, tiny_store: Path) -> None:
    app = prune(opened(open_page, tiny_store))
    text = said(app)
    assert "Without " in text
    assert "random neurons of the same layers, 2 draws" in text
    assert "◆ nearest to" in text and classes(app)["related"].notna().sum() == 3
    assert "Clips that changed their answer" in text
    assert app.query_params["prune"].startswith("open_concept:")
    app.button(key="undo").click().run()
    assert "Nothing is pruned" in said(app)
    assert "prune" not in app.query_params


def test_before_is_what_the_store_says_of_the_same_clips_and_after_is_not(
    open_page: OpenPage, tiny_store: Path
) -> None:
    table = classes(prune(opened(open_page, tiny_store)))
    store = open_store(tiny_store)
    fold = queries.evaluation_fold(store, queries.networks(store)[0].name)
    clips = queries.evaluation_clips(store, 0, 1, fold).set_index("class_name")
    for row in table.itertuples():
        assert row.before == float(clips.loc[row.name, "logits"][clips.loc[row.name, "output"]])
    assert (table["before"] != table["after"]).any()


def test_an_address_does_its_experiment_again(open_page: OpenPage, tiny_store: Path) -> None:
    first = opened(open_page, tiny_store)
    strength = next(slider for slider in first.slider if str(slider.key).startswith("strength"))
    strength.set_value(1)
    first = prune(first)
    address = dict(first.query_params)
    assert address["prune"].endswith("first 1")
    again = open_page(tiny_store, "pruning", **address, name="One only", note="<b>the surest</b>")
    assert "**One only**" in said(again)
    assert "<b>the surest</b>" in [text.value for text in again.text]
    pd.testing.assert_frame_equal(classes(again), classes(first))
    assert next(slider for slider in again.slider if str(slider.key).startswith("strength")).value == 1
    assert again.slider(key="controls").value == 2
    again.button(key="undo").click().run()
    assert "Nothing is pruned" in said(again)


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({"prune": "open_concept:"}, "cannot be read"),
        ({"prune": "open_concept:unicorn"}, "No neuron is selected by open_concept:unicorn"),
        ({"prune": "neurons:layer9_output#1"}, "no layer 'layer9_output'"),
        ({"prune": "nouns", "clips": "many"}, "clips='many'"),
        ({"prune": "nouns", "fold": "99"}, "clips of 0 classes in fold 99"),
    ],
)
def test_an_address_that_cannot_be_followed_says_why(
    open_page: OpenPage, tiny_store: Path, query: dict[str, str], answer: str
) -> None:
    app = open_page(tiny_store, "pruning", **query)
    assert answer in said(app)
    assert "Press Prune" in said(app.run())


def test_the_same_experiment_is_not_done_twice_and_others_stand_beside_it(
    open_page: OpenPage, tiny_store: Path
) -> None:
    app = prune(prune(opened(open_page, tiny_store)))
    app.selectbox(key="way").set_value("written").run()
    app.text_input(key="written").set_value("(nouns first 20) - open_concept:dog").run()
    app = prune(app)
    assert [title.partition(".")[0] for title in titles(app)] == ["1", "2"]
    compared = next(element.value for element in app.dataframe if "delta A" in element.value.index)
    assert compared.loc["clips"].nunique() == 1
    assert compared.loc["gap"].nunique() == 2
    first = said(app)
    app.selectbox(key="chosen_pruning").set_value(0).run()
    assert said(app) != first
    assert app.query_params["prune"].startswith("open_concept:")


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("", "Write which neurons to prune"),
        ("open_concept:unicorn", "Nearest to 'unicorn' that open_concept knows"),
        ("banana:dog", "There is no strategy 'banana'"),
        ("all", "would be pruned"),
    ],
)
def test_a_written_selection_says_what_it_means(
    open_page: OpenPage, tiny_store: Path, written: str, answer: str
) -> None:
    app = open_page(tiny_store, "pruning")
    app.selectbox(key="way").set_value("written").run()
    app.text_input(key="written").set_value(written).run()
    assert answer in said(app)
    assert app.button(key="prune").disabled == (written != "all")


def test_one_neuron_is_pruned_from_its_page(open_page: OpenPage, tiny_store: Path) -> None:
    link = next(
        one
        for one in open_page(tiny_store, "neuron", layer="layer2_output", neuron="3").get("page_link")
        if one.proto.label == "Prune it"
    )
    query = {name: values[0] for name, values in parse_qs(link.proto.query_string).items()}
    app = open_page(tiny_store, "pruning", **query, clips="1", controls="1")
    assert "Without 1 neuron " in said(app)


@pytest.mark.parametrize("way", ["random", "adjective", "description_based", "summary_length"])
def test_every_way_has_a_strength_and_can_be_kept_to_some_layers(
    open_page: OpenPage, tiny_store: Path, way: str
) -> None:
    app = open_page(tiny_store, "pruning")
    app.selectbox(key="way").set_value(way).run()
    app.multiselect(key="pruned_layers").set_value(["layer2_output", "layer1_output"]).run()
    assert "in 2 layers" in said(app) or "in 1 layer" in said(app) or "No neuron" in said(app)


def test_an_experiment_is_kept_under_a_name(open_page: OpenPage, tiny_store: Path) -> None:
    app = prune(opened(open_page, tiny_store))
    app.text_input(key="pruning_name").set_value("dogs gone")
    app.text_area(key="pruning_note").set_value("before lunch")
    app.button(key="keep_pruning_now").click().run()
    assert "**dogs gone**" in said(app) and "before lunch" in said(app)
    assert (app.query_params["name"], app.query_params["note"]) == ("dogs gone", "before lunch")
    assert any("name=dogs+gone" in code.value for code in app.code)


def test_a_new_head_tells_how_much_comes_back(open_page: OpenPage, tiny_store: Path) -> None:
    app = opened(open_page, tiny_store)
    app.selectbox(key="fold").set_value(None)
    app.slider(key="clips_per_class").set_value(3).run()
    app = prune(app)
    app.button(key="relearn").click().run(timeout=240)
    assert "a new head on the whole network reaches" in said(app)


def test_a_clip_of_ones_own_is_played_to_both_networks(open_page: OpenPage, tiny_store: Path, tmp_path: Path) -> None:
    app = prune(opened(open_page, tiny_store))
    clip = next((tiny_store / "audio").glob("*.flac"))
    app.file_uploader(key="own_clip").set_value(("mine.flac", clip.read_bytes(), "audio/flac")).run(timeout=240)
    assert "The network hears " in said(app)
    app.file_uploader(key="own_clip").set_value(("mine.wav", b"RIFF but no sound", "audio/wav")).run()
    assert "The file cannot be read" in said(app)
    assert "Without " in said(app)


def test_a_clip_that_cannot_be_read_is_left_out_and_named(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    folder = altered("UPDATE clip SET audio = 'audio/gone.flac' WHERE class_id = 3 AND fold = 5")
    text = said(prune(opened(open_page, folder)))
    assert "is left out: " in text and "gone.flac" in text
    assert "Measured on 19 clips of fold 5" in text


def test_other_weights_are_refused(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    app = prune(opened(open_page, altered("UPDATE network SET fingerprint = 'another'")))
    assert "not the ones that were dissected" in said(app)


def test_weights_that_are_not_here_say_so(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    app = prune(opened(open_page, altered("""UPDATE network SET settings = '{"path": "/nowhere/at/all"}'""")))
    said(app)
    assert app.error
