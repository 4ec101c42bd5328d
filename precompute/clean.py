"""Deletes what the current configuration of a run does not use."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from precompute.pipeline import Job, locked


def clean_run(jobs: Sequence[Job]) -> tuple[int, int]:
    """Delete the folders of other keys and the stores that are not current.

    Returns:
        how many folders and files went, and their size in bytes.
    """
    run = jobs[0].run
    used = {job.folder for job in jobs}
    clips = next(job for job in jobs if job.stage.name == "clips").table("clip")
    published = {file for column in ("audio", "spectrogram") if clips.num_rows for file in clips[column].to_pylist()}
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
