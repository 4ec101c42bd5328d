"""What selections for pruning are made from, while the run has no store yet."""

import numpy as np
import pandas as pd
import pyarrow as pa

from and_core.algorithms.ablation.evidence import Evidence, LayerPlace
from and_core.algorithms.c_open_concept.parts_of_speech import lemmas_of_name
from and_core.algorithms.evaluation import normalised_name
from precompute.pipeline import Job
from precompute.stages.activations import ActivationFolder

WORDS = ["neuron", "word", "part_of_speech", "count"]
PICKS = ["neuron", "method", "similarity", "concept", "rank", "score"]


def evidence_of(job: Job) -> Evidence:
    """The evidence about the job's network, from the stages of modules A, B and C."""
    folder = ActivationFolder.of(job.input("activations"))
    names = job.input("a_closed_concept").table("concept").to_pydict().get("name", [])
    found = [job.input(stage).table("closed_concept") for stage in ("a_closed_concept", "a_in_context")]
    all_picks: pd.DataFrame = pa.concat_tables(found, promote_options="permissive").to_pandas()
    picks = all_picks.reindex(columns=PICKS).dropna(subset=["rank"])
    return Evidence(
        layers=tuple(LayerPlace(layer.name, layer.width, layer.depth, layer.kind == "fc") for layer in folder.layers),
        words=rows(job, "c_open_concept", "open_concept", WORDS),
        picks=picks.assign(concept=[names[int(concept)] for concept in picks["concept"]]),
        summary_words=summary_words(job, folder.neuron_count),
        lemmas={normalised_name(name): lemmas_of_name(name) for name in job.run.dataset.class_names},
    )


def rows(job: Job, stage: str, table: str, columns: list[str]) -> pd.DataFrame:
    """A stage's table, with its columns even where it has no rows."""
    found: pd.DataFrame = job.input(stage).table(table).to_pandas()
    return found.reindex(columns=columns)


def summary_words(job: Job, neurons: int) -> np.ndarray:
    """[J] words of the calibrated summary."""
    points = rows(job, "b_calibration", "summary_point", ["neuron", "polarity", "kept", "point"])
    kept = points[(points["polarity"] == "high") & points["kept"].astype(bool)]
    counts = np.zeros(neurons, np.int64)
    np.add.at(counts, kept["neuron"].to_numpy(np.int64), [len(point.split(" ")) for point in kept["point"]])
    return counts
