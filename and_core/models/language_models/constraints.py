"""How an OpenAI-compatible server is told what a reply may be, and whether it listened."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from and_core.errors import LanguageModelError
from and_core.models.protocols import Reply

CHOICE = "choice"
"""The one entry of the JSON object by which a server without choices is given choices."""


@dataclass(frozen=True)
class Constraint:
    """One of `choices`, JSON of a `schema`, or nothing.

    Raises:
        LanguageModelError: a schema is asked of a server that has no structured outputs.
    """

    structured: Literal["vllm", "json_schema", "none"]
    choices: Sequence[str] | None
    schema: Mapping[str, Any] | None

    def __post_init__(self) -> None:
        if self.structured == "none" and self.schema is not None:
            raise LanguageModelError(
                'A server with structured = "none" cannot be asked for JSON of a schema.',
                'Set structured to "vllm" or "json_schema", or ask for plain text.',
            )

    def settings(self, template_options: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of `chat.completions.create`, among them what only vLLM's server knows."""
        extra: dict[str, Any] = {"chat_template_kwargs": dict(template_options)} if template_options else {}
        settings: dict[str, Any] = {}
        if self.choices is not None and self.structured == "vllm":
            extra["structured_outputs"] = {"choice": list(self.choices)}
        elif self._json_schema is not None:
            form = {"name": "reply", "schema": self._json_schema, "strict": True}
            settings["response_format"] = {"type": "json_schema", "json_schema": form}
        return settings | ({"extra_body": extra} if extra else {})

    @property
    def _json_schema(self) -> dict[str, Any] | None:
        if self.schema is not None:
            return dict(self.schema)
        if self.choices is None or self.structured != "json_schema":
            return None
        return {
            "type": "object",
            "properties": {CHOICE: {"type": "string", "enum": list(self.choices)}},
            "required": [CHOICE],
            "additionalProperties": False,
        }

    def is_kept_by(self, reply: Reply) -> bool:
        """Whether the server can have known of the constraint; always, where it was told of none."""
        if self.structured == "none" or (self.choices is None and self.schema is None):
            return True
        if self.schema is not None:
            return _json(reply.text) is not None
        return self.unpacked(reply).text in (self.choices or ())

    def unpacked(self, reply: Reply) -> Reply:
        """The choice itself, where it came inside JSON; else the reply as it is."""
        if self.choices is None or self.structured != "json_schema":
            return reply
        value = _json(reply.text)
        chosen = value.get(CHOICE) if isinstance(value, dict) else None
        return replace(reply, text=chosen) if isinstance(chosen, str) else reply


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
