"""Stage `activations`: rows of clips on the way, files of neurons at the end."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
import soundfile

from and_core.errors import NetworkError
from and_core.models.fakes import FakeNetwork
from precompute.closing_notes import closing_notes
from precompute.config import Component
from precompute.pipeline import Job, RunShard, Tables, execute, jobs_of
from precompute.run import Run
from precompute.stages.activations import ROWS, ActivationFolder, Activations, check_finite
from precompute.stages.clips import ClipArchive
from precompute.stages.line import STAGES

MakeRun = Callable[..., Run]


class Silent:
    def kept(self, job: Job) -> None: ...

    def started(self, job: Job, items: int, already: int, shards: int) -> None: ...

    def advanced(self, job: Job, items: int) -> None: ...

    def finished(self, job: Job, seconds: float) -> None: ...


def activations_of(run: Run) -> Job:
    """The stage's job, its inputs done."""
    jobs = jobs_of(run, STAGES)
    execute([job for job in jobs if job.stage.name == "clips"], Silent())
    return next(job for job in jobs if job.stage.name == "activations")


def test_a_layers_file_holds_its_neurons_by_clips(fake_run: MakeRun) -> None:
    job = activations_of(fake_run(dataset={"clip_count": 150}))
    execute([job], Silent())
    archive, folder = ClipArchive.of(job.input("clips")), ActivationFolder.of(job)
    network = FakeNetwork()
    layers = [layer.name for layer in network.layers()]
    logits, expected = network.forward(archive.waveforms(range(150), network.sample_rate_hz), layers)
    for layer in layers:
        np.testing.assert_array_equal(folder.activations(layer), expected[layer].T)
    np.testing.assert_array_equal(np.stack(job.table("logit")["logits"].to_numpy()), logits)


def test_clips_of_any_sampling_rate_are_played_at_the_networks(fake_run: MakeRun, tmp_path: Path) -> None:
    for rate in (11_025, 8_000, 22_050, 96_000):
        tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
        soundfile.write(tmp_path / f"{rate}.wav", tone, rate)
    run = fake_run()
    sounds = Component(kind="audio_folder", root=str(tmp_path))
    job = activations_of(Run(run.config.model_copy(update={"dataset": sounds}), run.runs_folder))
    execute([job], Silent())
    activations = ActivationFolder.of(job).activations("layer1_intermediate")
    assert activations.shape == (8, 4)
    np.testing.assert_allclose(activations, activations[:, :1].repeat(4, 1), atol=0.5)
    assert np.abs(activations).max() > 1


def test_the_rows_of_clips_are_gone_when_the_stage_is_done(fake_run: MakeRun) -> None:
    job = activations_of(fake_run())
    execute([job], Silent())
    assert not (job.folder / ROWS).exists()
    assert job.is_done


class Stops(Activations):
    """Is killed when every shard is written."""

    def finish(self, job: Job) -> Tables:
        raise KeyboardInterrupt


class Counts(Activations):
    """Counts the shards it plays."""

    def __init__(self) -> None:
        self.played: list[range] = []

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        with super().work(job) as run_shard:
            yield lambda items: (self.played.append(items), run_shard(items))[1]


def test_a_kill_behind_the_last_shard_costs_no_shard(fake_run: MakeRun) -> None:
    job, counting = activations_of(fake_run(dataset={"clip_count": 150})), Counts()
    with pytest.raises(KeyboardInterrupt):
        execute([replace(job, stage=Stops())], Silent())
    execute([replace(job, stage=counting)], Silent())
    assert counting.played == []
    assert np.isfinite(ActivationFolder.of(job).activations("fc")).all()


def test_shards_that_are_there_are_not_played_again(fake_run: MakeRun) -> None:
    job, counting = activations_of(fake_run(dataset={"clip_count": 150})), Counts()
    with pytest.raises(KeyboardInterrupt):
        execute([replace(job, stage=Stops())], Silent())
    shutil.rmtree(job.folder / "shards" / "00001")
    execute([replace(job, stage=counting)], Silent())
    assert counting.played == [range(64, 128)]
    archive, network = ClipArchive.of(job.input("clips")), FakeNetwork()
    logits, _ = network.forward(archive.waveforms(range(150), network.sample_rate_hz))
    np.testing.assert_array_equal(ActivationFolder.of(job).activations("fc"), logits.T)


def test_an_encoder_without_a_head_is_dissected_too(fake_run: MakeRun) -> None:
    run = fake_run(network={"encoder": {"class_names": []}})
    jobs = jobs_of(run, STAGES)
    execute(jobs, Silent())
    notes = list(closing_notes(jobs))
    assert len(notes) == 1
    assert "encoder has no classification head" in notes[0]
    with duckdb.connect((run.store / "current").resolve(), read_only=True) as store:
        assert store.execute("SELECT name, width FROM layer ORDER BY layer_id").fetchall() == [
            ("layer1_intermediate", 8),
            ("layer1_output", 6),
        ]
        assert store.execute("SELECT count(*) FROM summary WHERE summary IS NOT NULL").fetchall() == [(28,)]
        assert store.execute("SELECT count(*) FROM ablation").fetchall() == [(0,)]
        assert store.execute("SELECT DISTINCT len(logits) FROM baseline_logit").fetchall() == [(0,)]


def test_clips_longer_than_the_network_hears_are_counted(fake_run: MakeRun) -> None:
    jobs = jobs_of(fake_run(network={"short": {"longest_s": 0.1}}), STAGES)
    execute(jobs, Silent())
    assert list(closing_notes(jobs)) == ["network.short hears the first 0.1 s of a clip: 12 of 12 clips are longer."]


def test_an_activation_that_is_no_number_names_the_clip(fake_run: MakeRun) -> None:
    archive = ClipArchive.of(activations_of(fake_run()).input("clips"))
    played = np.ones((3, 17), np.float32)
    check_finite(played, archive, range(4, 7))
    played[1, 16] = np.inf
    with pytest.raises(NetworkError, match=r"tone-005\.wav with activations that are not finite"):
        check_finite(played, archive, range(4, 7))
