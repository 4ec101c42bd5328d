import dataclasses

import pytest
import torch

from and_core.models.networks.beats.config import ACTIVATIONS, BeatsConfig
from and_core.models.networks.beats.encoder import ACTIVATIONS as FUNCTIONS
from and_core.models.networks.beats.model import Beats


def test_every_activation_of_the_settings_has_a_function():
    assert set(ACTIVATIONS) == set(FUNCTIONS)


def test_tokens_are_time_major(make_beats, tiny_config):
    model = make_beats(tiny_config)
    seen = []
    model.layer_norm.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    fbank = torch.zeros(1, 48, 128)
    fbank[0, 16:32, 32:48] = 1.0  # the second time step, the third band
    model(fbank)
    (patches,) = seen
    assert patches.abs().sum(dim=-1).nonzero().tolist() == [[0, 8 * 1 + 2]]


def test_without_a_head_there_are_features_only(make_beats, tiny_config, filter_banks):
    output = make_beats(tiny_config)(filter_banks)
    assert output.features.shape == (3, 32, 16)
    assert output.logits is None and output.token_logits is None and output.padding_mask is None


def test_a_batch_gives_what_its_clips_give_alone(make_beats, tiny_config, filter_banks):
    model = make_beats(tiny_config, 3)
    together = model(filter_banks)
    for clip, fbank in enumerate(filter_banks):
        alone = model(fbank[None])
        assert torch.allclose(together.features[clip], alone.features[0], atol=1e-5)
        assert torch.allclose(together.logits[clip], alone.logits[0], atol=1e-5)


def test_frames_that_do_not_fill_a_patch_are_not_heard(make_beats, tiny_config, filter_banks):
    model = make_beats(tiny_config)
    assert torch.equal(model(filter_banks[:, :63]).features, model(filter_banks[:, :48]).features)


@pytest.mark.parametrize("relative_positions", [True, False])
def test_what_is_padding_does_not_matter(make_beats, tiny_config, filter_banks, relative_positions):
    config = dataclasses.replace(tiny_config, relative_position_embedding=relative_positions)
    model = make_beats(config, 3)
    mask = torch.zeros(3, 64, dtype=torch.bool)
    mask[1, 32:] = True  # two of the four time steps, so exactly their 16 tokens
    altered = filter_banks.clone()
    altered[1, 32:] = 5.0
    before, after = model(filter_banks, mask), model(altered, mask)
    assert before.padding_mask.sum(dim=1).tolist() == [0, 16, 0]
    assert torch.allclose(before.features[:, :16], after.features[:, :16], atol=1e-6)
    assert torch.allclose(before.logits, after.logits, atol=1e-6)
    assert not torch.allclose(model(filter_banks).features[1, :16], model(altered).features[1, :16], atol=1e-2)


def test_a_mask_without_padding_changes_nothing(make_beats, tiny_config, filter_banks):
    model = make_beats(tiny_config, 3)
    nothing = torch.zeros(3, 64, dtype=torch.bool)
    assert torch.allclose(model(filter_banks, nothing).logits, model(filter_banks).logits, atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"gru_rel_pos": False},
        {"relative_position_embedding": False},
        {"deep_norm": False},
        {"deep_norm": False, "layer_norm_first": True},
        {"max_distance": 20},
        {"activation_fn": "relu"},
        {"activation_fn": "tanh"},
    ],
    ids=str,
)
def test_every_setting_that_no_shape_tells_changes_the_answer(make_beats, tiny_config, filter_banks, change):
    plain = make_beats(tiny_config)
    other = Beats(dataclasses.replace(tiny_config, **change)).eval()
    other.load_state_dict(plain.state_dict(), strict=False)
    assert not torch.allclose(plain(filter_banks).features, other(filter_banks).features, atol=1e-3)


def test_with_layer_norm_first_the_features_are_normalised_at_the_end(tiny_config, filter_banks):
    config = dataclasses.replace(tiny_config, layer_norm_first=True, deep_norm=False)
    features = Beats(config).eval()(filter_banks).features
    assert torch.allclose(features.mean(dim=-1), torch.zeros(3, 32), atol=1e-5)
    assert torch.allclose(features.var(dim=-1, correction=0), torch.ones(3, 32), atol=1e-2)


def test_an_embedding_as_wide_as_the_blocks_needs_no_projection(tiny_config, filter_banks):
    model = Beats(dataclasses.replace(tiny_config, embed_dim=16)).eval()
    assert not any(name.startswith("post_extract_proj") for name in model.state_dict())
    assert model(filter_banks).features.shape == (3, 32, 16)


def test_the_blocks_share_one_table_of_relative_positions(tiny_config):
    layers = Beats(tiny_config).encoder.layers
    assert layers[0].self_attn.relative_attention_bias is layers[1].self_attn.relative_attention_bias


def test_every_parameter_learns(tiny_config, filter_banks):
    torch.manual_seed(0)
    model = Beats(tiny_config, 3)
    model(filter_banks).logits.square().sum().backward()
    silent = [name for name, parameter in model.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert silent == []


def test_bfloat16_stays_near_float32(make_beats, tiny_config, filter_banks):
    model = make_beats(tiny_config, 3)
    with torch.inference_mode():
        precise = model(filter_banks)
        rough = model.to(torch.bfloat16)(filter_banks.to(torch.bfloat16))
    assert rough.features.dtype == torch.bfloat16
    assert torch.nn.functional.cosine_similarity(precise.features, rough.features.float(), dim=-1).min() > 0.999


def test_it_runs_under_autocast(tiny_config, filter_banks):
    torch.manual_seed(0)
    model = Beats(tiny_config, 3)
    mask = torch.zeros(3, 64, dtype=torch.bool)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = model(filter_banks, mask).logits
    rough.float().sum().backward()
    assert torch.allclose(rough.float(), model(filter_banks).logits, atol=0.02)


def test_the_patch_size_decides_how_many_tokens_there_are(tiny_config):
    config = dataclasses.replace(tiny_config, input_patch_size=32)
    assert Beats(config)(torch.zeros(1, 64, 128)).features.shape == (1, 2 * 4, 16)


def test_the_defaults_are_the_base_models():
    assert (BeatsConfig().encoder_layers, BeatsConfig().encoder_embed_dim, BeatsConfig().max_distance) == (12, 768, 800)
