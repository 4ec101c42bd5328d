"""Fixtures every test may use."""

import importlib.util
import os
import shutil
import signal
import socket
import string
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Page, sync_playwright
from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

from precompute import config
from precompute.pipeline import Job, execute, jobs_of
from precompute.run import Run
from precompute.stages.line import STAGES

PROJECT = Path(__file__).resolve().parents[1]

CHROMIUM_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
]
VLLM_ON_CPU = {
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB; else it takes most of the machine's memory
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("vllm") and importlib.util.find_spec("vllm") is None:
        pytest.skip("vLLM is not installed here; .ci/run says how to install the one for the CPU")


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's root."""
    return PROJECT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of goldens, real clips and a trained network; skips where a clone has none beside it."""
    folder = PROJECT.parent / "shared"
    if not (folder / "golden").is_dir():
        pytest.skip("no ../shared beside the project: goldens, real clips and the trained network are not here")
    return folder


@pytest.fixture(scope="session")
def vllm_on_cpu() -> Iterator[None]:
    """Settings by which vLLM runs small on a CPU."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in VLLM_ON_CPU.items():
            patch.setenv(variable, value)
        yield


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a random Llama of 128,000 parameters with a tokenizer and a chat template of its own."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = (
        "dog",
        "rain",
        "bell",
        "engine",
        "wind",
        "low",
        "high",
        "loud",
        "soft",
        "noise",
        "steady",
        "hum",
        "yes",
        "no",
    )
    text = [f"{word} {other}" for word in words for other in words]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>", "<pad>", "<|system|>", "<|user|>", "<|assistant|>"]
    letters = [*string.ascii_letters, *string.digits, *string.punctuation, "Ġ", "Ċ"]  # a space, a line's end
    trainer = trainers.BpeTrainer(vocab_size=1000, special_tokens=special, initial_alphabet=letters)
    tokenizer.train_from_iterator(text, trainer)
    chat = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>", model_max_length=1024
    )
    chat.chat_template = (
        "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{{ eos_token }}"
        "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    torch.manual_seed(0)
    # vLLM's CPU build needs 32 or more dimensions a head. Large weights make replies depend on the prompt.
    config = LlamaConfig(
        vocab_size=len(chat),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        initializer_range=0.3,
        bos_token_id=chat.bos_token_id,
        eos_token_id=chat.eos_token_id,
        pad_token_id=chat.pad_token_id,
    )
    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    LlamaForCausalLM(config).save_pretrained(folder)
    chat.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def write_ast() -> Callable[[Path, Sequence[str]], None]:
    """Saves a random AST of one block for some classes: `write_ast(folder, class_names)`."""

    def write(folder: Path, class_names: Sequence[str]) -> None:
        config = ASTConfig(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_length=128,
            frequency_stride=16,
            time_stride=16,
            id2label=dict(enumerate(class_names)),
            label2id={name: i for i, name in enumerate(class_names)},
        )
        ASTForAudioClassification(config).save_pretrained(folder)
        ASTFeatureExtractor(max_length=128).save_pretrained(folder)

    return write


class Silent:
    """A Progress that says nothing."""

    def kept(self, job: Job) -> None: ...

    def started(self, job: Job, items: int, already: int, shards: int) -> None: ...

    def advanced(self, job: Job, items: int) -> None: ...

    def finished(self, job: Job, seconds: float) -> None: ...


@pytest.fixture(scope="session")
def tiny_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store folder made by the real pipeline: the demo's first network with five clips a class."""
    small = ("dataset.clips_per_class=5", "ablations.clips_per_class=1")
    demo = config.load("demo", small)
    first = dict([next(iter(demo.network.items()))])  # one of its networks is enough, and three times as fast
    run = Run(demo.model_copy(update={"network": first}), tmp_path_factory.mktemp("runs"))
    execute(jobs_of(run, STAGES), Silent())
    return run.store


@pytest.fixture
def altered(tiny_store: Path, tmp_path: Path) -> Callable[[str], Path]:
    """`altered("DELETE FROM caption")`: a copy of the tiny store with something changed."""

    def alter(statements: str) -> Path:
        folder = tmp_path / "altered"
        shutil.copytree(tiny_store, folder, symlinks=True)
        with duckdb.connect(str((folder / "current").resolve())) as connection:
            connection.execute(statements).fetchall()
        return folder

    return alter


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail("no Chromium, and CI must have one: apt-get install chromium")
    pytest.skip("no Chromium on this machine: apt-get install chromium")


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(30_000)
        yield page
        browser.close()


@pytest.fixture(scope="session")
def serve() -> Callable[[str, Path, float], AbstractContextManager[str]]:
    """Runs a command that serves the app: `with serve(command, folder, seconds) as url`, which answers by then."""
    return serving


@contextmanager
def serving(command: str, folder: Path, seconds: float) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    settings = {"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_HEADLESS": "true", "PORT": str(port)}
    process = subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, **settings},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wait_until_healthy(process, port, seconds)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)


def wait_until_healthy(process: subprocess.Popen[str], port: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, f"it stopped: {process.stdout.read() if process.stdout else ''}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                if answer.read() == b"ok":
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    pytest.fail(f"the app did not answer within {seconds:.0f} s")
