"""Stage `a_closed_concept`: module A, description-based (DB) and text-audio-based (TAB) (paper, section 3.3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.a_closed_concept.certainty import resampled_clips, share_that_stay_first
from and_core.algorithms.a_closed_concept.description_based import concept_features
from and_core.algorithms.a_closed_concept.similarity import RankedConcepts, ranked_concepts, similarity
from and_core.algorithms.exemplars import constant_neurons
from and_core.models.protocols import FloatArray
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.activations import ActivationFolder
from precompute.stages.embeddings import concept_texts, embedded_clips_and_concepts

SPACES = {"description_based": "caption_embeddings", "text_audio_based": "audio_embeddings"}
"""Method -> the stage that embedded clips and concepts for it."""


class AClosedConcept(Stage):
    name = "a_closed_concept"
    version = 3
    inputs = ("clips", "activations", "caption_embeddings", "audio_embeddings")

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        settings = run.config.a_closed_concept.model_dump(mode="json")
        asked = [method for method in run.config.methods if method in SPACES]
        return {**settings, "methods": asked, "concepts": list(run.concepts), "seed": run.config.seed}

    def items(self, job: Job) -> int:
        return ActivationFolder.of(job.input("activations")).neuron_count

    def shards(self, job: Job) -> list[range]:
        """A layer a shard: a concept's prior is taken over all neurons of a layer. None where there are no concepts."""
        return ActivationFolder.of(job.input("activations")).ranges if job.run.concepts else []

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        folder = ActivationFolder.of(job.input("activations"))
        spaces = [Space.of(job, method) for method in job.run.config.methods if method in SPACES]
        yield lambda items: concept_tables(job, folder.activations(folder.layer_of(items).name), spaces, items)

    def finish(self, job: Job) -> Tables:
        return {"concept": pa.table({"name": list(job.run.concepts), "text": concept_texts(job.run)})}


@dataclass(frozen=True)
class Space:
    """What a method compares neurons with."""

    method: str
    clips: npt.NDArray[np.intp]
    """[n] the clips that it knows: DB those with a caption, TAB all."""
    features: FloatArray
    """[n, M] v_c for each concept over them."""
    drawn: FloatArray
    """[resamples, n] how often each of them is in each resample."""

    @classmethod
    def of(cls, job: Job, method: str) -> "Space":
        """TAB takes the cosine as it is, DB as the configuration says."""
        clips, heard, concepts = embedded_clips_and_concepts(job.input(SPACES[method]))
        settings = job.run.config.a_closed_concept
        feature = settings.feature if method == "description_based" else "cosine"
        drawn = resampled_clips(len(clips), settings.resamples, job.run.config.seed)
        return cls(method, clips, concept_features(heard, concepts, feature), drawn)


def concept_tables(job: Job, activations: FloatArray, spaces: list[Space], items: range) -> Tables:
    """What every method and function says of the neurons of a layer."""
    settings = job.run.config.a_closed_concept
    found, picks = [], []
    for space in spaces:
        heard = np.ascontiguousarray(activations[:, space.clips])
        undefined = constant_neurons(heard)
        best: dict[str, RankedConcepts] = {
            name: ranked_concepts(similarity(name, heard, space.features), settings.keep, undefined)
            for name in settings.similarities
        }
        found += [ranked_rows(items, space.method, name, ranked) for name, ranked in best.items()]
        picks.append(pick_rows(items, space, settings.speaker, best[settings.speaker], heard))
    if not spaces:
        return {}
    return {"closed_concept": pa.concat_tables(found), "concept_pick": pa.concat_tables(picks)}


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


def pick_rows(items: range, space: Space, function: str, ranked: RankedConcepts, activations: FloatArray) -> pa.Table:
    """What a method answers for every neuron, and how sure that is; nobody looks where another function speaks."""
    none = ~ranked.valid[:, 0]
    margin, has_margin = ranked.margins()
    looked = function == "cos_cubed" and len(space.drawn) > 0
    share = np.zeros(len(items), np.float32)
    if looked:
        share = share_that_stay_first(activations, space.features, ranked.concepts[:, 0], space.drawn)
    return pa.table(
        {
            "neuron": np.array(items, dtype=np.int32),
            "method": pa.repeat(space.method, len(items)),
            "similarity": pa.repeat(function, len(items)),
            "concept": pa.array(ranked.concepts[:, 0], pa.int32(), mask=none),
            "margin": pa.array(margin, pa.float32(), mask=~has_margin),
            "share": pa.array(share, pa.float32(), mask=none | np.full(len(items), not looked)),
        }
    )
