"""A whole experiment on the fake network."""

import json
from dataclasses import replace

import numpy as np
import pytest

from and_core.algorithms.ablation.experiment import Bench, as_json, class_rows, experiment, relearned, rows
from and_core.algorithms.ablation.relearning import Probe
from and_core.algorithms.ablation.spelling import parse
from and_core.errors import SelectionError


def test_logits_come_back_in_the_order_of_the_clips(bench: Bench) -> None:
    np.testing.assert_allclose(bench.play([])[0], bench.before, atol=1e-6)


def test_an_experiment_is_as_it_was_when_done_again_from_its_json(bench: Bench) -> None:
    result = experiment(bench, parse("neurons:layer1_intermediate#0-3"), 1)
    kept = json.loads(json.dumps(as_json(result)))
    assert kept["neurons"] == {"layer1_intermediate": [0, 1, 2, 3]}
    assert [row["seed"] for row in kept["rows"]] == [None, 0, 1, 2, 3, 4]
    assert {row["pruned"] for row in kept["rows"]} == {4}
    assert [row["class"] for row in class_rows(result) if row["to_forget"]] == ["middle_tone"]
    assert as_json(experiment(bench, parse(kept["selection"]), 1)) == as_json(result)
    assert kept["excess"]["value"] == pytest.approx(
        kept["deltas"]["gap"]["value"] - kept["control_deltas"]["gap"]["value"]
    )


def test_every_neuron_can_be_pruned_and_the_reader_is_told(bench: Bench) -> None:
    result = experiment(bench, parse("all"), 0)
    assert result.notes[0].startswith("All 14 hidden neurons are pruned")
    assert not result.pruned.after.any()
    assert result.excess.value == 0
    assert not result.pruned.representations.any()


def test_no_neuron_changes_nothing(bench: Bench) -> None:
    result = experiment(bench, parse("open_concept:unicorn"), 0)
    assert result.notes == ["No neuron is pruned: nothing changes."]
    assert (result.deltas.gap.value, result.excess.high) == (0, 0)


def test_a_new_head_reads_what_the_pruned_networks_head_reads(bench: Bench) -> None:
    hidden = relearned(experiment(bench, parse("neurons:fc#0"), 0))
    assert hidden.refitted == hidden.refitted_before  # what the head reads is whole
    gone = relearned(experiment(bench, parse("all"), 0))
    assert gone.refitted_before.value == 1
    assert gone.splits == 5 and gone.groups == "folds"


def test_one_clip_a_class_is_too_few_to_fit_a_head(bench: Bench) -> None:
    few = replace(bench, probe=Probe(np.arange(len(bench.before)), np.arange(len(bench.before)), "clips"))
    with pytest.raises(SelectionError, match="cannot be fitted anew"):
        relearned(experiment(few, parse("all"), 0))


def test_rows_tell_on_request_what_a_new_head_finds(bench: Bench) -> None:
    result = experiment(bench, parse("all"), 0, seeds=(0,))
    again = relearned(result)
    own, control = rows(result, "all", "low_hum", again)
    heads = ("before", "pruned", "refitted", "refitted_before")
    assert [own[f"relearned_{head}"] for head in heads] == [getattr(again, head).value for head in heads]
    assert own["regained"] == again.regained
    assert set(own) - set(control) == {*(f"relearned_{head}" for head in heads), "regained"}
    assert list(next(rows(result, "all", "low_hum"))) == list(control)
    assert as_json(result, again)["rows"] == [own, control]
    assert as_json(result, again)["relearning"]["refitted"]["value"] == again.refitted.value


def test_clips_are_counted_while_they_are_played(bench: Bench) -> None:
    heard: list[int] = []
    experiment(bench, parse("all"), 0, seeds=(0, 1), heard=heard.append)
    assert sum(heard) == 3 * len(bench.before)
