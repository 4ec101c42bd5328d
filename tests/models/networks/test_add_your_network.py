"""docs/add-your-network.md says what is true: its table, and its worked example from the message to the row."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from and_core.errors import NetworkError
from and_core.models.networks.architectures import ARCHITECTURES, Architecture
from and_core.models.networks.checkpoint import ADAPTER, REFUSED
from and_core.models.networks.huggingface import HuggingFaceNetwork
from and_core.models.networks.pools import POOLS
from and_core.models.networks.token_places import frame_grid, spectrogram_patches


@pytest.fixture(scope="module")
def page(project) -> str:
    return (project / "docs" / "add-your-network.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tiny_moonshine(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("networks") / "moonshine"
    torch.manual_seed(0)
    sides = {
        f"{side}_num_{entry}": 2 for side in ("encoder", "decoder") for entry in ("hidden_layers", "attention_heads")
    }
    config = transformers.MoonshineConfig(
        **sides,
        vocab_size=30,
        hidden_size=32,
        intermediate_size=40,
        initializer_range=0.3,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
    transformers.MoonshineForConditionalGeneration(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=False).save_pretrained(folder)
    return folder


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)


def test_the_table_lists_every_row_with_its_layers_pool_and_places(page):
    table = re.findall(r"^\| `([\w-]+)`[^|]*\| ([\w, ]+) \| (\w+) \| ([\w ]+) \| (.+) \|$", page, flags=re.MULTILINE)
    places = {None: "no", spectrogram_patches: "time and frequency"}
    assert [line[:4] for line in table] == [
        (name, ", ".join(row.block_layers), row.default_pool, places.get(row.places, "time"))
        for name, row in ARCHITECTURES.items()
    ]
    assert [line[4] == "all" for line in table] == [row.longest_s is None for row in ARCHITECTURES.values()]


def test_every_pool_setting_and_refusal_is_explained(page):
    for word in [*POOLS, *REFUSED, ADAPTER, "revision", "local_files_only", "batch_size", "device", "precision"]:
        assert f"`{word}`" in page, word


def test_the_message_for_the_worked_example_is_the_one_shown(page, tiny_moonshine):
    with pytest.raises(NetworkError) as raised:
        HuggingFaceNetwork(tiny_moonshine)
    shown = (
        blocks(page, "text")[0].removesuffix(", ...\n").replace("\n", " ").replace("./moonshine", str(tiny_moonshine))
    )
    assert raised.value.what.startswith(shown)


def test_the_row_of_the_worked_example_works(page, tiny_moonshine, sounds, monkeypatch):
    row = eval(blocks(page, "python")[0], {"Architecture": Architecture, "frame_grid": frame_grid})
    monkeypatch.setitem(ARCHITECTURES, "moonshine", row)
    network = HuggingFaceNetwork(tiny_moonshine)
    layers = [layer.name for layer in network.layers()]
    assert layers == [f"layer{n}_{kind}" for n in (1, 2) for kind in ("attention_output", "intermediate", "output")]
    second = np.resize(sounds[-1], 16_000)
    _, activations = network.forward([*sounds, sounds[0][:0], second], layers)
    tokens = next(network.token_activations([second], layers))
    for layer in layers:
        np.testing.assert_allclose(tokens.outputs[layer][0].mean(axis=0), activations[layer][-1], atol=1e-5)
    # (16000 - 895) // 384 + 1 tokens
    assert tokens.end_s[-1] == pytest.approx((39 * 384 + 895) / 16_000) and len(tokens.start_s) == 40


def test_a_token_of_the_worked_example_hears_what_its_row_says(tiny_moonshine):
    encoder = transformers.MoonshineForConditionalGeneration.from_pretrained(tiny_moonshine).model.encoder
    silence = torch.zeros(1, 4000)

    def frames(waveform):
        with torch.no_grad():
            return encoder.conv3(encoder.conv2(encoder.conv1(waveform[:, None]).tanh())).transpose(1, 2)[0]

    for sample in (0, 894, 895, 2000):
        click = silence.clone()
        click[0, sample] = 1
        heard = (frames(click) != frames(silence)).any(dim=1).nonzero().flatten().tolist()
        assert heard == [n for n in range(len(frames(silence))) if n * 384 <= sample < n * 384 + 895]
