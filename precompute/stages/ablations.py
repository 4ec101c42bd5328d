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

from and_core.algorithms.ablation import class_confidences, closed_concept_neurons, matched_random, open_concept_neurons
from and_core.algorithms.c_open_concept.parts_of_speech import lemmas_of_name
from and_core.models.protocols import FloatArray, TargetNetwork
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.a_closed_concept import concept_names
from precompute.stages.activations import ActivationFolder
from precompute.stages.clips import ClipArchive
from precompute.stages.labels import matched_classes

CLOSED_TOP = 3
"""A neuron belongs to its three best closed-set concepts (paper, section 4.3)."""


class Ablations(Stage):
    name = "ablations"
    inputs = ("clips", "activations", "a_closed_concept", "c_open_concept")
    unit = "classes"

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {**run.config.ablations.model_dump(mode="json"), "seed": run.config.seed}

    def items(self, job: Job) -> int:
        return len(known_classes(job))

    def shards(self, job: Job) -> list[range]:
        return [range(item, item + 1) for item in range(self.items(job))]

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        bench = Bench.of(job)
        classes = known_classes(job)
        yield lambda items: experiments(bench, items.start, classes[items.start])


def known_classes(job: Job) -> list[int]:
    """The data set's classes that the network has an output for."""
    outputs = job.input("activations").table("network")["class_names"][0].as_py()
    matched = matched_classes(outputs, job.run.dataset.class_names)
    return sorted(class_id for class_id in matched if class_id is not None)


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
    waveforms: list[FloatArray]
    before: FloatArray
    """[clips played, C] logits of the unpruned network."""

    @classmethod
    def of(cls, job: Job) -> "Bench":
        archive = ClipArchive.of(job.input("clips"))
        network = job.run.new_network(str(job.network))
        matched = matched_classes(network.class_names, job.run.dataset.class_names)
        outputs = {class_id: output for output, class_id in enumerate(matched) if class_id is not None}
        by_name = {job.run.dataset.class_names[class_id]: output for class_id, output in outputs.items()}
        played = clips_to_play(job, archive, by_name)
        logits = np.stack(job.input("activations").table("logit")["logits"].to_numpy())
        return cls(
            job=job,
            network=network,
            folder=ActivationFolder.of(job.input("activations")),
            outputs=outputs,
            labels=np.array([by_name[archive.rows[clip]["class_name"]] for clip in played], dtype=np.intp),
            waveforms=archive.waveforms(played, network.sample_rate_hz),
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
    return sorted(played)


def experiments(bench: Bench, item: int, class_id: int) -> Tables:
    """Every strategy and seed for one class."""
    settings = bench.job.run.config.ablations
    open_concept = hidden_neurons(bench, class_id, "open_concept")
    chosen: list[tuple[str, int | None, npt.NDArray[np.int32]]] = []
    for strategy in settings.strategies:
        if strategy == "random":
            for seed in range(settings.random_seeds):
                generator = np.random.default_rng([bench.job.run.config.seed, class_id, seed])
                chosen.append((strategy, seed, random_neurons(bench, open_concept, generator)))
        else:
            chosen.append((strategy, None, hidden_neurons(bench, class_id, strategy)))
    tables = [
        experiment(bench, item * 1000 + number, class_id, strategy, seed, neurons)
        for number, (strategy, seed, neurons) in enumerate(chosen)
    ]
    return {
        name: pa.concat_tables([table[name] for table in tables], promote_options="permissive") for name in tables[0]
    }


def hidden_neurons(bench: Bench, class_id: int, strategy: str) -> npt.NDArray[np.int32]:
    """The neurons below the classification head that carry the class's concept."""
    name = bench.job.run.dataset.class_names[class_id]
    if strategy == "open_concept":
        words = bench.job.input("c_open_concept").table("open_concept").to_pandas()
        nouns = words[words["part_of_speech"] == "noun"]
        neurons = open_concept_neurons(nouns["neuron"].to_numpy(), nouns["word"].to_list(), lemmas_of_name(name))
    else:
        picks = bench.job.input("a_closed_concept").table("closed_concept").to_pandas()
        picks = picks[picks["similarity"] == "cos_cubed"]
        concept = concept_names(bench.job.run).index(name)
        neurons = closed_concept_neurons(
            picks["neuron"].to_numpy(), picks["concept"].to_numpy(), picks["rank"].to_numpy(), concept, top=CLOSED_TOP
        )
    return neurons[neurons < bench.folder.ranges[-1].start].astype(np.int32)


def random_neurons(bench: Bench, like: npt.NDArray[np.int32], generator: np.random.Generator) -> npt.NDArray[np.int32]:
    """As many neurons in every layer as `like` has there, drawn by chance."""
    counts = [int(np.isin(like, neurons).sum()) for neurons in bench.folder.ranges]
    drawn = matched_random(counts, [layer.width for layer in bench.folder.layers], generator)
    return np.concatenate(
        [positions + neurons.start for positions, neurons in zip(drawn, bench.folder.ranges, strict=True)]
    ).astype(np.int32)


def experiment(
    bench: Bench, number: int, class_id: int, strategy: str, seed: int | None, neurons: npt.NDArray[np.int32]
) -> Tables:
    """Prune, play, measure."""
    by_layer = {
        layer.name: (neurons[np.isin(neurons, ids)] - ids.start).tolist()
        for layer, ids in zip(bench.folder.layers, bench.folder.ranges, strict=True)
    }
    with bench.network.ablated(by_layer):
        after, _ = bench.network.forward(bench.waveforms)
    rows = []
    confidences = zip(
        class_confidences(bench.before, bench.labels), class_confidences(after, bench.labels), strict=True
    )
    classes = {output: class_id for class_id, output in bench.outputs.items()}
    for was, now in confidences:
        rows.append(
            {
                "ablation": number,
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
        "ablation": number,
        "strategy": strategy,
        "class": class_id,
        "seed": seed,
        "neuron_count": len(neurons),
        "clip_count": len(bench.labels),
        "clips": "clips of all folds, those of training among them" if fold is None else f"clips of fold {fold}",
    }
    return {
        "ablation": pa.Table.from_pylist([head]),
        "ablation_neuron": pa.table({"ablation": np.full(len(neurons), number), "neuron": neurons}),
        "ablation_result": pa.Table.from_pylist(rows),
    }
