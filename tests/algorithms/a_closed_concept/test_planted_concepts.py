"""Neurons that were made for a concept get that concept; neurons that were not, do not."""

from dataclasses import dataclass

import numpy as np
import pytest

from and_core.algorithms.a_closed_concept.certainty import resampled_clips, share_that_stay_first
from and_core.algorithms.a_closed_concept.description_based import concept_features, concept_text
from and_core.algorithms.a_closed_concept.planted import Planted, planted
from and_core.algorithms.a_closed_concept.similarity import FloatArray, RankedConcepts, cos_cubed, ranked_concepts
from and_core.models.concept_sets.shipped import SHIPPED
from and_core.models.text_encoders.minilm import MiniLM

CONCEPTS = SHIPPED["esc50"]()
CHANCE = 1 / len(CONCEPTS)
SEED = 20
"""Of the planting; strength and templates were chosen on other seeds."""


@dataclass(frozen=True)
class Garden:
    made: Planted
    features: FloatArray
    """[N, M] softmax over the concepts of what captions say, by the built-in encoder."""

    def found(self, activations: FloatArray, features: FloatArray | None = None) -> RankedConcepts:
        return ranked_concepts(cos_cubed(activations, self.features if features is None else features), keep=1)

    def share_found(self, ranked: RankedConcepts) -> float:
        return float((ranked.concepts[:, 0] == self.made.concept_of).mean())


@pytest.fixture(scope="module")
def garden() -> Garden:
    made = planted(CONCEPTS, clips_per_concept=8, neurons_per_concept=4, strength=3.0, seed=SEED)
    encoder = MiniLM()
    names = encoder.embed([concept_text(name) for name in CONCEPTS])
    return Garden(made, concept_features(encoder.embed(made.captions), names))


def test_planted_concepts_are_found(garden: Garden) -> None:
    assert garden.share_found(garden.found(garden.made.activations)) >= 0.95


def test_shuffled_captions_find_no_more_than_chance(garden: Garden) -> None:
    shuffled = np.random.default_rng(SEED).permutation(garden.features)
    assert garden.share_found(garden.found(garden.made.activations, shuffled)) < 3 * CHANCE


def test_random_neurons_find_no_more_than_chance_and_are_unsure(garden: Garden) -> None:
    noise = np.random.default_rng(SEED).normal(size=garden.made.activations.shape).astype(np.float32)
    found = garden.found(noise)
    assert garden.share_found(found) < 3 * CHANCE
    drawn = resampled_clips(len(garden.features), 20, seed=0)
    shares = {
        what: share_that_stay_first(activations, garden.features, best.concepts[:, 0], drawn).mean()
        for what, activations, best in (
            ("noise", noise, found),
            ("planted", garden.made.activations, garden.found(garden.made.activations)),
        )
    }
    assert shares["planted"] > 0.95
    assert shares["noise"] < shares["planted"] - 0.2


@pytest.mark.parametrize("value", [0.0, 1.0, -2.0])
def test_a_constant_neuron_finds_nothing(garden: Garden, value: float) -> None:
    found = garden.found(np.full((2, len(garden.features)), value, np.float32))
    assert not found.valid.any()
