"""Every question of the app, asked of a store of nine neurons written by hand."""

import re
from pathlib import Path

import numpy as np
import pytest

from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.spelling import parse
from and_core.store import queries
from and_core.store.connection import Store, open_store


def test_every_query_has_a_limit() -> None:
    modules = sorted(Path(queries.__file__).parent.glob("*.py"))
    functions = [
        part for file in modules for part in re.split(r"\n(?=def |@dataclass)", file.read_text(encoding="utf-8"))
    ]
    asking = [function for function in functions if function.startswith("def ") and "store.query(" in function]
    assert len(asking) > 25
    assert [function.split("(")[0] for function in asking if "LIMIT" not in function] == []


def test_what_the_run_says_of_itself(store: Store) -> None:
    assert queries.meta(store)["captioner"] == "by hand"
    assert queries.dataset(store) == queries.Dataset("noises", "audio_folder", clip_count=4, class_count=3)
    assert queries.skipped_clips(store)["reason"].tolist() == ["it holds no samples"]
    assert queries.classes(store).set_index("name")["clips"].to_dict() == {"dog": 2, "never_heard": 0, "sea_waves": 1}
    assert queries.folds(store) == [1, 2]
    assert queries.evaluation_fold(store, "small") == 2
    assert queries.evaluation_fold(store, "other") is None


def test_networks_come_with_their_settings(store: Store) -> None:
    small, other = queries.networks(store)
    assert (small.name, small.settings, small.pool) == ("small", {"path": "here"}, "cls")
    assert (small.longest_s, other.longest_s) == (5.1, None)
    assert other.settings == {}
    assert queries.layer_names(store, 0) == ["layer1_output", "fc"]
    assert queries.depth(store, 0) == 1


def test_a_layer_counts_every_neuron_of_its_own(store: Store) -> None:
    layers = queries.layers(store, 0).set_index("name")
    assert layers["neurons"].to_dict() == {"layer1_output": 3, "fc": 2}
    assert layers["interpretable_share"].to_dict() == pytest.approx({"layer1_output": 1 / 3, "fc": 0})
    assert layers["adjectives_per_neuron"]["layer1_output"] == pytest.approx(3 / 3)
    # Neuron 0: two of three functions agree. Neuron 1: one each, no majority.
    assert layers["named_share"]["layer1_output"] == pytest.approx(1 / 3)
    assert layers["points_per_neuron"]["layer1_output"] == pytest.approx(1 / 3)
    assert layers["described"]["layer1_output"] == 1
    # Neuron 0: one of three methods disagrees. Neuron 1: both agree. Neuron 2: nobody has an answer.
    assert layers["agreeing_share"]["layer1_output"] == pytest.approx(1 / 2)
    assert np.isnan(layers["agreeing_share"]["fc"])


def test_a_row_of_a_layer_says_what_its_neuron_hears(store: Store) -> None:
    row = queries.neurons_of_layer(store, 0).iloc[0]
    assert (row["layer"], row["position"], row["concept"]) == ("layer1_output", 0, "dog")
    assert row["margin"] == pytest.approx(0.3)
    assert row["first_point"] == "A LOUD dog barks."
    assert list(row["adjectives"]) == ["loud", "wave"]
    assert bool(row["interpretable"])
    assert row["peak"] == pytest.approx(3.5)


def test_neurons_without_anything_are_listed_too(store: Store) -> None:
    assert queries.neurons_of_layer(store, 0)["position"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("sort", "descending", "order"),
    [
        ("position", True, [2, 1, 0]),
        ("margin", True, [0, 1, 2]),
        ("peak", True, [1, 0, 2]),
        ("adjectives", True, [0, 1, 2]),
        ("shared_clips", False, [1, 0, 2]),
        ("concept", False, [0, 1, 2]),
    ],
)
def test_a_layer_is_sorted_as_asked_with_the_unknown_last(
    store: Store, sort: queries.SortKey, descending: bool, order: list[int]
) -> None:
    assert queries.neurons_of_layer(store, 0, sort, descending)["position"].tolist() == order


def test_a_layer_comes_in_pages(store: Store) -> None:
    assert queries.neurons_of_layer(store, 0, limit=2, offset=2)["position"].tolist() == [2]


def test_neurons_come_in_the_order_asked_for(store: Store) -> None:
    assert queries.neurons(store, [3, 0])["neuron_id"].tolist() == [3, 0]
    assert queries.neurons(store, []).empty


def test_the_most_interpretable_neuron_is_of_the_network(store: Store) -> None:
    assert queries.most_interpretable(store, 0, limit=5) == [0, 1]
    assert queries.most_interpretable(store, 1) == []


def test_a_neuron_is_found_by_its_name_alone(store: Store) -> None:
    found = queries.find_neuron(store, 0, "fc", 1)
    assert found is not None
    assert (found.neuron_id, found.label, found.width) == (4, "fc#1", 2)
    assert queries.neuron(store, 4) == found
    assert queries.find_neuron(store, 0, "fc", 2) is None
    assert queries.find_neuron(store, 0, "layer9_output", 0) is None
    assert queries.neuron_range(store, 1) == (5, 6)


def test_search_wants_every_word_and_ranks_adjectives_first(store: Store) -> None:
    assert queries.search(store, 0, ["loud"])[["neuron_id", "place"]].values.tolist() == [
        [0, "adjective"],
        [1, "adjective"],
    ]
    both = queries.search(store, 0, ["Loud", "barks"])
    assert both[["neuron_id", "place", "text"]].values.tolist() == [[0, "adjective", "loud"]]
    assert queries.search(store, 0, ["sea"])[["neuron_id", "place"]].values.tolist() == [[1, "concept"]]


def test_search_finds_words_that_stand_in_different_places(store: Store) -> None:
    found = queries.search(store, 0, ["sea", "loud"])
    assert found["neuron_id"].tolist() == [1], "the one is its concept, the other its adjective"
    assert queries.search(store, 0, ["sea", "barks"]).empty


def test_search_takes_words_as_they_are(store: Store) -> None:
    assert queries.search(store, 0, ["%"]).empty
    assert queries.search(store, 0, ["' OR 1=1 --"]).empty
    assert queries.search(store, 0, [" "]).empty


def test_struck_points_are_not_searched(store: Store) -> None:
    assert queries.search(store, 0, ["clear"]).empty


def test_exemplars_come_with_clip_class_and_caption(store: Store) -> None:
    rows = queries.exemplars(store, 0)
    assert rows[["polarity", "rank", "filename"]].values.tolist() == [
        ["high", 1, "b.wav"],
        ["high", 2, "a.wav"],
        ["low", 1, "d.wav"],
    ]
    assert rows["class_name"].fillna("none").tolist() == ["dog", "dog", "none"]
    assert rows["caption"].fillna("none").tolist() == ["none", "A dog barks.", "none"]
    assert queries.clip(store, 3)["class_name"] is None


def test_token_traces_come_with_their_times_and_bands(store: Store) -> None:
    rows = queries.token_traces(store, 0)
    assert rows[["polarity", "rank", "lowest", "highest"]].values.tolist() == [["high", 2, -1, 4], ["low", 1, 0, 1]]
    high = rows.iloc[0]
    assert (high["trace"].dtype, high["bands"].dtype) == (np.uint8, np.uint8)
    assert (high["trace"].tolist(), high["bands"].tolist()) == ([0, 255, 51], [255, 0])
    assert high["start_s"].tolist() == pytest.approx([0, 0.1, 0.2])  # of its own network's grid
    assert high["high_hz"].tolist() == [900, 8000]


def test_tokens_that_hear_all_frequencies_have_no_bands(store: Store) -> None:
    row = queries.token_traces(store, 1).iloc[0]
    assert not any(isinstance(row[name], np.ndarray) for name in ("bands", "low_hz", "high_hz"))
    assert queries.token_traces(store, 3).empty


def test_a_struck_point_names_the_low_point_that_struck_it(store: Store) -> None:
    points = queries.points(store, 0)
    struck = points[~points["kept"]].iloc[0]
    assert (struck["point"], struck["low_point"]) == ("Clear recording.", "Clear.")
    assert struck["similarity"] == pytest.approx(0.9)


def test_a_summary_that_says_nothing_is_none_and_one_never_written_is_missing(store: Store) -> None:
    assert queries.summaries(store, 1)["low"] == queries.Summary(None, None, None)
    assert queries.summaries(store, 2) == {}


def test_a_summary_comes_with_what_the_model_said(store: Store) -> None:
    assert queries.summaries(store, 0)["high"] == queries.Summary("x", "Sure! x", None)
    assert queries.summaries(store, 1)["high"] == queries.Summary(None, "I cannot.", "refusal")


def test_a_caption_comes_with_what_the_model_said(store: Store) -> None:
    rows = queries.exemplars(store, 0).set_index("clip_id")
    assert rows.loc[0, "raw"] == "Sure! A dog barks."
    assert rows.loc[1, "problem"] == "refusal"
    assert queries.clip(store, 1)["raw"] == "I cannot hear."
    assert queries.clip(store, 2)["raw"] is None


def test_prompts_are_kept_with_the_run(store: Store) -> None:
    assert queries.prompts(store).to_dict("records") == [
        {"name": "summarize_commonalities", "hash": "h", "text": "## User\n{captions}"}
    ]


def test_the_papers_similarity_comes_first(store: Store) -> None:
    rows = queries.closed_concepts(store, 0).fillna("")
    assert rows["similarity"].tolist() == ["cos_cubed", "cos_cubed", "cos", "wpmi", "cos_cubed", ""]
    assert rows["method"].tolist()[3:] == ["description_based", "text_audio_based", "in_context"]


def test_every_method_has_its_say_and_says_how_sure_it_is(store: Store) -> None:
    picks = queries.concept_picks(store, 0)
    assert picks["method"].tolist() == ["description_based", "text_audio_based", "in_context"]
    assert picks["concept"].tolist() == ["dog", "dog", "sea waves"]
    assert picks["margin"].tolist() == pytest.approx([0.3, np.nan, np.nan], nan_ok=True)
    assert picks["share"].tolist() == pytest.approx([0.95, 0.5, np.nan], nan_ok=True)
    assert picks["raw"].tolist()[-1] == "Answer: sea waves"
    refused = queries.concept_picks(store, 2).iloc[0]
    assert (refused["problem"], refused["concept"]) == ("refusal", None)


def test_words_considered_say_what_dropped_them(store: Store) -> None:
    words = queries.candidate_words(store, 0).fillna("")
    assert words["dropped_by"].tolist() == ["", "negated"]
    assert words["reply"].tolist() == ["Yes!", ""]
    assert queries.open_concepts(store, 0)["word"].tolist() == ["loud", "wave", "dog"]


def test_interpretability_knows_its_cluster_or_none(store: Store) -> None:
    assert queries.interpretability(store, 0) == queries.Interpretability(2, 2, 4, ["bark", "loud"], True)
    assert queries.interpretability(store, 1) == queries.Interpretability(2, 0, None, [], False)
    assert queries.interpretability(store, 2) is None


def test_chance_is_the_share_of_draws_that_share_as_many_clips_or_more(store: Store) -> None:
    assert queries.reached_by_chance(store) == 0.25  # tau is 2
    assert queries.reached_by_chance(store, 1) == 0.5
    assert queries.reached_by_chance(store, 0) == 1.0
    assert queries.reached_by_chance(store, 3) == 0.0


def test_activations_are_matched_to_their_clips(store: Store) -> None:
    rows = queries.activations(store, 3)
    assert rows[["filename", "activation"]].values.tolist() == [
        ["a.wav", 1],
        ["b.wav", -1],
        ["c.wav", 1],
        ["d.wav", -1],
    ]
    assert queries.quantiles(store, 3)[-1] == 32


def test_nearest_neurons_are_of_the_same_network_and_not_constant(store: Store) -> None:
    rows = queries.nearest_neurons(store, 0, network_id=0)
    assert rows["neuron_id"].tolist() == [1, 3, 2]
    assert rows["cosine"].tolist() == pytest.approx([1, 0, -1])
    assert queries.nearest_neurons(store, 4, network_id=0).empty


def test_adjectives_are_counted_by_neuron(store: Store) -> None:
    assert queries.adjectives(store, 0).values.tolist() == [["loud", 2], ["wave", 1]]
    assert queries.adjectives(store, 0, layer_id=1).empty
    assert queries.neurons_with_adjective(store, 0, "loud") == [1, 0]
    by_layer = queries.adjective_by_layer(store, 0, "loud")
    assert by_layer[["name", "neurons"]].values.tolist() == [["layer1_output", 2], ["fc", 0]]
    assert by_layer["share"].tolist() == pytest.approx([2 / 3, 0])


def test_evidence_is_of_one_network_its_neurons_counted_from_0(store: Store) -> None:
    first, second = queries.evidence(store, 0), queries.evidence(store, 1)
    assert [(layer.name, layer.width, layer.depth, layer.is_head) for layer in first.layers] == [
        ("layer1_output", 3, 1, False),
        ("fc", 2, 2, True),
    ]
    # Neuron 0 has `wave` as an adjective, `dogma` is not `dog`, and neuron 5 is of the other network.
    assert choose(parse("open_concept:sea_waves"), first).tolist() == [1, 2]
    assert choose(parse("open_concept:dog"), first).tolist() == [0]
    assert choose(parse("open_concept:sea_waves"), second).tolist() == [0]
    assert choose(parse("description_based:dog"), first).tolist() == [0, 1]
    assert choose(parse("summary_length"), first).tolist() == [0]
    assert first.summary_words.tolist() == [4, 0, 0, 0, 0]


def test_outputs_without_a_class_are_left_out_of_what_can_be_forgotten(store: Store) -> None:
    assert queries.class_outputs(store, 0)[["output", "name"]].values.tolist() == [[0, "sea_waves"], [1, "dog"]]
    assert queries.output_names(store, 0) == ["sea_waves", "dog", "cat"]


def test_evaluation_clips_know_their_own_output_and_the_unpruned_logits(store: Store) -> None:
    rows = queries.evaluation_clips(store, 0, per_class=1)
    assert rows[["filename", "output"]].values.tolist() == [["a.wav", 1], ["c.wav", 0]]
    assert list(rows["logits"].iloc[1]) == [3, 0, 0]
    assert queries.evaluation_clips(store, 0, per_class=5, fold=2)["filename"].tolist() == ["b.wav", "c.wav"]


def test_stored_experiments_mark_the_class_to_forget(store: Store) -> None:
    rows = queries.ablation_results(store, 0, 1).query("ablation_id == 7")
    assert rows[["class_name", "is_target"]].values.tolist() == [["dog", False], ["sea_waves", True]]
    assert set(rows["selection"]) == {"open_concept:sea_waves"}
    assert queries.ablation_results(store, 0, 0).empty


def test_related_classes_are_those_nearest_by_name_without_the_class_itself(tiny_store: Path) -> None:
    store = open_store(tiny_store)
    found = queries.related_classes(store, "sea_waves", limit=3)
    assert len(found) == 3 and "sea_waves" not in found
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert queries.related_classes(store, "unicorn", limit=3) == {}


def test_stored_experiments_of_all_classes_stand_beside_their_controls(store: Store) -> None:
    [row] = queries.ablation_deltas(store, 0).to_dict("records")
    assert (row["strategy"], row["class_name"], row["selection"]) == (
        "open_concept",
        "sea_waves",
        "open_concept:sea_waves",
    )
    # The logit of sea waves falls from 3 to -1, that of dogs from 1 to 0.5; by the controls 3 to 2 and 3 to 0 alone.
    assert (row["delta_ablated"], row["delta_remaining"], row["gap"]) == (-4, -0.5, 3.5)
    assert (row["controls"], row["control_gap"], row["control_lowest"], row["control_highest"]) == (2, 2, 1, 3)
    assert queries.ablation_deltas(store, 1).empty
