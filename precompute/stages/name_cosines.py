"""Stage `name_cosines`: how alike the names of concepts and classes are, for the last-layer evaluation (Tables 2, 7).

Kept with the run, so that neither the table nor the page needs an encoder.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa

from and_core.algorithms.evaluation import name_cosines
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.run import Run


class NameCosines(Stage):
    name = "name_cosines"
    per_network = False
    unit = "concepts"

    def settings(self, run: Run, network: str | None) -> dict[str, Any]:
        return {
            "concepts": list(run.concepts),
            "class_names": list(run.dataset.class_names),
            "concept_encoder": run.fingerprints["concept_encoder"],
        }

    def items(self, job: Job) -> int:
        """Concepts to compare; none where the data set has no classes."""
        return len(job.run.concepts) if job.run.dataset.class_names else 0

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        encoder, class_names = job.run.new_concept_encoder(), job.run.dataset.class_names

        def table(items: range) -> Tables:
            cosines = name_cosines([job.run.concepts[item] for item in items], class_names, encoder)
            concepts = np.repeat(np.array(items, np.int32), len(class_names))
            classes = np.tile(np.arange(len(class_names), dtype=np.int32), len(items))
            columns = {"concept": concepts, "class": classes, "cosine": cosines.reshape(-1)}
            return {"name_cosine": pa.table(columns)}

        yield table
