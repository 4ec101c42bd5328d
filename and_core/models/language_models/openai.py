"""Any OpenAI-compatible server, such as `vllm serve MODEL`, through the `openai` client."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from and_core.errors import LanguageModelError
from and_core.models.language_models.constraints import Constraint
from and_core.models.language_models.conversation import as_dicts, check_request
from and_core.models.protocols import Message, Reply

if TYPE_CHECKING:
    from and_core.models.language_models.openai_server import Server

QUEUED = 2
"""Requests under way or next in line, as a multiple of `concurrency`: the server never waits for us."""


class OpenAILanguageModel:
    """A `LanguageModel` on a server. The key is read from the environment when it is needed, and kept nowhere."""

    def __init__(
        self,
        model: str,
        base_url: str,
        name: str | None = None,
        revision: str | None = None,
        api_key_env: str | None = None,
        concurrency: int = 32,
        timeout_s: float = 600.0,
        patience_s: float = 300.0,
        structured: Literal["vllm", "json_schema", "none"] = "vllm",
        template_options: dict[str, Any] | None = None,
    ) -> None:
        """
        Args:
            model: as the server calls it.
            base_url: where the server answers, e.g. `http://127.0.0.1:8000/v1`.
            name: what readers see; the last part of `model` where None.
            revision: of the model on the server, as far as you know it: kept with the run, not sent.
            api_key_env: name of the environment variable that holds the key; None for a server that asks for none.
            concurrency: requests at once.
            timeout_s: for one request.
            patience_s: how long to go on trying where the server is down, restarts or is too busy (429, 5xx); at the
                very first contact a few seconds must do.
            structured: how the server holds replies to choices and JSON schemas: `vllm` (vLLM's structured outputs),
                `json_schema` (OpenAI's response_format), `none` (not at all: whoever asks must check).
            template_options: given to the chat template by vLLM's server, e.g. {"enable_thinking": false}.

        Raises:
            LanguageModelError: a setting cannot be used.
        """
        if urlsplit(base_url).scheme not in ("http", "https") or "@" in urlsplit(base_url).netloc:
            raise LanguageModelError(
                "base_url is not the address of a server without a name and password in it.",
                "Set it to one like http://127.0.0.1:8000/v1, and a key by api_key_env.",
            )
        if concurrency < 1:
            raise LanguageModelError(f"concurrency = {concurrency} lets nothing through.", "Set it to 1 or more.")
        self.name = name or model.rsplit("/", 1)[-1]
        self._model, self._revision, self._structured = model, revision, structured
        self._template_options = dict(template_options or {})
        self._base_url, self._api_key_env, self._concurrency = base_url, api_key_env, concurrency
        self._timeout_s, self._patience_s = timeout_s, patience_s
        self._was_reached = self._obeys = False

    @property
    def fingerprint(self) -> str:
        answering = [self._model, self._revision, self._structured, self._template_options]
        return f"openai {json.dumps(answering, sort_keys=True)}"

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
        """Answer conversations, each as soon as it is done; see `LanguageModel`.

        Raises:
            LanguageModelError: the server does not answer for `patience_s`, refuses the key, the model or a
                conversation, or does not hold replies to `choices` or `schema`.
        """
        check_request(max_tokens, temperature, choices, schema)
        if not conversations:
            return
        constraint = Constraint(self._structured, choices, schema)
        settings = {"model": self._model, "max_tokens": max_tokens, "temperature": temperature, "seed": seed}
        settings |= constraint.settings(self._template_options)
        requests = (settings | {"messages": as_dicts(conversation)} for conversation in conversations)
        with self._server() as server:
            if not self._was_reached:
                server.check()
                self._was_reached = True
            for position, reply in self._answers(server, requests):
                yield position, self._held(reply, constraint)

    def close(self) -> None:
        """Nothing to free: connections end with each call."""

    def _server(self) -> Server:
        # Here, not above: the client takes over a second to import.
        from and_core.models.language_models.openai_server import Server

        return Server(self._base_url, self._api_key_env, self._timeout_s, self._patience_s, self._concurrency)

    def _answers(self, server: Server, requests: Iterator[dict[str, Any]]) -> Iterator[tuple[int, Reply]]:
        waiting, running = enumerate(requests), dict[Future[Reply], int]()
        while True:
            for position, request in islice(waiting, QUEUED * self._concurrency - len(running)):
                running[server.ask(request)] = position
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()

    def _held(self, reply: Reply, constraint: Constraint) -> Reply:
        """What the model said within the constraint; the first whole reply shows whether the server knows of it.

        Raises:
            LanguageModelError: it does not.
        """
        if constraint.is_kept_by(reply):
            self._obeys = True
        elif reply.is_complete and not self._obeys:
            raise LanguageModelError(
                f'The server at {self._base_url} does not hold replies to what is asked (structured = "'
                f'{self._structured}"): it answered {reply.text[:80]!r}.',
                'Set structured to "json_schema", or to "none" for a server that has neither.',
            )
        return constraint.unpacked(reply)
