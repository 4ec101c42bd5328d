"""What every backend does alike, with the same tiny Llama behind it."""

from typing import Any

import pytest

from and_core.errors import LanguageModelError
from and_core.models.language_models.openai import OpenAILanguageModel
from and_core.models.protocols import LanguageModel, Reply

SOUNDS = ("rain", "a dog", "bells and wind", "an engine", "noise", "steady low hum", "hiss")
REAL = pytest.mark.filterwarnings("default")


@pytest.fixture(
    params=[
        "transformers",
        pytest.param("vllm", marks=[pytest.mark.vllm, REAL]),
        pytest.param("openai", marks=[pytest.mark.vllm, REAL, pytest.mark.slow]),
    ]
)
def model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> LanguageModel:
    if request.param != "openai":
        return request.getfixturevalue(f"{request.param}_model")
    server = request.getfixturevalue("vllm_server")
    monkeypatch.setenv("AND_TEST_SERVER_KEY", "sk-a-key-that-nobody-must-see")
    return OpenAILanguageModel("tiny-llama", server.base_url, api_key_env="AND_TEST_SERVER_KEY", concurrency=4)


def replies(model: LanguageModel, conversations: Any, **options: Any) -> list[Reply]:
    """In the order of the conversations; each must come exactly once."""
    settings = {"max_tokens": 12, "temperature": 0.0, "seed": 5} | options
    found = list(model.replies(conversations, **settings))
    assert sorted(position for position, _ in found) == list(range(len(conversations)))
    return [reply for _, reply in sorted(found, key=lambda pair: pair[0])]


def test_each_conversation_gets_a_reply_of_its_own(model, ask):
    found = replies(model, ask(*SOUNDS))
    assert len({reply.text for reply in found}) > 1
    assert all(0 < reply.reply_tokens <= 12 and reply.prompt_tokens > 20 for reply in found)


def test_a_reply_does_not_depend_on_the_other_conversations(model, ask):
    together = replies(model, ask(*SOUNDS), temperature=0.8)
    assert replies(model, ask(SOUNDS[-2]), temperature=0.8)[0].text == together[-2].text


def test_the_same_seed_gives_the_same_replies_and_another_seed_others(model, ask):
    first, again, other = (replies(model, ask(*SOUNDS), temperature=1.0, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert [reply.text for reply in first] != [reply.text for reply in other]


def test_without_a_temperature_the_seed_does_not_matter(model, ask):
    assert replies(model, ask(*SOUNDS), seed=1) == replies(model, ask(*SOUNDS), seed=2)


def test_a_reply_that_is_cut_off_says_so(model, ask):
    (reply,) = replies(model, ask("rain"), max_tokens=2)
    assert (reply.is_complete, reply.reply_tokens) == (False, 2)


def test_choices_hold_a_random_model_to_one_of_them(model, ask):
    choices = ("yes", "no", "noise of a steady engine")
    found = replies(model, ask(*SOUNDS) * 3, choices=choices, temperature=1.0, max_tokens=30)
    assert all(reply.text in choices and reply.is_complete and reply.reply_tokens > 0 for reply in found)
    seeds = {replies(model, ask("rain"), choices=choices, temperature=2.0, seed=seed)[0].text for seed in range(12)}
    assert len(seeds) > 1


def test_no_conversations_need_no_model(model):
    assert replies(model, []) == []


def test_requests_that_make_no_sense_are_refused(model, ask):
    with pytest.raises(LanguageModelError, match="leaves no room"):
        replies(model, ask("rain"), max_tokens=0)
    with pytest.raises(LanguageModelError, match="not between 0 and 2"):
        replies(model, ask("rain"), temperature=2.5)
    with pytest.raises(LanguageModelError, match="both choices and a JSON schema"):
        replies(model, ask("rain"), choices=["yes"], schema={"type": "object"})
    with pytest.raises(LanguageModelError, match="nothing to choose from"):
        replies(model, ask("rain"), choices=[])


def test_a_conversation_that_does_not_fit_is_refused(model, ask):
    with pytest.raises(LanguageModelError, match=r"(?i)tokens"):
        replies(model, ask("rain " * 2000))


def test_leaving_off_half_way_leaves_the_model_fit_for_more(model, ask):
    unfinished = model.replies(ask(*SOUNDS) * 3, max_tokens=12, temperature=0.0, seed=5)
    next(unfinished)
    unfinished.close()
    assert len(replies(model, ask(*SOUNDS))) == len(SOUNDS)
