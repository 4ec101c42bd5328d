"""What the curves of figure 4 say, from rows worked out by hand."""

from typing import Any

from and_core.findings import paper
from and_core.findings.importance import over_seeds, sentences


def rows(strategy: str, accuracy: dict[int, tuple[float, ...]], most: int = 1000) -> list[dict[str, Any]]:
    """Accuracies by percentage, one a seed, of a network of a thousand hidden neurons."""
    return [
        {"strategy": strategy, "percent": percent, "pruned": min(10 * percent, most), "accuracy_after": value}
        for percent, values in accuracy.items()
        for value in values
    ]


RANDOM = rows("random", {0: (0.9, 0.9), 6: (0.6, 0.8), 8: (0.5, 0.5)})


def test_curves_are_means_over_seeds_with_their_range() -> None:
    at = over_seeds(RANDOM).set_index("percent").loc[6]
    assert (at["neurons"], round(at["accuracy"], 6), at["lowest"], at["highest"]) == (60, 0.7, 0.6, 0.8)


def test_the_costliest_strategy_stands_beside_chance() -> None:
    nouns = rows("nouns", {0: (0.9,), 6: (0.5,), 8: (0.4,)})
    verbs = rows("verbs", {0: (0.9,), 6: (0.8,), 8: (0.8,)}, most=60)
    said = sentences(over_seeds(RANDOM + nouns + verbs))
    assert "where nouns chooses them: from 90.0% to 50.0%. Random ones leave 70.0% (60.0% to 80.0%" in said["costliest"]
    assert said["ended"].endswith("verbs (60).")
    without = sentences(over_seeds(RANDOM + verbs))["costliest"]
    assert without.endswith(": no choice costs more than chance.")


def test_chance_alone_says_nothing_of_strategies() -> None:
    assert sentences(over_seeds(RANDOM)) == {}


def test_the_papers_basic_adjectives_cost_more_than_its_high_level_ones() -> None:
    curves = paper.accuracy_when_pruned().assign(neurons=0, lowest=0.0, highest=1.0)
    assert "at 5 of 6 percentages" in sentences(curves)["basic adjectives"]
