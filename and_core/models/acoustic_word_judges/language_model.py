"""Acoustic words by a language model (paper, section 3.5 and appendix A.2)."""

from collections.abc import Sequence
from pathlib import Path

from and_core.algorithms.prompts import load_prompt
from and_core.algorithms.replies import RULES_VERSION, read_yes_no
from and_core.models.language_models.asking import Sampling, ask
from and_core.models.protocols import Answer, LanguageModel

CHOICES = ("yes", "no")


class LanguageModelJudge:
    """Asks of each word whether it can describe sound.

    Args:
        language_model: who is asked.
        max_tokens: of a reply (released code: 128).
        temperature: 0 takes the likeliest words; the released code samples at 1.
        seed: of sampling.
        attempts: how often a word is put at most, until a reply can be used.
        prompt: a Markdown file of one's own with `{word}`, instead of prompts/acoustic_adjective.md.
        constrained: hold the model to the words yes and no; else it may say why, and its first yes or no counts.

    Raises:
        ConfigError: a setting out of range, or a prompt that cannot be used.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        max_tokens: int = 128,
        temperature: float = 0.0,
        seed: int = 0,
        attempts: int = 1,
        prompt: Path | None = None,
        constrained: bool = True,
    ) -> None:
        self._model = language_model
        self._sampling = Sampling("acoustic_word_judge", max_tokens, temperature, seed, attempts)
        self._prompt = load_prompt("acoustic_adjective", ("word",), prompt)
        self._choices = CHOICES if constrained else None
        self.name = language_model.name
        self.prompts = (self._prompt,)

    @property
    def fingerprint(self) -> str:
        return (
            f"language model: {self._model.fingerprint}; prompt {self._prompt.hash}; {self._sampling.fingerprint}; "
            f"choices {self._choices}; rules {RULES_VERSION}"
        )

    def close(self) -> None:
        """Free what the model holds; a later request loads it again."""
        self._model.close()

    def are_acoustic(self, words: Sequence[str]) -> list[Answer[bool]]:
        """For each word, whether it describes the tone, emotion or acoustic features of sound."""
        conversations = [self._prompt.filled(word=word) for word in words]
        return ask(self._model, conversations, read_yes_no, self._sampling, choices=self._choices)
