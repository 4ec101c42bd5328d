"""Stage `a_closed_concept`: module A, description-based (paper, section 3.3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.a_closed_concept.description_based import concept_features, concept_text
from and_core.algorithms.a_closed_concept.similarity import RankedConcepts, ranked_concepts, similarity
from and_core.algorithms.exemplars import constant_neurons
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.activations import ActivationFolder


class AClosedConcept(Stage):
    name = "a_closed_concept"
    version = 2
    inputs = ("activations", "captions")

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        settings = run.config.a_closed_concept.model_dump(mode="json")
        return {**settings, "concepts": list(run.concepts), "concept_encoder": run.fingerprints["concept_encoder"]}

    def items(self, job: Job) -> int:
        return ActivationFolder.of(job.input("activations")).neuron_count

    def shards(self, job: Job) -> list[range]:
        """A layer a shard: a concept's prior is taken over all neurons of a layer. None where there are no concepts."""
        return ActivationFolder.of(job.input("activations")).ranges if job.run.concepts else []

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        folder = ActivationFolder.of(job.input("activations"))
        clips, features = described_concepts(job)
        yield lambda items: concept_table(job, folder, items, clips, features)

    def finish(self, job: Job) -> Tables:
        names = list(job.run.concepts)
        template = job.run.config.a_closed_concept.template
        return {"concept": pa.table({"name": names, "text": [concept_text(name, template) for name in names]})}


def described_concepts(job: Job) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """The clips that have a caption, and v_c for each concept over them: [clips with a caption, M]."""
    captions = job.input("captions").table("caption")["caption"].to_pylist()
    clips = np.flatnonzero([bool(caption) for caption in captions])
    settings = job.run.config.a_closed_concept
    texts = [concept_text(name, settings.template) for name in job.run.concepts]
    encoder = job.run.new_concept_encoder()
    features = concept_features(
        encoder.embed([captions[clip] for clip in clips]), encoder.embed(texts), feature=settings.feature
    )
    return clips, features


def concept_table(
    job: Job,
    folder: ActivationFolder,
    items: range,
    clips: npt.NDArray[np.intp],
    features: npt.NDArray[np.float32],
) -> Tables:
    settings = job.run.config.a_closed_concept
    activations = folder.activations(folder.layer_of(items).name)[:, clips]
    undefined = constant_neurons(activations)
    best: dict[str, RankedConcepts] = {
        name: ranked_concepts(similarity(name, activations, features), settings.keep, undefined)
        for name in settings.similarities
    }
    found = [ranked_rows(items, "description_based", name, ranked) for name, ranked in best.items()]
    picks = pick_rows(items, "description_based", settings.speaker, best[settings.speaker])
    return {"closed_concept": pa.concat_tables(found), "concept_pick": picks}


def ranked_rows(items: range, method: str, function: str, ranked: RankedConcepts) -> pa.Table:
    """A row for every concept that was kept of every neuron."""
    neurons, ranks = np.nonzero(ranked.valid)
    return pa.table(
        {
            "neuron": (neurons + items.start).astype(np.int32),
            "method": pa.repeat(method, len(neurons)),
            "similarity": pa.repeat(function, len(neurons)),
            "rank": (ranks + 1).astype(np.int32),
            "concept": ranked.concepts[ranked.valid].astype(np.int32),
            "score": ranked.scores[ranked.valid].astype(np.float32),
        }
    )


def pick_rows(items: range, method: str, function: str, ranked: RankedConcepts) -> pa.Table:
    """What a method answers for every neuron."""
    none = ~ranked.valid[:, 0]
    margin, has_margin = ranked.margins()
    return pa.table(
        {
            "neuron": np.array(items, dtype=np.int32),
            "method": pa.repeat(method, len(items)),
            "similarity": pa.repeat(function, len(items)),
            "concept": pa.array(ranked.concepts[:, 0], pa.int32(), mask=none),
            "margin": pa.array(margin, pa.float32(), mask=~has_margin),
        }
    )
