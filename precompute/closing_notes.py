"""What a person should know when a run is over."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow.compute as pc

from and_core.models.registry import settings_of
from precompute.config import KINDS_THAT_ASK
from precompute.pipeline import Job
from precompute.stages.labels import label_note

SHOWN_CLIPS = 5
REPLIES = {
    "captions": ("caption", "captions", "captioner"),
    "summaries": ("summary", "summaries", "summarizer"),
    "a_in_context": ("concept_pick", "concepts", "concept_selector"),
    "acoustic_words": ("acoustic_word", "judgements of words", "acoustic_word_judge"),
}
"""Stage -> the table of its answers, what they are, and the table of the configuration that says who gives them."""


def closing_notes(jobs: Sequence[Job]) -> Iterator[str]:
    """Clips left out, cut or without a caption, labels that do not match, and replies that could not be used."""
    for job in jobs:
        if job.stage.name == "clips":
            yield from clip_notes(job)
        if job.stage.name == "captions":
            yield from caption_notes(job)
        if job.stage.name == "activations":
            yield from network_notes(job)
        if job.stage.name in REPLIES:
            yield from reply_notes(job)


def clip_notes(job: Job) -> Iterator[str]:
    skipped = job.table("skipped_clip").to_pylist()
    if skipped:
        yield f"{len(skipped)} clips were left out (all are listed in the app's Overview):"
        yield from (f"  {row['reason']}" for row in skipped[:SHOWN_CLIPS])
    k, clips = job.run.config.exemplars.k, job.table("clip").num_rows
    if clips < k:
        yield f"There are only {clips} clips, so that every neuron has {clips} exemplars instead of {k}."
    if not job.run.concepts:
        yield (
            "The data set has no classes, so that no closed-set concepts were picked and nothing was pruned. "
            "Name a shipped set, or a text file with one concept a line: --set a_closed_concept.concepts=esc50."
        )


def caption_notes(job: Job) -> Iterator[str]:
    captions = job.table("caption")
    filenames = job.input("clips").table("clip")["filename"]
    missing = [filenames[clip].as_py() for clip in captions.filter(pc.is_null(captions["caption"]))["clip"].to_pylist()]
    if missing:
        more = f" and {len(missing) - SHOWN_CLIPS} more" if len(missing) > SHOWN_CLIPS else ""
        yield f"{len(missing)} of {captions.num_rows} clips have no caption: {', '.join(missing[:SHOWN_CLIPS])}{more}."


def reply_notes(job: Job) -> Iterator[str]:
    """Replies of a model that could not be used, and how to have those alone asked again."""
    table, what, asked = REPLIES[job.stage.name]
    answers = job.table(table)
    problems = Counter(answers["problem"].drop_null().to_pylist() if answers.num_rows else ())
    if problems:
        of = f" of {job.network}" if job.network else ""
        why = ", ".join(f"{count} {problem}" for problem, count in problems.most_common())
        yield (
            f"{problems.total()} of {answers.num_rows} {what}{of} are missing, because the model's reply could not be "
            f"used ({why}).{asking_again(job, asked)}"
        )


def asking_again(job: Job, asked: str) -> str:
    """How useless replies are asked for again; nothing of a model that would say the same."""
    config = job.run.config
    component = getattr(config, asked)
    if "attempts" not in settings_of(asked, component.kind, asked):
        return ""
    shared = config.language_model.attempts if config.language_model and asked in KINDS_THAT_ASK else None
    attempts = component.options.get("attempts", shared or 1)
    return f" Have those alone asked again: --set {asked}.attempts={attempts + 2}."


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
