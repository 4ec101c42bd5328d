"""The released checkpoint's names find their places, all of them, and what is not a checkpoint is refused unread."""

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from and_core.errors import CaptionerError
from and_core.models.captioners.salmonn.checkpoint import SalmonnCheckpoint
from and_core.models.captioners.salmonn.released import LANGUAGE_MODEL, LORA_TARGETS, our_names, sizes_of
from and_core.models.captioners.salmonn.window_qformer import WindowQFormer

Tensors = dict[str, torch.Tensor]


def saved(folder: Path, tensors: Tensors) -> Path:
    torch.save({"model": tensors}, folder / "salmonn.pth")
    return folder / "salmonn.pth"


@pytest.fixture
def vicuna(toy: dict[str, str]) -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(toy["vicuna"])


def test_every_trained_tensor_of_the_release_has_its_place_at_full_size(released: dict[str, Any]) -> None:
    trained = {name: tuple(shape) for name, shape, kind in released["keys"] if kind == "trainable"}
    sizes, llm = sizes_of(trained), released["llm"]
    with torch.device("meta"):
        fusion = WindowQFormer(sizes)
        config = LlamaConfig(
            hidden_size=llm["hidden"],
            num_hidden_layers=llm["layers"],
            num_attention_heads=llm["heads"],
            intermediate_size=llm["ffn"],
        )
        lora = LoraConfig(task_type="CAUSAL_LM", r=sizes.lora_rank, target_modules=list(LORA_TARGETS))
        adapted = get_peft_model(LlamaForCausalLM(config), lora)
    places = {name: tuple(tensor.shape) for name, tensor in fusion.state_dict().items()}
    places |= {LANGUAGE_MODEL + name: tuple(t.shape) for name, t in adapted.state_dict().items() if ".lora_" in name}
    names = our_names(name for name, _, _ in released["keys"])
    assert {ours: trained[name] for ours, name in names.items()} == places
    assert len(places) == released["n_trainable_tensors"]
    assert sum(torch.Size(shape).numel() for shape in places.values()) == released["n_trainable_params"]


def test_thirty_seconds_become_the_released_number_of_tokens(toy: dict[str, str], released: dict[str, Any]) -> None:
    fusion = SalmonnCheckpoint.open(Path(toy["checkpoint"])).fusion()
    speech, audio = torch.zeros(1, 1500, 16), torch.zeros(1, released["audio_encoder"]["tokens_for_30_s"], 24)
    assert fusion(speech, audio).shape == (1, released["tokens_given_to_llm_for_30_s"], 32)


def test_each_tensor_arrives_where_its_name_says(toy: dict[str, str], toy_tensors: Tensors, vicuna) -> None:
    checkpoint = SalmonnCheckpoint.open(Path(toy["checkpoint"]))
    fusion, adapted = checkpoint.fusion(), checkpoint.with_lora(vicuna, 32)
    attention = fusion.qformer.encoder.layer[1].crossattention.attention
    key = "speech_Qformer.bert.encoder.layer.1.crossattention.self.key.weight"
    assert attention.key.weight.equal(toy_tensors[key])
    assert fusion.query.equal(toy_tensors["speech_query_tokens"])
    projection = adapted.base_model.model.model.layers[1].self_attn.v_proj
    key = "llama_model.base_model.model.model.layers.1.self_attn.v_proj.lora_B.default.weight"
    assert projection.lora_B["default"].weight.equal(toy_tensors[key])
    assert projection.scaling["default"] == 32 / 4


def test_names_of_the_first_peft_are_read_too(tmp_path: Path, toy_tensors: Tensors, vicuna) -> None:
    old = {name.replace(".default.", "."): tensor for name, tensor in toy_tensors.items()}
    assert old.keys() != toy_tensors.keys()
    SalmonnCheckpoint.open(saved(tmp_path, old)).with_lora(vicuna, 32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors.pop("ln_audio.bias"), "lacks audio_norm.bias"),
        (lambda tensors: tensors.update({"ln_video.bias": torch.zeros(3)}), "has besides ln_video.bias"),
        (lambda tensors: tensors.update({"ln_audio.bias": torch.zeros(3)}), "has in another shape audio_norm.bias"),
    ],
)
def test_a_tensor_too_few_or_too_many_is_refused_by_name(tmp_path, toy_tensors: Tensors, change, message: str) -> None:
    tensors = dict(toy_tensors)
    change(tensors)
    with pytest.raises(CaptionerError, match=message):
        SalmonnCheckpoint.open(saved(tmp_path, tensors)).fusion()


def test_a_language_model_with_fewer_blocks_is_refused(tmp_path: Path, toy_tensors: Tensors, vicuna) -> None:
    block = {
        name.replace("layers.1.", "layers.2."): tensor
        for name, tensor in toy_tensors.items()
        if "layers.1.self" in name
    }
    with pytest.raises(CaptionerError, match=r"has besides llama_model.*layers\.2\..* and 1 more.* captioner.vicuna"):
        SalmonnCheckpoint.open(saved(tmp_path, toy_tensors | block)).with_lora(vicuna, 32)


class RunsCode:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def test_a_checkpoint_that_would_run_code_is_refused_before_it_does(tmp_path: Path, toy_tensors: Tensors) -> None:
    trace = tmp_path / "code was run"
    torch.save({"model": toy_tensors, "config": RunsCode(trace)}, tmp_path / "salmonn.pth")
    with pytest.raises(CaptionerError, match=r"is refused.*could run code"):
        SalmonnCheckpoint.open(tmp_path / "salmonn.pth")
    assert not trace.exists()


def test_another_checkpoint_is_told_from_one_of_salmonn(toy: dict[str, str]) -> None:
    with pytest.raises(CaptionerError, match="is no checkpoint of SALMONN"):
        SalmonnCheckpoint.open(Path(toy["beats"]))
