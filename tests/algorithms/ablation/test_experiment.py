"""A whole experiment on the fake network: eight and six hidden neurons, three classes of tones."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from and_core.algorithms.ablation.bootstrap import Bootstrap
from and_core.algorithms.ablation.evidence import Evidence, LayerPlace
from and_core.algorithms.ablation.experiment import Bench, as_json, class_rows, experiment, relearned
from and_core.algorithms.ablation.relearning import Probe
from and_core.algorithms.ablation.spelling import parse
from and_core.errors import SelectionError
from and_core.models.fakes import FakeDataset, FakeNetwork

CLIPS = 18


@pytest.fixture
def bench() -> Bench:
    data, network = FakeDataset(CLIPS), FakeNetwork()
    features = network.features([data.clip(index).waveform for index in range(CLIPS)])
    labels = np.arange(CLIPS) % 3
    return Bench(
        network="fake",
        class_names=network.class_names,
        evidence=Evidence(
            layers=tuple(
                LayerPlace(layer.name, layer.width, layer.depth, layer.name == "fc") for layer in network.layers()
            ),
            words=pd.DataFrame([(2, "hum", "noun", 1)], columns=["neuron", "word", "part_of_speech", "count"]),
            picks=pd.DataFrame(columns=["neuron", "method", "similarity", "concept", "rank", "score"]),
            summary_words=np.zeros(17, np.int64),
            lemmas={},
        ),
        clips=Bootstrap(labels, resamples=100),
        before=network.forward_features(features)[0],
        replay=network.replay(features),
        clips_said="all clips",
        probe=Probe(labels, np.arange(CLIPS) // 3, "folds"),
    )


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
    few = replace(bench, probe=Probe(np.arange(CLIPS), np.arange(CLIPS), "clips"))
    with pytest.raises(SelectionError, match="cannot be fitted anew"):
        relearned(experiment(few, parse("all"), 0))
