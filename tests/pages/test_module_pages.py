"""The pages of modules A, B and C and of the last layer, over a store made by the real pipeline."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from and_core.algorithms.evaluation import last_layer_evaluation
from and_core.store import queries
from and_core.store.connection import Store, open_store
from pages.components import links

OpenPage = Callable[..., AppTest]
Altered = Callable[[str], Path]


@pytest.fixture
def store(tiny_store: Path) -> Store:
    return open_store(tiny_store)


def said(app: AppTest) -> str:
    """All text of a page, as a person reads it."""
    assert not app.exception, [error.message for error in app.exception]
    elements = (*app.title, *app.subheader, *app.text, *app.markdown, *app.caption, *app.warning)
    return "\n".join(element.value for element in elements).replace("\\", "").replace(links.WORD_JOINER, "")


# ------------------------------------------------------------------ A


def test_closed_concepts_open_with_their_finding_in_numbers(
    open_page: OpenPage, tiny_store: Path, store: Store
) -> None:
    counts = queries.concept_counts(store, 0, "description_based", "cos_cubed")
    text = said(open_page(tiny_store, "a_closed_concept"))
    assert f"{len(counts)} of 20 concepts are somebody's best, the commonest {counts['concept'].iloc[0]}" in text
    assert "Most one-sided: " in text
    assert "Two functions give a neuron the same concept in" in text


def test_a_concept_leads_to_its_neurons_of_a_layer(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    counts = queries.concept_counts(store, 0, "description_based", "wpmi")
    concept = counts["concept"].iloc[0]
    app = open_page(tiny_store, "a_closed_concept", by="DB wpmi", concept=concept)
    assert f"Neurons whose best concept is “{concept}”" in said(app)
    table = next(table.value for table in app.dataframe if "score, DB wpmi" in table.value.columns)
    assert len(table) == min(200, counts["neurons"].iloc[0])
    app.selectbox(key="concept_layer").set_value("layer1_output").run()
    assert f"Neurons whose best concept is “{concept}” in layer1_output" in said(app)


def test_two_functions_lead_to_the_neurons_they_name_differently(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "a_closed_concept", one="DB cos", other="DB wpmi")
    assert "Neurons to which DB cos and DB wpmi give different concepts" in said(app)
    table = next(table.value for table in app.dataframe if "DB wpmi" in table.value.columns)
    assert (table["DB cos"] != table["DB wpmi"]).all()


def test_methods_that_the_run_did_not_ask_are_named(open_page: OpenPage, altered: Altered) -> None:
    folder = altered("DELETE FROM closed_concept WHERE method <> 'description_based'")
    assert "This run asked DB alone. Not asked: TAB" in said(open_page(folder, "a_closed_concept"))


def test_methods_stand_side_by_side(open_page: OpenPage, altered: Altered) -> None:
    folder = altered(
        """DELETE FROM closed_concept WHERE similarity IS DISTINCT FROM 'cos_cubed' OR method <> 'description_based';
        INSERT INTO closed_concept SELECT neuron_id, 'text_audio_based', 'wpmi', rank, concept_id, score
        FROM closed_concept;
        INSERT INTO closed_concept SELECT neuron_id, 'in_context', NULL, rank, 0, NULL
        FROM closed_concept WHERE method = 'description_based' AND rank = 1"""
    )
    app = open_page(folder, "a_closed_concept", by="ICL")
    text = said(app)
    assert "Not asked" not in text
    assert "most often DB cos_cubed and TAB wpmi (100%)" in text
    assert "1 of 20 concepts are somebody's best" in text


def test_an_address_of_no_function_or_concept_is_answered(open_page: OpenPage, tiny_store: Path) -> None:
    text = said(open_page(tiny_store, "a_closed_concept", by="DB cosine", concept="unicorn"))
    assert "This run has no such function." in text
    assert "unicorn" in text


def test_certainty_leads_to_its_neurons(open_page: OpenPage, altered: Altered) -> None:
    folder = altered("UPDATE concept_pick SET share = CASE WHEN neuron_id % 2 = 0 THEN 1.0 ELSE 0.42 END")
    app = open_page(folder, "a_closed_concept", certainty="0.4")
    text = said(app)
    assert "stay first in at least 95%" in text
    assert "Neurons whose pick by DB cos_cubed stays first in 40% to 45%" in text
    table = next(table.value for table in app.dataframe if "stays first" in table.value.columns)
    assert table["stays first"].tolist() == pytest.approx([0.42] * len(table))


def test_without_concepts_the_page_says_how_to_give_some(open_page: OpenPage, altered: Altered) -> None:
    folder = altered("DELETE FROM concept_pick; DELETE FROM closed_concept; DELETE FROM name_cosine")
    assert "--set a_closed_concept.concepts=PATH" in said(open_page(folder, "a_closed_concept"))
    assert "the run had no concepts" in said(open_page(folder, "last_layer"))


# ------------------------------------------------------------------ B


def test_the_threshold_moves_and_its_effect_is_seen(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    app = open_page(tiny_store, "b_calibration")
    own = queries.calibration_by_layer(store, 0, 0.7)
    struck = int((own["points"] - own["kept"]).sum())
    assert f"Calibration strikes {struck:,} of the {int(own['points'].sum()):,} points" in said(app)
    assert "None: this is the run's own threshold" in said(app)
    app.slider(key="threshold").set_value(0.4).run()
    moved = queries.calibration_by_layer(store, 0, 0.4)
    more = int((moved["kept"] - moved["kept_at"]).sum())
    assert more > 0
    assert f"{more:,} more than in the run; {int(moved['touched_at'].sum()):,} neurons lose a point" in said(app)
    assert "come from the run's own threshold, 0.70" in said(app)
    changed = next(table.value for table in app.dataframe if "nearest low point" in table.value.columns)
    assert changed["cosine"].between(0.4, 0.7).all()


def test_a_point_that_changes_sides_opens_its_neuron(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    first = queries.points_that_change_sides(store, 0, 0.4).iloc[0]
    app = open_page(tiny_store, "b_calibration", t="0.4")
    app.session_state["changed_0.4_None"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    assert f"{first['layer']}#{first['position']}" in said(app.run())


def test_a_struck_sentence_leads_to_its_neurons(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    sentence = queries.most_struck_points(store, 0)["point"].iloc[0]
    assert f"Neurons in which “{sentence}” was struck" in said(
        open_page(tiny_store, "b_calibration", sentence=sentence)
    )


@pytest.mark.parametrize("t", ["x", "nan", "-1", "7"])
def test_a_threshold_that_is_none_is_answered_with_the_runs_own(open_page: OpenPage, tiny_store: Path, t: str) -> None:
    text = said(open_page(tiny_store, "b_calibration", t=t))
    assert "is not a number from 0 to 1" in text
    assert "At t = 0.70" in text


def test_without_points_there_is_nothing_to_calibrate(open_page: OpenPage, altered: Altered) -> None:
    assert "nothing to calibrate" in said(open_page(altered("DELETE FROM summary_point"), "b_calibration"))


def test_without_low_summaries_no_threshold_strikes(open_page: OpenPage, altered: Altered) -> None:
    folder = altered("UPDATE summary_point SET kept = true, nearest_low = NULL, similarity = NULL")
    text = said(open_page(folder, "b_calibration", t="0"))
    assert "No neuron has a low summary" in text
    assert "No point was struck" in text


def test_a_neurons_page_says_what_another_threshold_would_strike(
    open_page: OpenPage, tiny_store: Path, store: Store
) -> None:
    changed = queries.points_that_change_sides(store, 0, 0.3).iloc[0]
    neuron_id = int(changed["neuron_id"])
    app = open_page(tiny_store, "neuron", layer=changed["layer"], neuron=str(changed["position"]))
    slider = app.slider(key=f"threshold_of_{neuron_id}")
    assert slider.value == 0.7
    text = said(slider.set_value(0.3).run())
    assert "At t = 0.30 these would be struck too:" in text
    assert changed["point"] in text.partition("these would be struck too:")[2]


# ------------------------------------------------------------------ C


@pytest.mark.parametrize("kind", queries.WORD_KINDS)
def test_words_of_every_kind_lead_to_their_neurons(
    open_page: OpenPage, tiny_store: Path, store: Store, kind: queries.WordKind
) -> None:
    word, neurons = queries.words(store, 0, kind).iloc[0]
    text = said(open_page(tiny_store, "c_open_concept", part=kind, word=word))
    assert f"{neurons:,} neurons with the {kind} “{word}”" in text
    assert f"{kind}s a neuron in layer1_attention_output" in text


def test_lengths_lead_to_their_neurons(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    shortest = int(queries.length_counts(store, 0)["shortest"].iloc[0])
    text = said(open_page(tiny_store, "c_open_concept", length=str(shortest)))
    assert f"Neurons described in {shortest} to {shortest + 4} words" in text


def test_the_audit_shows_filters_verdicts_and_raw_replies(open_page: OpenPage, altered: Altered) -> None:
    reply = "<b>No</b>, it is ![a](http://picture)."
    folder = altered(
        f"""UPDATE candidate_word SET kept = false, dropped_by = 'not acoustic' WHERE word = 'muffled';
        UPDATE acoustic_word SET is_acoustic = false, raw = '{reply}' WHERE word = 'muffled';
        INSERT INTO candidate_word VALUES (0, 'such', false, 'stop word')"""
    )
    app = open_page(folder, "c_open_concept", candidate="muffled")
    text = said(app)
    assert "1 by “stop word”, 0 by “negated”, 1 by “not acoustic”" in text
    assert "Neurons in which “muffled” was dropped" in text
    assert "Neurons in which “muffled” was kept" not in text
    assert reply not in text, "it stands in the table alone, as it came"
    audit = next(table.value for table in app.dataframe if "reply" in table.value.columns).set_index("word")
    assert audit.loc["muffled", ["kept", "verdict", "reply"]].tolist() == [0, "not acoustic", reply]
    assert audit.loc["such", ["stop_word", "verdict"]].tolist() == [1, "not asked"]
    app.segmented_control(key="audit_filter").set_value("negated").run()
    assert "No adjective was dropped by “negated”" in said(app)


def test_without_words_the_page_says_so(open_page: OpenPage, altered: Altered) -> None:
    text = said(open_page(altered("DELETE FROM open_concept; DELETE FROM candidate_word"), "c_open_concept"))
    assert "has a calibrated summary that words could be drawn from" in text
    assert "nothing to filter" in text


# ------------------------------------------------------------------ last layer


def test_the_last_layer_has_the_figures_of_the_evaluation(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    scores = last_layer_evaluation(queries.last_layer_concepts(store))
    app = open_page(tiny_store, "last_layer")
    table = app.dataframe[0].value
    assert table["top-1"].tolist() == [score.top1 for score in scores]
    assert table["cosine"].tolist() == [score.cosine for score in scores]
    assert table.loc[table["by"] == "DB cos_cubed", "paper: AST"].tolist() == ["100 / 100 / 1.00"]
    assert "are of other networks" in said(app)


def test_a_wrong_name_stands_in_the_confusion_and_opens_its_neuron(open_page: OpenPage, altered: Altered) -> None:
    folder = altered(
        """UPDATE closed_concept SET concept_id = (closed_concept.concept_id + 1) % 20
        WHERE rank = 1 AND neuron_id = (SELECT neuron_id FROM neuron JOIN layer USING (layer_id)
            WHERE layer.kind = 'fc' AND position = 3)"""
    )
    app = open_page(folder, "last_layer")
    text = said(app)
    assert "another name" in text
    app.session_state["confusion_table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    assert "fc#" in said(app.run())


def test_a_network_without_the_data_sets_classes_says_why(open_page: OpenPage, altered: Altered) -> None:
    assert "has the name of a class" in said(
        open_page(altered("UPDATE network_class SET class_id = NULL"), "last_layer")
    )


def test_a_network_without_a_head_says_why(open_page: OpenPage, altered: Altered) -> None:
    assert "no classification head" in said(open_page(altered("DELETE FROM network_class"), "last_layer"))
