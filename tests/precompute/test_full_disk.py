"""A disk that takes no more, made with a limit on the size of files: in a process of its own, because it stays."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import resource, signal, sys
from pathlib import Path
from and_core.errors import AndError
from and_core.models import registry
from and_core.models.fakes import fake_registry
from precompute.config import Component, NetworkTable, RunConfig
from precompute.pipeline import execute, jobs_of
from precompute.run import Run
from precompute.stages.line import STAGES

for protocol, rows in fake_registry().items():
    registry.REGISTRY[protocol].update(rows)
fake = Component(kind="fake")
networks = {"fake": NetworkTable(kind="fake")}
run = Run(
    RunConfig(
        name="full", dataset=fake, network=networks, captioner=fake, summarizer=fake, acoustic_word_judge=fake,
        text_encoder=fake, interpretability={"clusters": 2}, ablations={"clips_per_class": 2},
    ),
    Path(sys.argv[1]),
)

class Printing:
    def kept(self, job): print(f"kept {job.stage.name}")
    def started(self, job, items, already, shards): pass
    def advanced(self, job, items): pass
    def finished(self, job, seconds): pass

limit = int(sys.argv[2])
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    execute(jobs_of(run, STAGES), Printing())
except AndError as error:
    print(f"{type(error).__name__}: {error}")
"""


def run_with_limit(folder: Path, limit: int) -> tuple[list[str], str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), str(limit)], capture_output=True, text=True, timeout=120
    )
    return done.stdout.splitlines(), done.stderr


@pytest.mark.slow
def test_a_full_disk_is_one_message_and_the_run_goes_on_when_there_is_room(tmp_path: Path) -> None:
    printed, errors = run_with_limit(tmp_path, 2_000)
    assert "Traceback" not in errors
    assert printed[-1].startswith("PipelineError: The disk is full")
    printed, errors = run_with_limit(tmp_path, 100_000)
    assert "Traceback" not in errors
    assert printed[-1].startswith("StoreError:") and "cannot be written" in printed[-1]
    printed, _ = run_with_limit(tmp_path, 0)
    assert printed[:3] == ["kept clips", "kept activations", "kept exemplars"]
    assert "kept ablations" in printed
    assert (tmp_path / "full" / "store" / "current").is_file()
