"""A tiny audio language model on disk, and a server for it."""

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'text' %}{{ part['text'] }}{% else %}<|audio_bos|><|AUDIO|><|audio_eos|>\n{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="session")
def tiny_qwen2_audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random Qwen2-Audio of 280,000 parameters."""
    import torch
    from safetensors.torch import load_file, save_file
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        PreTrainedTokenizerFast,
        Qwen2AudioConfig,
        Qwen2AudioForConditionalGeneration,
        Qwen2AudioProcessor,
        WhisperFeatureExtractor,
    )

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(["A dog barks loudly while rain falls on the roof."] * 20, trainer)
    chat = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=2048
    )
    torch.manual_seed(0)
    # vLLM's CPU build needs 32 or more dimensions a head. Large weights make replies depend on the clip.
    sizes = {"d_model": 64, "encoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 64}
    text = {
        "model_type": "qwen2",
        "vocab_size": len(chat),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
        "initializer_range": 0.3,
        "eos_token_id": chat.eos_token_id,
    }
    config = Qwen2AudioConfig(
        audio_config={"initializer_range": 0.3, **sizes},
        text_config=text,
        audio_token_index=chat.convert_tokens_to_ids("<|AUDIO|>"),
    )
    folder = tmp_path_factory.mktemp("models") / "tiny-qwen2-audio"
    Qwen2AudioForConditionalGeneration(config).save_pretrained(folder)
    ears = WhisperFeatureExtractor(feature_size=128)
    Qwen2AudioProcessor(ears, chat, chat_template=CHAT_TEMPLATE).save_pretrained(folder)
    # As vLLM looks for them.
    weights = load_file(folder / "model.safetensors")
    renamed = {name.replace("language_model.model.model.", "language_model.model."): weights[name] for name in weights}
    save_file(renamed, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.fixture(scope="session")
def qwen2_audio_server(
    tiny_qwen2_audio: Path, vllm_on_cpu: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of vLLM's own server with the tiny model behind it, called `tiny-qwen2-audio`."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    arguments = {
        "--model": str(tiny_qwen2_audio),
        "--served-model-name": "tiny-qwen2-audio",
        "--host": "127.0.0.1",
        "--port": str(port),
        "--dtype": "float32",
        "--max-model-len": "2048",
    }
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--enforce-eager"]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, *(part for pair in arguments.items() for part in pair)],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{port}/health", log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    pytest.fail(f"the server did not come up: {log.read_text()[-3000:]}")


@pytest.fixture
def saying() -> Callable[[list[str]], AbstractContextManager[tuple[str, list[dict[str, Any]]]]]:
    """`with saying(texts) as (base_url, requests)`: an OpenAI-compatible server that says these, one a request."""
    return _serving


@contextmanager
def _serving(texts: list[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    requests: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer({"object": "list", "data": []})

        def do_POST(self) -> None:
            requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            message = {"role": "assistant", "content": texts[len(requests) - 1]}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self.answer({"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})

        def answer(self, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
