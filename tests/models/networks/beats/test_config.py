import dataclasses

import pytest

from and_core.errors import NetworkError
from and_core.models.networks.beats.config import BeatsConfig

BASE = dataclasses.asdict(BeatsConfig())


def test_settings_that_concern_training_only_are_left_out():
    training = {"dropout": 0.1, "encoder_layerdrop": 0.05, "layer_wise_gradient_decay_ratio": 0.6, "dropout_input": 0.0}
    head = {"finetuned_model": True, "predictor_class": 527, "predictor_dropout": 0.1}
    assert BeatsConfig.from_cfg(BASE | training | head) == BeatsConfig()


def test_every_setting_is_taken_over():
    other = {
        "input_patch_size": 32,
        "embed_dim": 24,
        "conv_bias": True,
        "encoder_layers": 3,
        "encoder_embed_dim": 32,
        "encoder_ffn_embed_dim": 64,
        "encoder_attention_heads": 4,
        "activation_fn": "relu",
        "layer_norm_first": True,
        "deep_norm": False,
        "conv_pos": 16,
        "conv_pos_groups": 4,
        "relative_position_embedding": False,
        "num_buckets": 32,
        "max_distance": 80,
        "gru_rel_pos": False,
    }
    assert dataclasses.asdict(BeatsConfig.from_cfg(other)) == other


@pytest.mark.parametrize("setting", BASE)
def test_a_setting_that_is_absent_is_named(setting):
    cfg = {name: value for name, value in BASE.items() if name != setting}
    with pytest.raises(NetworkError, match=rf"The settings of x\.pt lack {setting}\.") as raised:
        BeatsConfig.from_cfg(cfg, "x.pt")
    assert "`config`" in raised.value.remedy


def test_a_setting_that_beats_does_not_have_is_named():
    with pytest.raises(NetworkError, match=r"x\.pt hold extractor_mode, quant_n, which BEATs does not have"):
        BeatsConfig.from_cfg(BASE | {"quant_n": 1024, "extractor_mode": "default"}, "x.pt")


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("encoder_layers", "12", "a positive whole number"),
        ("encoder_layers", 12.0, "a positive whole number"),
        ("encoder_layers", True, "a positive whole number"),
        ("encoder_layers", 0, "a positive whole number"),
        ("conv_pos", -1, "a positive whole number"),
        ("deep_norm", 1, "bool"),
        ("activation_fn", None, "str"),
        ("activation_fn", "glu", "one of gelu"),
        ("layer_norm_first", True, "false where deep_norm is true"),
        ("encoder_attention_heads", 7, "a divisor of encoder_embed_dim = 768"),
        ("conv_pos_groups", 5, "a divisor of encoder_embed_dim = 768"),
        ("input_patch_size", 129, "128 or less"),
        ("num_buckets", 3, "4 or more"),
        ("max_distance", 80, "more than a quarter of num_buckets = 320"),
    ],
)
def test_a_value_that_cannot_be_is_refused(setting, value, expected):
    with pytest.raises(NetworkError, match=rf"The setting {setting} of x\.pt is {value!r}; it has to be {expected}"):
        BeatsConfig.from_cfg(BASE | {setting: value}, "x.pt")


def test_without_settings_the_sizes_are_those_of_the_tensors(make_beats, tiny_config):
    for config in (
        tiny_config,
        dataclasses.replace(tiny_config, gru_rel_pos=False),
        dataclasses.replace(tiny_config, input_patch_size=32, conv_bias=True, conv_pos_groups=1),
    ):
        shapes = {name: tuple(tensor.shape) for name, tensor in make_beats(config).state_dict().items()}
        assert BeatsConfig.from_shapes(shapes) == config


@pytest.mark.parametrize(
    "name", ["encoder.layers.0.fc1.weight", "encoder.layers.0.self_attn.relative_attention_bias.weight"]
)
def test_without_settings_a_tensor_that_would_tell_a_size_is_named(make_beats, tiny_config, name):
    shapes = {name: tuple(tensor.shape) for name, tensor in make_beats(tiny_config).state_dict().items()}
    with pytest.raises(NetworkError, match=rf"x\.pt has no settings, and has another shape of \(5\) {name}"):
        BeatsConfig.from_shapes(shapes | {name: (5,)}, "x.pt")
    del shapes[name]
    with pytest.raises(NetworkError, match=rf"x\.pt has no settings, and lacks {name}") as raised:
        BeatsConfig.from_shapes(shapes, "x.pt")
    assert "`config`" in raised.value.remedy
