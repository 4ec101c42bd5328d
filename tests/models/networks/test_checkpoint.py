import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest

from and_core.errors import NetworkError
from and_core.models.networks.checkpoint import is_hub_name, open_checkpoint
from and_core.models.networks.huggingface import HuggingFaceNetwork


def test_classes_and_rate_come_from_the_json_files(tiny_ast):
    checkpoint = open_checkpoint(str(tiny_ast))
    assert checkpoint.class_names == ("bell", "dog", "engine", "rain", "wind")
    assert checkpoint.sample_rate_hz == 16_000
    assert checkpoint.is_safetensors


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
    ],
)
def test_only_names_of_the_hubs_form_are_looked_for_there(name, expected):
    assert is_hub_name(name) is expected


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


FINGERPRINT = """
import sys
from and_core.errors import NetworkError
from and_core.models.networks.huggingface import HuggingFaceNetwork
network = HuggingFaceNetwork(sys.argv[1])
try:
    sys.stdout.write(network.fingerprint + " " + network.name)
except NetworkError as error:
    sys.stdout.write(f"{error.what} | {error.remedy}")
assert "torch" not in sys.modules
"""


def fingerprint_of_hub_name(name: str, cache) -> str:
    """In a process of its own, because huggingface_hub reads where its cache is when it is imported."""
    environment = os.environ | {"HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-W", "error", "-c", FINGERPRINT, name]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


def test_a_hub_name_is_found_in_the_offline_cache_and_hashed_without_torch(tiny_ast, tmp_path):
    commit = hashlib.sha1(b"any").hexdigest()
    repository = tmp_path / "models--someone--tiny"
    shutil.copytree(tiny_ast, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    printed = fingerprint_of_hub_name("someone/tiny", tmp_path)
    assert printed == f"{HuggingFaceNetwork(tiny_ast).fingerprint} tiny"


def test_a_hub_name_that_cannot_be_had_says_what_to_do(tmp_path):
    printed = fingerprint_of_hub_name("someone/unheard-of", tmp_path)
    assert "'someone/unheard-of' is neither a folder here nor obtainable" in printed
    assert "| Check the name and the connection" in printed
