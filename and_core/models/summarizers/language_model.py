"""Summaries by a language model (paper, section 3.2 and appendix A.2)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from and_core.algorithms.prompts import load_prompt
from and_core.algorithms.replies import RULES_VERSION, read_summary
from and_core.models.language_models.asking import Sampling, ask
from and_core.models.protocols import Answer, LanguageModel

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"points": {"type": "array", "items": {"type": "string"}}},
    "required": ["points"],
    "additionalProperties": False,
}


class LanguageModelSummarizer:
    """Asks what captions have in common, and takes the points out of the reply.

    Args:
        language_model: who is asked.
        max_tokens: of a reply (released code: 1024).
        temperature: 0 takes the likeliest words; the released code samples at 1.
        seed: of sampling.
        attempts: how often captions are put at most, until a reply can be used. A higher number asks about those alone
            that had no usable reply.
        prompt: a Markdown file of one's own with `{captions}`, instead of prompts/summarize_commonalities.md.
        structured: hold the model to JSON with a list of points; not every model can be.

    Raises:
        ConfigError: a setting out of range, or a prompt that cannot be used.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        seed: int = 0,
        attempts: int = 1,
        prompt: Path | None = None,
        structured: bool = False,
    ) -> None:
        self._model = language_model
        self._sampling = Sampling("summarizer", max_tokens, temperature, seed, attempts)
        self._prompt = load_prompt("summarize_commonalities", ("captions",), prompt)
        self._schema = SCHEMA if structured else None
        self.name = language_model.name
        self.prompts = (self._prompt,)

    @property
    def fingerprint(self) -> str:
        return (
            f"language model: {self._model.fingerprint}; prompt {self._prompt.hash}; {self._sampling.fingerprint}; "
            f"structured {self._schema is not None}; rules {RULES_VERSION}"
        )

    @property
    def provenance(self) -> str:
        return f"Summaries by {self.name}, prompt {self._prompt.name}."

    def close(self) -> None:
        """Free what the model holds; a later request loads it again."""
        self._model.close()

    def summarize(self, caption_lists: Sequence[Sequence[str]]) -> list[Answer[str]]:
        """One summary a list: numbered points, one a line."""
        conversations = [self._prompt.filled(captions=_numbered(captions)) for captions in caption_lists]
        return ask(self._model, conversations, read_summary, self._sampling, schema=self._schema)


def _numbered(captions: Sequence[str]) -> str:
    return "\n".join(f"{number}. {' '.join(caption.split())}" for number, caption in enumerate(captions, start=1))
