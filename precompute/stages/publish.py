"""Stage `publish`: compile what the other stages wrote into one store, and make it the current one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from and_core.store.build import MAX_CLIPS_WITH_ACTIVATIONS, SCHEMA_VERSION, StoreBuilder
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.activations import ActivationFolder
from precompute.stages.store_rows import (
    First,
    insert_acoustic_words,
    insert_dataset,
    insert_network,
    insert_prompts,
    insert_run,
    insert_texts,
    settings_of,
    store_meta,
)

FILES = (
    ("clips", "clip", "audio"),
    ("clips", "clip", "spectrogram"),
    ("caption_clusters", "cluster", "cloud"),
)
"""Stage, table and column that name files which stand beside the store."""


class Publish(Stage):
    name = "publish"
    per_network = False
    inputs = (
        *("clips", "activations", "exemplars", "token_traces", "captions", "caption_clusters"),
        *("caption_embeddings", "audio_embeddings", "a_closed_concept", "name_cosines", "summaries"),
        *("point_embeddings", "b_calibration", "a_in_context", "acoustic_words", "c_open_concept"),
        *("interpretability", "ablations"),
    )
    unit = "neurons"
    resumes = False  # building is quick, and the link must be flipped again

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "meta": store_meta(run),
            "dataset": [run.dataset.name, run.config.dataset.kind],
            "networks": [
                [name, settings_of(run, name), run.fingerprints[f"network.{name}"], table.training]
                for name, table in run.config.network.items()
            ],
        }

    def items(self, job: Job) -> int:
        return sum(ActivationFolder.of(job.input("activations", name)).neuron_count for name in job.run.config.network)

    def shards(self, job: Job) -> list[range]:
        return [range(self.items(job))]

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        yield lambda _: publish(job)

    def is_done(self, job: Job) -> bool:
        current = job.run.store / "current"
        return super().is_done(job) and current.is_file() and current.resolve() == store_file(job).resolve()


def store_file(job: Job) -> Path:
    return job.run.store / f"and-{job.key}.duckdb"


def publish(job: Job) -> Tables:
    """Put audio and pictures beside the store file, build it where it is not there yet, then flip the link."""
    job.run.store.mkdir(exist_ok=True)
    for stage, table, column in FILES:
        source = job.input(stage)
        for file in set(source.table(table)[column].drop_null().to_pylist()):
            (job.run.store / file).parent.mkdir(exist_ok=True)
            put(source.folder / file, job.run.store / file)
    if not store_file(job).is_file():
        build(job)
    flip_link(job.run.store / "current", store_file(job).name)
    return {}


def build(job: Job) -> None:
    clips = job.input("clips").table("clip")
    with_activations = clips.num_rows <= MAX_CLIPS_WITH_ACTIVATIONS
    with StoreBuilder(store_file(job), clips.num_rows if with_activations else 1) as builder:
        insert_run(builder, job)
        insert_prompts(builder, job)
        insert_dataset(builder, job, clips)
        insert_texts(builder, job)
        insert_acoustic_words(builder, job)
        first = First()
        for network in job.run.config.network:
            first = insert_network(builder, job, network, first, with_activations)


def put(source: Path, target: Path) -> None:
    """Make `source` stand at `target` too: as a hard link where the disk allows it, else as a whole copy."""
    if target.exists():
        return
    try:
        os.link(source, target)
    except OSError:
        temporary = target.with_name(f"{target.name}.tmp")
        shutil.copyfile(source, temporary)
        temporary.replace(target)


def flip_link(link: Path, target: str) -> None:
    """Point `link` at `target` in one step, so that readers find either the old store or the new one."""
    temporary = link.with_name(f"{link.name}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)
