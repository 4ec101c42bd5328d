"""English nouns, as far as sound names need them: singular forms and articles."""

import re
from functools import cache

MASS_NOUN = (
    "air|applause|fire|gravel|hail|laughter|machinery|metal|music|noise|paper|rain|sand|snow|speech|static|thunder|"
    "traffic|water|wind|wood"
)
PLURAL_WITHOUT_S = "cattle|children|feet|geese|men|mice|people|teeth|women"
UNCHANGED = ("ss", "us", "is", "ics", "ing")
"""Endings of singular words that a plural rule would cut."""


@cache
def singular(word: str) -> str:
    """The singular of a lower-case noun, e.g. `waves` -> `wave`; a gerund or `glass` stays as it is."""
    from textblob.en.inflect import singularize

    return word if len(word) < 4 or word.endswith(UNCHANGED) else str(singularize(word))


def with_article(name: str) -> str:
    """`dog` -> `a dog`, `alarm` -> `an alarm`; plurals, gerunds and mass nouns (`sea waves`, `sneezing`, `rain`) stay.

    Args:
        name: a noun phrase, words parted by spaces; its last word decides.
    """
    last = name.split()[-1].lower() if name.split() else ""
    plural = last.endswith("s") and not last.endswith(UNCHANGED)
    if not last or plural or last.endswith("ing") or re.fullmatch(f"{MASS_NOUN}|{PLURAL_WITHOUT_S}", last):
        return name
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
