"""Runs over fakes: the whole line of stages in a second."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from and_core.models import registry
from and_core.models.fakes import fake_registry
from precompute.config import Component, NetworkTable, RunConfig
from precompute.pipeline import Job, execute, jobs_of
from precompute.run import Run
from precompute.stages.line import STAGES

TINY_TRAINING = """
epochs = 2
batch_size = 8
held_out_fold = 2
[dataset]
kind = "foley"
clips_per_class = 2
folds = 2
[model]
hidden_size = 16
blocks = 2
heads = 2
intermediate_size = 24
dropout = 0.1
mel_bins = 32
frames = 96
"""


@pytest.fixture(scope="session")
def tiny_training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training configuration for an AST of random weights that takes less than a second."""
    file = tmp_path_factory.mktemp("training") / "tiny.toml"
    file.write_text(TINY_TRAINING)
    return file


@pytest.fixture
def fakes() -> Iterator[None]:
    """The fakes stand in the registry under the kind `fake`."""
    for protocol, rows in fake_registry().items():
        registry.REGISTRY[protocol].update(rows)
    yield
    for protocol in fake_registry():
        del registry.REGISTRY[protocol]["fake"]


@pytest.fixture
def fake_run(fakes: None, tmp_path: Path) -> Callable[..., Run]:
    """Makes a run of fakes; keyword arguments are tables of the configuration."""

    def make(dataset: dict[str, Any] | None = None, network: dict[str, Any] | None = None, **tables: Any) -> Run:
        fake = Component(kind="fake")
        components = dict.fromkeys(("captioner", "summarizer", "acoustic_word_judge", "text_encoder"), fake)
        networks = network or {"fake": {}}
        return Run(
            RunConfig(
                name="fakes",
                dataset=Component(kind="fake", **(dataset or {})),
                network={name: NetworkTable(kind="fake", **options) for name, options in networks.items()},
                **{
                    **components,
                    "interpretability": {"clusters": 2, "elbow_most": 5},
                    "ablations": {"clips_per_class": 2},
                    **tables,
                },
            ),
            tmp_path / "runs",
        )

    return make


class Counting:
    """A Progress that remembers which jobs did anything."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def kept(self, job: Job) -> None: ...

    def started(self, job: Job, items: int, already: int, shards: int) -> None: ...

    def advanced(self, job: Job, items: int) -> None: ...

    def finished(self, job: Job, seconds: float) -> None:
        self.done.append(job.title)


@dataclass(frozen=True)
class Ran:
    """A run that went through all its stages."""

    jobs: list[Job]
    done: list[str]
    """The titles of the jobs that did anything."""


@pytest.fixture
def run_all() -> Callable[[Run], Ran]:
    """Does all stages of a run."""

    def run_stages(run: Run) -> Ran:
        jobs, progress = jobs_of(run, STAGES), Counting()
        execute(jobs, progress)
        return Ran(jobs, progress.done)

    return run_stages
