"""One OpenAI-compatible server: requests in parallel, again where that helps, and what it says in our words."""

import os
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

import anyio
import openai
from anyio.from_thread import start_blocking_portal
from openai.types.chat import ChatCompletion
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_before_delay, wait_random_exponential

from and_core.errors import LanguageModelError
from and_core.models.protocols import Reply

FIRST_CONTACT_S = 4.0
"""How long a server that nobody has reached yet may be silent: more likely it was never started."""

LONGEST_PAUSE_S = 20.0
NO_KEY = "none"
"""What a server without keys is sent: the client insists on one, and would take OPENAI_API_KEY."""

Answer = TypeVar("Answer")


class Server:
    """A context manager. Inside, an event loop runs in a thread of its own; leaving it breaks off what is under way."""

    def __init__(
        self, base_url: str, api_key_env: str | None, timeout_s: float, patience_s: float, concurrency: int
    ) -> None:
        """
        Raises:
            LanguageModelError: the environment variable of the key is not set.
        """
        self._base_url, self._api_key_env, self._timeout_s = base_url, api_key_env, timeout_s
        self._patience_s, self._concurrency = patience_s, concurrency
        self._key = _key(api_key_env)

    def __enter__(self) -> "Server":
        with ExitStack() as stack:
            self._portal = stack.enter_context(start_blocking_portal(name="openai"))
            self._limit = self._portal.call(anyio.CapacityLimiter, self._concurrency)
            self._client = openai.AsyncOpenAI(
                base_url=self._base_url, api_key=self._key, timeout=self._timeout_s, max_retries=0
            )
            stack.callback(self._portal.call, self._client.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def check(self) -> None:
        """Find out whether anybody is there, before thousands of requests do.

        Raises:
            LanguageModelError: nobody answers, or the key is refused.
        """

        async def models() -> None:
            with suppress(openai.NotFoundError):  # Not every server lists its models.
                await self._persistent(self._models, min(self._patience_s, FIRST_CONTACT_S))

        self._portal.call(self._in_our_words, models)

    def ask(self, request: dict[str, Any]) -> Future[Reply]:
        """A reply to come; its `result` raises LanguageModelError where there is none."""

        async def answer() -> Reply:
            async with self._limit:
                return _reply(await self._persistent(complete, self._patience_s))

        async def complete() -> Any:
            return await self._client.chat.completions.create(**request)

        return self._portal.start_task_soon(self._in_our_words, answer)

    async def _models(self) -> Any:
        return await self._client.get("/models", cast_to=object)

    async def _persistent(self, call: Callable[[], Awaitable[Answer]], patience_s: float) -> Answer:
        """`call`, again with growing pauses while the server is down, restarts or is too busy."""
        retrying = AsyncRetrying(
            retry=retry_if_exception(_is_passing), stop=stop_before_delay(patience_s), wait=_pause, reraise=True
        )
        return await retrying(call)

    async def _in_our_words(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            return await call()
        except openai.APIError as error:
            # Without the original, whose request holds the key.
            raise await self._explained(error) from None

    async def _explained(self, error: openai.APIError) -> LanguageModelError:
        where, said = f"The server at {self._base_url}", str(error).replace(self._key, "***")
        if isinstance(error, openai.APITimeoutError):
            return LanguageModelError(
                f"{where} took more than {self._timeout_s:g} s for one request.", "Raise timeout_s."
            )
        if isinstance(error, openai.APIConnectionError):
            return LanguageModelError(
                f"{where} does not answer.",
                "Start it (vllm serve MODEL), or correct base_url; what was answered before is kept.",
            )
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return LanguageModelError(f"{where} refuses the key.", self._key_remedy())
        if isinstance(error, openai.NotFoundError):
            return LanguageModelError(f"{where} does not know the model, or the address. {await self._offer()}")
        if isinstance(error, openai.APIStatusError):
            return LanguageModelError(f"{where} refused a request ({error.status_code}): {said}")
        return LanguageModelError(f"{where} answers, but not as an OpenAI-compatible server: {said}")

    def _key_remedy(self) -> str:
        if self._api_key_env is None:
            return "Set api_key_env to the name of an environment variable that holds a key."
        return f"Put a valid key into the environment variable {self._api_key_env}."

    async def _offer(self) -> str:
        try:
            names = [str(model["id"]) for model in (await self._models())["data"]]
            return f"It offers: {', '.join(names[:10])}."
        except (openai.APIError, KeyError, TypeError):
            return "Most addresses end in /v1."


def _key(api_key_env: str | None) -> str:
    if api_key_env is None:
        return NO_KEY
    key = os.environ.get(api_key_env, "").strip()
    if not key:
        raise LanguageModelError(
            f"The environment variable {api_key_env} is not set, which holds the key of the language model's server.",
            f"Set it: export {api_key_env}=...",
        )
    return key


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, openai.RateLimitError):
        return error.code != "insufficient_quota"
    return isinstance(error, openai.APIConnectionError | openai.InternalServerError | openai.ConflictError)


_backoff = wait_random_exponential(multiplier=0.5, max=LONGEST_PAUSE_S)


def _pause(state: RetryCallState) -> float:
    """Seconds until the next attempt: what the server asked for, or ever more."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.response.headers.get("retry-after", "") if isinstance(error, openai.APIStatusError) else ""
    return max(_backoff(state), float(asked) if asked.isdigit() else 0.0)


def _reply(completion: Any) -> Reply:
    if not isinstance(completion, ChatCompletion) or not completion.choices:
        raise LanguageModelError(
            f"The language model's server sent something else than a reply: {str(completion)[:80]!r}",
            "Check base_url: most addresses end in /v1.",
        )
    answer, usage = completion.choices[0], completion.usage
    return Reply(
        text=answer.message.content or answer.message.refusal or "",
        is_complete=answer.finish_reason != "length",
        prompt_tokens=usage.prompt_tokens if usage else 0,
        reply_tokens=usage.completion_tokens if usage else 0,
    )
