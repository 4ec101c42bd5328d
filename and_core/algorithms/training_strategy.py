"""Does the way a network was trained show in its neurons as the paper found? (sections 4.4 and 4.5, Figures 5 and 6)

The paper compares three strategies (Table 1) and finds two things. Supervised training narrows attention with depth:
adjectives per neuron fall and interpretable neurons become more, and self-supervision before it mitigates the fall.
Self-supervised neurons stay diverse: with a frozen backbone both measures keep their level at every depth, and neurons
have fewer adjectives than in the other networks. Each of these is a claim that is tested here; the sentence that says
what came out is made from the numbers.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from and_core.algorithms.trends import Trend, mean_difference, slope_difference

Strategy = Literal["supervised", "finetuned", "frozen"]
"""Supervised all through; self-supervised, then fine-tuned whole; self-supervised, then a head on the frozen rest."""
Finding = Literal["supervised training narrows attention with depth", "self-supervised neurons stay diverse"]
NARROWS: Finding = "supervised training narrows attention with depth"
DIVERSE: Finding = "self-supervised neurons stay diverse"
Outcome = Literal["holds", "does not hold", "undecided"]

LEVEL_SHARE_OF_MEAN = 0.05
"""Adjectives keep their level where their mean changes by less than this share from the first block to the last. In the
paper's own Figure 5 that parts BEATs-frozen (+1 %) from BEATs-finetuned (-8 %) and AST (-19 %)."""
LEVEL_POINTS = 0.10
"""The same for the interpretable share, 0..1. In the paper's own Figure 6 that parts BEATs-frozen (3 points) from
BEATs-finetuned (38) and AST (49)."""


@dataclass(frozen=True)
class NetworkTrends:
    """One network's measures along its depth."""

    network: str
    strategy: Strategy
    adjectives: Trend
    """Adjectives per neuron."""
    interpretable: Trend
    """Share of interpretable neurons, 0..1."""


@dataclass(frozen=True)
class Claim:
    """One part of a finding, tested on one network."""

    finding: Finding
    network: str
    claim: str
    outcome: Outcome
    estimate: float
    """What was tested; `measured` says in which unit."""
    low: float
    """Of its 95 % interval."""
    high: float
    measured: str


def claims(networks: Iterable[NetworkTrends]) -> list[Claim]:
    """Everything that the paper says of these strategies, tested on these networks.

    A network is compared with the first supervised one where the paper compares.
    """
    listed = list(networks)
    supervised = next((network for network in listed if network.strategy == "supervised"), None)
    return [claim for network in listed for claim in _claims_of(network, supervised, listed)]


def _claims_of(
    network: NetworkTrends, supervised: NetworkTrends | None, networks: list[NetworkTrends]
) -> Iterator[Claim]:
    margin = LEVEL_SHARE_OF_MEAN * abs(network.adjectives.mean)
    words, share = "change of adjectives per neuron, first to last block", "change of the share, first to last block"
    if network.strategy == "frozen":
        outcome = _level(network.adjectives, margin)
        yield Claim(DIVERSE, network.network, "adjectives keep their level", outcome, *network.adjectives.change, words)
        outcome = _level(network.interpretable, LEVEL_POINTS)
        said = "the interpretable share keeps its level"
        yield Claim(DIVERSE, network.network, said, outcome, *network.interpretable.change, share)
        yield from _fewer_adjectives(network, networks)
        return
    outcome = _moves(network.adjectives, -1, margin)
    yield Claim(NARROWS, network.network, "adjectives fall with depth", outcome, *network.adjectives.change, words)
    outcome = _moves(network.interpretable, 1, LEVEL_POINTS)
    said = "the interpretable share rises with depth"
    yield Claim(NARROWS, network.network, said, outcome, *network.interpretable.change, share)
    if network.strategy == "finetuned" and supervised:
        interval = slope_difference(network.adjectives, supervised.adjectives)
        said = f"adjectives fall less steeply than in {supervised.network}"
        yield Claim(NARROWS, network.network, said, _above_zero(interval), *interval, "difference of slopes")


def _fewer_adjectives(frozen: NetworkTrends, networks: list[NetworkTrends]) -> Iterator[Claim]:
    for other in networks:
        if other.strategy != "frozen":
            interval = mean_difference(other.adjectives, frozen.adjectives)
            said = f"neurons have fewer adjectives than in {other.network}"
            yield Claim(DIVERSE, frozen.network, said, _above_zero(interval), *interval, "difference of means")


def _moves(trend: Trend, sign: int, level: float) -> Outcome:
    """Whether the measure rises (sign 1) or falls (-1). It does not where it goes the other way, or keeps its level."""
    low, high = sorted(sign * end for end in trend.change[1:])
    if low > 0:
        return "holds"
    return "does not hold" if high < 0 or (-level < low and high < level) else "undecided"


def _level(trend: Trend, level: float) -> Outcome:
    """Whether the whole interval of the change is small. A slope that is not significant alone shows no level."""
    _, low, high = trend.change
    if -level < low and high < level:
        return "holds"
    return "does not hold" if low > 0 or high < 0 else "undecided"


def _above_zero(interval: tuple[float, float, float]) -> Outcome:
    _, low, high = interval
    if low > 0:
        return "holds"
    return "does not hold" if high < 0 else "undecided"


def verdicts(found: Iterable[Claim]) -> Mapping[str, str]:
    """Each finding of which anything was tested, and a sentence: does it hold, and by how many of its claims."""
    by_finding: dict[Finding, list[Claim]] = {}
    for claim in found:
        by_finding.setdefault(claim.finding, []).append(claim)
    return {finding: _sentence(finding, tested) for finding, tested in by_finding.items()}


def _sentence(finding: Finding, tested: list[Claim]) -> str:
    by_outcome = {outcome: [claim for claim in tested if claim.outcome == outcome] for outcome in get_args(Outcome)}
    held = by_outcome["holds"]
    if len(held) == len(tested):
        return f"That {finding} holds here: all {len(tested)} claims hold."
    verdict = "holds in part" if held else "does not hold" if by_outcome["does not hold"] else "is undecided"
    parts = [
        f"{outcome.capitalize()}: {', '.join(f'{claim.claim} ({claim.network})' for claim in found)}."
        for outcome, found in by_outcome.items()
        if found
    ]
    return f"That {finding} {verdict} here, {len(held)} of {len(tested)} claims. {' '.join(parts)}"
