"""In-context identification (ICL): a language model picks the concepts that a summary is about.

Paper, section 3.3, appendix A.3 and Table 5.
"""

from collections.abc import Sequence
from pathlib import Path

from and_core.algorithms.prompts import load_prompt
from and_core.algorithms.replies import RULES_VERSION, ConceptReader
from and_core.models.language_models.asking import Sampling, ask
from and_core.models.protocols import Answer, LanguageModel


class LanguageModelSelector:
    """Asks which names of a concept set fit a summary, with two worked examples.

    Args:
        language_model: who is asked.
        max_tokens: of a reply (released code: 512).
        temperature: 0 takes the likeliest words; the released code samples at 1.
        seed: of sampling.
        attempts: how often a summary is put at most, until a reply can be used.
        prompt_one: a Markdown file of one's own with `{concepts}` and `{summary}`, instead of
            prompts/select_concept.md.
        prompt_several: as `prompt_one`, with `{count}` too, instead of prompts/select_five_concepts.md.

    Raises:
        ConfigError: a setting out of range, or a prompt that cannot be used.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        max_tokens: int = 512,
        temperature: float = 0.0,
        seed: int = 0,
        attempts: int = 1,
        prompt_one: Path | None = None,
        prompt_several: Path | None = None,
    ) -> None:
        self._model = language_model
        self._sampling = Sampling("concept_selector", max_tokens, temperature, seed, attempts)
        self._one = load_prompt("select_concept", ("concepts", "summary"), prompt_one)
        self._several = load_prompt("select_five_concepts", ("concepts", "summary", "count"), prompt_several)
        self.name = language_model.name
        self.prompts = (self._one, self._several)

    @property
    def fingerprint(self) -> str:
        return (
            f"language model: {self._model.fingerprint}; prompts {self._one.hash} {self._several.hash}; "
            f"{self._sampling.fingerprint}; rules {RULES_VERSION}"
        )

    @property
    def provenance(self) -> str:
        return f"Concepts picked by {self.name}, prompts {self._one.name} and {self._several.name}."

    def close(self) -> None:
        """Free what the model holds; a later request loads it again."""
        self._model.close()

    def select(self, summaries: Sequence[str], concepts: Sequence[str], k: int) -> list[Answer[list[str]]]:
        """For each summary the names of the concepts that fit it best, the best first: k, or as many as it says."""
        if not concepts:
            return [Answer(None) for _ in summaries]
        prompt, count = (self._one if k == 1 else self._several), min(k, len(concepts))
        fixed = {"concepts": ", ".join(name.replace("_", " ") for name in concepts), "count": str(count)}
        conversations = [prompt.filled(summary=summary, **fixed) for summary in summaries]
        reader = ConceptReader(concepts)
        return ask(self._model, conversations, lambda reply: reader.read(reply, count), self._sampling)
