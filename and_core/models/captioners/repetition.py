"""Captions of a model that got stuck and says the same again and again: found and cut as the AND authors did."""

import re

WINDOW = 8
"""Tokens that have to come twice in the same order."""

_TOKEN = re.compile(r"\w+(?:[-'’]\w+)*|[^\w\s]")


def is_repetitive(text: str) -> bool:
    """Whether eight tokens in a row (words and punctuation marks, upper and lower case apart) come twice."""
    tokens = _TOKEN.findall(text)
    windows = [tuple(tokens[start : start + WINDOW]) for start in range(len(tokens) - WINDOW + 1)]
    return len(set(windows)) < len(windows)


def without_repetition(text: str) -> str:
    """`text`, but of a repetitive one what comes before the first line break, or else before the first full stop."""
    if not is_repetitive(text):
        return text
    return text.split("\n" if "\n" in text else ".", maxsplit=1)[0]
