"""The commands of the findings, on a store made by the real pipeline."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from and_core.findings import interpretability
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


def tables(evaluate: Evaluate, *arguments: str) -> dict[str, Any]:
    """Without the sentences."""
    return {title: found for title, found in rows(evaluate, *arguments).items() if title != "findings"}


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
    [sentence] = found["findings"].values()
    assert f"the commonest is {words[0]['word']}" in sentence
    _, out, _ = evaluate("adjectives")
    assert words[0]["word"] in out
    assert sentence in out


def test_acoustics_are_the_papers_pairs_or_any_other(evaluate: Evaluate) -> None:
    [both] = tables(evaluate, "acoustics").values()
    assert [(row["word"], row["measurement"]) for row in both] == [
        ("loud", "mean_amplitude"),
        ("high-pitched", "median_frequency_hz"),
    ]
    # The built-in captioner says "loud" of what measures loud: its neurons must hear louder clips.
    assert both[0]["low"] > 0
    [every] = tables(evaluate, "acoustics", "--word", "high-pitched").values()
    assert len(every) > 15
    [one] = next(iter(rows(evaluate, "acoustics", "--word", "quiet", "--measurement", "loudness_dbfs").values()))
    assert one["high"] < 0
    _, out, _ = evaluate("acoustics", "--word", "quiet", "--measurement", "loudness_dbfs")
    assert f"Cliff's delta {one['delta']:+.2f}" in out


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


def test_interpretability_is_judged_at_the_k_tau_and_reading_asked_for(evaluate: Evaluate, tiny_store: Path) -> None:
    store = open_store(tiny_store)
    [network] = queries.networks(store)
    counts = interpretability.counts(store, [network])
    found = rows(evaluate, "interpretability", "--k", "10", "--tau", "7", "--reading", "sentences")
    by_block = found["uninterpretable by block, K = 10, tau = 7"]
    expected = interpretability.by_block(counts, [network.name], 10, 7, "sentences")
    assert [row["uninterpretable"] for row in by_block] == pytest.approx(expected["uninterpretable"].tolist())
    figure = found["by clips, at three thresholds of K = 10 (Figure 12)"]
    assert {row["tau"] for row in figure} == {6, 8, 10}
    assert {row["kind"] for row in found["by kind of layer"]} == {"attention_output", "intermediate", "output"}
    assert [row["reading"] for row in found["three readings of Algorithm 1"]] == ["clips", "sentences", "intersection"]
    assert "Of 10 clips drawn by chance" in found["findings"]["chance"]


def test_interpretability_says_in_a_sentence_what_its_tables_show(evaluate: Evaluate) -> None:
    found = rows(evaluate, "interpretability")
    share = found["three readings of Algorithm 1"][0]["uninterpretable"]
    [sentence] = [said for name, said in found["findings"].items() if name != "chance"]
    assert sentence.startswith(f"{share:.0%} of ")
    code, out, _ = evaluate("interpretability")
    assert code == 0
    assert "uninterpretable by block, K = 5, tau = 4" in out
    assert sentence in out


def test_a_criterion_that_the_run_cannot_answer_is_explained(evaluate: Evaluate) -> None:
    code, _, said = evaluate("interpretability", "--k", "7")
    assert code == 2
    assert "judged neurons by 5, 10, 20 top clips" in said
    assert "interpretability.k=[7]" in said


def test_clusters_are_listed_with_their_words_and_neurons(evaluate: Evaluate, tiny_store: Path) -> None:
    store = open_store(tiny_store)
    [network] = queries.networks(store)
    found = rows(evaluate, "clusters")
    clusters = found["clusters (Table 8)"]
    assert [row["cluster_id"] for row in clusters] == queries.clusters(store)["cluster_id"].tolist()
    judged = queries.neurons_by_cluster(store, network.network_id)["neurons"].sum()
    assert sum(row[f"neurons of {network.name}"] for row in clusters) == judged
    assert len(found["elbow"]) > 10
    assert f"{judged:,} interpretable neurons" in found["findings"][network.name]
    code, out, _ = evaluate("clusters")
    assert code == 0
    assert clusters[0]["words"] in out
    assert found["findings"]["elbow"] in out


def test_the_last_layer_is_said_in_a_sentence(evaluate: Evaluate) -> None:
    _, out, _ = evaluate("last-layer")
    assert "output neurons of ast-foley get the name of their class" in out
