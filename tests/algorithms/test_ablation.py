"""Selections for pruning and measures of what it did, against the reference's run on a toy network."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as f

from and_core.algorithms.ablation import (
    ClassConfidence,
    class_confidences,
    closed_concept_neurons,
    delta_ablated_and_remaining,
    matched_random,
    open_concept_neurons,
)

STRATEGIES = ["ocp", "db", "tab"]
WIDTHS = {"attention_output": 12, "intermediate": 20, "output": 12}
LAYERS = [f"layer{block}_{kind}" for block in range(2) for kind in WIDTHS]
MODULES = {"attention_output": "attention.output.dense", "intermediate": "intermediate.dense", "output": "output.dense"}
NEURONS = [f"{layer}#{i}" for layer in LAYERS for i in range(WIDTHS[layer.split("_", 1)[1]])]
"""Neuron id -> name."""


class Golden:
    """The reference's records, and its toy network rebuilt from the stored weights."""

    def __init__(self, folder: Path) -> None:
        self.arrays = np.load(folder / "pruning.npz")
        self.records: dict[str, Any] = json.loads((folder / "pruning.json").read_text())
        self.weights = {k[2:]: torch.from_numpy(self.arrays[k]) for k in self.arrays.files if k.startswith("w/")}

    def logits(self, pruned: np.ndarray) -> np.ndarray:
        """[clips, classes] with the weight rows and biases of these neurons set to 0."""
        weights = {name: weight.clone() for name, weight in self.weights.items()}
        for neuron in pruned:
            layer, position = NEURONS[neuron].split("#")
            block, kind = layer.removeprefix("layer").split("_", 1)
            module = f"audio_spectrogram_transformer.encoder.layer.{block}.{MODULES[kind]}"
            weights[f"{module}.weight"][int(position)] = 0
            weights[f"{module}.bias"][int(position)] = 0

        def linear(x: torch.Tensor, module: str) -> torch.Tensor:
            return f.linear(x, weights[f"{module}.weight"], weights[f"{module}.bias"])

        def norm(x: torch.Tensor, module: str) -> torch.Tensor:
            return f.layer_norm(x, x.shape[-1:], weights[f"{module}.weight"], weights[f"{module}.bias"], 1e-5)

        root = "audio_spectrogram_transformer"
        h = linear(torch.from_numpy(self.arrays["X"]), f"{root}.embed")
        for block in range(2):
            here = f"{root}.encoder.layer.{block}"
            mixed = torch.tanh(h) + h.mean(1, keepdim=True)
            h = norm(h + linear(mixed, f"{here}.attention.output.dense"), f"{here}.norm1")
            inner = f.gelu(linear(h, f"{here}.intermediate.dense"))
            h = norm(h + linear(inner, f"{here}.output.dense"), f"{here}.norm2")
        return linear(h.mean(1), "classifier").numpy()

    def chosen(self, strategy: str, name: str) -> np.ndarray:
        """Neuron ids that our selection prunes for a class."""
        if strategy == "ocp":
            pairs = [(i, noun) for i, neuron in enumerate(NEURONS) for noun in self.records["nouns"][neuron]]
            ids, nouns = zip(*pairs, strict=True)
            return open_concept_neurons(ids, nouns, (name,), match="substring")
        picks = [
            (i, concept, rank)
            for i, neuron in enumerate(NEURONS)
            for rank, concept in enumerate(self.records[f"{strategy}_top5"][neuron], start=1)
        ]
        ids, names, ranks = zip(*picks, strict=True)
        vocabulary = sorted(set(names))
        return closed_concept_neurons(ids, [vocabulary.index(n) for n in names], ranks, vocabulary.index(name), top=3)


@pytest.fixture(scope="module")
def golden(shared: Path) -> Golden:
    return Golden(shared / "golden")


def test_the_rebuilt_network_answers_as_the_reference(golden: Golden) -> None:
    np.testing.assert_allclose(golden.logits(np.array([], int)), golden.arrays["ocp/null/logits"], atol=1e-4)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_selections_masks_and_logits_equal_the_reference(golden: Golden, strategy: str) -> None:
    for name, record in golden.records["results"][strategy]["per_class"].items():
        chosen = golden.chosen(strategy, name)
        assert len(chosen) == record["n_masked"]
        masks = [golden.arrays[f"{strategy}/{name}/mask/{layer}"] for layer in LAYERS]
        assert chosen.tolist() == np.flatnonzero(np.concatenate(masks) == 0).tolist()
        np.testing.assert_allclose(golden.logits(chosen), golden.arrays[f"{strategy}/{name}/logits"], atol=1e-4)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_changes_of_confidence_equal_the_reference(golden: Golden, strategy: str) -> None:
    labels, classes = golden.arrays["y"], golden.records["classes"]
    before = class_confidences(golden.arrays[f"{strategy}/null/logits"], labels)
    for name, record in golden.records["results"][strategy]["per_class"].items():
        after = class_confidences(golden.logits(golden.chosen(strategy, name)), labels)
        own = classes[name]
        delta = delta_ablated_and_remaining(before, after, own)
        assert before[own].logit == pytest.approx(record["before"], abs=1e-4)
        assert after[own].logit == pytest.approx(record["after"], abs=1e-4)
        assert delta.ablated == pytest.approx(record["delta"], abs=1e-4)
        assert delta.remaining == pytest.approx(record["remaining_delta"], abs=1e-4)
        assert delta.gap == pytest.approx(record["remaining_delta"] - record["delta"], abs=1e-4)
        assert sum(round(c.accuracy * c.clip_count) for c in after) == record["correct"]
        counts = {n: record["correct_by_class"].get(n, 0) for n in classes}
        assert {n: round(after[i].accuracy * after[i].clip_count) for n, i in classes.items()} == counts


def test_probabilities_equal_the_golden_arithmetic(golden: Golden) -> None:
    found = class_confidences(golden.arrays["ocp/null/logits"], golden.arrays["y"])
    logits = torch.from_numpy(golden.arrays["ocp/null/logits"]).double()
    expected = torch.softmax(logits, 1).numpy()
    for entry in found:
        own = golden.arrays["y"] == entry.label
        assert entry.probability == pytest.approx(expected[own, entry.label].mean())


def test_a_noun_must_equal_a_word_of_the_concept() -> None:
    nouns = ["rain", "train", "station", "bell", "rain"]
    assert open_concept_neurons([4, 2, 2, 1, 4], nouns, ("train", "station")).tolist() == [2]
    assert open_concept_neurons([4, 2, 2, 1, 4], nouns, ("train",), match="substring").tolist() == [2, 4]


def test_without_nouns_no_neuron_is_chosen() -> None:
    assert open_concept_neurons([], [], ("dog",)).tolist() == []


def test_an_unknown_way_to_match_is_refused() -> None:
    with pytest.raises(ValueError, match="lemma and substring"):
        open_concept_neurons([1], ["dog"], ("dog",), match="fuzzy")  # type: ignore[arg-type]


def test_only_the_best_three_concepts_choose_a_neuron() -> None:
    chosen = closed_concept_neurons([7, 7, 5, 3], [1, 2, 1, 1], [3, 1, 4, 1], 1)
    assert chosen.tolist() == [3, 7]


def test_the_random_control_prunes_as_many_neurons_in_every_layer() -> None:
    drawn = matched_random([2, 0, 5], [10, 4, 5], np.random.default_rng(3))
    assert [len(positions) for positions in drawn] == [2, 0, 5]
    assert drawn[2].tolist() == [0, 1, 2, 3, 4]
    assert len(set(drawn[0].tolist())) == 2
    again = matched_random([2, 0, 5], [10, 4, 5], np.random.default_rng(3))
    np.testing.assert_array_equal(drawn[0], again[0])


def test_more_random_neurons_than_a_layer_has_are_refused() -> None:
    with pytest.raises(ValueError, match="larger sample"):
        matched_random([3], [2], np.random.default_rng(0))


def test_confidences_by_hand() -> None:
    logits = np.array([[0, 0], [np.log(3), 0], [5, 6]])
    first, second = class_confidences(logits, [0, 0, 1])
    assert (first.label, first.clip_count, first.accuracy) == (0, 2, 1)
    assert first.logit == pytest.approx(np.log(3) / 2)
    assert first.probability == pytest.approx((0.5 + 0.75) / 2)
    assert (second.logit, second.accuracy) == (6, 1)


def test_huge_logits_give_finite_probabilities() -> None:
    assert class_confidences(np.array([[1e4, -1e4]]), [0])[0].probability == 1


def test_classes_without_clips_are_left_out() -> None:
    assert [entry.label for entry in class_confidences(np.eye(4)[[1, 3]], [1, 3])] == [1, 3]


def test_a_delta_needs_the_same_classes_on_both_sides() -> None:
    one, two = (ClassConfidence(label, 1, 0, 0, 0) for label in (0, 1))
    with pytest.raises(ValueError, match="different classes"):
        delta_ablated_and_remaining([one], [two], 0)
    with pytest.raises(ValueError, match="at least one other"):
        delta_ablated_and_remaining([one], [one], 0)


def test_deltas_of_probabilities_can_be_asked_for() -> None:
    before = [ClassConfidence(0, 1, 0, 0.9, 1), ClassConfidence(1, 1, 0, 0.8, 1)]
    after = [ClassConfidence(0, 1, 0, 0.2, 0), ClassConfidence(1, 1, 0, 0.7, 1)]
    delta = delta_ablated_and_remaining(before, after, 0, "probability")
    assert (delta.ablated, delta.remaining) == (pytest.approx(-0.7), pytest.approx(-0.1))
    assert delta.gap == pytest.approx(0.6)
