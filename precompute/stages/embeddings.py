"""Stages `caption_embeddings` and `audio_embeddings`: what module A compares neurons with, once for all networks.

Both embed the clips and the concept set in one space: the description-based method (DB) each clip's caption, by a text
encoder; the text-audio-based method (TAB) the clip itself, by an audio-text encoder (paper, section 3.3).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.a_closed_concept.description_based import concept_text
from and_core.models.protocols import FloatArray
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run, freed
from precompute.stages.clips import ClipArchive


class ConceptSpace(Stage):
    """Its items are the clips and, behind them, the concepts; none where its method is not asked."""

    per_network = False
    unit = "clips and concepts"
    shard_size = 64
    method: ClassVar[str]
    encoder: ClassVar[str]

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        if self.method not in run.config.methods:
            return {}
        return {"concepts": concept_texts(run), "encoder": run.fingerprints[self.encoder]}

    def items(self, job: Job) -> int:
        concepts = len(job.run.concepts) if self.method in job.run.config.methods else 0
        return clip_count(job) + concepts if concepts else 0


class CaptionEmbeddings(ConceptSpace):
    name = "caption_embeddings"
    inputs = ("clips", "captions")
    method = "description_based"
    encoder = "concept_encoder"

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        captions: list[str | None] = job.input("captions").table("caption")["caption"].to_pylist()
        texts = captions + concept_texts(job.run)
        with freed(job.run.new_concept_encoder()) as encoder:

            def embed(items: range) -> Tables:
                said = {item: text for item in items if (text := texts[item])}
                return embedding_table(list(said), encoder.embed(list(said.values())))

            yield embed


class AudioEmbeddings(ConceptSpace):
    name = "audio_embeddings"
    inputs = ("clips",)
    method = "text_audio_based"
    encoder = "audio_text_encoder"

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        archive, texts = ClipArchive.of(job.input("clips")), concept_texts(job.run)
        with freed(job.run.new_audio_text_encoder()) as encoder:

            def embed(items: range) -> Tables:
                clips = [item for item in items if item < len(archive)]
                concepts = [item for item in items if item >= len(archive)]
                parts = [encoder.embed_audio([archive.clip(clip) for clip in clips])] if clips else []
                parts += [encoder.embed_text([texts[item - len(archive)] for item in concepts])] if concepts else []
                return embedding_table([*clips, *concepts], np.concatenate(parts))

            yield embed


def clip_count(job: Job) -> int:
    return int(job.input("clips").table("clip").num_rows)


def concept_texts(run: Run) -> list[str]:
    """The concept set as encoders are to read it."""
    return [concept_text(name, run.config.a_closed_concept.template) for name in run.concepts]


def embedding_table(items: list[int], embeddings: FloatArray) -> Tables:
    return {"embedding": pa.table({"item": pa.array(items, pa.int32()), "embedding": embedding_rows(embeddings)})}


def embedding_rows(embeddings: FloatArray) -> pa.FixedSizeListArray:
    """[n, D] as a column."""
    return pa.FixedSizeListArray.from_arrays(pa.array(embeddings.reshape(-1)), embeddings.shape[1])


def read_embeddings(table: pa.Table) -> FloatArray:
    """[n, D] from the column `embedding` of a table with rows."""
    rows = table["embedding"].combine_chunks()
    embeddings: FloatArray = rows.flatten().to_numpy().reshape(table.num_rows, -1)
    return embeddings


def embedded_clips_and_concepts(job: Job) -> tuple[npt.NDArray[np.intp], FloatArray, FloatArray]:
    """What a job of one of the two stages wrote.

    Returns:
        The clips that were embedded [n], their embeddings [n, D], and those of the concepts [M, D].
    """
    table = job.table("embedding")
    items, embeddings = table["item"].to_numpy(), read_embeddings(table)
    is_clip = items < clip_count(job)
    return items[is_clip].astype(np.intp), embeddings[is_clip], embeddings[~is_clip]
