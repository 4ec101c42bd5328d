"""Stage `token_traces` over fakes, and over a small network that is real: what is kept of which exemplars."""

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import soundfile

from and_core.algorithms.token_traces import restore, token_traces
from and_core.errors import StoreError
from and_core.models.fakes import FakeNetwork
from and_core.models.networks.huggingface import HuggingFaceNetwork
from and_core.models.protocols import FloatArray, TokenActivations
from and_core.store.build import StoreBuilder
from and_core.store.connection import open_store
from precompute.pipeline import Job, execute, jobs_of
from precompute.run import Run
from precompute.stages.line import STAGES
from precompute.stages.token_traces import ExemplarsByClip, trace_tables

MakeRun = Callable[..., Run]
TRACES = """
    SELECT layer.name AS layer, position, audio, lowest, highest, trace, bands, start_s, end_s, low_hz, high_hz
    FROM token_trace JOIN exemplar USING (neuron_id, polarity, rank) JOIN clip USING (clip_id)
        JOIN neuron USING (neuron_id) JOIN layer USING (layer_id) JOIN token_grid USING (network_id, clip_id)"""


class Silent:
    """A Progress that says nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


def run_all(run: Run) -> list[Job]:
    jobs = jobs_of(run, STAGES)
    execute(jobs, Silent())
    return jobs


def rows(run: Run, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect((run.store / "current").resolve(), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_exemplar_of_a_hidden_neuron_has_a_trace_and_the_head_has_none(fake_run: MakeRun) -> None:
    run = fake_run()
    run_all(run)
    assert rows(run, "SELECT count(*), count(DISTINCT (neuron_id, polarity, rank)) FROM token_trace") == [(140, 140)]
    without = "FROM exemplar JOIN neuron USING (neuron_id) JOIN layer USING (layer_id) ANTI JOIN token_trace"
    assert rows(run, f"SELECT DISTINCT kind {without} USING (neuron_id, polarity, rank)") == [("fc",)]


def test_a_neuron_that_answers_every_clip_alike_has_no_trace(fake_run: MakeRun) -> None:
    run = fake_run(network={"fake": {"dead": 3}})
    run_all(run)
    assert rows(run, "SELECT min(neuron_id), count(DISTINCT neuron_id) FROM token_trace") == [(3, 11)]


def test_a_network_without_a_head_is_traced_in_all_its_layers(fake_run: MakeRun) -> None:
    run = fake_run(network={"fake": {"class_names": []}})
    run_all(run)
    assert rows(run, "SELECT count(DISTINCT neuron_id) FROM token_trace") == [(14,)]


def test_a_trace_is_what_the_network_answers_to_the_steps_of_the_clip(fake_run: MakeRun) -> None:
    run = fake_run(network={"fake": {"seed": 3}})
    run_all(run)
    found, network = open_store(run.store).query(TRACES), FakeNetwork(seed=3)
    assert len(found) == 140
    for row in found.itertuples():
        waveform, _ = soundfile.read(run.store / row.audio, dtype="float32")
        [answers] = network.token_activations([waveform], [row.layer])
        numbers = answers.outputs[row.layer][0, :, row.position]
        assert (row.lowest, row.highest) == pytest.approx((numbers.min(), numbers.max()), abs=1e-5)
        half_a_level = (row.highest - row.lowest) / 255 / 2
        np.testing.assert_allclose(
            restore(row.trace, row.lowest, row.highest), numbers, rtol=0, atol=half_a_level + 1e-5
        )
        np.testing.assert_allclose(row.start_s, answers.start_s)
        np.testing.assert_allclose(row.end_s, answers.end_s)
    assert found["bands"].isna().all() and found["low_hz"].isna().all()


def test_long_clips_are_kept_in_64_steps_or_fewer(fake_run: MakeRun) -> None:
    run = fake_run(dataset={"seconds": 5.0})
    run_all(run)
    grids = rows(run, "SELECT DISTINCT len(start_s), start_s[2], end_s[1], end_s[-1] FROM token_grid")
    assert grids == [(50, pytest.approx(0.1), pytest.approx(0.1), pytest.approx(5.0))]
    assert rows(run, "SELECT DISTINCT len(trace) FROM token_trace") == [(50,)]


def test_a_network_whose_tokens_have_no_places_is_published_without_traces(fake_run: MakeRun) -> None:
    run = fake_run(network={"placed": {}, "unplaced": {"locates_tokens": False}})
    run_all(run)
    assert rows(run, "SELECT count(*), max(neuron_id) FROM token_trace") == [(140, 13)]
    assert rows(run, "SELECT DISTINCT network_id FROM token_grid") == [(0,)]


def test_the_second_networks_traces_are_of_its_own_neurons_and_steps(fake_run: MakeRun) -> None:
    run = fake_run(network={"one": {}, "two": {"seed": 1}})
    run_all(run)
    of_two = rows(run, "SELECT min(neuron_id), max(neuron_id), count(*) FROM token_trace WHERE neuron_id >= 17")
    assert of_two == [(17, 30, 140)]
    assert rows(run, f"SELECT count(*) FROM ({TRACES})") == [(280,)]


def test_only_clips_that_are_exemplars_are_played(fake_run: MakeRun) -> None:
    run = fake_run(dataset={"clip_count": 60}, exemplars={"k": 1}, interpretability={"clusters": 2, "tau": 1})
    run_all(run)
    exemplars = "SELECT DISTINCT clip_id FROM exemplar JOIN neuron USING (neuron_id) WHERE layer_id < 2 ORDER BY 1"
    assert rows(run, "SELECT clip_id FROM token_grid ORDER BY 1") == rows(run, exemplars)
    assert rows(run, "SELECT count(*) < 60 FROM token_grid") == [(True,)]


def test_a_trace_of_no_exemplar_or_without_times_is_not_published(tmp_path: Path) -> None:
    exemplar = """
        INSERT INTO clip VALUES (0, 'a', NULL, NULL, NULL, 1, 8000, 's', 'a', 'a');
        INSERT INTO layer VALUES (0, 0, 'l', 'output', 'm', 1, 1);
        INSERT INTO neuron SELECT 0, 0, 0, 0, 1, range(33);
        INSERT INTO exemplar VALUES (0, 'high', 1, 0, 1);"""
    trace = "INSERT INTO token_trace VALUES (0, 'high', {rank}, 0, 1, [0, 255], {bands});"
    grid = "INSERT INTO token_grid VALUES (0, 0, [0, 1], [1, 2], [20], [900]);"
    for statements, complaint in (
        (trace.format(rank=2, bands="NULL") + grid, "a token trace of no exemplar"),
        (trace.format(rank=1, bands="NULL"), "a token trace whose steps have no times"),
        (trace.format(rank=1, bands="[0, 255]") + grid, "a token trace whose steps have no times"),
    ):
        builder = StoreBuilder(tmp_path / "and-bad.duckdb", clip_count=1)
        with pytest.raises(StoreError, match=complaint), builder:
            builder.connection.execute(exemplar + statements).fetchall()
    with StoreBuilder(tmp_path / "and-good.duckdb", clip_count=1) as builder:
        builder.connection.execute(exemplar + trace.format(rank=1, bands="NULL") + grid).fetchall()


def test_traces_of_a_real_network_know_their_bands(tiny_store: Path, project: Path) -> None:
    found = open_store(tiny_store).query(
        f"{TRACES} WHERE network_id = 0 AND layer.name = 'layer2_output' AND position < 2"
    )
    network = HuggingFaceNetwork(project / "assets" / "ast-foley")
    assert len(found) == 20
    for row in found.itertuples():
        waveform, _ = soundfile.read(tiny_store / row.audio, dtype="float32")
        [answers] = network.token_activations([waveform], [row.layer])
        traces = token_traces(answers.outputs[row.layer], np.array([row.position]))
        assert traces.bands is not None and answers.low_hz is not None
        one_level = (row.highest - row.lowest) / 255
        np.testing.assert_allclose(restore(row.trace, row.lowest, row.highest), traces.time[0], rtol=0, atol=one_level)
        np.testing.assert_allclose(restore(row.bands, row.lowest, row.highest), traces.bands[0], rtol=0, atol=one_level)
        np.testing.assert_allclose(row.low_hz, answers.low_hz)


class Wide(FakeNetwork):
    """Answers every clip with 8 MB."""

    def token_activations(self, waveforms: Sequence[FloatArray], layers: Sequence[str]) -> Iterator[TokenActivations]:
        seconds = np.arange(100, dtype=np.float32)
        for _ in waveforms:
            yield TokenActivations(dict.fromkeys(layers, np.zeros((10, 100, 2000), np.float32)), seconds, seconds + 1)


class Silence:
    """As many clips as are asked for."""

    def waveforms(self, clips: Sequence[int], sample_rate_hz: int) -> list[FloatArray]:
        return [np.zeros(1, np.float32)] * len(clips)


def test_one_clips_answers_are_held_at_a_time() -> None:
    exemplars = ExemplarsByClip({"layer1_output": range(2000)}, (2000, 2, 1), np.arange(16), np.arange(16) + 1)
    tracemalloc.start()
    tables = trace_tables(Wide(), Silence(), exemplars, range(16))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert tables["token_trace"].num_rows == 16
    assert peak < 12e6
