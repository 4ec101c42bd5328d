"""SALMONN at toy size: random models, and a checkpoint under the released names, on disk as people have them."""

import dataclasses
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import torch
from transformers import (
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

from and_core.models.captioners.salmonn.released import AUDIO_PLACE, PROMPT_TEMPLATE
from and_core.models.networks.beats.config import BeatsConfig
from and_core.models.networks.beats.model import Beats

TOY_WIDTHS = {1280: 16, 2048: 40, 768: 24, 3072: 48, 5120: 32, 8: 4, 64: 8, 512: 512, 1: 1}
"""A released size -> the same in the toy; BEATs and the Q-Former share 768."""
BLOCKS = 2
VOCABULARY = 350
WORDS_FROM = 3 + 256
"""Of sentencepiece's tokens; before them stand marks and bytes."""
SENTENCES = ["USER: <Speech> </Speech> Please describe the audio. ASSISTANT:", "A dog barks loudly while rain falls."]

Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="session")
def released(shared: Path) -> dict[str, Any]:
    """What is known of the released checkpoint."""
    return json.loads((shared / "golden" / "salmonn_keys.json").read_text())


@pytest.fixture(scope="session")
def toy_tensors(released: dict[str, Any]) -> Tensors:
    """Random tensors under the released names, buffers too, for a language model of two blocks."""
    generator = torch.Generator().manual_seed(5)
    tensors = {}
    for name, shape, _ in released["keys"]:
        block = re.match(r"llama_model\..*\.layers\.(\d+)\.", name)
        if not block or int(block.group(1)) < BLOCKS:
            tensors[name] = torch.randn([TOY_WIDTHS[size] for size in shape], generator=generator) * 0.4
            if re.search(r"(LayerNorm|ln_speech|ln_audio)\.weight$", name):
                tensors[name] += 1
    return tensors


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory, toy_tensors: Tensors) -> dict[str, str]:
    """Settings of the captioner: a checkpoint, BEATs, Whisper and Vicuna of toy size."""
    folder = tmp_path_factory.mktemp("salmonn")
    torch.manual_seed(6)
    torch.save({"model": toy_tensors, "epoch": 3}, folder / "salmonn.pth")
    write_beats(folder / "beats.pt", width=TOY_WIDTHS[768])
    write_whisper(folder / "whisper", width=TOY_WIDTHS[1280])
    write_vicuna(folder / "vicuna", width=TOY_WIDTHS[5120])
    return {
        "checkpoint": str(folder / "salmonn.pth"),
        "beats": str(folder / "beats.pt"),
        "whisper": str(folder / "whisper"),
        "vicuna": str(folder / "vicuna"),
        "precision": "float32",
        "device": "cpu",
    }


@pytest.fixture
def talking_toy(toy: dict[str, str], tmp_path: Path) -> Callable[[str, bool], dict[str, str]]:
    """`talking_toy(sentence, stops)`: settings with a language model that says one sentence, once or without end."""

    def make(sentence: str, stops: bool) -> dict[str, str]:
        write_vicuna(tmp_path / "talking", TOY_WIDTHS[5120])
        teach(tmp_path / "talking", sentence, stops)
        return toy | {"vicuna": str(tmp_path / "talking")}

    return make


@pytest.fixture(scope="session")
def write_toy() -> dict[str, Callable[..., None]]:
    """Writers of single parts, for parts that do not fit."""
    return {"beats": write_beats, "whisper": write_whisper, "vicuna": write_vicuna}


def write_beats(file: Path, width: int) -> None:
    config = BeatsConfig(
        embed_dim=12,
        encoder_layers=2,
        encoder_embed_dim=width,
        encoder_ffn_embed_dim=24,
        encoder_attention_heads=2,
        conv_pos=8,
        conv_pos_groups=4,
        num_buckets=16,
    )
    torch.save({"cfg": dataclasses.asdict(config), "model": Beats(config).state_dict()}, file)


def write_whisper(folder: Path, width: int) -> None:
    config = WhisperConfig(
        vocab_size=60,
        d_model=width,
        encoder_layers=1,
        encoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_layers=1,
        decoder_attention_heads=2,
        decoder_ffn_dim=32,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
    WhisperForConditionalGeneration(config).save_pretrained(folder)
    WhisperFeatureExtractor().save_pretrained(folder)


def write_tokenizer(folder: Path) -> None:
    """As Vicuna has it: a model of sentencepiece and no tokenizer.json."""
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 50),
        model_prefix=str(folder / "tokenizer"),
        vocab_size=VOCABULARY,
        model_type="bpe",
        byte_fallback=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    (folder / "tokenizer.vocab").unlink()
    settings = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "add_eos_token": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def write_vicuna(folder: Path, width: int) -> None:
    folder.mkdir()
    write_tokenizer(folder)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=BLOCKS,
        num_attention_heads=2,
        initializer_range=0.5,
    )
    model = LlamaForCausalLM(config)
    # Words, not single bytes, most of which are no characters.
    model.lm_head.weight.data[:WORDS_FROM] = 0
    # What the real Vicuna's folder recommends, and SALMONN does not do.
    model.generation_config.update(do_sample=True, temperature=0.9, top_p=0.6)
    model.save_pretrained(folder)


@torch.no_grad()
def teach(folder: Path, sentence: str, stops: bool) -> None:
    """Make each token's likeliest successor the next one of the sentence, from the end of the prompt on."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompt = tokenizer(PROMPT_TEMPLATE.split(AUDIO_PLACE)[1], add_special_tokens=False).input_ids
    said = tokenizer(sentence, add_special_tokens=False).input_ids
    assert len({prompt[-1], *said}) == len(said) + 1, "a token twice would have two successors"
    model = LlamaForCausalLM.from_pretrained(folder)
    for block in model.model.layers:
        block.self_attn.o_proj.weight.zero_()
        block.mlp.down_proj.weight.zero_()
    words = torch.randn(model.lm_head.weight.shape, generator=torch.Generator().manual_seed(9))
    model.model.embed_tokens.weight.copy_(words)
    model.lm_head.weight.zero_()
    for token, successor in pairwise([prompt[-1], *said, tokenizer.eos_token_id if stops else said[0]]):
        model.lm_head.weight[successor] += words[token]
    model.save_pretrained(folder)
