"""The stage `captions`: what captioners say, once for every sound, and what became of clips without a caption."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from and_core.errors import CaptionerError
from precompute.caption_cache import FILENAME
from precompute.closing_notes import closing_notes
from precompute.config import Component
from precompute.pipeline import Job, execute, jobs_of
from precompute.run import Run
from precompute.stages.line import STAGES

MakeRun = Callable[..., Run]


class Silent:
    def kept(self, job: Job) -> None: ...

    def started(self, job: Job, items: int, already: int, shards: int) -> None: ...

    def advanced(self, job: Job, items: int) -> None: ...

    def finished(self, job: Job, seconds: float) -> None: ...


def captioned(run: Run) -> Job:
    """The stage's job, done."""
    jobs = [job for job in jobs_of(run, STAGES) if job.stage.name in ("clips", "captions")]
    execute(jobs, Silent())
    return jobs[-1]


def captions(run: Run) -> list[str | None]:
    return captioned(run).table("caption")["caption"].to_pylist()


def listening(**options: Any) -> dict[str, Any]:
    return {"captioner": Component(kind="fake", listens_only=True), **options}


def rewrite(run: Run, caption: str) -> int:
    """Change all captions in the cache; how many there were."""
    with sqlite3.connect(run.runs_folder / FILENAME) as connection:
        rows = connection.execute("UPDATE caption SET caption = ?", [caption]).rowcount
    connection.close()
    return rows


def test_another_run_takes_the_captions_of_sounds_it_shares(fake_run: MakeRun) -> None:
    first = fake_run(**listening())
    assert captions(first)[0] == "A tone of 108 Hz can be heard. It is a loud sound."
    assert rewrite(first, "From the cache.") == 12
    more_clips = fake_run(**listening(dataset={"clip_count": 15}))
    assert captions(more_clips)[:12] == ["From the cache."] * 12
    assert captions(more_clips)[12:] == captions(fake_run(**listening(dataset={"clip_count": 15})))[12:]
    assert all(caption.startswith("A tone") for caption in captions(more_clips)[12:])


def test_a_captioner_that_goes_by_labels_is_asked_every_time(fake_run: MakeRun) -> None:
    assert captions(fake_run())[0] == "A low hum can be heard. It is a loud sound."
    assert not (fake_run().runs_folder / FILENAME).exists()


def test_clips_that_sound_the_same_are_captioned_once(fake_run: MakeRun) -> None:
    run = fake_run(**listening(dataset={"gain": 0.0}))
    assert captions(run) == ["A tone of 0 Hz can be heard. It is a loud sound."] * 12
    assert rewrite(run, "-") == 1


def test_what_a_killed_run_had_captioned_is_not_asked_again(fake_run: MakeRun) -> None:
    run = fake_run(**listening(dataset={"clip_count": 70}))

    class KilledAfterOneShard(Silent):
        def advanced(self, job: Job, items: int) -> None:
            if job.stage.name == "captions":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute([job for job in jobs_of(run, STAGES) if job.stage.name in ("clips", "captions")], KilledAfterOneShard())
    assert rewrite(run, "From the cache.") == 64
    assert captions(fake_run(**listening(dataset={"clip_count": 71}))).count("From the cache.") == 64


def test_clips_without_a_caption_are_counted_and_the_run_completes(fake_run: MakeRun, tmp_path: Path) -> None:
    dog = "A dog barks in the distance near a road. "
    given = {f"tone-{item:03d}.wav": f"It hums. It is loud, number {item}." for item in range(9)} | {"other.wav": "?"}
    (tmp_path / "said.json").write_text(json.dumps(given | {"tone-000.wav": dog * 3}))
    run = fake_run(captioner=Component(kind="given", path=str(tmp_path / "said.json"), name="people"))
    jobs = jobs_of(run, STAGES)
    execute(jobs, Silent())
    table = next(job for job in jobs if job.stage.name == "captions").table("caption")
    assert table["caption"].null_count == 3
    assert table["caption"][0].as_py() == dog.split(".")[0]
    assert table["raw"][0].as_py() == (dog * 3).strip()
    assert "3 of 12 clips have no caption: tone-009.wav, tone-010.wav, tone-011.wav." in list(closing_notes(jobs))


def test_a_captioner_that_would_say_the_same_again_is_not_to_be_asked_again(fake_run: MakeRun) -> None:
    job = captioned(fake_run(captioner=Component(kind="fake", refuses="")))
    said = "12 of 12 captions are missing, because the model's reply could not be used (12 refusal)."
    assert list(closing_notes([job]))[-1] == said


def test_captions_of_another_data_set_are_refused_before_any_work(fake_run: MakeRun, tmp_path: Path) -> None:
    (tmp_path / "said.json").write_text(json.dumps({"1-100032-A-0.wav": "A dog."}))
    run = fake_run(captioner=Component(kind="given", path=str(tmp_path / "said.json")))
    with pytest.raises(CaptionerError, match="none of the 12 clips"):
        captioned(run)
    assert not run.work.exists()


def test_clap_chooses_among_the_data_sets_classes(fake_run: MakeRun, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    run = fake_run(captioner=Component(kind="acoustic", source_name="clap", clap=str(tmp_path)))
    assert "had 3 names to choose from" in run.new_captioner().provenance
