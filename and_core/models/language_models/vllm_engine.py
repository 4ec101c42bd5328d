"""A loaded vLLM engine: conversations go in as there is room, replies come out as they are done."""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import wait
from threading import Thread
from typing import Any

import torch
from vllm import EngineArgs, LLMEngine, RequestOutput, SamplingParams
from vllm.exceptions import VLLMClientError, VLLMError, VLLMServerError
from vllm.platforms import current_platform
from vllm.renderers import ChatParams, renderer_from_config
from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams
from vllm.utils.mistral import is_mistral_tokenizer
from vllm.v1.engine.exceptions import EngineDeadError

from and_core.errors import LanguageModelError
from and_core.models.protocols import Reply

WAITING = 2
"""Conversations in the engine, as a multiple of what it can run at once: enough that it never waits for us."""

SHUTDOWN_S = 30.0
"""How long the engine's processes may take to end by themselves."""


class Engine:
    def __init__(self, template_options: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """
        Args:
            template_options: given to the chat template.
            settings: of `vllm.EngineArgs`.

        Raises:
            LanguageModelError: vLLM cannot load the model, or it has no chat template.
        """
        self._model, self._template_options = str(settings["model"]), template_options
        try:
            arguments = EngineArgs(
                **settings,
                enable_prefix_caching=True,
                # On a CPU, vLLM (0.32) dies where the prompt of a seeded reply is read in parts.
                enable_chunked_prefill=False if current_platform.is_cpu() else None,
                load_format="safetensors",
                trust_remote_code=False,
                disable_log_stats=True,
                use_tqdm_on_load=False,
            )
            config = arguments.create_engine_config()
            self._renderer = renderer_from_config(config)
            self._check_template()
            self._engine = LLMEngine.from_vllm_config(config, disable_log_stats=True)
            self._renderer = self._engine.renderer  # which knows what the engine has kept of earlier audio
        except (OSError, RuntimeError, ValueError, ImportError, AssertionError, VLLMError) as error:
            raise LanguageModelError(
                f"vLLM cannot load the language model {self._model!r}: {_first_line(error)}",
                "Check its files, and dtype, max_model_len, tensor_parallel_size and gpu_memory_utilization.",
            ) from error
        _tell_when_killed(self._engine.engine_core)
        self._room = WAITING * config.scheduler_config.max_num_seqs

    def _check_template(self) -> None:
        """Find out before the weights are read whether the model can be talked to."""
        try:
            self._prompt([{"role": "user", "content": "yes?"}])
        except (ValueError, VLLMClientError) as error:
            raise LanguageModelError(
                f"The language model {self._model!r} has no chat template that works: {_first_line(error)}",
                "Use a chat model (often named -chat, -instruct or -it).",
            ) from error

    def replies(
        self,
        conversations: Iterable[list[dict[str, Any]]],
        *,
        max_tokens: int,
        temperature: float,
        seed: int,
        choices: Sequence[str] | None,
        schema: Mapping[str, Any] | None,
    ) -> Iterator[tuple[int, Reply]]:
        """As `LanguageModel.replies`; a conversation's content may be whatever vLLM's chat interface takes.

        Raises:
            LanguageModelError: a conversation does not fit the model, or the engine stopped.
        """
        recommended = self._engine.model_config.get_diff_sampling_param()
        wanted = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed}
        parameters = SamplingParams(
            **recommended | wanted,
            output_kind=RequestOutputKind.FINAL_ONLY,
            structured_outputs=_constraint(choices, schema),
        )
        waiting, running = enumerate(conversations), set[int]()
        try:
            while True:
                for position, conversation in islice(waiting, self._room - len(running)):
                    self._add(position, conversation, parameters)
                    running.add(position)
                if not running:
                    return
                for output in self._step():
                    running.discard(int(output.request_id))
                    yield int(output.request_id), _reply(output)
        finally:
            with suppress(VLLMServerError):  # an engine that died runs nothing more
                self._engine.abort_request([str(position) for position in running])

    def _add(self, position: int, conversation: list[dict[str, Any]], parameters: SamplingParams) -> None:
        try:
            self._engine.add_request(str(position), self._prompt(conversation), parameters)
        except VLLMServerError as error:
            raise self._stopped(error) from error
        except (ValueError, VLLMClientError) as error:
            raise LanguageModelError(
                f"The language model {self._model!r} cannot be asked conversation {position}: {_first_line(error)}",
                "Shorten the prompt or raise max_model_len if it is too long; simplify the schema if that is refused.",
            ) from error

    def _prompt(self, conversation: list[dict[str, Any]]) -> Any:
        """What the chat template makes of a conversation, as tokens."""
        tokenize = is_mistral_tokenizer(self._renderer.tokenizer)
        chat = ChatParams(
            chat_template_kwargs={**self._template_options, "add_generation_prompt": True, "tokenize": tokenize}
        )
        # The chat template writes the special tokens itself.
        tokens = self._renderer.default_chat_tok_params.with_kwargs(add_special_tokens=False)
        return self._renderer.render_chat([conversation], chat, tokens)[1][0]

    def _step(self) -> list[RequestOutput]:
        """What has finished after one more token of each running reply."""
        try:
            return [output for output in self._engine.step() if output.finished]
        except (RuntimeError, VLLMError) as error:
            raise self._stopped(error) from error

    def _stopped(self, error: Exception) -> LanguageModelError:
        return LanguageModelError(
            f"vLLM stopped while {self._model!r} was answering: {_first_line(error)}",
            "Run again, perhaps with a smaller gpu_memory_utilization or max_model_len: what is answered is kept.",
        )

    def close(self) -> None:
        """Stop the engine and free its memory."""
        self._engine.engine_core.shutdown(timeout=SHUTDOWN_S)
        del self._engine
        gc.collect()
        if torch.accelerator.is_available():
            torch.accelerator.empty_cache()


def _tell_when_killed(client: Any) -> None:
    """vLLM's client (0.32) waits for ever where its engine's process was killed, as a system short of memory does: put
    into its queue what it would be told by an engine that fails by itself.
    """
    manager = getattr(getattr(client, "resources", None), "engine_manager", None)
    if manager is None:  # the engine runs in this process
        return
    queue, sentinels = client.outputs_queue, [process.sentinel for process in manager.processes]

    def wait_and_tell() -> None:
        wait(sentinels)
        queue.put_nowait(EngineDeadError())

    Thread(target=wait_and_tell, name="engine-watch", daemon=True).start()


def _constraint(choices: Sequence[str] | None, schema: Mapping[str, Any] | None) -> StructuredOutputsParams | None:
    if choices is not None:
        return StructuredOutputsParams(choice=list(choices))
    return None if schema is None else StructuredOutputsParams(json=dict(schema))


def _reply(output: RequestOutput) -> Reply:
    answer = output.outputs[0]
    return Reply(
        text=answer.text,
        is_complete=answer.finish_reason != "length",
        prompt_tokens=len(output.prompt_token_ids or ()),
        reply_tokens=len(answer.token_ids),
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
