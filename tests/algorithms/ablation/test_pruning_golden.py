"""Selections for pruning and measures of what it did, against the reference's run on a toy network."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn import functional as f

from and_core.algorithms.ablation.bootstrap import Bootstrap
from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.confidence import MEASURES
from and_core.algorithms.ablation.effect import Effect, means
from and_core.algorithms.ablation.evidence import Evidence, LayerPlace
from and_core.algorithms.ablation.selection import Term

STRATEGIES = {"ocp": "open_concept_substring", "db": "description_based", "tab": "text_audio_based"}
"""What the reference calls a strategy -> what we do."""
SIMILARITIES = {"db": "cos_cubed", "tab": "soft_wpmi"}
WIDTHS = {"attention_output": 12, "intermediate": 20, "output": 12}
LAYERS = [f"layer{block}_{kind}" for block in range(2) for kind in WIDTHS]
MODULES = {"attention_output": "attention.output.dense", "intermediate": "intermediate.dense", "output": "output.dense"}
NEURONS = [f"{layer}#{i}" for layer in LAYERS for i in range(WIDTHS[layer.split("_", 1)[1]])]
"""Neuron id -> name."""


def compared(clips: Bootstrap, before: np.ndarray, after: np.ndarray) -> Effect:
    """Of logits [N, C]."""
    return Effect(clips, means(clips, before), means(clips, after))


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

    @cached_property
    def evidence(self) -> Evidence:
        words = [(i, noun, "noun", 1) for i, neuron in enumerate(NEURONS) for noun in self.records["nouns"][neuron]]
        picks = [
            (i, STRATEGIES[method], similarity, concept, rank, 0.0)
            for method, similarity in SIMILARITIES.items()
            for i, neuron in enumerate(NEURONS)
            for rank, concept in enumerate(self.records[f"{method}_top5"][neuron], start=1)
        ]
        return Evidence(
            layers=tuple(
                LayerPlace(layer, WIDTHS[layer.split("_", 1)[1]], int(layer[5]) + 1, False) for layer in LAYERS
            ),
            words=pd.DataFrame(words, columns=["neuron", "word", "part_of_speech", "count"]),
            picks=pd.DataFrame(picks, columns=["neuron", "method", "similarity", "concept", "rank", "score"]),
            summary_words=np.zeros(len(NEURONS), np.int64),
            lemmas={},
        )

    def chosen(self, strategy: str, name: str) -> np.ndarray:
        """Neuron ids that our selection prunes for a class, rising."""
        return np.sort(choose(Term(STRATEGIES[strategy], name), self.evidence))


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
    clips, before = Bootstrap(labels, resamples=0), golden.arrays[f"{strategy}/null/logits"]
    accuracy = MEASURES.index("accuracy")
    for name, record in golden.records["results"][strategy]["per_class"].items():
        found = compared(clips, before, golden.logits(golden.chosen(strategy, name)))
        was, now, change = found.of_class(classes[name])
        assert was.value == pytest.approx(record["before"], abs=1e-4)
        assert now.value == pytest.approx(record["after"], abs=1e-4)
        assert change.value == pytest.approx(record["delta"], abs=1e-4)
        delta = found.delta(classes[name])
        assert delta.ablated[0] == pytest.approx(record["delta"], abs=1e-4)
        assert delta.remaining[0] == pytest.approx(record["remaining_delta"], abs=1e-4)
        assert delta.gap[0] == pytest.approx(record["remaining_delta"] - record["delta"], abs=1e-4)
        correct = np.round(found.after[0, :, accuracy] * clips.clip_counts).astype(int)
        assert correct.sum() == record["correct"]
        counts = {n: record["correct_by_class"].get(n, 0) for n in classes}
        assert {n: correct[i] for n, i in classes.items()} == counts


def test_probabilities_equal_the_golden_arithmetic(golden: Golden) -> None:
    clips, logits = Bootstrap(golden.arrays["y"], resamples=0), golden.arrays["ocp/null/logits"]
    found = compared(clips, logits, logits)
    expected = golden.records["ocp_softmax_reference_own_arithmetic"]
    for name, label in golden.records["classes"].items():
        after = compared(clips, logits, golden.logits(golden.chosen("ocp", name)))
        was, now = found.of_class(label, "probability")[0], after.of_class(label, "probability")[1]
        assert was.value == pytest.approx(expected[name]["before"], abs=1e-4)
        assert now.value == pytest.approx(expected[name]["after"], abs=1e-4)
