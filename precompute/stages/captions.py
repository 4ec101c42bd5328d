"""Stage `captions`: d_i, a description of every clip (paper, section 3.2)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa

from and_core.models.protocols import Answer, Captioner
from precompute.caption_cache import CaptionCache
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run, freed
from precompute.stages.answers import answer_columns
from precompute.stages.clips import ClipArchive


class Captions(Stage):
    name = "captions"
    version = 2
    per_network = False
    inputs = ("clips",)
    unit = "clips"
    shard_size = 64

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"captioner": run.fingerprints["captioner"]}

    def items(self, job: Job) -> int:
        return int(job.input("clips").table("clip").num_rows)

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        archive = ClipArchive.of(job.input("clips"))
        with freed(job.run.new_captioner()) as captioner:
            cache = CaptionCache(job.run.runs_folder, captioner.fingerprint) if captioner.listens_only else None
            yield lambda items: caption_table(items, described(captioner, archive, items, cache))


def described(
    captioner: Captioner, archive: ClipArchive, items: Sequence[int], cache: CaptionCache | None
) -> list[Answer[str]]:
    """A caption a clip. With a cache, clips that sound the same share one, and what it knows is not asked again."""
    if cache is None:
        return captioner.captions([archive.clip(item) for item in items])
    contents = [str(archive.rows[item]["sha256"]) for item in items]
    known = cache.find(set(contents))
    unknown = {content: item for content, item in zip(contents, items, strict=True) if content not in known}
    if unknown:
        answers = captioner.captions([archive.clip(item) for item in unknown.values()])
        said = dict(zip(unknown, answers, strict=True))
        cache.keep(said)
        known |= said
    return [known[content] for content in contents]


def caption_table(items: range, answers: Sequence[Answer[str]]) -> Tables:
    columns = {"clip": np.array(items, dtype=np.int32), **answer_columns(answers, "caption", pa.string())}
    return {"caption": pa.table(columns)}
