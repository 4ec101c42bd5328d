"""Points in a reply that is JSON, whole or cut off."""

import json
import re
from collections.abc import Iterator
from typing import Any

TEXT = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?')
NO_TITLE = re.compile(
    r"commonalit|similarit|summar|feature|characteristic|points?$|text|sentence|answer", re.IGNORECASE
)
"""A key that names no aspect of sound."""


def is_json(text: str) -> bool:
    return text.startswith(("{", "["))


def json_points(text: str) -> list[str]:
    """The texts in JSON; where the JSON is cut off or wrong, those that are whole.

    `{"points": ["A"]}` gives "A", and `{"Loudness": "A"}` gives "Loudness: A".
    """
    try:
        found = list(_texts(json.loads(text)))
    except (json.JSONDecodeError, RecursionError):
        quoted = TEXT.findall(text.replace("\n", " "))
        found = [said[1:-1].replace('\\"', '"') for said, is_key in quoted if not is_key]
    return [" ".join(said.split()) for said in found]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            is_title = isinstance(item, str) and not NO_TITLE.search(key)
            yield from (f"{key.capitalize()}: {said}" if is_title else said for said in _texts(item))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
