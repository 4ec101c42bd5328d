"""Stage `acoustic_words`: which adjectives of a run describe sound, each asked about once (paper, appendix A.2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from and_core.algorithms.c_open_concept.adjectives import open_concepts
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run, freed
from precompute.stages.answers import answer_columns
from precompute.stages.b_calibration import calibrated_summaries


class AcousticWords(Stage):
    name = "acoustic_words"
    per_network = False
    inputs = ("b_calibration",)
    unit = "words"
    shard_size = 64

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"acoustic_word_judge": run.fingerprints["acoustic_word_judge"], "tagger": version("textblob")}

    def items(self, job: Job) -> int:
        return len(words_to_judge(job))

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        words = words_to_judge(job)
        with freed(job.run.new_acoustic_word_judge()) as judge:

            def judged(items: range) -> Tables:
                shard = words[items.start : items.stop]
                answers = answer_columns(judge.are_acoustic(shard), "is_acoustic", pa.bool_())
                return {"acoustic_word": pa.table({"word": pa.array(shard, pa.string()), **answers})}

            yield judged


def words_to_judge(job: Job) -> list[str]:
    """The adjectives of all networks' calibrated summaries that the rules leave, sorted."""
    networks = (job.input("b_calibration", name) for name in job.run.config.network)
    points = {point for network in networks for kept in calibrated_summaries(network).values() for point in kept}
    candidates = (candidate for point in points for candidate in open_concepts([point]).candidates)
    return sorted({candidate.word for candidate in candidates if candidate.dropped_by is None})
