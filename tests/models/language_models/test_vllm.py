import importlib.util
import json
import os
import shutil
import signal
from pathlib import Path

import psutil
import pytest

from and_core.errors import LanguageModelError
from and_core.models.language_models.vllm import VllmLanguageModel

GREEDY = {"max_tokens": 10, "temperature": 0.0, "seed": 0}
SCHEMA = {
    "type": "object",
    "properties": {"kind": {"enum": ["animal", "machine"]}, "loud": {"type": "boolean"}},
    "required": ["kind", "loud"],
    "additionalProperties": False,
}

real = [pytest.mark.vllm, pytest.mark.filterwarnings("default")]


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed")
def test_without_vllm_it_is_said_what_to_install(tiny_llama: Path, ask):
    with pytest.raises(LanguageModelError, match=r"vLLM is not installed.*pip install"):
        list(VllmLanguageModel(tiny_llama).replies(ask("rain"), **GREEDY))


@pytest.mark.vllm
@pytest.mark.filterwarnings("default")
class TestEngine:
    def test_its_replies_are_those_of_transformers(self, vllm_model, transformers_model, ask):
        conversations = ask("rain", "bells and wind", "an engine")
        assert dict(vllm_model.replies(conversations, **GREEDY)) == dict(
            transformers_model.replies(conversations, **GREEDY)
        )

    def test_a_reply_is_json_of_the_schema(self, vllm_model, ask):
        settings = GREEDY | {"max_tokens": 200, "temperature": 1.0}
        replies = [reply for _, reply in vllm_model.replies(ask("rain", "a dog"), **settings, schema=SCHEMA)]
        for reply in (json.loads(reply.text) for reply in replies if reply.is_complete):
            assert reply["kind"] in ("animal", "machine") and isinstance(reply["loud"], bool)
        assert any(reply.is_complete for reply in replies)

    def test_replies_come_as_they_are_done_and_conversations_are_read_as_there_is_room(self, vllm_model, ask):
        class Watched(list):
            read = 0

            def __iter__(self):
                for conversation in super().__iter__():
                    self.read += 1
                    yield conversation

        (conversation,) = ask("rain")
        list(vllm_model.replies([conversation], **GREEDY))
        room = vllm_model._engine._room
        conversations = Watched([conversation] * (room + 300))
        replies = vllm_model.replies(conversations, **GREEDY | {"max_tokens": 1})
        next(replies)
        assert conversations.read == room
        assert len(list(replies)) == len(conversations) - 1

    def test_what_conversations_share_is_computed_once(self, vllm_model, ask):
        list(vllm_model.replies(ask("rain"), **GREEDY))
        engine, outputs = vllm_model._engine._engine, []
        step = engine.step
        engine.step = lambda: outputs.extend(step()) or outputs[-1:]
        try:
            for sound in ("dog", "bell"):
                list(vllm_model.replies(ask("rain " * 300 + sound), **GREEDY | {"max_tokens": 1}))
        finally:
            del engine.step
        first, second = outputs
        assert first.num_cached_tokens == 0 and second.num_cached_tokens > 0.7 * len(second.prompt_token_ids)

    def test_long_conversations_are_answered_with_a_seed_whoever_is_asked_beside_them(self, vllm_model, ask):
        drawn = GREEDY | {"temperature": 1.0, "seed": 5}
        conversations = ask(*(f"{count} " + "rain " * 300 for count in range(40)))
        together = dict(vllm_model.replies(conversations, **drawn))
        alone = dict(vllm_model.replies(conversations[17:18], **drawn))
        assert len(together) == 40 and alone[0].text == together[17].text

    def test_an_engine_that_dies_is_said_and_can_be_started_again(self, vllm_model, ask):
        conversations = ask(*(f"rain {count}" for count in range(600)))
        replies = vllm_model.replies(conversations, **GREEDY)
        next(replies)
        for process in vllm_model._engine._engine.engine_core.resources.engine_manager.processes:
            os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(LanguageModelError, match=r"stopped while .*Run again"):
            list(replies)
        vllm_model.close()
        assert len(list(vllm_model.replies(conversations[:2], **GREEDY))) == 2

    def test_a_model_without_a_chat_template_is_refused(self, tiny_llama: Path, tmp_path: Path, ask, vllm_on_cpu):
        folder = Path(shutil.copytree(tiny_llama, tmp_path / "no-template"))
        (folder / "chat_template.jinja").unlink()
        model = VllmLanguageModel(folder, dtype="float32", max_model_len=256, enforce_eager=True)
        with pytest.raises(LanguageModelError, match="no chat template that works"):
            list(model.replies(ask("rain"), **GREEDY))

    def test_closing_ends_the_engine_and_all_its_processes(self, vllm_model, ask):
        list(vllm_model.replies(ask("rain"), **GREEDY))
        manager = vllm_model._engine._engine.engine_core.resources.engine_manager
        ours = [psutil.Process(process.pid) for process in manager.processes]
        ours += [worker for process in ours for worker in process.children(recursive=True)]
        vllm_model.close()
        # One that has ended stays listed, without memory, until somebody asks how it ended.
        ended = {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
        assert all(not process.is_running() or process.status() in ended for process in ours)
