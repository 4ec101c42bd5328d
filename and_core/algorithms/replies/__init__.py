"""What language models say, read by rules: summaries, captions, yes or no, names of concepts.

Every reader takes a reply as it came and gives an `Answer`: the value, or why the reply cannot be used; and the raw
text.
"""

from and_core.algorithms.replies.concepts import ConceptReader
from and_core.algorithms.replies.summary import read_caption, read_summary
from and_core.algorithms.replies.yes_no import read_yes_no

RULES_VERSION = 3
"""Raised when a rule changes; part of the fingerprints of what reads replies."""

__all__ = ["RULES_VERSION", "ConceptReader", "read_caption", "read_summary", "read_yes_no"]
