"""Prompts as Markdown files: sections become turns of a conversation, `{placeholders}` are filled.

    # A title, and whatever explains the prompt to readers; not sent.

    ## System
    The same for all requests, so that a model computes it once.

    ## User
    Descriptions: {captions}

Sections are headed `## System`, `## User` and `## Assistant`; every other line, headings among them, is text. User and
assistant turns before the last user turn are worked examples. A placeholder is a word of lower-case letters and
underscores in braces; any other brace is a brace.
"""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Literal, cast

from and_core.errors import ConfigError
from and_core.models.protocols import Message

Role = Literal["system", "user", "assistant"]
SECTION = re.compile(r"^##[ \t]+(system|user|assistant)[ \t]*$", re.IGNORECASE | re.MULTILINE)
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Prompt:
    """A conversation with gaps, ready to be filled."""

    name: str
    """The file's, without its ending."""
    text: str
    """The file from its first section on."""
    turns: tuple[Message, ...]

    @cached_property
    def hash(self) -> str:
        """Of everything that is sent; the notes above the first section are not."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def filled(self, **values: str) -> tuple[Message, ...]:
        """The conversation with `values` for its placeholders. A value may hold braces: it is not read again."""
        return tuple(
            Message(turn.role, PLACEHOLDER.sub(lambda match: values[match[1]], turn.content)) for turn in self.turns
        )


def load_prompt(name: str, placeholders: Collection[str], own_file: Path | None = None) -> Prompt:
    """Read a prompt.

    Args:
        name: of a prompt beside this file, e.g. `summarize_commonalities`.
        placeholders: what it must ask for, each at least once.
        own_file: a person's own, read instead.

    Raises:
        ConfigError: the file cannot be read, its turns make no conversation, or it asks for other placeholders.
    """
    where = str(own_file or f"{name}.md")
    try:
        path = own_file.expanduser() if own_file else files(__package__).joinpath(f"{name}.md")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The prompt {where} cannot be read: {error}.", "Give a Markdown file in UTF-8.") from error
    turns = turns_of(text, where)
    check_placeholders(turns, placeholders, where)
    first = SECTION.search(text)
    return Prompt(own_file.stem if own_file else name, text[first.start() if first else 0 :].strip(), turns)


def turns_of(text: str, where: str) -> tuple[Message, ...]:
    """The sections of a prompt file: a system turn or none, then user and assistant in turn, a user's last.

    Raises:
        ConfigError: another order, or an empty section.
    """
    _, *parts = SECTION.split(text)
    roles = [cast(Role, role.lower()) for role in parts[::2]]
    turns = tuple(Message(role, content.strip()) for role, content in zip(roles, parts[1::2], strict=True))
    spoken = roles[1:] if roles[:1] == ["system"] else roles
    if not spoken or len(spoken) % 2 == 0 or spoken != (["user", "assistant"] * len(spoken))[: len(spoken)]:
        raise ConfigError(
            f"The prompt {where} has the sections {roles or 'none'}.",
            "Head its sections with ## System, ## User and ## Assistant: system first, then user and assistant "
            "in turn, user last.",
        )
    for turn in turns:
        if not turn.content:
            raise ConfigError(f"The prompt {where} has an empty section ## {turn.role.capitalize()}.")
    return turns


def check_placeholders(turns: tuple[Message, ...], expected: Collection[str], where: str) -> None:
    found = {name for turn in turns for name in PLACEHOLDER.findall(turn.content)}
    known = ", ".join(f"{{{name}}}" for name in sorted(expected))
    for name in sorted(set(expected) - found):
        raise ConfigError(f"The prompt {where} lacks {{{name}}}.", f"It must hold {known}.")
    for name in sorted(found - set(expected)):
        raise ConfigError(f"The prompt {where} asks for {{{name}}}, which nothing fills.", f"It may hold {known}.")
