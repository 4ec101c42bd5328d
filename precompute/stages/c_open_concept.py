"""Stage `c_open_concept`: module C, draw the concepts out of the calibrated summary (paper, section 3.5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from and_core.algorithms.c_open_concept.adjectives import OpenConcepts, drop_non_acoustic, open_concepts
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run
from precompute.stages.b_calibration import calibrated_summaries


class COpenConcept(Stage):
    name = "c_open_concept"
    version = 3
    inputs = ("b_calibration", "summaries", "acoustic_words")

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"tagger": version("textblob")}

    def items(self, job: Job) -> int:
        return job.input("summaries").stage.items(job.input("summaries"))

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        kept, verdicts = calibrated_summaries(job.input("b_calibration")), Verdicts.of(job.input("acoustic_words"))
        yield lambda items: concept_tables({neuron: kept.get(neuron, []) for neuron in items}, verdicts)


@dataclass(frozen=True)
class Verdicts:
    """What the judge said of the run's adjectives."""

    acoustic: frozenset[str]
    unknown: frozenset[str]
    """Those of which it said neither yes nor no."""

    @classmethod
    def of(cls, job: Job) -> "Verdicts":
        table = job.table("acoustic_word")
        columns = (table[name].to_pylist() for name in ("word", "is_acoustic")) if table.num_rows else ([], [])
        said = dict(zip(*columns, strict=True))
        return cls(
            frozenset(word for word, is_acoustic in said.items() if is_acoustic),
            frozenset(word for word, is_acoustic in said.items() if is_acoustic is None),
        )


def concept_tables(points: dict[int, list[str]], verdicts: Verdicts) -> Tables:
    """Candidates and concepts of some neurons."""
    concepts_of = {
        neuron: drop_non_acoustic(open_concepts(points_of_neuron), verdicts.acoustic, verdicts.unknown)
        for neuron, points_of_neuron in points.items()
    }
    return {
        "candidate_word": pa.Table.from_pylist(
            [row for neuron, concepts in concepts_of.items() for row in candidate_rows(neuron, concepts)]
        ),
        "open_concept": pa.Table.from_pylist(
            [
                {"neuron": neuron, "word": word, "part_of_speech": part, "count": count}
                for neuron, concepts in concepts_of.items()
                for (word, part), count in concepts.counts.items()
            ]
        ),
    }


def candidate_rows(neuron: int, concepts: OpenConcepts) -> list[dict[str, Any]]:
    return [
        {
            "neuron": neuron,
            "word": candidate.word,
            "kept": candidate.dropped_by is None,
            "dropped_by": candidate.dropped_by,
        }
        for candidate in concepts.candidates
    ]
