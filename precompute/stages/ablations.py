"""Stage `ablations`: prune the neurons of each class's concept and play the clips again (paper, section 4.3).

The classification head is left alone: pruning the output neuron of a class would say nothing about the layers below.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from and_core.algorithms.ablation import (
    CLOSED_SIMILARITY,
    class_confidences,
    closed_concept_neurons,
    matched_random,
    open_concept_neurons,
)
from and_core.algorithms.c_open_concept.parts_of_speech import lemmas_of_name
from and_core.algorithms.evaluation import normalised_name
from and_core.errors import ConfigError
from and_core.models.protocols import FloatArray, TargetNetwork
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.activations import ActivationFolder
from precompute.stages.clips import ClipArchive
from precompute.stages.labels import matched_classes

EXPERIMENTS_A_CLASS = 1000
"""Numbers kept for the experiments of one class, so that shards number theirs apart."""


class Ablations(Stage):
    name = "ablations"
    inputs = ("clips", "activations", "a_closed_concept", "c_open_concept")
    unit = "classes"

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        settings = run.config.ablations
        if (
            "description_based" in settings.strategies
            and CLOSED_SIMILARITY not in run.config.a_closed_concept.similarities
        ):
            raise ConfigError(
                f"The strategy description_based needs the similarity {CLOSED_SIMILARITY}.",
                "Add it to a_closed_concept.similarities, or take the strategy out of ablations.strategies.",
            )
        return {**settings.model_dump(mode="json"), "seed": run.config.seed}

    def items(self, job: Job) -> int:
        return len(outputs_of_classes(job)) if job.run.config.ablations.strategies else 0

    def shards(self, job: Job) -> list[range]:
        return [range(item, item + 1) for item in range(self.items(job))]

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        bench = Bench.of(job)
        classes = sorted(bench.outputs)
        yield lambda items: experiments(bench, items.start, classes[items.start])


def outputs_of_classes(job: Job) -> dict[int, int]:
    """Class id -> the network's output of that name, for the data set's classes that have one."""
    names = job.input("activations").table("network")["class_names"][0].as_py()
    matched = matched_classes(names, job.run.dataset.class_names)
    return {class_id: output for output, class_id in enumerate(matched) if class_id is not None}


@dataclass(frozen=True)
class Bench:
    """What every experiment of a network shares."""

    job: Job
    network: TargetNetwork
    folder: ActivationFolder
    outputs: dict[int, int]
    """Class id -> the network's output."""
    labels: npt.NDArray[np.intp]
    """[clips played] output of each clip's class."""
    features: list[FloatArray]
    """What the network reads of each clip, computed once for all experiments."""
    before: FloatArray
    """[clips played, C] logits of the unpruned network."""

    @classmethod
    def of(cls, job: Job) -> "Bench":
        archive = ClipArchive.of(job.input("clips"))
        network = job.run.new_network(str(job.network))
        outputs = outputs_of_classes(job)
        by_name = {job.run.dataset.class_names[class_id]: output for class_id, output in outputs.items()}
        played = clips_to_play(job, archive, by_name)
        logits = np.stack(job.input("activations").table("logit")["logits"].to_numpy())
        return cls(
            job=job,
            network=network,
            folder=ActivationFolder.of(job.input("activations")),
            outputs=outputs,
            labels=np.array([by_name[archive.rows[clip]["class_name"]] for clip in played], dtype=np.intp),
            features=network.features(archive.waveforms(played, network.sample_rate_hz)),
            before=logits[played],
        )


def clips_to_play(job: Job, archive: ClipArchive, outputs: dict[str, int]) -> list[int]:
    """Up to `clips_per_class` clips of every class, drawn by the seed from the fold that the configuration names."""
    settings = job.run.config.ablations
    generator = np.random.default_rng(job.run.config.seed)
    played: list[int] = []
    for name in outputs:
        clips = [
            clip
            for clip, row in enumerate(archive.rows)
            if row["class_name"] == name and settings.fold in (None, row["fold"])
        ]
        played += generator.permutation(clips)[: settings.clips_per_class].astype(int).tolist()
    if not played:
        folds = sorted({row["fold"] for row in archive.rows if row["fold"] is not None})
        raise ConfigError(
            f"ablations.fold = {settings.fold}: no clip of a class that the network knows is in that fold.",
            f"The data set's folds are {folds}." if folds else "The data set has no folds: leave ablations.fold out.",
        )
    return sorted(played)


def experiments(bench: Bench, item: int, class_id: int) -> Tables:
    """Every strategy for one class, each followed by its random controls."""
    settings = bench.job.run.config.ablations
    tables: list[Tables] = []
    for strategy in settings.strategies:
        neurons = hidden_neurons(bench, class_id, strategy)
        strategy_number = item * EXPERIMENTS_A_CLASS + len(tables)
        tables.append(experiment(bench, Experiment(strategy_number, class_id, strategy), neurons))
        for seed in range(settings.random_seeds):
            generator = np.random.default_rng([bench.job.run.config.seed, class_id, seed])
            control = Experiment(strategy_number + seed + 1, class_id, "random", seed, control_of=strategy_number)
            tables.append(experiment(bench, control, random_neurons(bench, neurons, generator)))
    return {
        name: pa.concat_tables([table[name] for table in tables], promote_options="permissive") for name in tables[0]
    }


def hidden_neurons(bench: Bench, class_id: int, strategy: str) -> npt.NDArray[np.int32]:
    """The neurons below the classification head that carry the class's concept."""
    name = bench.job.run.dataset.class_names[class_id]
    neurons = open_neurons(bench.job, name) if strategy == "open_concept" else closed_neurons(bench.job, name)
    return neurons[neurons < bench.folder.ranges[-1].start].astype(np.int32)


def open_neurons(job: Job, class_name: str) -> npt.NDArray[np.int64]:
    table = job.input("c_open_concept").table("open_concept")
    if not table.num_rows:
        return np.zeros(0, np.int64)
    nouns = table.filter(pc.equal(table["part_of_speech"], "noun"))
    return open_concept_neurons(nouns["neuron"].to_numpy(), nouns["word"].to_pylist(), lemmas_of_name(class_name))


def closed_neurons(job: Job, class_name: str) -> npt.NDArray[np.int64]:
    """None where the concept set does not hold the class."""
    concepts = [normalised_name(name) for name in job.run.concepts]
    table = job.input("a_closed_concept").table("closed_concept")
    if normalised_name(class_name) not in concepts or not table.num_rows:
        return np.zeros(0, np.int64)
    of_method = table.filter(pc.equal(table["method"], "description_based"))
    picks = of_method.filter(pc.equal(of_method["similarity"], CLOSED_SIMILARITY))
    neurons, picked, ranks = (picks[column].to_numpy() for column in ("neuron", "concept", "rank"))
    return closed_concept_neurons(neurons, picked, ranks, concepts.index(normalised_name(class_name)))


def random_neurons(bench: Bench, like: npt.NDArray[np.int32], generator: np.random.Generator) -> npt.NDArray[np.int32]:
    """As many neurons in every layer as `like` has there, drawn by chance."""
    counts = [int(np.isin(like, neurons).sum()) for neurons in bench.folder.ranges]
    drawn = matched_random(counts, [layer.width for layer in bench.folder.layers], generator)
    return np.concatenate(
        [positions + neurons.start for positions, neurons in zip(drawn, bench.folder.ranges, strict=True)]
    ).astype(np.int32)


@dataclass(frozen=True)
class Experiment:
    """What is pruned, and why."""

    number: int
    class_id: int
    strategy: str
    seed: int | None = None
    control_of: int | None = None


def experiment(bench: Bench, this: Experiment, neurons: npt.NDArray[np.int32]) -> Tables:
    """Prune, play, measure."""
    by_layer = {
        layer.name: (neurons[np.isin(neurons, ids)] - ids.start).tolist()
        for layer, ids in zip(bench.folder.layers, bench.folder.ranges, strict=True)
    }
    with bench.network.ablated(by_layer):
        after, _ = bench.network.forward_features(bench.features)
    rows = []
    confidences = zip(
        class_confidences(bench.before, bench.labels), class_confidences(after, bench.labels), strict=True
    )
    classes = {output: class_id for class_id, output in bench.outputs.items()}
    for was, now in confidences:
        rows.append(
            {
                "ablation": this.number,
                "class": classes[was.label],
                "clip_count": was.clip_count,
                "logit_before": was.logit,
                "logit_after": now.logit,
                "probability_before": was.probability,
                "probability_after": now.probability,
                "accuracy_before": was.accuracy,
                "accuracy_after": now.accuracy,
            }
        )
    fold = bench.job.run.config.ablations.fold
    head = {
        "ablation": this.number,
        "strategy": this.strategy,
        "class": this.class_id,
        "seed": this.seed,
        "control_of": this.control_of,
        "neuron_count": len(neurons),
        "clip_count": len(bench.labels),
        "clips": "clips of every fold, on some of which the network may have been trained"
        if fold is None
        else f"clips of fold {fold}",
    }
    return {
        "ablation": pa.Table.from_pylist([head]),
        "ablation_neuron": pa.table({"ablation": np.full(len(neurons), this.number), "neuron": neurons}),
        "ablation_result": pa.Table.from_pylist(rows),
    }
