import json
from pathlib import Path

import pytest

from and_core.errors import LanguageModelError
from and_core.models.fakes import FakeLanguageModel
from and_core.models.protocols import Message

SETTINGS = {"max_tokens": 50, "temperature": 0.0, "seed": 0}
CONVERSATIONS = [[Message("user", f"What do these share? {sound}")] for sound in ("rain", "a dog", "bells", "wind")]


def texts(model: FakeLanguageModel, **options) -> list[str]:
    return [reply.text for _, reply in model.replies(CONVERSATIONS, **SETTINGS | options)]


def test_what_it_says_depends_on_the_conversation_the_seed_and_the_temperature_alone():
    said = texts(FakeLanguageModel())
    assert said == texts(FakeLanguageModel()) and len(set(said)) > 1
    assert said != texts(FakeLanguageModel(), seed=1) != texts(FakeLanguageModel(), temperature=1.0)


def test_it_keeps_to_choices_schemas_and_the_length():
    assert set(texts(FakeLanguageModel(), choices=["yes", "no"])) == {"yes", "no"}
    schema = {
        "type": "object",
        "properties": {
            "points": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "kind": {"enum": ["animal", "machine"]},
            "count": {"type": "integer", "minimum": 3},
            "loud": {"type": "boolean"},
        },
    }
    for said in texts(FakeLanguageModel(), schema=schema):
        reply = json.loads(said)
        assert len(reply["points"]) == 2 and reply["count"] == 3 and isinstance(reply["loud"], bool)
        assert reply["kind"] in ("animal", "machine")
    ((_, cut), *_) = FakeLanguageModel().replies(CONVERSATIONS, **SETTINGS | {"max_tokens": 2})
    assert (cut.text, cut.is_complete, cut.reply_tokens) == ("1. The", False, 2)


def test_it_can_be_made_useless_and_to_fail(tmp_path: Path):
    assert texts(FakeLanguageModel(always="I cannot hear.")) == ["I cannot hear."] * 4
    assert texts(FakeLanguageModel(always=""), choices=["yes"]) == [""] * 4
    model = FakeLanguageModel(fails_after=3)
    replies = model.replies(CONVERSATIONS, **SETTINGS)
    assert [next(replies)[0] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(LanguageModelError, match="stopped after 3 replies"):
        next(replies)


def test_it_counts_and_writes_down_what_it_was_asked(tmp_path: Path):
    model = FakeLanguageModel(journal=str(tmp_path / "asked.jsonl"))
    texts(model)
    texts(model)
    lines = (tmp_path / "asked.jsonl").read_text().splitlines()
    assert model.asked == 8 and [json.loads(line) for line in lines[:4]] == [turn.content for (turn,) in CONVERSATIONS]


def test_a_useless_model_is_another_model_and_one_that_fails_is_not():
    assert FakeLanguageModel().fingerprint == FakeLanguageModel(fails_after=3, journal="x").fingerprint
    assert FakeLanguageModel().fingerprint != FakeLanguageModel(always="").fingerprint
