"""The client against a scripted server: what a real one does only on a bad day."""

import json
import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from and_core.errors import LanguageModelError
from and_core.models.language_models.openai import OpenAILanguageModel

KEY, KEY_ENV = "sk-a-key-that-nobody-must-see", "AND_TEST_SERVER_KEY"
SETTINGS = {"max_tokens": 8, "temperature": 0.5, "seed": 7}
SCHEMA = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}


def completion(text: str | None, finish_reason: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14},
    }


def refusal(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid", "code": None}}


def script(answer: Callable[[dict[str, Any]], Any]) -> Callable[[str, dict[str, Any]], Any]:
    """A server that lists its models, and says `answer` to conversations: a text, or (status, body, headers)."""

    def replies(path: str, request: dict[str, Any]) -> Any:
        if path.endswith("/models"):
            offered = [{"id": name, "object": "model", "created": 1, "owned_by": "us"} for name in ("m", "other")]
            return 200, {"object": "list", "data": offered}, {}
        said = answer(request)
        return said if isinstance(said, tuple) else (200, completion(said), {})

    return replies


def in_turn(*answers: Any) -> Callable[[dict[str, Any]], Any]:
    left = list(answers)
    return lambda request: left.pop(0) if len(left) > 1 else left[0]


def model_of(server: Any, **options: Any) -> OpenAILanguageModel:
    return OpenAILanguageModel("m", server.base_url, **{"patience_s": 20.0} | options)


def test_what_is_asked_reaches_the_server_and_what_it_says_comes_back(scripted_server, ask):
    with scripted_server(script(lambda request: request["messages"][-1]["content"])) as server:
        model = model_of(server, template_options={"enable_thinking": False})
        found = dict(model.replies(ask("rain", "a dog"), **SETTINGS))
    assert [found[position].text for position in (0, 1)] == [
        "What do these sounds share? rain",
        "What do these sounds share? a dog",
    ]
    assert (found[0].prompt_tokens, found[0].reply_tokens, found[0].is_complete) == (11, 3, True)
    assert server.requests[0] == {
        "model": "m",
        "max_tokens": 8,
        "temperature": 0.5,
        "seed": 7,
        "messages": server.requests[0]["messages"],
        "chat_template_kwargs": {"enable_thinking": False},
    }
    assert server.requests[0]["messages"][0] == {"role": "system", "content": "Answer in few words."}


def test_cut_off_and_empty_replies_are_told_apart_from_whole_ones(scripted_server, ask):
    for said, text, complete in ((completion("a b", "length"), "a b", False), (completion(None), "", True)):
        with scripted_server(script(lambda request, said=said: (200, said, {}))) as server:
            ((_, reply),) = model_of(server).replies(ask("rain"), **SETTINGS)
        assert (reply.text, reply.is_complete) == (text, complete)


def test_no_more_requests_are_under_way_than_allowed(scripted_server, ask):
    def slowly(request: dict[str, Any]) -> str:
        time.sleep(0.1)
        return "yes"

    with scripted_server(script(slowly)) as server:
        found = list(model_of(server, concurrency=3).replies(ask(*"abcdefghijklmnop"), **SETTINGS))
    assert len(found) == 16 and 2 <= server.most_at_once <= 3


def test_a_slow_reply_does_not_hold_up_the_others(scripted_server, ask):
    free = threading.Event()

    def answer(request: dict[str, Any]) -> str:
        if request["messages"][-1]["content"].endswith("slow"):
            free.wait(10)
        return "yes"

    with scripted_server(script(answer)) as server:
        replies = model_of(server, concurrency=2).replies(ask("slow", "a", "b", "c"), **SETTINGS)
        early = [next(replies)[0] for _ in range(3)]
        free.set()
        assert (sorted(early), [position for position, _ in replies]) == ([1, 2, 3], [0])


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_waited_out(scripted_server, ask, status: int):
    with scripted_server(
        script(in_turn((status, refusal("busy"), {}), (status, refusal("busy"), {}), "yes"))
    ) as server:
        assert [reply.text for _, reply in model_of(server).replies(ask("rain"), **SETTINGS)] == ["yes"]
    assert len(server.requests) == 3


def test_the_pause_that_a_server_asks_for_is_kept(scripted_server, ask):
    with scripted_server(script(in_turn((429, refusal("busy"), {"retry-after": "1"}), "yes"))) as server:
        start = time.monotonic()
        list(model_of(server).replies(ask("rain"), **SETTINGS))
    assert time.monotonic() - start >= 1


def test_patience_ends(scripted_server, ask):
    with (
        scripted_server(script(lambda request: (503, refusal("loading"), {}))) as server,
        pytest.raises(LanguageModelError, match=r"\(503\).*loading"),
    ):
        list(model_of(server, patience_s=0.5).replies(ask("rain"), **SETTINGS))


def test_a_timeout_is_said(scripted_server, ask):
    with (
        scripted_server(script(lambda request: time.sleep(0.5) or "yes")) as server,
        pytest.raises(LanguageModelError, match=r"took more than 0\.1 s.*timeout_s"),
    ):
        list(model_of(server, timeout_s=0.1, patience_s=0.1).replies(ask("rain"), **SETTINGS))


def test_a_server_that_is_not_there_is_said_within_seconds(ask):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        start = time.monotonic()
        with pytest.raises(LanguageModelError, match=r"does not answer.*Start it"):
            list(OpenAILanguageModel("m", base_url).replies(ask("rain"), **SETTINGS))
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (400, "too many tokens", r"refused a request \(400\).*too many tokens"),
        (404, "no such model", "does not know the model, or the address. It offers: m, other."),
        (429, "no money", r"refused a request \(429\).*no money"),
    ],
)
def test_what_does_not_pass_is_said_at_once(scripted_server, ask, status: int, message: str, expected: str):
    body = refusal(message)
    body["error"]["code"] = "insufficient_quota" if status == 429 else None
    with (
        scripted_server(script(lambda request: (status, body, {}))) as server,
        pytest.raises(LanguageModelError, match=expected),
    ):
        list(model_of(server, concurrency=1).replies(ask("rain"), **SETTINGS))
    assert len(server.requests) == 1


def test_an_address_that_is_no_language_model_is_said(scripted_server, ask):
    for body, expected in (({"hello": 1}, "something else than a reply"), ("<html>", "something else than a reply")):
        with (
            scripted_server(lambda path, request, body=body: (200, body, {})) as server,
            pytest.raises(LanguageModelError, match=expected),
        ):
            list(model_of(server).replies(ask("rain"), **SETTINGS))


def test_the_key_comes_from_the_environment_and_is_seen_by_nobody_else(
    scripted_server, ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv(KEY_ENV, KEY)
    caplog.set_level(logging.DEBUG)
    told = refusal(f"Incorrect API key provided: {KEY}")
    for status in (400, 401, 403, 500):
        with scripted_server(script(lambda request, status=status: (status, told, {}))) as server:
            model = model_of(server, api_key_env=KEY_ENV, patience_s=0.1)
            with pytest.raises(LanguageModelError) as raised:
                list(model.replies(ask("rain"), **SETTINGS))
        assert set(server.keys) == {f"Bearer {KEY}"}
        report = "".join(traceback.format_exception(raised.value, chain=True))
        for text in (report, repr(model.__dict__), model.fingerprint, caplog.text):
            assert KEY not in text
    assert KEY_ENV in raised.value.remedy or status == 500


def test_a_refused_key_names_the_variable(scripted_server, ask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(KEY_ENV, KEY)
    with scripted_server(lambda path, request: (401, refusal("no"), {})) as server:
        for options, remedy in (({"api_key_env": KEY_ENV}, KEY_ENV), ({}, "Set api_key_env")):
            with pytest.raises(LanguageModelError, match=f"refuses the key.*{remedy}"):
                list(model_of(server, **options).replies(ask("rain"), **SETTINGS))


def test_a_key_that_is_not_set_is_missed_before_anything_is_sent(scripted_server, ask):
    with scripted_server(script(lambda request: "yes")) as server:
        with pytest.raises(LanguageModelError, match=f"environment variable {KEY_ENV} is not set"):
            list(model_of(server, api_key_env=KEY_ENV).replies(ask("rain"), **SETTINGS))
        assert server.keys == []


def test_another_services_key_is_not_sent(scripted_server, ask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with scripted_server(script(lambda request: "yes")) as server:
        list(model_of(server).replies(ask("rain"), **SETTINGS))
    assert set(server.keys) == {"Bearer none"}


def test_choices_and_schemas_are_asked_for_as_the_server_knows_them(scripted_server, ask):
    def asked(structured: str, said: str, **constraint: Any) -> tuple[dict[str, Any], str]:
        with scripted_server(script(lambda request: said)) as server:
            ((_, reply),) = model_of(server, structured=structured).replies(ask("rain"), **SETTINGS, **constraint)
        return server.requests[0], reply.text

    request, text = asked("vllm", "no", choices=["yes", "no"])
    assert (request["structured_outputs"], text) == ({"choice": ["yes", "no"]}, "no")
    request, text = asked("json_schema", '{"choice": "no"}', choices=["yes", "no"])
    form = request["response_format"]["json_schema"]
    assert (form["strict"], form["schema"]["properties"]["choice"]["enum"], text) == (True, ["yes", "no"], "no")
    for structured in ("vllm", "json_schema"):
        request, text = asked(structured, '{"word": "low"}', schema=SCHEMA)
        assert (request["response_format"]["json_schema"]["schema"], text) == (SCHEMA, '{"word": "low"}')
    request, text = asked("none", "Yes, I think so.", choices=["yes", "no"])
    assert text == "Yes, I think so." and not {"structured_outputs", "response_format"} & set(request)


def test_a_server_that_ignores_choices_or_schemas_is_found_out(scripted_server, ask):
    for structured, constraint in (
        ("vllm", {"choices": ["yes", "no"]}),
        ("json_schema", {"choices": ["yes", "no"]}),
        ("vllm", {"schema": SCHEMA}),
    ):
        with (
            scripted_server(script(lambda request: "Certainly!")) as server,
            pytest.raises(LanguageModelError, match=r"does not hold replies.*Certainly!.*Set structured"),
        ):
            list(model_of(server, structured=structured).replies(ask("rain"), **SETTINGS, **constraint))


def test_one_odd_reply_of_a_server_that_obeys_is_passed_on(scripted_server, ask):
    with scripted_server(script(in_turn("yes", "Certainly!"))) as server:
        model = model_of(server, concurrency=1)
        texts = [reply.text for _, reply in model.replies(ask("a", "b"), **SETTINGS, choices=["yes", "no"])]
    assert texts == ["yes", "Certainly!"]


def test_settings_that_cannot_be_used_are_refused(scripted_server, ask):
    for base_url in ("127.0.0.1:8000/v1", "ftp://here/v1", f"http://user:{KEY}@here/v1"):
        with pytest.raises(LanguageModelError, match="base_url") as raised:
            OpenAILanguageModel("m", base_url)
        assert KEY not in str(raised.value)
    with pytest.raises(LanguageModelError, match="concurrency"):
        OpenAILanguageModel("m", "http://here/v1", concurrency=0)
    with pytest.raises(LanguageModelError, match='structured = "none" cannot be asked'):
        list(OpenAILanguageModel("m", "http://here/v1", structured="none").replies(ask("a"), **SETTINGS, schema=SCHEMA))


def test_the_fingerprint_holds_what_changes_replies_and_not_where_and_how_fast_they_come():
    plain = OpenAILanguageModel("owner/m", "http://here/v1")
    same = OpenAILanguageModel(
        "owner/m", "http://there/v1", name="mine", api_key_env=KEY_ENV, concurrency=1, timeout_s=1.0, patience_s=1.0
    )
    others = [
        OpenAILanguageModel("owner/n", "http://here/v1"),
        OpenAILanguageModel("owner/m", "http://here/v1", revision="v2"),
        OpenAILanguageModel("owner/m", "http://here/v1", structured="none"),
        OpenAILanguageModel("owner/m", "http://here/v1", template_options={"enable_thinking": False}),
    ]
    assert plain.fingerprint == same.fingerprint and plain.name == "m"
    assert len({model.fingerprint for model in [plain, *others]}) == 5
    assert json.loads(plain.fingerprint.removeprefix("openai "))[0] == "owner/m"


def test_leaving_off_breaks_off_what_is_under_way(scripted_server, ask):
    def answer(request: dict[str, Any]) -> str:
        if not request["messages"][-1]["content"].endswith("quick"):
            time.sleep(3)
        return "yes"

    with scripted_server(script(answer)) as server:
        replies = model_of(server, concurrency=3).replies(ask("quick", "slow", "slow", "slow"), **SETTINGS)
        next(replies)
        start = time.monotonic()
        replies.close()
        assert time.monotonic() - start < 2
