"""Bring a reply's headings, labels and lead-ins into plain lines, which `points` can cut."""

import re
from collections.abc import Iterator

from and_core.algorithms.b_calibration.points import GREETING, LEAD_IN, MARKED_LINE

HEADING = re.compile(
    r"#{1,6}\s+(?P<hash>.+?)\s*#*|\*\*(?P<stars>[^*]+)\*\*:?|__(?P<bars>[^_]+)__:?"
    r"|(?P<plain>[A-Z][\w'-]*(?: [\w'-]+){0,3}:)"
)
NUMBER = re.compile(r"^\(?\d{1,2}[.):]\s*")
LABEL = re.compile(
    r"^(?P<marker>\s*(?:(?:\(?\d{1,2}[.)]|[-*•])\s+)?)(?:\*\*|__)?"
    r"(?:(?:the |my |final )?(?:answer|summary|response|result)|title|sentence|point(?: \d+)?)"
    r"(?:\*\*|__)?:(?:\*\*|__)?\s*",
    re.IGNORECASE,
)
ABOUT_THE_LIST = re.compile(
    r"\b(?:commonalit|similarit|summar|common|shared?\b|overview|analys|findings|characteristic|feature|points|conclusion"
    r"|clips|list|answer|following|here (?:are|is))",
    re.IGNORECASE,
)
"""In a heading: it speaks of the whole list and is no point's title."""
DIFFERENCES = re.compile(r"\b(?:differ|unique|individual|exception)", re.IGNORECASE)
"""In a heading: what follows, up to the next one, is not shared."""
SOURCE = r"(?:descriptions?|captions?|information|texts?|clips|list)"
THAT = r"(?:(?:it (?:is clear|appears|seems)|(?:we|i) can \w+) that\s+)?"
LEAD = re.compile(
    rf"^(?:based (?:up)?on|judging (?:by|from)|according to|from|given|looking at|across"
    rf"|after (?:reading|analy[sz]ing|reviewing|comparing)) (?:\w+ ){{0,4}}{SOURCE}"
    rf"(?: (?:\w+ ){{0,3}}(?:provided|given|above|me))?,\s+{THAT}",
    re.IGNORECASE,
)
"""Before a point: "Based on the descriptions, the clips are loud."."""
INLINE_LEAD_IN = re.compile(
    r"^(?:(?:here(?: are|'s| is)|these are|the following are)\b[^.:!?]*"
    r"|(?:the|these|all|both)\b[^.:!?]{0,60}\b(?:the following|these things)\b[^.:!?]{0,30}):\s+(?=\S)",
    re.IGNORECASE,
)
"""Before a list or a point in the same line: "Here is a list: ...", "The clips share the following: ..."."""


def in_plain_lines(text: str) -> str:
    """The reply in lines that are points, prose, or a title `1) Loudness:` above the points that belong to it."""
    return "\n".join(_plain(text.splitlines()))


def _plain(lines: list[str]) -> Iterator[str]:
    headings = [_heading(line) for line in lines]
    skips = False
    for position, (line, heading) in enumerate(zip(lines, headings, strict=True)):
        if heading is not None:
            skips = DIFFERENCES.search(heading) is not None
            if not skips and not ABOUT_THE_LIST.search(heading):
                yield f"1) {heading}:" if _has_text_below(lines, headings, position) else f"- {heading}"
        elif not skips and (line.strip() or position == 0 or headings[position - 1] is None):
            yield _without_lead(line)


def _has_text_below(lines: list[str], headings: list[str | None], position: int) -> bool:
    """Whether something stands between a heading and the next one."""
    for line, heading in zip(lines[position + 1 :], headings[position + 1 :], strict=True):
        if line.strip():
            return heading is None
    return False


def _heading(line: str) -> str | None:
    """What a line that is nothing but a heading says; a bold sentence is a point."""
    match = HEADING.fullmatch(line.strip())
    if not match:
        return None
    said = match["hash"] or match["stars"] or match["bars"] or match["plain"]
    title = NUMBER.sub("", said.strip().strip("*_")).rstrip(": ")
    return None if ": " in title or title.endswith(".") else title


def _without_lead(line: str) -> str:
    """`line` without a label, a greeting, and what announces the answer, where the answer stands in the line too."""
    said = LABEL.sub(r"\g<marker>", line)
    if MARKED_LINE.match(said):
        return said
    rest = LEAD.sub("", GREETING.sub("", said.strip().replace("’", "'")))
    if INLINE_LEAD_IN.match(rest):
        return INLINE_LEAD_IN.sub("", rest)
    kept = said.strip() if LEAD_IN.match(rest) or rest.endswith(":") else rest
    return kept if re.search(r"\w", kept) else ""
