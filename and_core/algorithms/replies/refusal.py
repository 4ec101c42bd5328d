"""Does a reply decline to answer?"""

import re
from itertools import islice

from and_core.algorithms.b_calibration.points import MARKED_LINE, sentences

OPENING = 3
"""Sentences at the beginning among which a reply declines."""
UNABLE = r"(?:cannot|can't|can not|could not|couldn't|won't|will not|am unable|am not able|(?:do not|don't) have)"
DECLINES = re.compile(
    rf"\b(?:i|we),? (?:\w+ ){{0,2}}{UNABLE}\b"
    r"|\b(?:i'm|i am|we're|we are) (?:\w+ ){0,2}(?:unable|not able|not comfortable)\b"
    r"|\bi (?:must|have to) (?:\w+ )?(?:decline|refuse)\b"
    r"|^(?:i'm|i am) (?:so |very |really )?(?:sorry|afraid)\b"
    r"|\bas an ai\b.*\b(?:cannot|can't|unable|not able|do not|don't)\b"
    r"|\bas a (?:large )?language model\b.*\b(?:cannot|can't|unable|not able|do not|don't)\b"
    r"|\bno (?:\w+ )?(?:descriptions?|captions?|audio clips?|class ?names?) (?:\w+ )?(?:was|were|has|have|given)\b"
    r"|\byou (?:did not|didn't|have not|haven't) (?:\w+ )?(?:provide|give|include|share)"
    r"|\b(?:please|could you|can you) (?:\w+ )?(?:provide|give|share|send|paste|upload)\b",
    re.IGNORECASE,
)
HINTS = ("not", "n't", "unable", "sorry", "afraid", "decline", "refuse", "please", "could you", "can you", "no ")
"""Each way to decline has one of them; looking for them first is quick."""
TO_THE_READER = re.compile(r"\b(?:you|your|please)\b", re.IGNORECASE)


def is_refusal(reply: str) -> bool:
    """Whether the beginning declines, or asks for what was given, and no list of findings follows.

    "As an AI I cannot listen to audio. However, the descriptions share: 1. Loud ... 2. Short ..." is no refusal; a list
    of what the reader should do instead does not help.
    """
    text = reply.replace("’", "'")
    opening = " ".join(line.strip() for line in text.splitlines() if not MARKED_LINE.match(line))
    beginning = list(islice(sentences(opening), OPENING))
    if not any(DECLINES.search(said) for said in beginning if any(hint in said.lower() for hint in HINTS)):
        return False
    listed = [line for line in text.splitlines() if MARKED_LINE.match(line)]
    to_the_reader = sum(bool(TO_THE_READER.search(line)) for line in listed)
    return len(listed) < 2 or to_the_reader * 2 > len(listed)
