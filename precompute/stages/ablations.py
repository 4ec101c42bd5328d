"""Stage `ablations`: prune the neurons of each class's concept and play the clips again (paper, section 4.3).

The classification head is left alone: pruning the output neuron of a class would say nothing about the layers below.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from and_core.algorithms.ablation.bootstrap import Bootstrap
from and_core.algorithms.ablation.confidence import MEASURES
from and_core.algorithms.ablation.effect import Effect
from and_core.algorithms.ablation.evidence import Neurons
from and_core.algorithms.ablation.experiment import Bench, prune
from and_core.algorithms.ablation.selection import Selection, Term, control_of
from and_core.algorithms.ablation.strategies import CLOSED_SIMILARITY
from and_core.errors import ConfigError
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.clips import ClipArchive
from precompute.stages.evidence import evidence_of
from precompute.stages.labels import matched_classes

EXPERIMENTS_A_CLASS = 1000
"""Numbers kept for the experiments of one class, so that shards number theirs apart."""


class Ablations(Stage):
    name = "ablations"
    version = 3
    inputs = ("clips", "activations", "a_closed_concept", "b_calibration", "a_in_context", "c_open_concept")
    unit = "classes"

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        settings = run.config.ablations
        for strategy in settings.strategies:
            similarity = CLOSED_SIMILARITY.get(strategy)
            if similarity is not None and similarity not in run.config.a_closed_concept.similarities:
                raise ConfigError(
                    f"The strategy {strategy} needs the similarity {similarity}.",
                    f"Add it to a_closed_concept.similarities, or take {strategy} out of ablations.strategies.",
                )
        return {**settings.model_dump(mode="json"), "seed": run.config.seed}

    def items(self, job: Job) -> int:
        return len(outputs_of_classes(job)) if job.run.config.ablations.strategies else 0

    def shards(self, job: Job) -> list[range]:
        return [range(item, item + 1) for item in range(self.items(job))]

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        work = Work.of(job)
        classes = sorted(work.outputs)
        yield lambda items: experiments(work, items.start, classes[items.start])


def outputs_of_classes(job: Job) -> dict[int, int]:
    """Class id -> the network's output of that name, for the data set's classes that have one."""
    names = job.input("activations").table("network")["class_names"][0].as_py()
    matched = matched_classes(names, job.run.dataset.class_names)
    return {class_id: output for output, class_id in enumerate(matched) if class_id is not None}


@dataclass(frozen=True)
class Work:
    """What every experiment of a network shares."""

    job: Job
    bench: Bench
    outputs: dict[int, int]
    """Class id -> the network's output."""

    @classmethod
    def of(cls, job: Job) -> "Work":
        archive = ClipArchive.of(job.input("clips"))
        network = job.run.new_network(str(job.network))
        outputs = outputs_of_classes(job)
        by_name = {job.run.dataset.class_names[class_id]: output for class_id, output in outputs.items()}
        played = clips_to_play(job, archive, by_name)
        logits = np.stack(job.input("activations").table("logit")["logits"].to_numpy())
        fold = job.run.config.ablations.fold
        bench = Bench(
            network=str(job.network),
            class_names=tuple(network.class_names),
            evidence=evidence_of(job),
            clips=Bootstrap([by_name[archive.rows[clip]["class_name"]] for clip in played], resamples=0),
            before=logits[played],
            replay=network.replay(network.features(archive.waveforms(played, network.sample_rate_hz))),
            clips_said="clips of every fold, on some of which the network may have been trained"
            if fold is None
            else f"clips of fold {fold}",
        )
        return cls(job, bench, outputs)


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


def experiments(work: Work, item: int, class_id: int) -> Tables:
    """Every strategy for one class, each followed by its random controls."""
    config = work.job.run.config
    tables: list[Tables] = []
    for strategy in config.ablations.strategies:
        pruned = Term(strategy, work.job.run.dataset.class_names[class_id])
        number = item * EXPERIMENTS_A_CLASS + len(tables)
        tables.append(experiment(work, Experiment(number, class_id, strategy, pruned)))
        for turn in range(config.ablations.random_seeds):
            seed = config.seed + turn
            control = Experiment(number + turn + 1, class_id, "random", control_of(pruned, seed), seed, number)
            tables.append(experiment(work, control))
    return {
        name: pa.concat_tables([table[name] for table in tables], promote_options="permissive") for name in tables[0]
    }


@dataclass(frozen=True)
class Experiment:
    """What is pruned, and why."""

    number: int
    class_id: int
    strategy: str
    selection: Selection
    seed: int | None = None
    control_of: int | None = None


def experiment(work: Work, this: Experiment) -> Tables:
    """Prune, play, measure."""
    pruned = prune(work.bench, this.selection)
    head = {
        "ablation": this.number,
        "strategy": this.strategy,
        "selection": str(this.selection),
        "class": this.class_id,
        "seed": this.seed,
        "control_of": this.control_of,
        "neuron_count": len(pruned.neurons),
        "clip_count": len(work.bench.before),
        "clips": work.bench.clips_said,
    }
    return {
        "ablation": pa.Table.from_pylist([head]),
        "ablation_neuron": neuron_table(this.number, pruned.neurons),
        "ablation_result": pa.Table.from_pylist(results(work, this.number, pruned.effect)),
    }


def neuron_table(number: int, neurons: Neurons) -> pa.Table:
    return pa.table({"ablation": np.full(len(neurons), number), "neuron": np.sort(neurons).astype(np.int32)})


def results(work: Work, number: int, measured: Effect) -> list[dict[str, Any]]:
    """Means over the clips of each class, before and after."""
    classes = {output: class_id for class_id, output in work.outputs.items()}
    clips = measured.clips
    return [
        {
            "ablation": number,
            "class": classes[int(output)],
            "clip_count": int(clip_count),
            **{f"{measure}_before": float(value) for measure, value in zip(MEASURES, was, strict=True)},
            **{f"{measure}_after": float(value) for measure, value in zip(MEASURES, now, strict=True)},
        }
        for output, clip_count, was, now in zip(
            clips.classes, clips.clip_counts, measured.before[0], measured.after[0], strict=True
        )
    ]
