"""Neurons whose concept is known, because they were made for it: what module A should find, and what it should not.

Real neurons have no labels below the last layer; these have. Tests and `make bench` measure module A on them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

SCENES = ("in the distance", "close to the microphone", "while people talk", "in a large hall", "outdoors", "at night")
MANNERS = ("softly", "loudly", "again and again", "once", "with a hum behind it", "under some hiss", "and then stops")
OPENINGS = ("The sound of {} is heard", "One hears {}", "This is a recording of {}", "There is {}", "A clip of {}")


@dataclass(frozen=True)
class Planted:
    """Clips, what is said of them, and neurons that answer to one class each."""

    captions: list[str]
    """[N] every clip's, by a template drawn for it."""
    activations: FloatArray
    """[J, N]"""
    concept_of: npt.NDArray[np.intp]
    """[J] the concept each neuron was made for."""


def planted(
    concepts: tuple[str, ...], clips_per_concept: int, neurons_per_concept: int, strength: float, seed: int
) -> Planted:
    """Neurons built from their concept's clips plus noise.

    Args:
        concepts: names of a concept set; each is a class of clips whose captions name it.
        clips_per_concept: clips a class.
        neurons_per_concept: neurons a class.
        strength: of a neuron's answer, in deviations of its noise.
        seed: of everything that is drawn.

    A neuron answers the clips of its concept with `strength` times a gain of the clip's own (half of them weakly), and
    every clip with normal noise of deviation 1. Module A sees captions and activations, never classes.
    """
    generator = np.random.default_rng(seed)
    class_of = np.repeat(np.arange(len(concepts)), clips_per_concept)
    captions = [
        " ".join((generator.choice(OPENINGS).format(name), generator.choice(MANNERS), generator.choice(SCENES))) + "."
        for name in (concepts[label].replace("_", " ") for label in class_of)
    ]
    concept_of = np.repeat(np.arange(len(concepts)), neurons_per_concept)
    gains = generator.uniform(0, 2, size=(len(concept_of), len(class_of)))
    answers = strength * gains * (concept_of[:, None] == class_of) + generator.normal(size=gains.shape)
    return Planted(captions, answers.astype(np.float32), concept_of)
