"""Any chat model through vLLM's offline engine, without a server: the way to answer 100,000 conversations on a GPU."""

from __future__ import annotations

import json
import os
import warnings
import weakref
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from and_core.errors import LanguageModelError
from and_core.models.language_models.conversation import as_dicts, check_request
from and_core.models.language_models.model_files import check_model, identity, location
from and_core.models.protocols import Message, Reply

if TYPE_CHECKING:
    from and_core.models.language_models.vllm_engine import Engine

ENVIRONMENT = {
    # vLLM reports each start to its makers unless told not to.
    "VLLM_NO_USAGE_STATS": "1",
    # Its notes would tear the pipeline's progress bar.
    "VLLM_LOGGING_LEVEL": "ERROR",
    # The engine runs in processes of its own, which end with it and free all its memory. Earlier stages have started
    # threads, which a fork does not survive.
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
}
"""Settings of vLLM that are read from the environment; those that are set there already stay."""


class VllmLanguageModel:
    """A `LanguageModel` that owns its engine: loaded at the first request, freed by `close`, at the end of a `with`,
    or when the object goes. One `replies` at a time.

    What a conversation has in common with one before it is not computed again (prefix caching). Sampling settings
    other than the temperature (top_p, top_k, repetition penalty) are those of the model's generation_config.json.
    """

    def __init__(
        self,
        model: str | Path,
        name: str | None = None,
        revision: str | None = None,
        dtype: str = "auto",
        quantization: str | None = None,
        max_model_len: int | None = None,
        tensor_parallel_size: int = 1,
        gpu_memory_utilization: float = 0.9,
        enforce_eager: bool = False,
        template_options: dict[str, Any] | None = None,
    ) -> None:
        """
        Args:
            model: a folder with safetensors and a tokenizer, or a name on the Hugging Face hub.
            name: what readers see; the last part of `model` where None.
            revision: branch, tag or commit on the hub.
            dtype: of the weights: `auto` (as saved), `bfloat16`, `float16` or `float32`.
            quantization: as vLLM calls it; None for what the checkpoint says.
            max_model_len: tokens of prompt and reply together; the model's own limit where None.
            tensor_parallel_size: GPUs that share the weights.
            gpu_memory_utilization: share of each GPU's memory for weights and the cache.
            enforce_eager: no compiled graphs: starts faster, answers slower.
            template_options: given to the chat template, e.g. {"enable_thinking": false}.

        Raises:
            LanguageModelError: no such folder, or no safetensors in it.
        """
        check_model(model)
        self.name = name or Path(model).name
        self._model, self._revision, self._template_options = model, revision, dict(template_options or {})
        self._answering = {"dtype": dtype, "quantization": quantization, "max_model_len": max_model_len}
        self._running = {
            "tensor_parallel_size": tensor_parallel_size,
            "gpu_memory_utilization": gpu_memory_utilization,
            "enforce_eager": enforce_eager,
        }
        self._engine: Engine | None = None
        self._close: weakref.finalize[..., VllmLanguageModel] | None = None

    @property
    def fingerprint(self) -> str:
        known = identity(self._model, self._revision)
        return f"vllm {known} {json.dumps([self._answering, self._template_options], sort_keys=True)}"

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
        """Answer conversations, each as soon as it is done; see `LanguageModel`. A bounded number is in the engine.

        Raises:
            LanguageModelError: the engine cannot be loaded or stopped, or a conversation does not fit the model.
        """
        check_request(max_tokens, temperature, choices, schema)
        if not conversations:
            return
        yield from self._loaded().replies(
            (as_dicts(conversation) for conversation in conversations),
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed,
            choices=choices,
            schema=schema,
        )

    def _loaded(self) -> Engine:
        if self._engine is None:
            self._engine = load_engine(
                self._template_options,
                model=location(self._model),
                revision=self._revision,
                **self._answering,
                **self._running,
            )
            self._close = weakref.finalize(self, self._engine.close)
        return self._engine

    def close(self) -> None:
        """Free the weights; a later request loads them again."""
        if self._close is not None:
            self._close()
        self._engine = self._close = None

    def __enter__(self) -> VllmLanguageModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def load_engine(template_options: Mapping[str, Any], **settings: Any) -> Engine:
    """The engine with its weights.

    Args:
        settings: of `vllm.EngineArgs`.

    Raises:
        LanguageModelError: vLLM is not installed, or cannot load the model.
    """
    if find_spec("vllm") is None:
        raise LanguageModelError(
            "vLLM is not installed.",
            'Install it: pip install -c constraints.txt ".[dissect,vllm]" (a GPU is needed), or use kind "openai" with '
            'a server, or kind "transformers" for a small model.',
        )
    for variable, value in ENVIRONMENT.items():
        os.environ.setdefault(variable, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what vLLM will have to change is nothing to its users
        from and_core.models.language_models.vllm_engine import Engine

        return Engine(template_options, settings)
