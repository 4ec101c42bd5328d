"""What every language model backend does with a request before it answers."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from and_core.errors import LanguageModelError
from and_core.models.protocols import Message


def as_dicts(conversation: Sequence[Message]) -> list[dict[str, Any]]:
    """A conversation as chat templates and servers read it."""
    return [{"role": message.role, "content": _content(message)} for message in conversation]


def _content(message: Message) -> str | list[dict[str, Any]]:
    """A text alone, or what is heard and the text, in the form of OpenAI's chat interface."""
    if message.audio is None:
        return message.content
    heard = {"data": base64.b64encode(message.audio).decode(), "format": "wav"}
    return [{"type": "input_audio", "input_audio": heard}, {"type": "text", "text": message.content}]


def check_request(
    max_tokens: int, temperature: float, choices: Sequence[str] | None, schema: Mapping[str, Any] | None
) -> None:
    """
    Raises:
        LanguageModelError: a reply of no tokens, a temperature that servers refuse, both `choices` and `schema`, or
            nothing to choose from.
    """
    if max_tokens < 1:
        raise LanguageModelError(f"max_tokens = {max_tokens} leaves no room for a reply.", "Set it to 1 or more.")
    if not 0 <= temperature <= 2:
        raise LanguageModelError(f"temperature = {temperature} is not between 0 and 2.", "Most tasks want 0 to 1.")
    if choices is not None and schema is not None:
        raise LanguageModelError("A reply cannot follow both choices and a JSON schema.", "Give one of them.")
    if choices is not None and not choices:
        raise LanguageModelError("There is nothing to choose from: choices is empty.", "Give at least one text.")
