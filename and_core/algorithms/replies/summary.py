"""The points of a summary in a model's reply, without greetings and other chatter (paper, appendix B.1)."""

import re

from and_core.algorithms.b_calibration.points import NO_ANSWER, points, sentences
from and_core.algorithms.replies.json_points import is_json, json_points
from and_core.algorithms.replies.layout import in_plain_lines
from and_core.algorithms.replies.refusal import is_refusal
from and_core.algorithms.replies.tidy import tidy
from and_core.algorithms.replies.wording import are_mostly_known, wording_problem, words_of
from and_core.models.protocols import Answer, Problem, Reply

TO_THE_READER = re.compile(
    r"\b(?:as follows|listed below|in the following ways)\b"
    r"|\bthe following (?:\w+ )?(?:commonalit|similarit|feature|point|characteristic)"
    r"|\byou (?:provided|gave|have provided|shared|described)\b|\b(?:your request|your question)\b"
    r"|^\W*(?:please )?note\b(?: that|:)|^(?:this|the above) (?:list|summary)\b|^these (?:are|were) (?:some of )?the\b"
    r"|\bif you\b.{0,12}\b(?:like|want|wish|prefer|need)\b"
    r"|^.{0,60}\b(?:have|share) (?:these|several|some|a few|many|a number of|multiple)\b[^:;,]{0,30}"
    r"\b(?:in common|commonalities|similarities|characteristics|features|traits)\W*$",
    re.IGNORECASE,
)
NOTHING_SHARED = re.compile(
    r"\bnothing (?:\w+ ){0,2}in common\b|(?:\bnot|n't) (?:\w+ )?(?:have|share) (?:anything|much|any)\b"
    r"|\bno (?:\w+ )?(?:shared|common) (?:\w+ )?(?:feature|characteristic|element|point|theme|sound|source)s?\b"
    r'|^\{"\w+":\s*\[\s*\]\s*\}$'
    r"|^(?:none|nothing)(?: of (?:these|them|the above)| shared| found| in common)?\W*$",
    re.IGNORECASE,
)
TO_THE_READER_HINTS = (
    "in common",
    "ities",
    "features",
    "istics",
    "traits",
    "follow",
    "below",
    "you",
    "note",
    "this",
    "above",
    "these",
)
NOTHING_SHARED_HINTS = ("{", "nothing", "none", "not", "n't", "no ")
"""Each way to say it has one of them; looking for them first is quick."""
SENTENCE_ENDS = (".", "!", "?", '."', '!"', ".)", "”")


def read_summary(reply: Reply) -> Answer[str]:
    """A summary as numbered points, one a line, or why there is none.

    Greetings, closing words, headings, markdown and repetitions are left out, and so is the last sentence of a reply
    that was cut off. A reply which says that nothing is shared gives no summary and is no problem.
    """
    text = tidy(reply.text)
    if not re.search(r"\w", text):
        return Answer(None, reply.text, "empty" if reply.is_complete or not reply.text.strip() else "cut off")
    if is_refusal(text):
        return Answer(None, reply.text, "refusal")
    found = json_points(text) if is_json(text) else []
    if not found:
        found = points(in_plain_lines(text))
        if found and not reply.is_complete:
            found[-1] = _whole_sentences(found[-1])
    clean = _each_once([_clean(point) for point in found])
    problem = wording_problem("\n".join(clean)) if clean else _why_nothing(text, reply.is_complete)
    if not problem and sum(map(len, clean)) < len(text) / 2 and not are_mostly_known(words_of(text)):
        problem = "no sentences"  # a few words that happen to be English, out of many that are none
    if problem or not clean:
        return Answer(None, reply.text, problem)
    return Answer("\n".join(f"{number}. {point}" for number, point in enumerate(clean, start=1)), reply.text)


def read_caption(reply: Reply) -> Answer[str]:
    """A description of a clip as prose, or why there is none; cleaned as a summary is."""
    answer = read_summary(reply)
    if answer.value is None:
        return answer
    found = (line.partition(" ")[2] for line in answer.value.splitlines())
    return Answer(" ".join(point if point.endswith(SENTENCE_ENDS) else f"{point}." for point in found), reply.text)


def _whole_sentences(point: str) -> str:
    """The point without its unfinished last sentence."""
    if point.endswith(SENTENCE_ENDS):
        return point
    return " ".join(list(sentences(point))[:-1])


def _clean(point: str) -> str:
    """The point without talk to the reader, quotation marks around it or a colon behind it; with a capital."""
    kept = [said for said in sentences(point) if not _is_to_the_reader(said) and not _says_nothing_shared(said)]
    clean = " ".join(kept).rstrip(": ").strip()
    if len(clean) > 1 and clean[0] + clean[-1] in ('""', "“”"):
        clean = clean[1:-1].strip()
    return clean[:1].upper() + clean[1:]


def _is_to_the_reader(said: str) -> bool:
    lower = said.lower()
    return any(hint in lower for hint in TO_THE_READER_HINTS) and TO_THE_READER.search(said) is not None


def _says_nothing_shared(said: str) -> bool:
    lower = said.lower()
    return any(hint in lower for hint in NOTHING_SHARED_HINTS) and NOTHING_SHARED.search(said) is not None


def _each_once(found: list[str]) -> list[str]:
    """Points in their order, each where it stands first; case and a last full stop make no difference."""
    first: dict[str, str] = {}
    for point in found:
        first.setdefault(point.casefold().rstrip("."), point)
    return [point for point in first.values() if point]


def _why_nothing(text: str, is_complete: bool) -> Problem | None:
    said = list(sentences(" ".join(text.split())))
    if any(NO_ANSWER.search(sentence) or _says_nothing_shared(sentence) for sentence in said):
        return None
    return "no answer" if is_complete else "cut off"
