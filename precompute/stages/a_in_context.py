"""Stage `a_in_context`: module A, in-context (ICL): a selector reads the calibrated summary (paper, section 3.3).

A stage of its own, because it reads what a summarizer wrote and not what a network answered: a changed summarizer or
threshold asks the selector anew and leaves the rest of module A as it is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa

from and_core.models.protocols import Answer, ConceptSelector
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run, freed
from precompute.stages.answers import answer_columns
from precompute.stages.b_calibration import calibrated_summaries

METHOD = "in_context"
Picked = Answer[list[str]]


class AInContext(Stage):
    name = "a_in_context"
    inputs = ("b_calibration",)

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        if METHOD not in run.config.methods:
            return {}
        selector = run.fingerprints["concept_selector"]
        return {"concepts": list(run.concepts), "selector": selector, "keep": run.config.a_closed_concept.keep}

    def items(self, job: Job) -> int:
        """None where the method is not asked, or there is no concept."""
        calibration = job.input("b_calibration")
        asked = METHOD in job.run.config.methods and job.run.concepts
        return calibration.stage.items(calibration) if asked else 0

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        kept = calibrated_summaries(job.input("b_calibration"))
        summaries = {neuron: numbered_points(points) for neuron, points in kept.items()}
        with freed(job.run.new_concept_selector()) as selector:
            asking = Asking(selector, job.run.concepts, job.run.config.a_closed_concept.keep)
            yield lambda items: picked_tables(items, asking.of(summaries, items), asking.place)


def numbered_points(points: Sequence[str]) -> str:
    """S_h^c as a summarizer would have written it."""
    return "\n".join(f"{position}. {point}" for position, point in enumerate(points, start=1))


class Asking:
    """Asks the selector about each different summary once."""

    def __init__(self, selector: ConceptSelector, concepts: Sequence[str], keep: int) -> None:
        self.selector, self.concepts, self.keep = selector, concepts, keep
        self.place = {concept: place for place, concept in enumerate(concepts)}
        self.known: dict[str, Picked] = {}

    def of(self, summaries: dict[int, str], items: range) -> list[Picked]:
        """An answer a neuron; one without a calibrated summary is not asked about and has none."""
        new = sorted({summaries[neuron] for neuron in items if neuron in summaries} - self.known.keys())
        self.known.update(zip(new, self.selector.select(new, self.concepts, self.keep), strict=True))
        return [self.known[summaries[neuron]] if neuron in summaries else Answer(None) for neuron in items]


def picked_tables(items: range, answers: Sequence[Picked], place: dict[str, int]) -> Tables:
    picked = [[place[concept] for concept in answer.value or ()] for answer in answers]
    ranks = [rank for concepts in picked for rank in range(1, len(concepts) + 1)]
    firsts = [
        Answer(concepts[0] if concepts else None, answer.raw, answer.problem)
        for concepts, answer in zip(picked, answers, strict=True)
    ]
    return {
        "closed_concept": pa.table(
            {
                "neuron": np.repeat(np.array(items, dtype=np.int32), [len(concepts) for concepts in picked]),
                "method": pa.repeat(METHOD, len(ranks)),
                "rank": pa.array(ranks, pa.int32()),
                "concept": pa.array([concept for concepts in picked for concept in concepts], pa.int32()),
            }
        ),
        "concept_pick": pa.table(
            {
                "neuron": np.array(items, dtype=np.int32),
                "method": pa.repeat(METHOD, len(items)),
                **answer_columns(firsts, "concept", pa.int32()),
            }
        ),
    }
