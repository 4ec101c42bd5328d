import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from and_core.errors import NetworkError
from and_core.models.networks.checkpoint import REFUSED, is_hub_name, open_checkpoint
from and_core.models.networks.huggingface import HuggingFaceNetwork


def test_classes_and_rate_come_from_the_json_files(tiny_ast):
    checkpoint = open_checkpoint(str(tiny_ast))
    assert checkpoint.class_names == ("bell", "dog", "engine", "rain", "wind")
    assert checkpoint.sample_rate_hz == 16_000
    assert checkpoint.weight_files == (tiny_ast / "model.safetensors",)


def test_the_digest_follows_every_file_that_matters_and_no_other(tiny_ast, tmp_path):
    digests = []
    for number, changed in enumerate(
        [None, "README.md", "config.json", "preprocessor_config.json", "model.safetensors"]
    ):
        folder = shutil.copytree(tiny_ast, tmp_path / str(number))
        if changed:
            with (folder / changed).open("ab") as file:
                file.write(b"\n")
        digests.append(open_checkpoint(str(folder)).digest())
    assert digests[0] == digests[1]
    assert len(set(digests)) == 4


@pytest.mark.parametrize("path", ["no-such/folder/here", "./missing", "/missing"])
def test_a_folder_that_is_not_there_is_refused_when_named(path):
    with pytest.raises(NetworkError, match="is not a folder") as raised:
        HuggingFaceNetwork(path)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MIT/ast-finetuned-audioset-10-10-0.4593", True),
        ("bert", True),
        ("a/b/c", False),
        ("/a", False),
        ("~/a", False),
        ("./a", False),
        ("../a", False),
        ("a/", False),
        (Path("a"), False),
        (Path("./a/b"), False),
    ],
)
def test_only_names_of_the_hubs_form_are_looked_for_there(name, expected):
    assert is_hub_name(name) is expected


def test_a_slip_in_a_path_below_a_folder_that_is_here_is_no_name_of_the_hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_hub_name("assets/ast-fooley")
    Path("assets").mkdir()
    assert not is_hub_name("assets/ast-fooley")
    with pytest.raises(NetworkError, match="'assets/ast-fooley' is not a folder here"):
        HuggingFaceNetwork("assets/ast-fooley")


@pytest.mark.parametrize("rate", [None, 0, -16_000, 16_000.5, "16 kHz", True])
def test_a_sampling_rate_that_no_sound_has_is_refused(tiny_ast, copied, rate):
    with pytest.raises(NetworkError, match=r"preprocessor_config\.json says sampling_rate: .*Set it"):
        open_checkpoint(copied(tiny_ast, preprocessor_config={"sampling_rate": rate}))


@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file_is_refused(tiny_ast, tmp_path, file):
    folder = shutil.copytree(tiny_ast, tmp_path / "incomplete")
    (folder / file).unlink()
    with pytest.raises(NetworkError, match="weights" if file == "model.safetensors" else file):
        HuggingFaceNetwork(folder)


@pytest.mark.parametrize("content", ["{", "[]", "\x00"])
def test_a_damaged_json_file_is_refused(tiny_ast, tmp_path, content):
    folder = shutil.copytree(tiny_ast, tmp_path / "damaged")
    (folder / "config.json").write_text(content)
    with pytest.raises(NetworkError, match=r"config\.json"):
        HuggingFaceNetwork(folder)


@pytest.mark.parametrize("labels", [None, {}, {"1": "dog"}, ["dog"]])
def test_a_network_without_ordered_class_names_is_refused(altered_ast, labels):
    with pytest.raises(NetworkError, match="id2label"):
        HuggingFaceNetwork(altered_ast(id2label=labels))


def test_a_sharded_checkpoint_that_lacks_a_shard_is_refused(tiny_ast, tmp_path):
    folder = shutil.copytree(tiny_ast, tmp_path / "sharded")
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {"classifier.dense.weight": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(NetworkError, match="model-00002-of-00002"):
        open_checkpoint(str(folder))


@pytest.mark.parametrize("shard", ["../model.safetensors", "/model.safetensors", "a/b.safetensors", "model.bin", 5])
def test_a_shard_elsewhere_or_of_another_format_is_refused(tiny_ast, tmp_path, shard):
    folder = shutil.copytree(tiny_ast, tmp_path / "sharded")
    (folder / "model.safetensors").rename(tmp_path / "model.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"classifier.dense.weight": shard}}))
    with pytest.raises(NetworkError, match=r"which is not a \.safetensors file beside it"):
        HuggingFaceNetwork(folder)


@pytest.mark.parametrize("weight_map", [None, [], "model.safetensors"])
def test_an_index_without_a_list_of_files_is_refused(tiny_ast, tmp_path, weight_map):
    folder = shutil.copytree(tiny_ast, tmp_path / "sharded")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(NetworkError, match=r"model\.safetensors"):
        HuggingFaceNetwork(folder)


@pytest.mark.parametrize("key", REFUSED)
def test_an_entry_that_makes_transformers_load_or_run_something_else_is_refused(altered_ast, key):
    with pytest.raises(NetworkError, match=rf"config\.json has the entry '{key}'") as raised:
        HuggingFaceNetwork(altered_ast(**{key: "other.safetensors"}))
    assert f"Remove '{key}'" in raised.value.remedy


def test_an_empty_entry_is_harmless(altered_ast):
    assert HuggingFaceNetwork(altered_ast(quantization_config=None)).sample_rate_hz == 16_000


def test_a_feature_extractor_with_code_of_its_own_is_refused(tiny_ast, tmp_path):
    folder = shutil.copytree(tiny_ast, tmp_path / "coded")
    entries = json.loads((folder / "preprocessor_config.json").read_text())
    code = {"auto_map": {"AutoFeatureExtractor": "code.Extractor"}}
    (folder / "preprocessor_config.json").write_text(json.dumps(entries | code))
    with pytest.raises(NetworkError, match=r"preprocessor_config\.json has the entry 'auto_map'"):
        HuggingFaceNetwork(folder)


def test_an_adapter_beside_the_weights_is_refused(tiny_ast, tmp_path):
    folder = shutil.copytree(tiny_ast, tmp_path / "adapted")
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "someone/else"}')
    with pytest.raises(NetworkError, match=r"adapter_config\.json: an adapter changes the weights"):
        HuggingFaceNetwork(folder)


FINGERPRINT = """
import sys
from and_core.errors import NetworkError
from and_core.models.networks.huggingface import HuggingFaceNetwork
network = HuggingFaceNetwork(sys.argv[1], local_files_only=sys.argv[2] == "local")
try:
    sys.stdout.write(network.fingerprint + " " + network.name)
except NetworkError as error:
    sys.stdout.write(f"{error.what} | {error.remedy}")
assert "torch" not in sys.modules
"""


def fingerprint_of_hub_name(name: str, cache: Path, local_files_only: bool = False) -> str:
    """In a process of its own, because huggingface_hub reads where its cache is when it is imported."""
    # With local_files_only nothing else forbids the network, and an address where nobody answers would tell.
    forbidden = {"HF_ENDPOINT": "http://127.0.0.1:9"} if local_files_only else {"HF_HUB_OFFLINE": "1"}
    environment = {key: value for key, value in os.environ.items() if key != "HF_HUB_OFFLINE"}
    environment |= {"HF_HUB_CACHE": str(cache), **forbidden}
    command = [sys.executable, "-W", "error", "-c", FINGERPRINT, name, "local" if local_files_only else "any"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture
def cached_ast(tiny_ast, tmp_path) -> Path:
    """The tiny AST's folder as `someone/tiny` in a hub cache at `tmp_path`."""
    commit = hashlib.sha1(b"any").hexdigest()
    repository = tmp_path / "models--someone--tiny"
    shutil.copytree(tiny_ast, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    return repository / "snapshots" / commit


@pytest.mark.parametrize("local_files_only", [False, True])
def test_a_hub_name_is_found_in_the_offline_cache_and_hashed_without_torch(
    tiny_ast, cached_ast, tmp_path, local_files_only
):
    printed = fingerprint_of_hub_name("someone/tiny", tmp_path, local_files_only)
    assert printed == f"{HuggingFaceNetwork(tiny_ast).fingerprint} tiny"


def test_a_hub_name_that_cannot_be_had_says_what_to_do(tmp_path):
    printed = fingerprint_of_hub_name("someone/unheard-of", tmp_path)
    assert "'someone/unheard-of' is neither a folder here nor obtainable" in printed
    assert "| Check the name and the connection" in printed


def test_without_downloads_a_hub_name_that_is_not_in_the_cache_says_how_to_get_it(tmp_path):
    printed = fingerprint_of_hub_name("someone/tiny", tmp_path, local_files_only=True)
    assert "'someone/tiny' is neither a folder here nor in the local cache" in printed
    assert printed.endswith("| Run the pipeline with it, or: hf download someone/tiny")


@pytest.mark.parametrize("file", ["model.safetensors", "preprocessor_config.json"])
def test_without_downloads_a_broken_off_download_counts_as_none(cached_ast, tmp_path, file):
    (cached_ast / file).unlink()
    printed = fingerprint_of_hub_name("someone/tiny", tmp_path, local_files_only=True)
    assert "nor in the local cache" in printed and "hf download someone/tiny" in printed
