import shutil
from pathlib import Path

import pytest

from and_core.errors import LanguageModelError
from and_core.models.language_models import model_files
from and_core.models.language_models.model_files import check_model, identity
from and_core.models.language_models.transformers import TransformersLanguageModel
from and_core.models.language_models.vllm import VllmLanguageModel


@pytest.fixture
def folder(tiny_llama: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_llama, tmp_path / "model"))


@pytest.mark.parametrize(
    "file", ["model.safetensors", "config.json", "tokenizer.json", "generation_config.json", "chat_template.jinja"]
)
def test_a_change_in_any_file_that_decides_replies_makes_another_model(folder: Path, file: str):
    before = identity(folder, None)
    content = bytearray((folder / file).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / file).write_bytes(content)
    assert identity(folder, None) != before


def test_notes_beside_a_model_and_its_place_do_not_make_another(folder: Path, tiny_llama: Path):
    (folder / "README.md").write_text("A note.")
    assert identity(folder, None) == identity(tiny_llama, None) == identity(str(folder), "ignored of a folder")


def test_a_large_file_is_known_by_its_size_and_samples(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model_files, "SAMPLES", 4)
    monkeypatch.setattr(model_files, "SAMPLE_BYTES", 10)
    weights = folder / "extra.safetensors"
    weights.write_bytes(bytes(100))
    known = {identity(folder, None)}
    for changed in (0, 35, 99):  # samples are at 0-9, 30-39, 60-69 and 90-99
        weights.write_bytes(bytes(1 if place == changed else 0 for place in range(100)))
        known.add(identity(folder, None))
    weights.write_bytes(bytes(101))
    assert len(known | {identity(folder, None)}) == 5


def test_a_name_on_the_hub_stands_for_itself_and_is_not_looked_up():
    assert identity("owner/model", None) == "owner/model@main"
    assert identity("owner/model", "v2") == "owner/model@v2"


@pytest.mark.parametrize("kind", [VllmLanguageModel, TransformersLanguageModel])
def test_a_folder_that_is_no_whole_safe_model_is_refused_at_once(kind, folder: Path, tmp_path: Path):
    with pytest.raises(LanguageModelError, match="is not a folder here"):
        kind(tmp_path / "nowhere")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(LanguageModelError, match="no weights as safetensors"):
        kind(folder)
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(LanguageModelError, match="an adapter changes the weights"):
        kind(folder)


def test_what_changes_replies_is_in_the_fingerprint_and_what_does_not_is_not(tiny_llama: Path):
    plain = VllmLanguageModel(tiny_llama)
    same = VllmLanguageModel(
        tiny_llama, name="mine", tensor_parallel_size=2, gpu_memory_utilization=0.5, enforce_eager=True
    )
    others = [
        VllmLanguageModel(tiny_llama, dtype="float16"),
        VllmLanguageModel(tiny_llama, quantization="fp8"),
        VllmLanguageModel(tiny_llama, max_model_len=128),
        VllmLanguageModel(tiny_llama, template_options={"enable_thinking": False}),
        VllmLanguageModel("owner/model"),
        VllmLanguageModel("owner/model", revision="v2"),
        TransformersLanguageModel(tiny_llama),
        TransformersLanguageModel(tiny_llama, dtype="float16"),
    ]
    assert plain.fingerprint == same.fingerprint
    assert len({model.fingerprint for model in [plain, *others]}) == len(others) + 1
    alike = [TransformersLanguageModel(tiny_llama, device=device, batch_size=2) for device in ("cpu", "cuda")]
    assert {model.fingerprint for model in alike} == {others[-2].fingerprint}


def test_a_model_is_called_by_the_last_part_of_its_path(tiny_llama: Path):
    assert VllmLanguageModel(tiny_llama).name == "tiny-llama"
    assert VllmLanguageModel("owner/model").name == "model"
    assert VllmLanguageModel("owner/model", name="mine").name == "mine"


def test_checking_a_whole_model_says_nothing(folder: Path):
    check_model(folder)
    check_model("owner/model")
