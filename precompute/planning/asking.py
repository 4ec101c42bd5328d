"""Which questions the stages that ask a model still have."""

from collections.abc import Callable, Mapping

import numpy as np

from and_core.models.protocols import Captioner, Clip, Prompted
from precompute.caption_cache import CaptionCache
from precompute.pipeline import Job
from precompute.planning.questions import Asked, questions
from precompute.planning.sizes import Size
from precompute.stages.a_in_context import METHOD, numbered_points
from precompute.stages.activations import constant_neurons
from precompute.stages.b_calibration import calibrated_summaries
from precompute.stages.exemplars import POLARITIES, exemplar_clips
from precompute.stages.summaries import caption_lists

CAPTION_CHARACTERS = 300
"""Of a caption, where there is none yet."""
TYPICAL_SUMMARY = "x" * 400
"""Of a neuron, where there is none yet: five points of 80 characters."""
WORDS_TO_JUDGE = 1000
"""Different adjectives in the summaries of a run; later neurons bring few that are new."""
SALMONN = Asked(1, 130, 100, 2.0, ("SALMONN takes 2 s a clip, on one large GPU",))
"""About a clip: 88 tokens heard and the prompt."""


def asked_for_captions(job: Job, size: Size) -> Asked | None:
    """One question a clip that no run in the folder has captioned."""
    captioner = job.run.new_captioner()
    if job.run.config.captioner.kind == "salmonn":
        return SALMONN.times(clips_without_caption(job, captioner, size))
    if not isinstance(captioner, Prompted):
        return None
    silence = Clip("silence", np.zeros(8000, np.float32), 8000)
    one = questions(job.run, lambda run: run.new_captioner().captions([silence]), size.sound_s / max(size.clips, 1))
    return one.times(clips_without_caption(job, captioner, size))


def clips_without_caption(job: Job, captioner: Captioner, size: Size) -> int:
    if not (captioner.listens_only and job.input("clips").is_done):
        return size.clips
    contents = set(job.input("clips").table("clip")["sha256"].to_pylist())
    cache = CaptionCache(job.run.runs_folder, captioner.fingerprint)
    return len(contents) - (len(cache.find(contents)) if cache.path.is_file() else 0)


def asked_for_summaries(job: Job, size: Size) -> Asked | None:
    """The questions themselves, where captions and exemplars are known; else two a neuron, none like another."""
    if not isinstance(job.run.new_summarizer(), Prompted):
        return None
    captions = job.input("captions").table("caption")["caption"].to_pylist() if job.input("captions").is_done else []
    if captions and job.input("exemplars").is_done:
        clips, constant = exemplar_clips(job.input("exemplars")), constant_neurons(job.input("activations"))
        lists = caption_lists(captions, clips, constant, range(len(clips)))
        return questions(job.run, lambda run: run.new_summarizer().summarize([some for some in lists if some]))
    length = round(np.mean([len(caption or "") for caption in captions])) if captions else CAPTION_CHARACTERS
    alike = ["x" * length] * job.run.config.exemplars.k
    one = questions(job.run, lambda run: run.new_summarizer().summarize([alike]))
    said = f"captions of {length} characters, no two neurons with the same"
    return one.times(size.neurons * len(POLARITIES), said)


def asked_for_concepts(job: Job, size: Size) -> Asked | None:
    """The questions themselves, where calibrated summaries are known; else one a neuron, none like another."""
    run = job.run
    if METHOD not in run.config.methods or not run.concepts or not isinstance(run.new_concept_selector(), Prompted):
        return None
    keep = run.config.a_closed_concept.keep
    if job.input("b_calibration").is_done:
        summaries = sorted(
            {numbered_points(points) for points in calibrated_summaries(job.input("b_calibration")).values()}
        )
        return questions(run, lambda run: run.new_concept_selector().select(summaries, run.concepts, keep))
    one = questions(run, lambda run: run.new_concept_selector().select([TYPICAL_SUMMARY], run.concepts, keep))
    said = f"calibrated summaries of {len(TYPICAL_SUMMARY)} characters, no two neurons with the same"
    return one.times(size.neurons, said)


def asked_about_words(job: Job, size: Size) -> Asked | None:
    if not isinstance(job.run.new_acoustic_word_judge(), Prompted):
        return None
    words = min(WORDS_TO_JUDGE, size.neurons)
    one = questions(job.run, lambda run: run.new_acoustic_word_judge().are_acoustic(["metallic"]))
    return one.times(words, f"{words:,} different adjectives, none judged before")


ASKING: Mapping[str, Callable[[Job, Size], Asked | None]] = {
    "captions": asked_for_captions,
    "summaries": asked_for_summaries,
    "a_in_context": asked_for_concepts,
    "acoustic_words": asked_about_words,
}
"""Stage -> what it asks; None where its part asks no model."""
