"""A log of every reply of a language model, so that no question is put twice.

It is one file a runs folder, `replies.sqlite`: stages, networks and runs share it. A reply is found again by a hash of
the model's fingerprint, the conversation and how it is sampled; nothing else is kept of a question. To have a model
asked anew, delete the file, or change the seed.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from and_core.models.protocols import LanguageModel, Message, Reply
from precompute.reply_file import Keyed, ReplyFile

FILE_NAME = "replies.sqlite"
WINDOW = 4096
"""Questions that are looked up, put in order and handed to the model together."""
TELL_EVERY_S = 0.5


@dataclass(frozen=True)
class Asking:
    """How far the answering of some questions is."""

    done: int
    """Questions that have their reply, from the log or from the model."""
    total: int
    tokens_per_s: float
    """Tokens of replies that the model writes a second; 0 until it was asked."""
    seconds_left: float | None
    """None until the model was asked."""


Listener = Callable[[Asking], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """In the context, every log tells `listener` how far it is: twice a second at most, and at the end."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


class ReplyLog:
    """A `LanguageModel` that asks another one only what it has not answered yet.

    Equal questions are put once, ordered so that those that begin alike follow each other. Memory holds one window of
    questions and the replies that are not written yet. Replies are written every 64, and whenever asking stops, be it
    by an error.

    Args:
        model: who is asked.
        file: the log; made where there is none.
        keeps: whether what the model says is written.
    """

    def __init__(self, model: LanguageModel, file: Path, keeps: bool = True) -> None:
        self._model, self._file, self._keeps = model, file, keeps
        self.name = model.name

    @property
    def fingerprint(self) -> str:
        return self._model.fingerprint

    def replies(
        self,
        conversations: Sequence[Sequence[Message]],
        *,
        max_tokens: int,
        temperature: float,
        seed: int,
        choices: Sequence[str] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[tuple[int, Reply]]:
        """As `LanguageModel.replies`.

        Raises:
            LanguageModelError: of the model.
            PipelineError: the log cannot be used.
        """
        sampling: dict[str, Any] = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed}
        sampling |= {"choices": choices, "schema": schema}
        beginning = hashlib.sha256(json.dumps([self.fingerprint, sampling], sort_keys=True).encode())
        meter = _Meter(len(conversations), _listener.get())
        with ReplyFile(self._file) as file:
            for start in range(0, len(conversations), WINDOW):
                positions: dict[bytes, list[int]] = {}
                for position in range(start, min(start + WINDOW, len(conversations))):
                    positions.setdefault(_key(beginning, conversations[position]), []).append(position)
                window = {key: conversations[places[0]] for key, places in positions.items()}
                for key, reply in self._answered(file, window, sampling, meter):
                    for position in positions[key]:
                        meter.count()
                        yield position, reply
        meter.finish()

    def _answered(
        self,
        file: ReplyFile,
        window: dict[bytes, Sequence[Message]],
        sampling: Mapping[str, Any],
        meter: "_Meter",
    ) -> Iterator[Keyed]:
        """A reply to each question of a window: those in the log first, then the model's."""
        for key, reply in file.found(list(window)):
            del window[key]
            yield key, reply
        if window:
            replies = self._asked(window, sampling)
            if self._keeps:
                lengths = {key: sum(len(message.content) for message in window[key]) for key in window}
                replies = file.saved(replies, self.fingerprint, kind_of_question(**sampling), lengths)
            for key, reply in replies:
                meter.model_said(reply)
                yield key, reply

    def _asked(self, window: Mapping[bytes, Sequence[Message]], sampling: Mapping[str, Any]) -> Iterator[Keyed]:
        keys = sorted(window, key=lambda key: [message.content for message in window[key]])
        for position, reply in self._model.replies([window[key] for key in keys], **sampling):
            # Halves of characters can stand in no file.
            yield keys[position], replace(reply, text=reply.text.encode("utf-8", "replace").decode())

    def close(self) -> None:
        """Free what the model holds; a later request loads it again."""
        self._model.close()


def kind_of_question(
    max_tokens: int, choices: Sequence[str] | None, schema: Mapping[str, Any] | None, **_sampling: Any
) -> str:
    """What questions have in common that take about as long: how long a reply may be, and in which form."""
    form = json.dumps([max_tokens, choices and list(choices), schema and dict(schema)], sort_keys=True)
    return hashlib.sha256(form.encode()).hexdigest()[:16]


class _Meter:
    """Counts replies, and tells how far it is."""

    def __init__(self, total: int, tell: Listener | None) -> None:
        self._total, self._tell = total, tell
        self._done = self._said = self._tokens = 0
        self._began = self._told_at = time.monotonic()

    def count(self) -> None:
        self._done += 1
        if self._tell and time.monotonic() - self._told_at > TELL_EVERY_S:
            self._say(self._tell)

    def model_said(self, reply: Reply) -> None:
        self._said += 1
        self._tokens += reply.reply_tokens

    def finish(self) -> None:
        if self._tell:
            self._say(self._tell)

    def _say(self, tell: Listener) -> None:
        self._told_at = time.monotonic()
        seconds = max(self._told_at - self._began, 1e-9)
        left = (self._total - self._done) * seconds / self._said if self._said else None
        tell(Asking(self._done, self._total, self._tokens / seconds, left))


def _key(beginning: Any, conversation: Sequence[Message]) -> bytes:
    whole = beginning.copy()
    whole.update(json.dumps([[message.role, message.content, _heard(message)] for message in conversation]).encode())
    digest: bytes = whole.digest()
    return digest


def _heard(message: Message) -> str | None:
    return None if message.audio is None else hashlib.sha256(message.audio).hexdigest()
