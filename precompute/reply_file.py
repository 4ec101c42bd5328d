"""The SQLite file behind `reply_log`: replies by the hash of their question, and how fast models were."""

import hashlib
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from and_core.errors import PipelineError
from and_core.models.protocols import Reply

UNSAVED = 64
"""Replies that a kill may cost, at most."""
UNSAVED_S = 10.0
"""A slow model's replies are written after so many seconds, too."""
BUSY_S = 60.0
"""How long to wait for another run that writes."""
TELLING = 256
"""Replies that say how fast a model is once it is loaded."""
LOOKED_UP = 500
"""Keys in one SELECT."""

TABLES = """
CREATE TABLE IF NOT EXISTS reply (
    key BLOB PRIMARY KEY, text TEXT NOT NULL, is_complete INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL, reply_tokens INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS worked (
    model TEXT NOT NULL, kind TEXT NOT NULL, replies INTEGER NOT NULL, characters INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL, reply_tokens INTEGER NOT NULL, first_s REAL NOT NULL, seconds REAL NOT NULL
);
"""
"""`worked` has a row for each time that a model answered questions of one kind: how many, how long, how fast."""

Keyed = tuple[bytes, Reply]


@dataclass(frozen=True)
class Rate:
    """What a model has done so far, and how long that took."""

    replies: int
    characters: int
    """Of all messages of the questions together."""
    prompt_tokens: int
    reply_tokens: int
    first_s: float
    """Until the first reply, each time that it was at work: mostly loading."""
    seconds: float
    """In all."""

    @property
    def reply_s(self) -> float:
        """For each reply, without what comes before the first where there are enough of them to tell."""
        return (self.seconds - (self.first_s if self.replies >= TELLING else 0.0)) / self.replies


class ReplyFile:
    """An open file; close it, or use it as a context.

    Raises:
        PipelineError: here and in every method: the file cannot be used.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        with self._explained():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(file, timeout=BUSY_S)
            try:
                self._database.execute("PRAGMA journal_mode = WAL")
                # What is committed outlives a kill. A power cut may cost the last replies, never the file.
                self._database.execute("PRAGMA synchronous = NORMAL")
                self._database.executescript(TABLES)
            except sqlite3.Error:
                self._database.close()
                raise

    def __enter__(self) -> "ReplyFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def found(self, keys: Sequence[bytes]) -> Iterator[Keyed]:
        """Those of some questions that were answered before, with their replies."""
        for start in range(0, len(keys), LOOKED_UP):
            some = keys[start : start + LOOKED_UP]
            with self._explained():
                marks = ",".join("?" * len(some))
                rows = self._database.execute(f"SELECT * FROM reply WHERE key IN ({marks})", some).fetchall()
            for key, text, is_complete, prompt_tokens, reply_tokens in rows:
                yield key, Reply(text, bool(is_complete), prompt_tokens, reply_tokens)

    def saved(
        self, replies: Iterator[Keyed], model: str, kind: str, characters: Mapping[bytes, int]
    ) -> Iterator[Keyed]:
        """Pass replies on and write them 64 at a time; whatever ends this, those that came are written.

        Args:
            model: the fingerprint of who gives them.
            kind: of question: what replies are compared with to say how long one takes.
            characters: how long each question is.
        """
        started = saved_at = time.monotonic()
        unsaved: list[Keyed] = []
        replies_said = read = prompt_tokens = reply_tokens = 0
        first_s = 0.0
        try:
            for key, reply in replies:
                unsaved.append((key, reply))
                first_s = first_s or time.monotonic() - started
                replies_said += 1
                read += characters[key]
                prompt_tokens += reply.prompt_tokens
                reply_tokens += reply.reply_tokens
                if len(unsaved) >= UNSAVED or time.monotonic() - saved_at > UNSAVED_S:
                    self._save(unsaved)
                    saved_at = time.monotonic()
                yield key, reply
        finally:
            self._save(unsaved)
            if replies_said:
                seconds = time.monotonic() - started
                self._note(model, kind, Rate(replies_said, read, prompt_tokens, reply_tokens, first_s, seconds))

    def _save(self, unsaved: list[Keyed]) -> None:
        rows = [(key, reply.text, reply.is_complete, reply.prompt_tokens, reply.reply_tokens) for key, reply in unsaved]
        with self._explained(), self._database:
            # Another run may have put the same question meanwhile.
            self._database.executemany("INSERT OR IGNORE INTO reply VALUES (?, ?, ?, ?, ?)", rows)
        unsaved.clear()

    def _note(self, model: str, kind: str, rate: Rate) -> None:
        with self._explained(), self._database:
            self._database.execute(
                "INSERT INTO worked VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [_short(model), kind, *astuple(rate)]
            )

    def rate(self, model: str, kind: str | None = None) -> Rate | None:
        """What a model did in all runs that share the file, with questions of one kind or all; None where it did not.

        Args:
            model: its fingerprint.
        """
        totals = ", ".join(f"sum({field.name})" for field in fields(Rate))
        with self._explained():
            query = f"SELECT {totals} FROM worked WHERE model = ? AND kind = ifnull(?, kind)"
            row = self._database.execute(query, [_short(model), kind]).fetchone()
        return None if row[0] is None else Rate(*row)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise PipelineError(
                f"The log of replies {self._file} cannot be used: {error}.",
                "Free space on the disk; where the file is damaged, delete it, and its questions are put again.",
            ) from error


def _short(fingerprint: str) -> str:
    return hashlib.sha256(fingerprint.encode()).hexdigest()[:16]
