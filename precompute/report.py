"""What a person should know when a run is over."""

from collections.abc import Iterator, Sequence

import pyarrow.compute as pc

from precompute.pipeline import Job
from precompute.stages.a_closed_concept import concept_names
from precompute.stages.labels import label_note

SHOWN_CLIPS = 5


def closing_notes(jobs: Sequence[Job]) -> Iterator[str]:
    """Clips that were left out or cut, and labels that do not match."""
    for job in jobs:
        if job.stage.name == "clips":
            yield from clip_notes(job)
        if job.stage.name == "activations":
            yield from network_notes(job)


def clip_notes(job: Job) -> Iterator[str]:
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


def network_notes(job: Job) -> Iterator[str]:
    network = job.table("network").to_pylist()[0]
    if job.run.dataset.class_names:
        note = label_note(str(job.network), network["class_names"], job.run.dataset.class_names)
        if note:
            yield note
    longest_s = network["longest_s"]
    if longest_s is not None:
        clips = job.input("clips").table("clip")
        cut = pc.sum(pc.greater(clips["seconds"], longest_s)).as_py()
        if cut:
            yield (
                f"network.{job.network} hears the first {longest_s:.1f} s of a clip: "
                f"{cut} of {clips.num_rows} clips are longer."
            )
