"""Ask a language model until its replies can be used, at most so many times."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from and_core.errors import ConfigError
from and_core.models.protocols import Answer, LanguageModel, Message, Reply, Value

TEMPERATURE_OF_RETRIES = 1.0
"""The paper's; at temperature 0 a model says the same again."""


@dataclass(frozen=True)
class Sampling:
    """How replies are drawn.

    Raises:
        ConfigError: a setting out of range.
    """

    where: str
    """The table of the configuration, for messages, e.g. `summarizer`."""
    max_tokens: int
    temperature: float
    seed: int
    attempts: int
    """How often a conversation is put at most. Replies that cannot be used are asked for again, each time with the next
    seed and at temperature 1 at least."""

    def __post_init__(self) -> None:
        for name, lowest in (("max_tokens", 1), ("attempts", 1), ("seed", 0)):
            if getattr(self, name) < lowest:
                raise ConfigError(f"{self.where}.{name} = {getattr(self, name)} is not a number from {lowest}.")
        if not 0 <= self.temperature < math.inf:
            raise ConfigError(f"{self.where}.temperature = {self.temperature} is not a number from 0.")

    @property
    def fingerprint(self) -> str:
        return f"max_tokens {self.max_tokens} temperature {self.temperature} seed {self.seed} attempts {self.attempts}"


def ask(
    model: LanguageModel,
    conversations: Sequence[Sequence[Message]],
    read: Callable[[Reply], Answer[Value]],
    sampling: Sampling,
    choices: Sequence[str] | None = None,
    schema: Mapping[str, Any] | None = None,
) -> list[Answer[Value]]:
    """One answer a conversation: of the first reply that can be used, else of the last.

    Args:
        read: what a reply means.
        choices, schema: as `LanguageModel.replies` takes them.
    """
    answers: dict[int, Answer[Value]] = {}
    open_positions = list(range(len(conversations)))
    for attempt in range(sampling.attempts):
        replies = model.replies(
            [conversations[position] for position in open_positions],
            max_tokens=sampling.max_tokens,
            temperature=max(sampling.temperature, TEMPERATURE_OF_RETRIES) if attempt else sampling.temperature,
            seed=sampling.seed + attempt,
            choices=choices,
            schema=schema,
        )
        for asked, reply in replies:
            answers[open_positions[asked]] = read(reply)
        open_positions = [position for position in open_positions if answers[position].problem]
        if not open_positions:
            break
    return [answers[position] for position in range(len(conversations))]
