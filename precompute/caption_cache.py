"""Captions of all runs in a folder, by what was heard and who described it: a clip is captioned once.

Only of captioners that go by the sound alone (`listens_only`): others would say something else of the same sound under
another filename or label.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

from and_core.errors import PipelineError
from and_core.models.protocols import Answer, Problem

FILENAME = "captions.sqlite"
PATIENCE_S = 60.0
"""How long to wait for another run that is writing."""
AT_ONCE = 500
"""Clips a query: SQLite takes a limited number of parameters."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS caption (
    clip      TEXT NOT NULL, -- SHA-256 of the clip's audio file, as the stage `clips` keeps it
    captioner TEXT NOT NULL, -- fingerprint
    caption   TEXT,          -- NULL where the captioner gave nothing usable
    raw       TEXT,          -- the model's answer as it came
    problem   TEXT,          -- why it cannot be used
    PRIMARY KEY (clip, captioner)
) WITHOUT ROWID
"""


class CaptionCache:
    def __init__(self, runs_folder: Path, captioner: str) -> None:
        """
        Args:
            runs_folder: holds the file; runs may use it at the same time.
            captioner: its fingerprint.
        """
        self.path, self._captioner = runs_folder / FILENAME, captioner

    def find(self, clips: Collection[str]) -> dict[str, Answer[str]]:
        """What is known of clips, by their SHA-256.

        Raises:
            PipelineError: the file cannot be read.
        """
        wanted = list(clips)
        found: dict[str, Answer[str]] = {}
        with self._opened() as connection:
            for start in range(0, len(wanted), AT_ONCE):
                part = wanted[start : start + AT_ONCE]
                query = (
                    "SELECT clip, caption, raw, problem FROM caption "
                    f"WHERE captioner = ? AND clip IN ({', '.join('?' * len(part))})"
                )
                for clip, caption, raw, problem in connection.execute(query, [self._captioner, *part]):
                    found[clip] = Answer(caption, raw, cast("Problem | None", problem))
        return found

    def keep(self, answers: Mapping[str, Answer[str]]) -> None:
        """Add what was said of clips, all of it or nothing; what is known stays.

        Raises:
            PipelineError: the file cannot be written.
        """
        rows = [(clip, self._captioner, answer.value, answer.raw, answer.problem) for clip, answer in answers.items()]
        with self._opened() as connection, connection:
            connection.executemany("INSERT OR IGNORE INTO caption VALUES (?, ?, ?, ?, ?)", rows)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=PATIENCE_S)) as connection:
                # Readers and a writer do not wait for each other.
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(SCHEMA)
                yield connection
        except sqlite3.Error as error:
            raise PipelineError(
                f"The captions of earlier runs in {self.path} cannot be used: {error}.",
                "Free some disk space, or move the file away: clips are captioned again then.",
            ) from error
