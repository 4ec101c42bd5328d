"""Deletes what the current configuration of a run does not use."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from and_core.errors import PipelineError
from precompute.pipeline import Job, locked


def clean_run(jobs: Sequence[Job]) -> tuple[int, int]:
    """Delete the folders of other keys, the stores that are not current, and recordings that are no longer published.

    Returns:
        how many folders and files went, and their size in bytes.

    Raises:
        PipelineError: the run is not finished, so that the published store is another configuration's and would lose
            its recordings.
    """
    run = jobs[0].run
    unfinished = [job.title for job in jobs if not job.is_done]
    if unfinished:
        raise PipelineError(
            f"{run.folder} is not finished as this configuration says ({', '.join(unfinished)} to do).",
            "Run it first, then clean with the same configuration and the same --set.",
        )
    used = {job.folder for job in jobs}
    clips = next(job for job in jobs if job.stage.name == "clips").table("clip")
    published = {file for column in ("audio", "spectrogram") for file in clips[column].to_pylist()}
    current = (run.store / "current").resolve()
    with locked(run):
        unused = [folder for folder in run.work.glob("*/*") if folder.is_dir() and folder not in used]
        unused += [file for file in run.store.glob("and-*") if file.resolve() != current]
        unused += [file for file in run.store.glob("*/*") if str(file.relative_to(run.store)) not in published]
        freed = sum(size_of(path) for path in unused)
        for path in unused:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return len(unused), freed


def size_of(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
