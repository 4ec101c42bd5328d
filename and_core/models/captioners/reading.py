"""What a captioner that is a model said, made into a caption."""

from and_core.algorithms.replies import read_caption
from and_core.models.captioners.repetition import without_repetition
from and_core.models.protocols import Answer, Reply


def read_answer(reply: Reply) -> Answer[str]:
    """The description in a model's answer, or why there is none.

    An answer that repeats itself is cut as in the paper's release; the release did so before summarizing only, here
    whoever reads the caption gets it cut. Then chatter goes, and what is no description in English is refused.
    """
    said = reply.text.strip()
    cut = without_repetition(said)
    answer = read_caption(Reply(cut, is_complete=reply.is_complete or cut != said))
    return Answer(answer.value, reply.text, answer.problem)
