"""Verdicts follow from numbers: networks made to follow the paper, to contradict it, and to leave it open."""

import numpy as np
import pytest

from and_core.algorithms.training_strategy import DIVERSE, NARROWS, NetworkTrends, Strategy, claims, verdicts
from and_core.algorithms.trends import Trend, trend
from and_core.findings import paper


def line(slope: float, mean: float, neurons: int = 2000, noise: float = 0.5) -> Trend:
    """The trend of neurons in four blocks."""
    depths = np.repeat([1, 2, 3, 4], neurons // 4)
    noises = np.random.default_rng(neurons).normal(0, noise, len(depths))
    found = trend(depths, mean + slope * (depths - 2.5) + noises - noises.mean())
    assert found
    return found


def network(strategy: Strategy, words: Trend, share: Trend) -> NetworkTrends:
    return NetworkTrends(f"a-{strategy}", strategy, words, share)


def outcomes(*networks: NetworkTrends) -> dict[str, str]:
    return {claim.claim: claim.outcome for claim in claims(networks)}


def test_the_papers_own_figures_uphold_the_papers_findings() -> None:
    rows = paper.by_block()
    networks = [
        NetworkTrends(
            str(name),
            own["training"].iloc[0],
            *(trend(own["depth"], own[measure]) for measure in ("adjectives", "interpretable")),  # type: ignore[arg-type]
        )
        for name, own in rows.groupby("network", sort=False)
    ]
    found = claims(networks)
    assert {claim.claim: claim.outcome for claim in found if claim.network == "AST"} == {
        "adjectives fall with depth": "holds",
        "the interpretable share rises with depth": "holds",
    }
    assert {claim.outcome for claim in found} == {"holds"}
    assert verdicts(found) == {
        NARROWS: f"That {NARROWS} holds here: all 5 claims hold.",
        DIVERSE: f"That {DIVERSE} holds here: all 4 claims hold.",
    }


def test_a_supervised_network_that_goes_the_other_way_contradicts_the_paper() -> None:
    found = claims([network("supervised", line(0.3, 3), line(-0.1, 0.5, noise=0.2))])
    assert [claim.outcome for claim in found] == ["does not hold", "does not hold"]
    assert "does not hold here, 0 of 2 claims." in verdicts(found)[NARROWS]


def test_a_level_measure_contradicts_a_claimed_trend() -> None:
    words, share = line(0, 3, neurons=40_000, noise=0.1), line(0.1, 0.5, noise=0.1)
    assert outcomes(network("supervised", words, share))["adjectives fall with depth"] == "does not hold"


def test_too_few_neurons_leave_it_undecided_and_are_no_proof_of_a_level() -> None:
    vague = line(0, 3, neurons=8, noise=3)
    found = claims([network("frozen", vague, line(0, 0.5, neurons=8, noise=0.5))])
    assert {claim.outcome for claim in found} == {"undecided"}
    assert "is undecided here, 0 of 2 claims." in verdicts(found)[DIVERSE]


def test_a_frozen_network_with_a_trend_is_not_level() -> None:
    found = outcomes(network("frozen", line(-0.5, 3), line(0, 0.5, neurons=20_000, noise=0.1)))
    assert found["adjectives keep their level"] == "does not hold"
    assert found["the interpretable share keeps its level"] == "holds"


def test_a_finding_of_which_some_claims_hold_holds_in_part_and_says_which() -> None:
    found = claims([network("supervised", line(-0.3, 3), line(-0.1, 0.5, noise=0.2))])
    said = verdicts(found)[NARROWS]
    assert "holds in part here, 1 of 2 claims." in said
    assert "Holds: adjectives fall with depth (a-supervised)" in said
    assert "Does not hold: the interpretable share rises with depth (a-supervised)" in said


@pytest.mark.parametrize(("slope", "outcome"), [(-0.1, "holds"), (-0.9, "does not hold")])
def test_a_finetuned_network_is_compared_with_the_supervised_one(slope: float, outcome: str) -> None:
    share = line(0.1, 0.5, noise=0.1)
    found = outcomes(network("supervised", line(-0.5, 3), share), network("finetuned", line(slope, 3), share))
    assert found["adjectives fall less steeply than in a-supervised"] == outcome


def test_the_frozen_network_is_compared_with_every_other() -> None:
    share, level = line(0.1, 0.5, noise=0.1), line(0, 2)
    found = outcomes(network("supervised", line(-0.3, 3), share), network("frozen", level, share))
    assert found["neurons have fewer adjectives than in a-supervised"] == "holds"


def test_nothing_is_claimed_of_no_networks() -> None:
    assert claims([]) == []
    assert verdicts([]) == {}
