"""A process killed with SIGKILL, at three moments, by its own hand so that the moment is exact."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

SCRIPT = """
import os, signal, sys
from pathlib import Path
from and_core.models import registry
from and_core.models.fakes import fake_registry
from precompute.config import Component, NetworkTable, RunConfig
from precompute.pipeline import Job, execute, jobs_of
from precompute.run import Run
from precompute.stages.line import STAGES

for protocol, rows in fake_registry().items():
    registry.REGISTRY[protocol].update(rows)
folder, stage, shards = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
fake = Component(kind="fake")
networks = {"fake": NetworkTable(kind="fake")}
run = Run(
    RunConfig(
        name="killed", dataset=Component(kind="fake", clip_count=150, seconds=0.1), network=networks,
        captioner=fake, summarizer=fake, acoustic_word_judge=fake, text_encoder=fake,
        interpretability={"clusters": 2}, ablations={"clips_per_class": 2},
    ),
    folder,
)

class KillsItself:
    advances = 0
    def kept(self, job): pass
    def started(self, job, items, already, shards): print(f"started {job.stage.name} {already}")
    def advanced(self, job, items):
        print(f"shard {job.stage.name}")
        self.advances += job.stage.name == stage
        if job.stage.name == stage and self.advances == shards:
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    def finished(self, job, seconds): pass

execute(jobs_of(run, STAGES), KillsItself())
"""


def run_until(folder: Path, stage: str = "-", shards: int = 0) -> tuple[int, list[str]]:
    """Run until `shards` shards of `stage` are done, then die; `-` runs to the end."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), stage, str(shards)], capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout.splitlines()


def contents(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect((folder / "killed/store/current").resolve(), read_only=True) as connection:
        names = connection.execute("SELECT table_name FROM duckdb_tables() WHERE table_name <> 'stage_run'").fetchall()
        return {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for (name,) in names}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A run that nobody killed: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("whole")
    code, lines = run_until(folder)
    assert code == 0
    return folder, lines


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "shards"), [("clips", 2), ("activations", 1), ("token_traces", 3), ("ablations", 2)])
def test_a_killed_run_goes_on_where_it_was_and_makes_the_same_store(
    tmp_path: Path, whole: tuple[Path, list[str]], stage: str, shards: int
) -> None:
    folder, lines = whole
    code, before = run_until(tmp_path, stage, shards)
    assert code == -9
    code, after = run_until(tmp_path)
    assert code == 0
    done = [line for printed in (before, after) for line in printed if line.startswith("shard")]
    assert sorted(done) == sorted(line for line in lines if line.startswith("shard")), "no shard was done twice"
    assert contents(tmp_path) == contents(folder)
