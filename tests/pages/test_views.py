"""Every view at good and bad addresses, over a store made by the real pipeline."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.selection import Term
from and_core.store import queries
from and_core.store.connection import Store, open_store

OpenPage = Callable[..., AppTest]
VIEWS = (
    *("overview", "neuron", "search", "a_closed_concept", "b_calibration", "c_open_concept", "adjectives"),
    *("interpretability", "clusters", "acoustics", "training", "last_layer", "importance", "pruning"),
)


@pytest.fixture
def store(tiny_store: Path) -> Store:
    return open_store(tiny_store)


def said(app: AppTest) -> str:
    """All plain text, captions and Markdown of a page."""
    assert not app.exception, [error.message for error in app.exception]
    return "\n".join(element.value for element in (*app.title, *app.text, *app.markdown, *app.caption, *app.warning))


def test_there_is_no_script_directly_in_pages(project: Path) -> None:
    # Streamlit would serve it in place of app.py at the first request after a start.
    assert {path.name for path in (project / "pages").glob("*.py")} <= {"__init__.py"}


def test_only_the_app_and_its_pages_import_streamlit(project: Path) -> None:
    sources = [path for folder in ("and_core", "precompute") for path in (project / folder).rglob("*.py")]
    assert [path for path in sources if "import streamlit" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("page", VIEWS)
def test_every_page_opens_without_an_address_and_names_its_provenance(
    open_page: OpenPage, tiny_store: Path, page: str
) -> None:
    text = said(open_page(tiny_store, page))
    assert "demo quality" in text
    assert "Activations pooled" in text


def test_browsing_imports_no_torch(open_page: OpenPage, tiny_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = [name for name in sys.modules if name.partition(".")[0] in ("torch", "transformers")]
    for module in ["torch", "transformers", *loaded]:
        monkeypatch.setitem(sys.modules, module, None)  # an import would raise
    for page in VIEWS:
        said(open_page(tiny_store, page))


def test_the_overview_opens_with_its_finding_in_numbers(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    [network] = queries.networks(store)
    assert f"{network.neuron_count:,} neurons in" in said(open_page(tiny_store))


def test_interpretability_stands_beside_what_chance_reaches(
    open_page: OpenPage, altered: Callable[[str], Path]
) -> None:
    folder = altered(
        """UPDATE interpretability SET shared_clips = 4; UPDATE store_meta SET value = '4' WHERE name = 'tau';
        DELETE FROM interpretability_by_chance;
        INSERT INTO interpretability_by_chance VALUES (5, 'clips', 3, 0.8), (5, 'clips', 4, 0.2)"""
    )
    assert "100% are interpretable (clips drawn by chance: 20%)" in said(open_page(folder))
    text = said(open_page(folder, "neuron", layer="fc", neuron="0"))
    assert "Clips drawn by chance share as much in 20.0% of draws." in text


def test_a_run_that_did_not_try_chance_does_not_speak_of_it(
    open_page: OpenPage, altered: Callable[[str], Path]
) -> None:
    folder = altered("DELETE FROM interpretability_by_chance")
    assert "by chance" not in said(open_page(folder)) + said(open_page(folder, "neuron", layer="fc", neuron="0"))


def test_the_overview_opens_the_layer_in_its_address(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, layer="fc")
    assert "Neurons of fc" in [element.value for element in app.subheader]


def test_a_misspelt_layer_gets_a_suggestion(open_page: OpenPage, tiny_store: Path) -> None:
    for page in ("overview", "neuron"):
        text = said(open_page(tiny_store, page, layer="layer1_outptu", neuron="0"))
        assert "has no layer 'layer1_outptu'" in text
        assert "Did you mean 'layer1_output'?" in text


def test_a_permalink_opens_its_neuron(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    network = queries.networks(store)[0].name
    text = said(open_page(tiny_store, "neuron", network=network, layer="layer1_output", neuron="3"))
    assert r"layer1\_output\#3" in text
    assert "What its top clips share" in text
    assert "Least activating" in text


@pytest.mark.parametrize("neuron", ["99999", "-1", "x", "1.5", "٣", "9" * 40])
def test_a_neuron_that_does_not_exist_gets_a_helpful_page(open_page: OpenPage, tiny_store: Path, neuron: str) -> None:
    text = said(open_page(tiny_store, "neuron", layer="layer1_output", neuron=neuron))
    assert f"layer1_output has no neuron {neuron!r}" in text
    assert "numbered from 0 to" in text


@pytest.mark.parametrize("page", VIEWS)
def test_a_network_that_does_not_exist_gets_a_helpful_page(open_page: OpenPage, tiny_store: Path, page: str) -> None:
    text = said(open_page(tiny_store, page, network="nobody"))
    assert "There is no network of that name" in text


def test_previous_and_next_lead_along_the_layer_by_its_pickers(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "neuron", layer="layer1_output", neuron="3")
    app.number_input(key="neuron_position").set_value(5).run()
    assert r"layer1\_output\#5" in said(app)
    app.selectbox(key="neuron_layer").set_value("fc").run()
    assert r"fc\#0" in said(app)


def test_the_random_button_opens_another_neuron(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "neuron", layer="fc", neuron="0")
    random = next(button for button in app.button if button.label == "Random")
    assert r"fc\#0" not in [title.value for title in random.click().run().title]


def test_a_row_of_a_table_opens_its_neuron(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, layer="layer1_output")
    key = "neurons_layer1_output_1_position"
    app.session_state[key] = {"selection": {"rows": [4], "columns": [], "cells": []}}
    assert r"layer1\_output\#4" in said(app.run())


def test_the_bar_of_a_clip_is_full_at_the_highest_activation_and_empty_at_the_lowest(
    open_page: OpenPage, tiny_store: Path
) -> None:
    app = open_page(tiny_store, "neuron", layer="fc", neuron="0")
    filled = [bar.proto.value for bar in app.get("progress")]
    assert max(filled) == filled[0] == 100
    assert min(filled) == filled[len(filled) // 2] == 0  # the first of the least activating


def test_the_go_to_box_opens_a_neuron_a_layer_or_searches(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store)
    assert r"fc\#1" in said(app.text_input(key="go_to").set_value("fc#1").run())
    app.text_input(key="go_to").set_value("layer1_output").run()
    assert "Neurons of layer1_output" in [element.value.replace("\\", "") for element in app.subheader]
    app.text_input(key="go_to").set_value("loud").run()
    assert app.title[0].value == "Search"
    assert app.text_input(key="search_words").value == "loud"


def test_evidence_is_collected_when_it_is_opened(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "neuron", layer="fc", neuron="0")
    assert not app.tabs
    app.session_state["evidence"] = True
    assert [tab.label for tab in app.run().tabs][:2] == ["Scores", "Captions"]
    said(app)


def test_a_reply_that_cannot_be_used_is_shown_as_it_came_with_the_prompt(
    open_page: OpenPage, altered: Callable[[str], Path]
) -> None:
    reply = "<b>Sorry</b>, I **cannot**."
    of_neuron = (
        "neuron_id IN (SELECT neuron_id FROM neuron JOIN layer USING (layer_id) WHERE name = 'fc' AND position = 0)"
    )
    folder = altered(
        f"""
        UPDATE summary SET summary = NULL, raw = '{reply}', problem = 'refusal'
        WHERE polarity = 'high' AND {of_neuron};
        DELETE FROM summary_point WHERE polarity = 'high' AND {of_neuron};
        UPDATE caption SET caption = NULL, raw = '{reply}', problem = 'refusal';
        INSERT INTO prompt VALUES ('my_prompt', 'abc', '## User{chr(10)}What is **shared**? {{captions}}')"""
    )
    app = open_page(folder, "neuron", layer="fc", neuron="0")
    assert "What the model replied cannot be used (refusal)" in said(app)
    app.session_state["evidence"] = True
    app.run()
    assert "most activating clips, not used" in said(app).replace("\\", "")
    assert "The captioner gave nothing usable for this clip (refusal)" in said(app)
    shown = [element.value for element in app.code]
    assert shown.count(reply) == 1 + 10
    assert "## User\nWhat is **shared**? {captions}" in shown


def test_without_a_language_model_evidence_says_so(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "neuron", layer="fc", neuron="0")
    app.session_state["evidence"] = True
    assert "No language model was asked about this neuron." in said(app.run())


def test_search_finds_the_commonest_adjective(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    word = queries.adjectives(store, 0)["word"].iloc[0]
    assert "in their adjectives" in said(open_page(tiny_store, "search", words=word))


def test_a_search_without_results_says_so(open_page: OpenPage, tiny_store: Path) -> None:
    assert "speaks of 'zzzz'" in said(open_page(tiny_store, "search", words="zzzz"))


def test_a_word_leads_to_its_neurons(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    word = queries.adjectives(store, 0)["word"].iloc[0]
    app = open_page(tiny_store, "adjectives", word=word)
    assert any("Neurons that speak of" in element.value for element in app.subheader)
    assert "the largest share is in" in said(app)


def test_an_unknown_word_is_named(open_page: OpenPage, tiny_store: Path) -> None:
    assert "'zzzz' is not an adjective" in said(open_page(tiny_store, "adjectives", word="zzzz"))


def test_pruning_says_at_once_how_many_neurons_go(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    evidence = queries.evidence(store, 0)
    for name in queries.class_outputs(store, 0)["name"]:
        hidden = choose(Term("open_concept", name), evidence)
        text = said(open_page(tiny_store, "pruning", **{"class": name}))
        assert (f"{len(hidden):,} of " in text) if len(hidden) else ("No neuron is selected by open_concept" in text)


def test_pruning_answers_an_unknown_class(open_page: OpenPage, tiny_store: Path) -> None:
    assert "'unicorn' is not one of its classes" in said(open_page(tiny_store, "pruning", **{"class": "unicorn"}))


def test_a_store_without_adjectives_says_why(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    folder = altered("DELETE FROM open_concept")
    assert "has an adjective" in said(open_page(folder, "adjectives"))
    assert "None of them has an adjective" in said(open_page(folder))
    assert "No adjective of its calibrated summary" in said(open_page(folder, "neuron", layer="fc", neuron="0"))
    assert "No neuron is selected by open_concept" in said(open_page(folder, "pruning"))


def test_a_neuron_without_a_summary_says_why(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    folder = altered("DELETE FROM summary_point; UPDATE summary SET summary = NULL")
    assert "found nothing that its most activating clips have in common" in said(
        open_page(folder, "neuron", layer="fc", neuron="0")
    )


def test_a_neuron_whose_every_point_was_struck_says_so(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    folder = altered("UPDATE summary_point SET kept = false, nearest_low = 1, similarity = 0.9 WHERE polarity = 'high'")
    text = said(open_page(folder, "neuron", layer="fc", neuron="0"))
    assert "Every point was struck" in text
    assert "~~" in text
    assert "cosine 0" in text


def test_what_a_model_wrote_is_never_read_as_markdown(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    folder = altered(
        """UPDATE summary_point SET point = '![x](http://e.example/p) <b>bold</b> :red[r] $x$', kept = false,
        nearest_low = 1, similarity = 0.9; UPDATE caption SET caption = '![y](http://e.example/q)'"""
    )
    app = open_page(folder, "neuron", layer="fc", neuron="0")
    said(app)
    assert not any("![" in element.value or "<b>" in element.value for element in (*app.markdown, *app.caption))


def test_a_run_with_too_many_clips_shows_quantiles(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    folder = altered("DELETE FROM activation")
    assert "these are its quantiles" in said(open_page(folder, "neuron", layer="fc", neuron="0"))


def test_clips_without_classes_and_captions_are_shown(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    folder = altered("UPDATE clip SET class_id = NULL; DELETE FROM caption")
    text = said(open_page(folder, "neuron", layer="fc", neuron="0"))
    assert "no class" in text
    assert "gave nothing usable" in text


def test_skipped_clips_are_listed(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    app = open_page(altered("INSERT INTO skipped_clip VALUES ('bad.wav', 'it holds no samples')"))
    said(app)
    assert any("left out" in expander.label for expander in app.expander)


def test_two_networks_can_be_chosen(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    folder = altered(
        """INSERT INTO network
        SELECT 1, 'second', kind, settings, fingerprint, pool, sample_rate_hz, longest_s, 1, training
        FROM network;
        INSERT INTO layer VALUES (900, 1, 'only', 'fc', 'm', 1, 1);
        INSERT INTO neuron SELECT 90000, 900, 0, mean, std, quantiles FROM neuron LIMIT 1"""
    )
    app = open_page(folder)
    assert app.selectbox(key="sidebar_network").options[1] == "second"
    app.selectbox(key="sidebar_network").set_value("second").run()
    assert "1 neurons in 1 layers" in said(app)
    said(open_page(folder, "neuron", network="second"))
    said(open_page(folder, "adjectives"))


def test_a_folder_without_a_store_says_how_to_mend_it(open_page: OpenPage, tmp_path: Path) -> None:
    app = open_page(tmp_path)
    assert "There is no store in" in said(app)
    assert app.error


def test_no_runs_at_all_says_how_to_make_one(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["app.py"])
    monkeypatch.setenv("AND_RUNS", str(tmp_path))
    assert "make demo" in said(AppTest.from_file(str(project / "app.py")).run())


def test_a_damaged_audio_link_is_an_error_and_not_a_leak(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    app = open_page(altered("UPDATE clip SET audio = '../../../etc/hostname'"), "neuron", layer="fc", neuron="0")
    assert "outside its folder" in said(app)
