"""The commands of the findings, on a store made by the real pipeline."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from and_core.store import queries
from and_core.store.connection import open_store
from precompute.__main__ import main

Evaluate = Callable[..., tuple[int, str, str]]


@pytest.fixture
def evaluate(tiny_store: Path, capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """`evaluate("training", "--json")` on the tiny store: exit code, what was printed, what was said beside."""

    def run(what: str, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(["evaluate", what, "demo", "--runs", str(tiny_store.parent.parent), *arguments])
        printed = capsys.readouterr()
        return int(stop.value.code or 0), printed.out, printed.err

    return run


def rows(evaluate: Evaluate, *arguments: str) -> dict[str, Any]:
    code, out, _ = evaluate(*arguments, "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_adjectives_are_those_of_the_store(evaluate: Evaluate, tiny_store: Path) -> None:
    found = rows(evaluate, "adjectives", "--top", "3")
    words = found["commonest adjectives (Figures 3 and 9)"]
    expected = queries.adjectives(open_store(tiny_store), 0, limit=3, hidden=True)
    assert [(row["word"], row["neurons"]) for row in words] == list(expected.itertuples(index=False, name=None))
    lines = found["trends of adjectives per neuron (Figure 5)"]
    kinds = {"all hidden layers", "attention_output", "intermediate", "output"}
    assert {(row["kind"], row["over"]) for row in lines} == {
        (kind, over) for kind in kinds for over in ("neurons", "block means")
    }
    assert all(row["low"] <= row["slope"] <= row["high"] for row in lines)
    _, out, _ = evaluate("adjectives")
    assert words[0]["word"] in out


def test_acoustics_are_the_papers_pairs_or_any_other(evaluate: Evaluate) -> None:
    [both] = rows(evaluate, "acoustics").values()
    assert [(row["word"], row["measurement"]) for row in both] == [
        ("loud", "mean_amplitude"),
        ("high-pitched", "median_frequency_hz"),
    ]
    # The built-in captioner says "loud" of what measures loud: its neurons must hear louder clips.
    assert both[0]["low"] > 0
    [every] = rows(evaluate, "acoustics", "--word", "high-pitched").values()
    assert len(every) > 15
    [one] = next(iter(rows(evaluate, "acoustics", "--word", "quiet", "--measurement", "loudness_dbfs").values()))
    assert one["high"] < 0


def test_a_measurement_that_nobody_took_gets_a_suggestion(evaluate: Evaluate) -> None:
    code, _, said = evaluate("acoustics", "--word", "loud", "--measurement", "loudnes_dbfs")
    assert code == 2
    assert "Did you mean 'loudness_dbfs'?" in said
    code, _, said = evaluate("acoustics", "--measurement", "loudness_dbfs")
    assert code == 2
    assert "--word" in said


@pytest.mark.parametrize("over", [[], ["--over-blocks"]])
def test_training_says_in_a_sentence_whether_the_paper_holds_here(evaluate: Evaluate, over: list[str]) -> None:
    found = rows(evaluate, "training", *over)
    claims = found["claims (section 4.5)"]
    assert [row["claim"] for row in claims] == [
        "adjectives fall with depth",
        "the interpretable share rises with depth",
    ]
    [sentence] = found["findings"].values()
    assert f"{sum(row['outcome'] == 'holds' for row in claims)} of 2 claims" in sentence or "all 2 claims" in sentence
    _, out, _ = evaluate("training", *over)
    assert sentence in out
