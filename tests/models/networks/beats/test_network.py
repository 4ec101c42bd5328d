import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from and_core.errors import ConfigError, NetworkError
from and_core.models import registry
from and_core.models.networks.beats.checkpoint import save_beats
from and_core.models.networks.beats.fbank import fbank
from and_core.models.networks.beats.network import BeatsNetwork

CLASSES = ("bell", "dog", "rain")


@pytest.fixture(scope="module")
def folder(make_beats, tiny_config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks") / "tiny-beats"
    save_beats(folder, make_beats(tiny_config, 3), CLASSES)
    return folder


@pytest.fixture(scope="module")
def network(folder) -> BeatsNetwork:
    return BeatsNetwork(folder, device="cpu")


def names(network: BeatsNetwork) -> list[str]:
    return [layer.name for layer in network.layers()]


def test_the_layers_are_those_of_the_paper(network):
    described = [(layer.name, layer.module_path, layer.kind, layer.width, layer.depth) for layer in network.layers()]
    assert described == [
        ("layer1_fc1", "encoder.layers.0.fc1", "fc1", 24, 1),
        ("layer1_fc2", "encoder.layers.0.fc2", "fc2", 16, 1),
        ("layer2_fc1", "encoder.layers.1.fc1", "fc1", 24, 2),
        ("layer2_fc2", "encoder.layers.1.fc2", "fc2", 16, 2),
        ("fc", "fc", "fc", 3, 3),
    ]


def test_it_says_what_it_hears_and_answers(network):
    assert network.name == "tiny-beats"
    assert network.sample_rate_hz == 16_000
    assert network.class_names == CLASSES
    assert network.pool == "mean"
    assert network.longest_s is None
    assert network.locates_tokens


def test_logits_are_those_of_the_network_alone(network, make_beats, tiny_config, sounds):
    logits, _ = network.forward(sounds)
    model = make_beats(tiny_config, 3)
    with torch.inference_mode():
        expected = [model(fbank(torch.from_numpy(sound))[None]).logits[0].numpy() for sound in sounds]
    assert np.allclose(logits, expected, atol=1e-5)


def test_a_batch_of_one_gives_what_a_batch_of_many_gives(folder, network, sounds):
    clips = [*sounds, *sounds[2:5]]  # some of equal length, so that batches of several form
    logits, activations = network.forward(clips, names(network))
    alone_logits, alone = BeatsNetwork(folder, device="cpu", batch_size=1).forward(clips, names(network))
    assert np.allclose(logits, alone_logits, atol=1e-5)
    for layer in activations:
        assert np.allclose(activations[layer], alone[layer], atol=1e-5)


def test_ablating_any_layer_changes_the_logits(network, sounds):
    before, _ = network.forward(sounds)
    for layer in network.layers():
        with network.ablated({layer.name: range(layer.width)}):
            after, activations = network.forward(sounds, [layer.name])
        assert not activations[layer.name].any()
        assert np.abs(after - before).max() > 1e-3
    assert np.array_equal(network.forward(sounds)[0], before)


def test_an_ablated_neuron_of_the_head_has_the_logit_0(network, sounds):
    before, _ = network.forward(sounds)
    with network.ablated({"fc": [1]}):
        after, _ = network.forward(sounds)
    assert (after[:, 1] == 0).all()
    assert np.allclose(after[:, [0, 2]], before[:, [0, 2]], atol=1e-6)


def test_a_pretrained_network_is_dissected_without_a_head(make_beats, tiny_config, tmp_path, sounds):
    network = BeatsNetwork(save_beats(tmp_path, make_beats(tiny_config)), device="cpu")
    assert network.class_names == ()
    assert names(network) == ["layer1_fc1", "layer1_fc2", "layer2_fc1", "layer2_fc2"]
    logits, activations = network.forward(sounds, ["layer2_fc2"])
    assert logits.shape == (len(sounds), 0)
    assert activations["layer2_fc2"].shape == (len(sounds), 16)
    assert activations["layer2_fc2"].std(axis=0).min() > 0


def test_each_token_heard_160_ms_and_16_mel_bins(network, sounds):
    (longest,) = network.token_activations([sounds[-1]], ["layer1_fc1"])  # 1 s: 98 frames, 6 patches
    assert longest.outputs["layer1_fc1"].shape == (8, 6, 24)
    assert np.allclose(longest.start_s, np.arange(6) * 0.16)
    assert np.allclose(longest.end_s, np.arange(1, 7) * 0.16)
    assert longest.low_hz.shape == longest.high_hz.shape == (8,)
    assert np.array_equal(longest.low_hz[1:], longest.high_hz[:-1])
    assert 20 < longest.low_hz[0] < 60 and 7_500 < longest.high_hz[-1] < 8_000


def test_a_token_answers_to_what_is_in_its_place(make_beats, tiny_config, tmp_path):
    # A network without attention and position embedding: what a token answers, its own patch has caused.
    model = make_beats(dataclasses.replace(tiny_config, encoder_layers=1))
    with torch.no_grad():
        for parameter in (model.encoder.pos_conv[0].weight_g, model.encoder.pos_conv[0].bias):
            parameter.zero_()
        for parameter in model.encoder.layers[0].self_attn.out_proj.parameters():
            parameter.zero_()
    network = BeatsNetwork(save_beats(tmp_path, model), device="cpu")
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    beep = noise.copy()
    beep[9_000:10_000] += np.sin(np.arange(1_000) * (2 * np.pi * 1_000 / 16_000)) * np.hanning(1_000)  # 0.56 to 0.63 s
    without, heard = (next(network.token_activations([clip], ["layer1_fc1"])) for clip in (noise, beep))
    changed = np.abs(heard.outputs["layer1_fc1"] - without.outputs["layer1_fc1"]).sum(axis=-1)
    ((band, step),) = np.argwhere(changed > 0.3 * changed.max())
    assert heard.start_s[step] <= 0.56 and heard.end_s[step] >= 0.62
    assert heard.low_hz[band] < 1_000 < heard.high_hz[band]


def test_bfloat16_stays_near_float32(folder, network, sounds):
    rough = BeatsNetwork(folder, device="cpu", precision="bfloat16")
    assert rough.fingerprint != network.fingerprint
    (logits, exact), (rough_logits, near) = (each.forward(sounds, names(network)) for each in (network, rough))
    assert np.allclose(logits, rough_logits, atol=0.05 * np.abs(logits).max())
    for layer in exact:
        assert np.allclose(exact[layer], near[layer], atol=0.05 * np.abs(exact[layer]).max())


def test_the_fingerprint_follows_pool_and_class_names(folder, network):
    others = [
        BeatsNetwork(folder, pool="first"),
        BeatsNetwork(folder, pool="max"),
        BeatsNetwork(folder, class_names=["a", "b", "c"]),
    ]
    assert len({network.fingerprint, *(other.fingerprint for other in others)}) == 4
    assert BeatsNetwork(folder, batch_size=1).fingerprint == network.fingerprint


def test_there_is_no_cls_token_to_pool(folder):
    with pytest.raises(NetworkError, match=r"pool = 'cls' is not known for beats"):
        BeatsNetwork(folder, pool="cls")


@pytest.mark.parametrize("samples", [0, 1, 399, 2_000])
def test_a_clip_shorter_than_a_patch_is_followed_by_silence(network, samples):
    clip = np.ones(samples, dtype=np.float32) * 0.1
    padded = np.concatenate([clip, np.zeros(2_800 - samples, dtype=np.float32)])
    assert np.allclose(network.forward([clip])[0], network.forward([padded])[0], atol=1e-6)


def test_the_configuration_reaches_it_by_its_kind(folder):
    made = registry.create(
        "network", "beats", {"path": str(folder), "class_names": ["a", "b", "c"], "pool": "max"}, "network.x"
    )
    assert isinstance(made, BeatsNetwork) and made.class_names == ("a", "b", "c") and made.pool == "max"
    with pytest.raises(ConfigError, match="class_names"):
        registry.create("network", "beats", {"path": str(folder), "class_names": [1, 2]}, "network.x")


def activations_of(network: BeatsNetwork, sounds: Sequence[np.ndarray], layer: str) -> np.ndarray:
    return network.forward(sounds, [layer])[1][layer]


def test_it_is_called_like_its_file_or_folder(make_beats, tiny_config, tmp_path):
    save_beats(tmp_path / "beats-1.5", make_beats(tiny_config))
    file = save_beats(tmp_path / "iter3.plus.safetensors", make_beats(tiny_config))
    assert BeatsNetwork(tmp_path / "beats-1.5").name == "beats-1.5"
    assert BeatsNetwork(file).name == "iter3.plus"
    assert BeatsNetwork(file, name="mine").name == "mine"


@pytest.mark.parametrize(("pool", "reduce"), [("mean", np.mean), ("max", np.max)])
def test_the_pools_reduce_the_tokens(folder, sounds, pool, reduce):
    network = BeatsNetwork(folder, pool=pool, device="cpu")
    (tokens,) = network.token_activations(sounds[-1:], ["layer2_fc2"])
    expected = reduce(tokens.outputs["layer2_fc2"], axis=(0, 1))
    assert np.allclose(activations_of(network, sounds[-1:], "layer2_fc2")[0], expected, atol=1e-5)


@pytest.mark.parametrize("compact", [False, True])
def test_a_saved_pruned_network_answers_as_the_ablated_and_as_the_resumed_one(network, sounds, compact, tmp_path):
    neurons = {"layer2_fc1": [0, 3, 5], "layer2_fc2": [1]} | ({"layer1_fc1": [2, 4]} if compact else {})
    network.save_without(tmp_path / "pruned", neurons, compact)
    written = BeatsNetwork(tmp_path / "pruned", device="cpu")
    assert [layer.width for layer in written.layers()][::2] == ([22, 22, 3] if compact else [24, 24, 3])
    assert written.class_names == CLASSES
    with network.ablated(neurons):
        expected, _ = network.forward(sounds)
    np.testing.assert_allclose(written.forward(sounds)[0], expected, atol=1e-5)
    replay = network.replay(network.features(sounds))
    for _ in range(2):
        logits = np.full_like(expected, np.nan)
        for played in replay.without(neurons):
            logits[played.clips] = played.logits
            assert played.representations.shape == (len(played.clips), 16)
        np.testing.assert_allclose(logits, expected, atol=1e-5)
