"""What a run will ask its models: the real parts put their questions, and nobody answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from and_core.models.protocols import LanguageModel, Message, Reply
from precompute.reply_file import ReplyFile
from precompute.reply_log import FILE_NAME, ReplyLog, kind_of_question
from precompute.run import Run

CHARACTERS_A_TOKEN = 4.0
"""Of English, in the usual tokenizers."""
TOKENS_HEARD_A_SECOND = 25.0
"""Of audio, in models like Qwen2-Audio."""
SHORT_REPLY, LONG_REPLY = 4, 150
"""Tokens: of a choice, and of a summary or a caption."""
SPEEDS = {"transformers": (500.0, 30.0)}
"""Kind of language model -> tokens read and written a second, on two CPU cores with about a billion weights."""
GPU_SPEED = (10_000.0, 1_000.0)
"""The same of any other kind: 13 billion weights on one large GPU, many conversations at once."""


@dataclass(frozen=True)
class Asked:
    """What a model is still to be asked."""

    calls: float
    prompt_tokens: float
    reply_tokens: float
    seconds: float
    assumed: tuple[str, ...] = ()
    """What of it nobody has measured."""

    def times(self, factor: float, *assumed: str) -> "Asked":
        """So many of it, which is `assumed`."""
        return Asked(
            self.calls * factor,
            self.prompt_tokens * factor,
            self.reply_tokens * factor,
            self.seconds * factor,
            (*assumed, *self.assumed),
        )


class Tally:
    """A `LanguageModel` that says nothing and counts what it is asked: each conversation once, however often."""

    def __init__(self, model: LanguageModel) -> None:
        self.name, self.fingerprint = model.name, model.fingerprint
        self.calls = self.characters = 0
        self.kind, self.longest_reply = "", 0
        self._heard: set[int] = set()

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
        self.kind = kind_of_question(max_tokens, choices, schema)
        self.longest_reply = min(max_tokens, SHORT_REPLY if choices else LONG_REPLY)
        for position, conversation in enumerate(conversations):
            question = hash(tuple(conversation))
            if question not in self._heard:
                self._heard.add(question)
                self.calls += 1
                self.characters += sum(len(message.content) for message in conversation)
            yield position, Reply("")

    def close(self) -> None: ...


@dataclass(frozen=True)
class PlannedRun(Run):
    """A run whose models are tallies behind the log of replies: what is known is not counted; nothing is written."""

    tallies: list[Tally] = field(default_factory=list)

    def remembered(self, model: LanguageModel) -> ReplyLog:
        self.tallies.append(Tally(model))
        return ReplyLog(self.tallies[-1], log_to_read(self), keeps=False)


def log_to_read(run: Run) -> Path:
    file = run.runs_folder / FILE_NAME
    return file if file.is_file() else Path(":memory:")


def questions(run: Run, put: Callable[[PlannedRun], object], seconds_heard: float = 0.0) -> Asked:
    """What a part that asks a model still has to ask.

    Args:
        put: makes the part, and has it put its questions.
        seconds_heard: of audio in each question.
    """
    planned = PlannedRun(run.config, run.runs_folder)
    put(planned)
    return asked_of(planned, planned.tallies[-1], seconds_heard)


def asked_of(run: Run, tally: Tally, seconds_heard: float) -> Asked:
    with ReplyFile(log_to_read(run)) as file:
        alike, any_kind = file.rate(tally.fingerprint, tally.kind), file.rate(tally.fingerprint)
    if alike:
        share = tally.calls / alike.replies
        read = alike.prompt_tokens * (share if seconds_heard else tally.characters / max(alike.characters, 1))
        return Asked(tally.calls, read, alike.reply_tokens * share, alike.reply_s * tally.calls)
    read = tally.characters / CHARACTERS_A_TOKEN + tally.calls * seconds_heard * TOKENS_HEARD_A_SECOND
    written = float(tally.calls * tally.longest_reply)
    assumed = (f"{CHARACTERS_A_TOKEN:g} characters a token", f"{tally.longest_reply} tokens a reply")
    if any_kind and any_kind.reply_tokens:
        return Asked(
            tally.calls, read, written, written * any_kind.reply_s * any_kind.replies / any_kind.reply_tokens, assumed
        )
    model = run.config.language_model
    reads, writes = SPEEDS.get(model.kind if model else "", GPU_SPEED)
    speed = f"the model reads {reads:,.0f} tokens a second and writes {writes:,.0f}"
    return Asked(tally.calls, read, written, read / reads + written / writes, (*assumed, speed))
