"""The built-in summarizer: it counts what captions share. No weights, no download."""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from and_core.algorithms.descriptors import ASPECTS
from and_core.errors import ConfigError
from and_core.models.protocols import Answer
from and_core.models.summarizers.caption_reader import CaptionReader, Finding, empty_words

MAX_POINTS = 8
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class CommonalitiesSummarizer:
    """Lists what at least a share of the captions say, most shared first, one numbered point a line.

    Equally shared points stand in a fixed order: sources first, then the aspects of the descriptor table, then other
    adjectives. So a summary depends on its own captions only, not on what else is summarized in the same call.

    Args:
        min_share: share of the captions, over 0 up to 1, that must agree; 0.6 of five captions are three.

    Raises:
        ConfigError: min_share out of range.
    """

    name = "commonalities"

    def __init__(self, min_share: float = 0.6) -> None:
        if not 0 < min_share <= 1:
            raise ConfigError(f"summarizer.min_share = {min_share} is not a share.", "Give a number over 0, up to 1.")
        self._min_share = min_share

    @property
    def fingerprint(self) -> str:
        words = repr([(aspect, aspect.values) for aspect in ASPECTS]) + repr(sorted(empty_words()))
        return f"{self.name}:1:{self._min_share}:{hashlib.sha256(words.encode()).hexdigest()[:12]}"

    @property
    def provenance(self) -> str:
        return "Summaries by counting what captions share (demo quality, no language model)."

    def summarize(self, caption_lists: Sequence[Sequence[str]]) -> list[Answer[str]]:
        """One summary a list; none where the captions share nothing. Each distinct caption is read once a call."""
        reader = CaptionReader()
        distinct = dict.fromkeys(caption for captions in caption_lists for caption in captions)
        findings = {caption: reader.read(caption) for caption in distinct}
        return [Answer(self._summary(captions, findings)) for captions in caption_lists]

    def _summary(self, captions: Sequence[str], findings: Mapping[str, frozenset[Finding]]) -> str | None:
        needed = max(math.ceil(self._min_share * len(captions) - 1e-9), 1)
        counts = Counter(finding for caption in captions for finding in findings[caption])
        shared = {finding: count for finding, count in counts.items() if count >= needed}
        kept = _without_parts(shared)
        kept.sort(key=lambda finding: (-shared[finding], finding))
        points = (finding.point.format(share=_share(shared[finding], len(captions))) for finding in kept[:MAX_POINTS])
        return "\n".join(f"{i}. {point[0].upper()}{point[1:]}" for i, point in enumerate(points, 1)) or None


def _without_parts(shared: Mapping[Finding, int]) -> list[Finding]:
    """Drops `baby` where `crying baby` is as often shared, and `small dog` where `dog` is shared more often."""

    def redundant(finding: Finding, other: Finding) -> bool:
        if not finding.words or not other.words or finding == other:
            return False
        longer, shorter = f" {other.name} ", f" {finding.name} "
        if shorter in longer:
            return shared[other] == shared[finding]
        return longer in shorter and shared[other] > shared[finding]

    return [finding for finding in shared if not any(redundant(finding, other) for other in shared)]


def _share(count: int, total: int) -> str:
    """`all five clips`, `four of the five clips`, `12 of the 20 clips`, `the only clip`."""
    number, of = (NUMBERS[n] if total <= 10 else str(n) for n in (count, total))
    if total == 1:
        return "the only clip"
    return f"all {of} clips" if count == total else f"{number} of the {of} clips"
