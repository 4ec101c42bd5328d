import dataclasses
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from and_core.errors import NetworkError
from and_core.models.networks.beats.checkpoint import BeatsCheckpoint, save_beats

CLASSES = ("bell", "dog", "rain")
TABLE = "encoder.layers.1.self_attn.relative_attention_bias.weight"
State = dict[str, torch.Tensor]


def authors(model: State) -> State:
    """The AND authors' names."""
    return {
        name.replace("predictor.", "fc.") if "predictor" in name else f"beats.{name}": model[name] for name in model
    }


def newer_torch(model: State) -> State:
    """With weight norm as torch's parametrizations name it."""
    renamed = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}
    return {name.replace(end, renamed[end]) if (end := name[-8:]) in renamed else name: model[name] for name in model}


def one_table(model: State) -> State:
    """As safetensors saves a model: of tensors that are the same, one."""
    return {name: tensor for name, tensor in model.items() if name != TABLE}


LAYOUTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "official": lambda official: official,
    "official without settings": lambda official: {"model": official["model"]},
    "flat": lambda official: official["model"],
    "flat, of the AND authors": lambda official: authors(official["model"]),
    "flat, of a newer torch": lambda official: newer_torch(official["model"]),
    "flat, with one table": lambda official: one_table(official["model"]),
    "doubled precision": lambda official: {name: tensor.double() for name, tensor in official["model"].items()},
    "parameters": lambda official: {n: torch.nn.Parameter(tensor) for n, tensor in official["model"].items()},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_is_the_same_network(official, save, make_beats, tiny_config, filter_banks, layout):
    checkpoint = BeatsCheckpoint(save(LAYOUTS[layout](official)))
    model = checkpoint.load()
    assert checkpoint.config == tiny_config
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}
    expected = make_beats(tiny_config, 3)(filter_banks)
    answer = model(filter_banks)
    assert torch.equal(answer.features, expected.features)
    assert torch.equal(answer.logits, expected.logits)


def test_a_pickle_of_old_torch_is_the_same_network(official, tmp_path, make_beats, tiny_config, filter_banks):
    torch.save(official, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    logits = BeatsCheckpoint(tmp_path / "old.pt").load()(filter_banks).logits
    assert torch.equal(logits, make_beats(tiny_config, 3)(filter_banks).logits)


def test_a_pretrained_checkpoint_has_no_head(official, save):
    cfg = official["cfg"] | {"finetuned_model": False}
    model = {name: tensor for name, tensor in official["model"].items() if not name.startswith("predictor.")}
    checkpoint = BeatsCheckpoint(save({"cfg": cfg, "model": model}))
    assert checkpoint.classes == 0 and checkpoint.class_names == ()
    assert checkpoint.load().fc is None


def test_only_the_authors_head_averages_padding(official, save):
    assert not BeatsCheckpoint(save(official)).load().head_averages_padding
    assert BeatsCheckpoint(save(authors(official["model"]))).load().head_averages_padding


@pytest.mark.parametrize("averages_padding", [True, False])
@pytest.mark.parametrize("classes", [CLASSES, ()])
def test_a_saved_network_opens_again(make_beats, tiny_config, tmp_path, filter_banks, classes, averages_padding):
    config = dataclasses.replace(tiny_config, max_distance=20, deep_norm=False)
    model = make_beats(config, len(classes), averages_padding)
    file = save_beats(tmp_path / "new" / "folder", model, classes)
    assert file == tmp_path / "new" / "folder" / "beats.safetensors"
    for path in (file, file.parent):
        checkpoint = BeatsCheckpoint(path)
        assert checkpoint.config == config and checkpoint.class_names == classes
        assert torch.equal(checkpoint.load()(filter_banks).features, model(filter_banks).features)
    assert BeatsCheckpoint(file).load().head_averages_padding is (averages_padding and bool(classes))
    assert [left.name for left in file.parent.iterdir()] == [file.name]


def test_a_network_can_be_saved_over_the_file_it_came_from(make_beats, tiny_config, tmp_path, filter_banks):
    file = save_beats(tmp_path / "beats.safetensors", make_beats(tiny_config, 3), CLASSES)
    first, second = BeatsCheckpoint(file).load(), BeatsCheckpoint(file).load()
    before = first(filter_banks).logits
    with torch.no_grad():
        second.fc.bias.add_(1.0)
    save_beats(file, second, CLASSES)
    assert torch.equal(first(filter_banks).logits, before)
    assert torch.allclose(BeatsCheckpoint(file).load()(filter_banks).logits, before + 1, atol=1e-5)


def test_a_network_saved_in_half_precision_loads_in_float32(make_beats, tiny_config, tmp_path):
    file = save_beats(tmp_path, make_beats(tiny_config, 3).half(), CLASSES)
    assert safetensors.torch.load_file(file)["predictor.weight"].dtype == torch.float16
    assert {parameter.dtype for parameter in BeatsCheckpoint(file).load().parameters()} == {torch.float32}


def test_a_network_is_not_saved_with_too_few_class_names(make_beats, tiny_config, tmp_path):
    with pytest.raises(NetworkError, match="2 class names for a head 3 wide"):
        save_beats(tmp_path, make_beats(tiny_config, 3), ("bell", "dog"))


def test_class_names_come_from_the_option_then_from_the_checkpoint(official, save, tmp_path):
    file = save(official)
    assert BeatsCheckpoint(file).class_names == CLASSES
    assert BeatsCheckpoint(file, class_names=["a", "b", "c"]).class_names == ("a", "b", "c")
    (tmp_path / "classes.txt").write_text("Glocke\n Hund \n\nRegen\n", encoding="utf-8")
    for names in (tmp_path / "classes.txt", str(tmp_path / "classes.txt")):
        assert BeatsCheckpoint(file, class_names=names).class_names == ("Glocke", "Hund", "Regen")
    assert BeatsCheckpoint(save(official["model"])).class_names == ("class 0", "class 1", "class 2")


@pytest.mark.parametrize("names", [["a", "b"], ["a", "b", "c", "d"], []])
def test_other_than_one_name_for_each_class_is_refused(official, save, names):
    with pytest.raises(NetworkError, match=rf"There are {len(names)} class names for .*, whose head is 3 wide"):
        _ = BeatsCheckpoint(save(official), class_names=names).class_names


def test_class_names_without_a_head_are_refused(make_beats, tiny_config, tmp_path):
    file = save_beats(tmp_path, make_beats(tiny_config))
    with pytest.raises(NetworkError, match="whose head does not exist: it was pretrained only"):
        BeatsCheckpoint(file, class_names=CLASSES)


@pytest.mark.parametrize("labels", [{1: "bell", 2: "dog", 3: "rain"}, ["bell", "dog", "rain"], "bell"])
def test_labels_that_are_not_numbered_from_0_are_refused(official, save, labels):
    with pytest.raises(NetworkError, match="label_dict"):
        _ = BeatsCheckpoint(save(official | {"label_dict": labels})).class_names


def test_the_settings_can_come_from_a_file(official, save, tmp_path, tiny_config):
    (tmp_path / "cfg.json").write_text(json.dumps(official["cfg"] | {"max_distance": 80}))
    checkpoint = BeatsCheckpoint(save(authors(official["model"])), config=tmp_path / "cfg.json")
    assert checkpoint.config == dataclasses.replace(tiny_config, max_distance=80)


@pytest.mark.parametrize("content", ["{", "[]", "\x00"])
def test_settings_that_are_no_json_object_are_refused(official, save, tmp_path, content):
    (tmp_path / "cfg.json").write_text(content)
    with pytest.raises(NetworkError, match=r"config = .*cfg\.json"):
        BeatsCheckpoint(save(official), config=tmp_path / "cfg.json")


def test_files_that_are_not_there_are_refused_when_named(official, save, tmp_path):
    with pytest.raises(NetworkError, match=r"missing\.pt' is not a file here"):
        BeatsCheckpoint(tmp_path / "missing.pt")
    with pytest.raises(NetworkError, match=r"beats\.safetensors' is not a file here"):
        BeatsCheckpoint(tmp_path)
    with pytest.raises(NetworkError, match=r"config = .*missing\.json"):
        BeatsCheckpoint(save(official), config=tmp_path / "missing.json")
    with pytest.raises(NetworkError, match=r"class_names = .*missing\.txt"):
        BeatsCheckpoint(save(official), class_names=str(tmp_path / "missing.txt"))


def test_missing_superfluous_and_misshapen_tensors_are_named(official, save):
    model = official["model"]
    del model["encoder.layers.1.fc2.bias"], model["encoder.layers.0.self_attn.grep_a"]
    model["quantize.embedding.weight"] = torch.zeros(2)
    model["encoder.layers.0.fc1.weight"] = torch.zeros(24, 15)
    with pytest.raises(NetworkError) as raised:
        BeatsCheckpoint(save(official)).load()
    assert "missing: encoder.layers.0.self_attn.grep_a, encoder.layers.1.fc2.bias;" in raised.value.what
    assert "unexpected: quantize.embedding.weight;" in raised.value.what
    assert "of another shape: encoder.layers.0.fc1.weight [24, 15] instead of [24, 16]" in raised.value.what


def test_when_many_tensors_are_missing_some_are_named_and_all_are_counted(official, save):
    official["cfg"]["encoder_layers"] = 4
    with pytest.raises(NetworkError, match=r"missing: encoder\.layers\.2\.fc1\.bias, .* and 32 more"):
        BeatsCheckpoint(save(official)).load()


def test_a_head_that_the_settings_tell_of_has_to_be_there(official, save):
    del official["model"]["predictor.weight"], official["model"]["predictor.bias"]
    with pytest.raises(NetworkError, match=r"lacks predictor\.weight and predictor\.bias"):
        BeatsCheckpoint(save(official)).load()


@pytest.mark.parametrize("part", ["weight", "bias"])
def test_half_a_head_is_refused(official, save, part):
    del official["model"][f"predictor.{part}"]
    with pytest.raises(NetworkError, match=rf"missing: fc\.{part}"):
        BeatsCheckpoint(save(official)).load()


def test_two_heads_are_refused(official, save):
    official["model"]["fc.weight"] = official["model"]["predictor.weight"]
    with pytest.raises(NetworkError, match=r"has both predictor\.weight and fc\.weight"):
        BeatsCheckpoint(save(official)).load()


def test_blocks_with_different_tables_of_relative_positions_are_refused(official, save):
    official["model"][TABLE] = official["model"][TABLE] + 1
    with pytest.raises(NetworkError, match="different tables of relative positions"):
        BeatsCheckpoint(save(official)).load()


def test_a_checkpoint_of_another_architecture_is_called_so(tiny_ast):
    with pytest.raises(NetworkError, match=r"is not a checkpoint of BEATs: .* audio_spectrogram_transformer") as raised:
        BeatsCheckpoint(tiny_ast / "model.safetensors")
    assert "huggingface" in raised.value.remedy


def test_a_pickled_checkpoint_of_another_architecture_is_called_so(save):
    with pytest.raises(NetworkError, match=r"is not a checkpoint of BEATs: .* has no patch_embedding\.weight"):
        BeatsCheckpoint(save({"cfg": {"encoder_layers": 12}, "model": {"mask_emb": torch.zeros(3)}})).load()


class Code:
    """Runs a command where it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (self.command,)


@pytest.mark.parametrize("place", ["cfg", "model", "label_dict", "state", "raw"])
def test_a_pickle_that_would_run_code_is_refused_and_nothing_runs(official, tmp_path, place):
    ran, file = tmp_path / "ran", tmp_path / "evil.pt"
    code = Code(f"touch {ran}")
    contents = {"state": official["model"] | {"code": code}, "raw": {"cfg": code}}
    content = contents.get(place, official | {place: code})
    if place == "raw":
        file.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, file)
    for use in ("class_names", "config"):
        with pytest.raises(
            NetworkError, match=r"evil\.pt is refused: it holds \S+\.system .* could run code"
        ) as raised:
            getattr(BeatsCheckpoint(file), use)
        assert "safetensors" in raised.value.remedy
    with pytest.raises(NetworkError, match="is refused"):
        BeatsCheckpoint(file).load()
    assert not ran.exists()
    if place == "raw":  # so that the test would notice if it ran
        with file.open("rb") as opened:
            pickle.load(opened)
        assert ran.exists()


@pytest.mark.parametrize("content", [[1, 2], "text", {"cfg": {}, "model": [1]}, {"a": 1}, {1: torch.zeros(2)}, {}])
def test_what_is_not_tensors_by_name_is_refused(save, content):
    with pytest.raises(NetworkError, match=r"beats\.pt (holds|is not)"):
        BeatsCheckpoint(save(content)).load()


def test_settings_that_are_not_by_name_are_refused(official, save):
    with pytest.raises(NetworkError, match=r"cfg of .* is a list"):
        _ = BeatsCheckpoint(save(official | {"cfg": [1]})).config


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("kept", [0, 5, 3_000])
def test_a_damaged_file_is_refused(official, save, make_beats, tiny_config, tmp_path, suffix, kept):
    whole = save(official) if suffix == ".pt" else save_beats(tmp_path, make_beats(tiny_config))
    file = tmp_path / f"damaged{suffix}"
    file.write_bytes(whole.read_bytes()[:kept])
    with pytest.raises(NetworkError, match=r"damaged\.\w+ cannot be read as"):
        BeatsCheckpoint(file).load()


@pytest.mark.parametrize(
    "metadata", [{"cfg": "{"}, {"cfg": "[]"}, {"class_names": "bell"}, {"class_names": "[1]"}, {"class_names": "{}"}]
)
def test_metadata_that_is_not_what_it_should_be_is_refused(make_beats, tiny_config, tmp_path, metadata):
    file = save_beats(tmp_path, make_beats(tiny_config))
    safetensors.torch.save_file(safetensors.torch.load_file(file), file, metadata)
    with pytest.raises(NetworkError, match=f"metadata entry {next(iter(metadata))}"):
        BeatsCheckpoint(file)


def test_the_digest_follows_all_that_decides_the_answer(official, save, tmp_path):
    file = save(official)
    (tmp_path / "cfg.json").write_text(json.dumps(official["cfg"]))
    (tmp_path / "other.json").write_text(json.dumps(official["cfg"] | {"max_distance": 80}))
    (tmp_path / "classes.txt").write_text("a\nb\nc\n")
    copy = shutil.copy(file, tmp_path / "copy.pt")
    altered = tmp_path / "altered.pt"
    altered.write_bytes(file.read_bytes() + b"\n")
    assert BeatsCheckpoint(file).digest() == BeatsCheckpoint(copy).digest()
    digests = [
        BeatsCheckpoint(file).digest(),
        BeatsCheckpoint(altered).digest(),
        BeatsCheckpoint(file, config=tmp_path / "cfg.json").digest(),
        BeatsCheckpoint(file, config=tmp_path / "other.json").digest(),
        BeatsCheckpoint(file, class_names=["a", "b", "c"]).digest(),
    ]
    assert len(set(digests)) == len(digests)
    assert BeatsCheckpoint(file, class_names=tmp_path / "classes.txt").digest() == digests[-1]


NAMED = """
import sys
from and_core.models.networks.beats.network import BeatsNetwork
network = BeatsNetwork(sys.argv[1])
sys.stdout.write(" ".join([network.name, *network.class_names, network.fingerprint]))
assert "torch" not in sys.modules
"""


def test_naming_and_hashing_a_network_needs_no_torch(make_beats, tiny_config, tmp_path):
    file = save_beats(tmp_path / "mine.safetensors", make_beats(tiny_config, 3), CLASSES)
    command = [sys.executable, "-W", "error", "-c", NAMED, str(file)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert printed.startswith("mine bell dog rain ")


def test_the_name_of_a_home_folder_is_understood(make_beats, tiny_config, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save_beats("~/mine", make_beats(tiny_config))
    assert BeatsCheckpoint("~/mine").file == Path(tmp_path / "mine" / "beats.safetensors")
