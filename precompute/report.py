"""What a person should know when a run is over."""

from collections.abc import Iterator, Sequence

from precompute.pipeline import Job
from precompute.stages.a_closed_concept import concept_names
from precompute.stages.labels import label_note

SHOWN_CLIPS = 5


def closing_notes(jobs: Sequence[Job]) -> Iterator[str]:
    """Clips that were left out, and labels that do not match."""
    for job in jobs:
        if job.stage.name == "clips":
            skipped = job.table("skipped_clip").to_pylist()
            if skipped:
                yield f"{len(skipped)} clips were left out (all are listed in the app's Overview):"
                yield from (f"  {row['reason']}" for row in skipped[:SHOWN_CLIPS])
            k, clips = job.run.config.exemplars.k, job.table("clip").num_rows
            if clips < k:
                yield f"There are only {clips} clips, so that every neuron has {clips} exemplars instead of {k}."
            if not concept_names(job.run):
                yield (
                    "The data set has no classes, so that no closed-set concepts were picked and nothing was pruned. "
                    "Give concepts in a text file, one a line: --set a_closed_concept.concepts=PATH."
                )
        if job.stage.name == "activations" and job.run.dataset.class_names:
            outputs = job.table("network")["class_names"][0].as_py()
            note = label_note(str(job.network), outputs, job.run.dataset.class_names)
            if note:
                yield note
