"""A small chat model in process through Hugging Face transformers: for a laptop, where vLLM does not run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from and_core.errors import LanguageModelError
from and_core.models.language_models.conversation import as_dicts, check_request
from and_core.models.language_models.model_files import check_model, identity, location
from and_core.models.protocols import Message, Reply

if TYPE_CHECKING:
    from and_core.models.language_models.chat_model import ChatModel


class TransformersLanguageModel:
    """A `LanguageModel` that owns its weights: loaded at the first request, freed by `close`, at the end of a `with`,
    or when the object goes. One `replies` at a time.

    Conversations are answered in batches, replies do not depend on who shares the batch. Sampling settings other than
    the temperature (top_p, top_k, repetition penalty) are those of the model's generation_config.json.
    """

    def __init__(
        self,
        model: str | Path,
        name: str | None = None,
        revision: str | None = None,
        dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto",
        device: str = "auto",
        batch_size: int = 8,
        template_options: dict[str, Any] | None = None,
    ) -> None:
        """
        Args:
            model: a folder with safetensors and a tokenizer, or a name on the Hugging Face hub.
            name: what readers see; the last part of `model` where None.
            revision: branch, tag or commit on the hub.
            dtype: of the weights; `auto` is as saved.
            device: `auto` (a GPU where there is one), `cpu`, `cuda`, `mps`, ...
            batch_size: conversations at once.
            template_options: given to the chat template, e.g. {"enable_thinking": false}.

        Raises:
            LanguageModelError: no such folder, no safetensors in it, or a batch of none.
        """
        check_model(model)
        if batch_size < 1:
            raise LanguageModelError(f"batch_size = {batch_size} answers nobody.", "Set it to 1 or more.")
        self.name = name or Path(model).name
        self._path, self._revision, self._dtype, self._device = model, revision, dtype, device
        self._batch_size, self._template_options = batch_size, dict(template_options or {})
        self._model: ChatModel | None = None

    @property
    def fingerprint(self) -> str:
        answering = json.dumps([self._dtype, self._template_options], sort_keys=True)
        return f"transformers {identity(self._path, self._revision)} {answering}"

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
        """Answer conversations, each as soon as its batch is done; see `LanguageModel`.

        With `choices`, each is rated by its log-likelihood as the whole reply: the likeliest is taken, or with a
        temperature one of them by the softmax of log-likelihood / temperature.

        Raises:
            LanguageModelError: the model cannot be loaded, a conversation does not fit it, or a `schema` is asked for.
        """
        check_request(max_tokens, temperature, choices, schema)
        if schema is not None:
            raise LanguageModelError(
                'Language models of kind "transformers" cannot be held to a JSON schema.',
                'Ask for plain text or choices, or use kind "vllm" or "openai".',
            )
        for start in range(0, len(conversations), self._batch_size):
            batch = [as_dicts(conversation) for conversation in conversations[start : start + self._batch_size]]
            if choices is not None:
                answers = self._loaded().chosen(batch, choices, temperature, seed)
            else:
                answers = self._loaded().continued(batch, max_tokens, temperature, seed)
            yield from enumerate(answers, start)

    def _loaded(self) -> ChatModel:
        if self._model is None:
            from and_core.models.language_models.chat_model import ChatModel

            self._model = ChatModel(
                location(self._path), self._revision, self._dtype, self._device, self._template_options
            )
        return self._model

    def close(self) -> None:
        """Free the weights; a later request loads them again."""
        self._model = None

    def __enter__(self) -> TransformersLanguageModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
