"""Module A and B at the paper's size: ours against the released loop over neurons, same arrays, in one process.

The released way: one neuron a call, each function making its own features of the concepts anew; before each call the
captions and concepts are encoded again. It is timed on a sample of neurons, on one thread, which is faster for such
small products. Both sides are timed in seconds of processor time, so that other work on the machine changes little: on
two free cores ours takes about half as long by the clock.

    python tests/benchmarks/similarity.py [--neurons 55346] [--clips 2000] [--concepts 50] [--sample 100]
"""

import argparse
import math
import resource
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import psutil
import torch

from and_core.algorithms.a_closed_concept.certainty import resampled_clips, share_that_stay_first
from and_core.algorithms.a_closed_concept.description_based import concept_features, concept_text
from and_core.algorithms.a_closed_concept.planted import planted
from and_core.algorithms.a_closed_concept.similarity import SIMILARITIES, ranked_concepts, similarity
from and_core.algorithms.b_calibration.calibrate import calibrate_neurons
from and_core.models.concept_sets.shipped import SHIPPED
from and_core.models.text_encoders.minilm import MiniLM

FloatArray = npt.NDArray[np.float32]
Released = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
LAYER = 3072
"""The widest layer of AST-base and BEATs."""
MANY_CONCEPTS = 5000
TARGETS = {"cos": 25, "cos_cubed": 3, "rank_reorder": 3, "wpmi": 25, "soft_wpmi": 3}
RELEASED_K = 5
"""Clips that the released description-based way looks at in a hidden layer."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, default=55_346)
    parser.add_argument("--clips", type=int, default=2000)
    parser.add_argument("--concepts", type=int, default=50)
    parser.add_argument("--sample", type=int, default=100, help="neurons that the released way is timed on")
    size = parser.parse_args()
    load = psutil.getloadavg()[0]
    say(f"{size.neurons:,} neurons x {size.clips:,} clips; {torch.get_num_threads()} threads; load {load:.1f}")
    generator = np.random.default_rng(0)
    activations = generator.normal(size=(size.neurons, size.clips)).astype(np.float32)
    features = softmax_features(generator, size.clips, size.concepts)
    ours = five_functions(activations, features, size.sample)
    certainty(activations, features)
    many_concepts(activations[:LAYER], softmax_features(generator, size.clips, MANY_CONCEPTS))
    description_based_path(activations, size.concepts, ours)
    del activations
    calibration(generator, size.neurons)
    recovery()
    say(f"peak memory {peak_gb():.2f} GB (target below 4), arrays and the released way's libraries among it")


def softmax_features(generator: np.random.Generator, clips: int, concepts: int) -> FloatArray:
    captions, names = (generator.normal(size=(rows, 64)).astype(np.float32) for rows in (clips, concepts))
    return concept_features(captions, names)


def five_functions(activations: FloatArray, features: FloatArray, sample: int) -> float:
    """Seconds of all five, ours; each beside the released way, whose best of two passes over a sample is scaled."""
    columns, concepts = torch.from_numpy(activations[:sample].T.copy()), torch.from_numpy(features)
    totals = [0.0, 0.0]
    for name, target in TARGETS.items():
        ours = best_of_two(lambda name=name: [similarity(name, layer, features) for layer in layers(activations)])
        torch.set_num_threads(1)
        one_by_one = best_of_two(lambda name=name: loop(RELEASED[name], concepts, columns))
        torch.set_num_threads(psutil.cpu_count() or 1)
        released = one_by_one * len(activations) / sample
        totals = [totals[0] + ours, totals[1] + released]
        say_ratio(f"{name}, {features.shape[1]} concepts", ours, released, target)
    say_ratio("all five", *totals, 8)
    return totals[0]


def layers(activations: FloatArray) -> Iterator[FloatArray]:
    return (activations[start : start + LAYER] for start in range(0, len(activations), LAYER))


def loop(function: Released, concepts: torch.Tensor, columns: torch.Tensor) -> None:
    for neuron in range(columns.shape[1]):
        function(concepts.clone(), columns[:, neuron : neuron + 1])


def certainty(activations: FloatArray, features: FloatArray, resamples: int = 20) -> None:
    drawn = resampled_clips(len(features), resamples, seed=0)
    first = [ranked_concepts(similarity("cos_cubed", layer, features), 1) for layer in layers(activations)]
    seconds = timed(
        lambda: [
            share_that_stay_first(layer, features, best.concepts[:, 0], drawn)
            for layer, best in zip(layers(activations), first, strict=True)
        ]
    )
    say(f"bootstrap, {resamples} resamples of the clips, cos cubed: {seconds:.1f} s")


def many_concepts(layer: FloatArray, features: FloatArray) -> None:
    before = psutil.Process().memory_info().rss
    times = [f"{name} {timed(lambda name=name: similarity(name, layer, features)):.1f} s" for name in SIMILARITIES]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before) / 1e9
    say(f"{features.shape[1]:,} concepts, the {len(layer):,} neurons of one layer: {', '.join(times)}")
    say(f"    peak memory {peak_gb():.2f} GB, at most {grown:.2f} GB of it for this")


def description_based_path(activations: FloatArray, concepts: int, functions_s: float) -> None:
    """Text encoding and all: the released way encodes a call's captions and all concepts again."""
    names = tuple(concept_text(name) for name in SHIPPED["esc50"]())[:concepts]
    captions = planted(names, math.ceil(activations.shape[1] / len(names)), 1, 1.0, seed=0).captions
    captions = [f"{caption} ({place})" for place, caption in enumerate(captions)][: activations.shape[1]]
    encoder = MiniLM()
    encoder.embed(["load the weights"])
    encoding = timed(lambda: concept_features(encoder.embed(captions), encoder.embed(names)))
    few = best_of_two(lambda: concept_features(encoder.embed(captions[:RELEASED_K]), encoder.embed(names)))
    hidden, output, calls = len(activations) - 50, 50, len(SIMILARITIES)
    ours = encoding + functions_s
    as_released = calls * (hidden * few + output * encoding)
    say_ratio(f"whole DB path, {RELEASED_K} clips a hidden neuron as released, encoding alone", ours, as_released, 500)
    say_ratio("whole DB path, all clips for every neuron", ours, calls * len(activations) * encoding, 500)


def calibration(generator: np.random.Generator, neurons: int, points: int = 6, different: int = 50_000) -> None:
    embeddings = generator.normal(size=(different, 384)).astype(np.float32)
    rows = [generator.integers(different, size=neurons * points) for _ in range(2)]
    offsets = np.arange(neurons + 1) * points
    seconds = timed(lambda: calibrate_neurons(embeddings, rows[0], offsets, rows[1], offsets))
    say(f"calibration, {neurons:,} neurons x 2 x {points} points, encoder apart: {seconds:.1f} s (target below 60)")


def recovery() -> None:
    """Planted concepts by DB, softmax and cos cubed, at five strengths; then three controls."""
    names = SHIPPED["esc50"]()
    encoder = MiniLM()
    concepts = encoder.embed([concept_text(name) for name in names])
    captions = planted(names, 40, 1, 1.0, seed=7).captions  # the seed's, whatever the neurons
    features = concept_features(encoder.embed(captions), concepts)
    for strength in (0.5, 1.0, 1.5, 2.0, 3.0):
        made = planted(names, clips_per_concept=40, neurons_per_concept=40, strength=strength, seed=7)
        found = ranked_concepts(similarity("cos_cubed", made.activations, features), 1).concepts[:, 0]
        say(f"planted at {strength:.1f} deviations: {(found == made.concept_of).mean():.1%} recovered")
    generator = np.random.default_rng(8)
    shuffled = ranked_concepts(similarity("cos_cubed", made.activations, generator.permutation(features)), 1)
    noise = generator.normal(size=made.activations.shape).astype(np.float32)
    random = ranked_concepts(similarity("cos_cubed", noise, features), 1)
    constant = ranked_concepts(similarity("cos_cubed", np.ones((3, len(features)), np.float32), features), 1)
    for control, ranked in (("shuffled captions", shuffled), ("random neurons", random)):
        say(f"{control}: {(ranked.concepts[:, 0] == made.concept_of).mean():.1%}, chance {1 / len(names):.1%}")
    say(f"constant neurons: {int(constant.valid.sum())} answers")


def released_cos(concepts: torch.Tensor, neuron: torch.Tensor) -> torch.Tensor:
    return (neuron / neuron.norm(dim=0, keepdim=True)).T @ (concepts / concepts.norm(dim=0, keepdim=True))


def released_cos_cubed(concepts: torch.Tensor, neuron: torch.Tensor) -> torch.Tensor:
    cubes = [(part - part.mean(dim=0, keepdim=True)) ** 3 for part in (neuron, concepts)]
    unit = [cube / cube.norm(dim=0, keepdim=True).clip(1e-3) for cube in cubes]
    return unit[0].T @ unit[1]


def released_wpmi(concepts: torch.Tensor, neuron: torch.Tensor) -> torch.Tensor:
    probabilities = torch.softmax(2 * concepts, dim=1)
    top = probabilities[neuron.topk(min(28, len(neuron)), dim=0).indices[:, 0]]
    return _without_own_prior(torch.log(top + 1e-7).sum(dim=0, keepdim=True), 0.6)


def released_soft_wpmi(concepts: torch.Tensor, neuron: torch.Tensor) -> torch.Tensor:
    probabilities, k = torch.softmax(10 * concepts, dim=1), min(100, len(neuron))
    top = probabilities[neuron.topk(k, dim=0).indices[:, 0]]
    belongs = (0.998 - torch.arange(k) / k * (0.998 - 0.97))[:, None]
    return _without_own_prior(torch.log(1 + belongs * (top - 1) + 1e-7).sum(dim=0, keepdim=True), 1)


def _without_own_prior(log_probability: torch.Tensor, lam: float) -> torch.Tensor:
    prior = torch.logsumexp(log_probability, dim=0, keepdim=True) - math.log(len(log_probability))
    return log_probability - lam * prior


def released_rank_reorder(concepts: torch.Tensor, neuron: torch.Tensor) -> torch.Tensor:
    values, clips = neuron.topk(int(0.05 * len(neuron)), dim=0)
    top = concepts[clips[:, 0]]
    rising = values.flip(0)
    draws = torch.cat([rising[torch.randperm(len(rising))] for _ in range(5)], dim=1)
    baseline = ((rising - draws).abs() ** 3).mean()
    reordered = rising.expand(-1, top.shape[1]).gather(0, top.argsort(dim=0))
    errors = ((values - reordered).abs() ** 3).mean(dim=0, keepdim=True) / baseline
    return -errors / top.mean(dim=0, keepdim=True).clip(min=0) ** 0.5


RELEASED: dict[str, Released] = {
    "cos": released_cos,
    "cos_cubed": released_cos_cubed,
    "rank_reorder": released_rank_reorder,
    "wpmi": released_wpmi,
    "soft_wpmi": released_soft_wpmi,
}


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time, of all threads."""
    started = time.process_time()
    work()
    return time.process_time() - started


def best_of_two(work: Callable[[], object]) -> float:
    return min(timed(work), timed(work))


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def say_ratio(what: str, ours: float, released: float, target: float) -> None:
    say(f"{what:<72} {ours:8.1f} s   released {released:10.0f} s   {released / ours:8.1f} x  (target {target:g})")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
