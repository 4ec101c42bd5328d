"""Stage `c_open_concept`: module C, draw the concepts out of the calibrated summary (paper, section 3.5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from and_core.algorithms.c_open_concept.adjectives import OpenConcepts, drop_non_acoustic, open_concepts
from and_core.models.protocols import AcousticWordJudge, Answer
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run, freed
from precompute.stages.answers import answer_columns


class COpenConcept(Stage):
    name = "c_open_concept"
    version = 2
    inputs = ("b_calibration", "summaries")

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {"acoustic_word_judge": run.fingerprints["acoustic_word_judge"], "tagger": version("textblob")}

    def items(self, job: Job) -> int:
        return job.input("summaries").stage.items(job.input("summaries"))

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        kept = calibrated_summaries(job)
        with freed(job.run.new_acoustic_word_judge()) as judge:
            answers = Answers(judge)
            yield lambda items: concept_tables({neuron: kept.get(neuron, []) for neuron in items}, answers)

    def finish(self, job: Job) -> Tables:
        judged = job.table("judged_word")
        answers = {row["word"]: row for row in judged.to_pylist()}
        rows = [answers[word] for word in sorted(answers)]
        return {"acoustic_word": pa.Table.from_pylist(rows, judged.schema)}


def calibrated_summaries(job: Job) -> dict[int, list[str]]:
    """Neuron -> the points of S_h that calibration kept."""
    rows = job.input("b_calibration").table("summary_point")
    kept: dict[int, list[str]] = {}
    if rows.num_rows:
        columns = (rows[name].to_pylist() for name in ("neuron", "polarity", "kept", "point"))
        for neuron, polarity, is_kept, point in zip(*columns, strict=True):
            if polarity == "high" and is_kept:
                kept.setdefault(neuron, []).append(point)
    return kept


class Answers:
    """Asks the judge each word once."""

    def __init__(self, judge: AcousticWordJudge) -> None:
        self.judge = judge
        self.by_word: dict[str, Answer[bool]] = {}

    def of(self, words: set[str]) -> dict[str, Answer[bool]]:
        new = sorted(words - self.by_word.keys())
        if new:
            self.by_word.update(zip(new, self.judge.are_acoustic(new), strict=True))
        return {word: self.by_word[word] for word in sorted(words)}


def concept_tables(points: dict[int, list[str]], answers: Answers) -> Tables:
    """Candidates and concepts of some neurons, and the judge's answers that they needed."""
    found = {neuron: open_concepts(points_of_neuron) for neuron, points_of_neuron in points.items()}
    words = {
        candidate.word
        for concepts in found.values()
        for candidate in concepts.candidates
        if candidate.dropped_by is None
    }
    judged = answers.of(words)
    acoustic = {word for word, answer in judged.items() if answer.value}
    unknown = {word for word, answer in judged.items() if answer.value is None}
    concepts_of = {neuron: drop_non_acoustic(concepts, acoustic, unknown) for neuron, concepts in found.items()}
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
        "judged_word": pa.table(
            {
                "word": pa.array(list(judged), pa.string()),
                **answer_columns(list(judged.values()), "is_acoustic", pa.bool_()),
            }
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
