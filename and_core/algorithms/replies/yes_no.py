"""Yes or no in a model's reply, for the check of acoustic words (paper, appendix A.2)."""

import re

from and_core.algorithms.replies.tidy import tidy
from and_core.models.protocols import Answer, Reply

ECHO = re.compile(r"\byes\s*(?:or|/|and)\s*no\b|\bno (?:doubt|question)\b", re.IGNORECASE)
"""The question said again, and a no that means yes."""
YES_OR_NO = re.compile(r"(?<![\w-])(yes|no)(?![\w-])", re.IGNORECASE)


def read_yes_no(reply: Reply) -> Answer[bool]:
    """The first yes or no that stands as a word: "eyes", "yesterday" and "yes-men" are none."""
    text = ECHO.sub("", tidy(reply.text))
    found = YES_OR_NO.search(text)
    if found:
        return Answer(found[1].lower() == "yes", reply.text)
    return Answer(None, reply.text, "no answer" if text.strip() else "empty")
