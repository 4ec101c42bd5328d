"""The vectors of the original implementation, within the tolerances stated beside them."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from and_core.models.networks.beats.attention import relative_position_bias, relative_position_buckets
from and_core.models.networks.beats.checkpoint import BeatsCheckpoint
from and_core.models.networks.beats.config import BeatsConfig
from and_core.models.networks.beats.fbank import fbank
from and_core.models.networks.beats.model import Beats, coarser_mask
from and_core.models.networks.beats.network import BeatsNetwork

VALID_SAMPLES = 24_100
"""Of the second clip; what follows is padding."""
RUNS = {"nomask": (slice(None), None), "mask": (slice(None), None), "single0": (slice(0, 1), None)} | {
    "single1_trimmed": (slice(1, 2), VALID_SAMPLES)
}


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "golden"


@pytest.fixture(scope="module")
def golden(folder: Path) -> Mapping[str, np.ndarray]:
    return np.load(folder / "beats.npz")


@pytest.fixture(scope="module")
def beats(folder: Path) -> Beats:
    """The AND authors' layout, which holds no settings."""
    return BeatsCheckpoint(folder / "beats_state.safetensors", config=folder / "beats_config.json").load()


@pytest.fixture(scope="module")
def fine_tuned(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Beats:
    """The same backbone with the official head."""
    state = safetensors.torch.load_file(folder / "beats_state.safetensors")
    backbone = {name.removeprefix("beats."): tensor for name, tensor in state.items() if not name.startswith("fc.")}
    file = tmp_path_factory.mktemp("fine-tuned") / "fine_tuned.safetensors"
    head = safetensors.torch.load_file(folder / "beats_predictor.safetensors")
    safetensors.torch.save_file(backbone | head, file)
    return BeatsCheckpoint(file, config=folder / "beats_config.json").load()


def test_the_filter_bank_is_the_originals(golden):
    for waveform, raw, normalised, other in zip(
        golden["wav"], golden["fbank_raw"], golden["fbank_norm"], golden["fbank_alt_mean10_std4"], strict=True
    ):
        # The tolerance is that of the normalised bank, which is divided by twice the standard deviation.
        assert_close(fbank(torch.from_numpy(waveform), mean=0.0, standard_deviation=0.5), raw, 2 * 6.55582 * 1e-3, 0)
        assert_close(fbank(torch.from_numpy(waveform)), normalised, 1e-3, 0)
        assert_close(fbank(torch.from_numpy(waveform), mean=10.0, standard_deviation=4.0), other, 1e-3, 0)


@pytest.mark.parametrize("run", RUNS)
def test_every_step_gives_what_the_original_gives(golden, beats, run):
    seen: dict[str, torch.Tensor] = {}
    hooks = [
        module.register_forward_hook(lambda _module, _inputs, output, name=name: seen.__setitem__(name, output))
        for name, module in steps(beats).items()
    ]
    output = answer(beats, golden, run)
    for hook in hooks:
        hook.remove()
    seen |= {"features": output.features, "logits": output.logits, "token_logits": output.token_logits}
    expected = {name for name in golden if name.startswith(f"{run}/") and not name.endswith(("_mask", "probs"))}
    assert {f"{run}/{name}" for name in seen} == expected
    for name, tensor in seen.items():
        # The original's blocks compute [tokens, B, width].
        assert_close(
            tensor.transpose(0, 1) if name.startswith("layer") else tensor, golden[f"{run}/{name}"], 1e-3, 1e-3
        )


def test_the_padding_mask_of_tokens_is_the_originals(golden, beats):
    expected = torch.from_numpy(golden["mask/token_padding_mask"])
    assert answer(beats, golden, "nomask").padding_mask is None
    assert torch.equal(answer(beats, golden, "mask").padding_mask, expected)
    of_frames = coarser_mask(torch.from_numpy(golden["padding_mask"]), golden["fbank_norm"].shape[1])
    assert torch.equal(of_frames, torch.from_numpy(golden["mask/frame_padding_mask"]))
    assert torch.equal(beats(torch.from_numpy(golden["fbank_norm"]), of_frames).padding_mask, expected)


@pytest.mark.parametrize("run", ["nomask", "mask"])
def test_the_official_head_gives_the_originals_probabilities(golden, fine_tuned, run):
    logits = answer(fine_tuned, golden, run).logits
    assert_close(torch.sigmoid(logits), golden[f"{run}/predictor_probs"], 1e-3, 1e-3)


def test_the_official_head_leaves_padding_out_and_the_authors_does_not(golden, beats, fine_tuned):
    for model, averages_padding in ((beats, True), (fine_tuned, False)):
        output = answer(model, golden, "mask")
        mean_of_all = output.token_logits.mean(dim=1)
        assert torch.allclose(output.logits[0], mean_of_all[0])
        assert torch.allclose(output.logits[1], mean_of_all[1]) is averages_padding


def test_relative_positions_fall_into_the_originals_buckets(golden):
    buckets = relative_position_buckets(torch.arange(-900, 901), buckets=32, max_distance=80)
    assert np.array_equal(buckets, golden["relpos_bucket_range_m900_900"])
    square = torch.arange(96) - torch.arange(96)[:, None]
    assert np.array_equal(relative_position_buckets(square, 32, 80), golden["relpos_bucket_LxL"])


def test_the_bias_of_relative_positions_is_the_originals(golden, beats):
    table = beats.encoder.layers[0].self_attn.relative_attention_bias
    assert_close(relative_position_bias(table, 96, max_distance=80), golden["relpos_bias_LxL"], 1e-6, 0)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_the_pool_first_gives_what_the_released_hook_took(golden, folder, batch_size):
    network = BeatsNetwork(
        folder / "beats_state.safetensors",
        config=folder / "beats_config.json",
        pool="first",
        batch_size=batch_size,
        device="cpu",
    )
    _, activations = network.forward(list(golden["wav"]), [layer.name for layer in network.layers()])
    assert len(activations) == 7
    for layer, activation in activations.items():
        of_hook = layer if layer == "fc" else released_name(layer)
        assert_close(torch.from_numpy(activation), golden[f"hook_bs{batch_size}/{of_hook}"], 1e-3, 1e-3)


def test_the_pool_mean_is_the_mean_over_all_tokens(golden, folder):
    network = BeatsNetwork(folder / "beats_state.safetensors", config=folder / "beats_config.json", device="cpu")
    logits, activations = network.forward(list(golden["wav"]), ["layer2_fc1", "layer3_fc2", "fc"])
    assert_close(torch.from_numpy(logits), golden["nomask/logits"], 1e-3, 1e-3)
    for layer, name in {"layer2_fc1": "layer1_fc1", "layer3_fc2": "layer2_fc2"}.items():
        assert_close(torch.from_numpy(activations[layer]), golden[f"nomask/{name}"].mean(axis=0), 1e-3, 1e-3)
    assert np.allclose(activations["fc"], logits, atol=1e-5)


def test_the_base_configuration_has_exactly_the_official_tensors(folder):
    official = json.loads((folder / "beats_official_keys.json").read_text())
    config = BeatsConfig.from_cfg(official["config_pretrained"])
    assert config == BeatsConfig()
    with torch.device("meta"):
        pretrained, classified = Beats(config), Beats(config, classes=527)
    expected = {name: tuple(shape) for name, shape in official["state_dict_pretrained"]}
    assert shapes(pretrained) == expected
    head = {name.replace("predictor", "fc"): tuple(shape) for name, shape in official["state_dict_finetuned_extra"]}
    assert shapes(classified) == expected | head
    assert sum(parameter.numel() for parameter in pretrained.parameters()) == official["n_params_unique"]
    assert BeatsConfig.from_shapes(expected) == config


def shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def released_name(layer: str) -> str:
    """`layer0_1` for `layer1_fc1`."""
    block, kind = layer.removeprefix("layer").split("_fc")
    return f"layer{int(block) - 1}_{kind}"


def steps(beats: Beats) -> dict[str, nn.Module]:
    """The modules whose outputs are golden."""
    modules = {
        "patch_conv": beats.patch_embedding,
        "patch_ln": beats.layer_norm,
        "patch_proj": beats.post_extract_proj,
        "pos_conv": beats.encoder.pos_conv,
        "enc_ln": beats.encoder.layer_norm,
    }
    for number, layer in enumerate(beats.encoder.layers):
        modules[f"layer{number}_attn"] = layer.self_attn
        modules[f"layer{number}_attn_ln"] = layer.self_attn_layer_norm
        modules[f"layer{number}_fc1"] = layer.fc1
        modules[f"layer{number}_fc2"] = layer.fc2
        modules[f"layer{number}_out"] = layer
    return modules


def answer(beats: Beats, golden: Mapping[str, np.ndarray], run: str):
    clips, samples = RUNS[run]
    waveforms = torch.from_numpy(golden["wav"])[clips, :samples]
    mask = torch.from_numpy(golden["padding_mask"]) if run == "mask" else None
    with torch.inference_mode():
        return beats(torch.stack([fbank(waveform) for waveform in waveforms]), mask)


def assert_close(found: torch.Tensor, expected: np.ndarray, atol: float, rtol: float) -> None:
    assert tuple(found.shape) == expected.shape
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=rtol, atol=atol)
