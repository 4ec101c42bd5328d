import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import GenerationConfig

from and_core.errors import LanguageModelError
from and_core.models.language_models.sampling import GumbelNoise, sampling
from and_core.models.language_models.transformers import TransformersLanguageModel
from and_core.models.protocols import Message

SETTINGS = {"max_tokens": 8, "temperature": 0.0, "seed": 0}


@pytest.fixture
def folder(tiny_llama: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_llama, tmp_path / "model"))


def test_noise_makes_the_highest_logit_a_draw_from_the_softmax():
    logits = torch.tensor([[0.0, 1.0, 2.0]])
    noise = GumbelNoise(3)
    draws = torch.stack([noise(torch.zeros(1, 1), logits).argmax(1) for _ in range(5000)])
    shares = torch.bincount(draws.flatten(), minlength=3) / len(draws)
    torch.testing.assert_close(shares, logits.softmax(1)[0], atol=0.02, rtol=0)


def test_the_models_own_top_k_and_top_p_hold():
    logits = torch.tensor([[0.0, 1.0, 2.0, 3.0]])
    for settings, kept in (
        (GenerationConfig(do_sample=True, top_k=2), {2, 3}),
        (GenerationConfig(do_sample=True, top_p=0.4), {3}),
    ):
        drawn = {int(sampling(settings, 2.0, seed)(torch.zeros(1, 1), logits).argmax()) for seed in range(60)}
        assert drawn == kept


def test_a_choice_is_rated_by_the_likelihood_of_all_its_tokens_and_the_end(transformers_model, ask):
    (conversation,) = ask("rain")
    choices = ["yes", "no", "steady engine noise", "dog"]
    ((_, reply),) = transformers_model.replies([conversation], **SETTINGS, choices=choices)
    tokenizer, model = transformers_model._model._tokenizer, transformers_model._model._model
    messages = [{"role": message.role, "content": message.content} for message in conversation]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    ratings = []
    for choice in choices:
        answer = [*tokenizer.encode(choice, add_special_tokens=False), tokenizer.eos_token_id]
        with torch.inference_mode():
            scores = model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        ratings.append(sum(scores[len(prompt) - 1 + i, token] for i, token in enumerate(answer)))
    assert reply.text == choices[int(torch.stack(ratings).argmax())]
    assert reply.is_complete


def test_choices_are_the_same_alone_and_beside_longer_conversations(transformers_model, ask):
    conversations = ask("rain", "bells and wind and a steady low hum " * 5, "dog")
    choices = ["yes", "no", "low hum", "a dog"]
    together = dict(transformers_model.replies(conversations, **SETTINGS, choices=choices))
    for position, conversation in enumerate(conversations):
        assert dict(transformers_model.replies([conversation], **SETTINGS, choices=choices))[0] == together[position]


def test_a_reply_that_ends_by_itself_is_complete(folder: Path, ask):
    settings = json.loads((folder / "generation_config.json").read_text())
    everything = list(range(1000))
    (folder / "generation_config.json").write_text(json.dumps(settings | {"eos_token_id": everything}))
    model = TransformersLanguageModel(folder, device="cpu")
    ((_, reply),) = model.replies(ask("rain"), **SETTINGS)
    assert (reply.text, reply.is_complete, reply.reply_tokens) == ("", True, 1)


def test_a_json_schema_is_refused(transformers_model, ask):
    with pytest.raises(LanguageModelError, match="cannot be held to a JSON schema"):
        list(transformers_model.replies(ask("rain"), **SETTINGS, schema={"type": "object"}))


def test_a_model_without_a_chat_template_is_refused(folder: Path, ask):
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(LanguageModelError, match="has no chat template"):
        list(TransformersLanguageModel(folder).replies(ask("rain"), **SETTINGS))


def test_a_role_that_the_template_refuses_is_said(folder: Path):
    (folder / "chat_template.jinja").write_text("{{ raise_exception('System role not supported') }}")
    with pytest.raises(LanguageModelError, match="System role not supported"):
        list(TransformersLanguageModel(folder).replies([[Message("system", "Be brief.")]], **SETTINGS))


def test_template_options_reach_the_template(folder: Path, ask):
    (folder / "chat_template.jinja").write_text("{{ 'rain' if thinking else 'a much longer beginning' }}<|assistant|>")
    sizes = [
        next(TransformersLanguageModel(folder, template_options=options).replies(ask("x"), **SETTINGS))[1].prompt_tokens
        for options in ({"thinking": True}, {"thinking": False})
    ]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("damage", ["truncated weights", "unknown architecture", "unknown device"])
def test_what_cannot_be_loaded_is_said(folder: Path, ask, damage: str):
    if damage == "truncated weights":
        (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:1000])
    if damage == "unknown architecture":
        config = json.loads((folder / "config.json").read_text())
        config |= {"model_type": "mine", "auto_map": {"AutoModelForCausalLM": "mine.Mine"}}
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "mine.py").write_text("raise SystemExit('code of a stranger ran')")
    model = TransformersLanguageModel(folder, device="nowhere" if damage == "unknown device" else "cpu")
    with pytest.raises(LanguageModelError, match="cannot be loaded"):
        list(model.replies(ask("rain"), **SETTINGS))


def test_closing_frees_the_weights_and_a_later_request_loads_them_again(tiny_llama: Path, ask):
    with TransformersLanguageModel(tiny_llama, device="cpu") as model:
        first = list(model.replies(ask("rain"), **SETTINGS))
        assert model._model is not None
    assert model._model is None
    assert list(model.replies(ask("rain"), **SETTINGS)) == first
