"""The client against vLLM's own server, which is killed and started again."""

import json
import time

import pytest

from and_core.errors import LanguageModelError
from and_core.models.language_models.openai import OpenAILanguageModel

KEY, KEY_ENV = "sk-a-key-that-nobody-must-see", "AND_TEST_SERVER_KEY"
SETTINGS = {"max_tokens": 24, "temperature": 0.0, "seed": 0}
SCHEMA = {
    "type": "object",
    "properties": {"kind": {"enum": ["animal", "machine"]}},
    "required": ["kind"],
    "additionalProperties": False,
}

pytestmark = [pytest.mark.vllm, pytest.mark.slow, pytest.mark.filterwarnings("default")]


@pytest.fixture
def model(vllm_server, monkeypatch: pytest.MonkeyPatch) -> OpenAILanguageModel:
    monkeypatch.setenv(KEY_ENV, KEY)
    return OpenAILanguageModel("tiny-llama", vllm_server.base_url, api_key_env=KEY_ENV, concurrency=4, patience_s=200.0)


def test_its_replies_are_those_of_transformers(model, transformers_model, ask):
    conversations = ask("rain", "bells and wind", "an engine")
    assert dict(model.replies(conversations, **SETTINGS)) == dict(transformers_model.replies(conversations, **SETTINGS))


def test_a_reply_is_json_of_the_schema(model, ask):
    settings = SETTINGS | {"max_tokens": 300, "temperature": 1.0}
    replies = [reply for _, reply in model.replies(ask("rain", "a dog"), **settings, schema=SCHEMA)]
    assert any(reply.is_complete for reply in replies)
    assert all(json.loads(reply.text)["kind"] in ("animal", "machine") for reply in replies if reply.is_complete)


def test_choices_work_both_as_vllm_and_as_openai_know_them(vllm_server, model, ask):
    as_openai = OpenAILanguageModel(
        "tiny-llama", vllm_server.base_url, api_key_env=KEY_ENV, structured="json_schema", concurrency=4
    )
    for asked in (model, as_openai):
        replies = dict(asked.replies(ask("rain", "a dog"), **SETTINGS | {"max_tokens": 300}, choices=["yes", "no"]))
        assert all(reply.text in ("yes", "no") for reply in replies.values() if reply.is_complete)


def test_a_wrong_key_and_an_unknown_model_are_said(vllm_server, model, ask, monkeypatch: pytest.MonkeyPatch):
    unknown = OpenAILanguageModel("large-llama", vllm_server.base_url, api_key_env=KEY_ENV)
    with pytest.raises(LanguageModelError, match=r"does not know the model.*It offers: tiny-llama"):
        list(unknown.replies(ask("rain"), **SETTINGS))
    monkeypatch.setenv(KEY_ENV, "sk-wrong")
    with pytest.raises(LanguageModelError, match=f"refuses the key.*{KEY_ENV}"):
        list(model.replies(ask("rain"), **SETTINGS))


def test_a_server_that_is_killed_and_started_again_answers_everything_once(vllm_server, model, ask):
    conversations = ask(*(f"rain {count}" for count in range(60)))
    expected = dict(model.replies(conversations, **SETTINGS))
    replies = model.replies(conversations, **SETTINGS)
    found = [next(replies) for _ in range(20)]
    vllm_server.kill()
    time.sleep(1)
    vllm_server.start()
    found += list(replies)
    assert len(found) == 60 and dict(found) == expected
