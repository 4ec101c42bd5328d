"""A real vLLM engine, a real vLLM server, and a scripted one for what a real one will not do on demand."""

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
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from and_core.models.language_models.transformers import TransformersLanguageModel
from and_core.models.language_models.vllm import VllmLanguageModel
from and_core.models.protocols import Message

KEY = "sk-a-key-that-nobody-must-see"
KEY_ENV = "AND_TEST_SERVER_KEY"


def about(*sounds: str) -> list[list[Message]]:
    """One conversation a sound, all beginning alike."""
    return [
        [Message("system", "Answer in few words."), Message("user", f"What do these sounds share? {sound}")]
        for sound in sounds
    ]


@pytest.fixture(scope="session")
def ask() -> Callable[..., list[list[Message]]]:
    return about


@pytest.fixture(scope="session")
def vllm_model(tiny_llama: Path, vllm_on_cpu: None) -> Iterator[VllmLanguageModel]:
    """The tiny Llama in vLLM's offline engine."""
    with VllmLanguageModel(tiny_llama, dtype="float32", max_model_len=512, enforce_eager=True) as model:
        yield model


@pytest.fixture(scope="session")
def transformers_model(tiny_llama: Path) -> TransformersLanguageModel:
    return TransformersLanguageModel(tiny_llama, device="cpu", dtype="float32", batch_size=3)


class VllmServer:
    """The tiny Llama behind vLLM's own server, which can be killed and started again at the same address."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder, self.log = folder, log
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = {
            "--model": str(self.folder),
            "--served-model-name": "tiny-llama",
            "--host": "127.0.0.1",
            "--port": str(self.port),
            "--api-key": KEY,
            "--dtype": "float32",
            "--max-model-len": "512",
        }
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--enforce-eager"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *(part for pair in arguments.items() for part in pair)],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=20)
            self.process = None

    def wait_until_ready(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.5)
        pytest.fail(f"the server did not come up: {self.log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def vllm_server(tiny_llama: Path, vllm_on_cpu: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    server = VllmServer(tiny_llama, tmp_path_factory.mktemp("server") / "log.txt")
    server.start()
    try:
        server.wait_until_ready(seconds=240)
        yield server
    finally:
        server.kill()


Script = Callable[[str, dict[str, Any]], tuple[int, Any, dict[str, str]]]
"""A request's path and body -> status, body and headers of the answer."""


class ScriptedServer:
    """Answers each request as the script says, and remembers what it was asked."""

    def __init__(self, replies: Script) -> None:
        self.replies = replies
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.base_url = ""


@pytest.fixture
def scripted_server() -> Callable[..., Any]:
    """`with scripted_server(replies) as server`, which answers at `server.base_url`."""
    return serving_script


@contextmanager
def serving_script(
    replies: Callable[[str, dict[str, Any]], tuple[int, Any, dict[str, str]]],
) -> Iterator[ScriptedServer]:
    script = ScriptedServer(replies)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer({})

        def do_POST(self) -> None:
            self.answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def answer(self, request: dict[str, Any]) -> None:
            with script.lock:
                script.at_once += 1
                script.most_at_once = max(script.most_at_once, script.at_once)
                script.keys.append(self.headers["authorization"])
                if request:
                    script.requests.append(request)
            status, body, headers = script.replies(self.path, request)
            with script.lock:
                script.at_once -= 1
            content = json.dumps(body).encode()
            with suppress(ConnectionError):  # The client may have left.
                self.send(status, content, headers)

        def send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
