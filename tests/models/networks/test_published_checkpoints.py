"""What published checkpoints differ in from those that save_pretrained writes today, and what they must not contain."""

import json
import re

import numpy as np
import pytest
import safetensors.torch
import torch
import transformers

from and_core.errors import NetworkError
from and_core.models.networks.checkpoint import REFUSED
from and_core.models.networks.huggingface import HuggingFaceNetwork

LAYER = "layer1_output"


def activations(folder, sounds, **settings):
    return HuggingFaceNetwork(folder, **settings).forward(sounds, [LAYER])[1][LAYER]


def change_weights(folder, change):
    file = folder / "model.safetensors"
    safetensors.torch.save_file(change(safetensors.torch.load_file(file)), file, metadata={"format": "pt"})


def test_an_encoder_has_no_classes_and_an_empty_row_of_logits_a_clip(tiny_wav2vec2, sounds):
    network = HuggingFaceNetwork(tiny_wav2vec2)
    assert network.class_names == ()
    assert [layer.name for layer in network.layers()] == [
        "layer1_attention_output",
        "layer1_intermediate",
        "layer1_output",
    ]
    assert network.forward(sounds)[0].shape == (7, 0)
    with pytest.raises(NetworkError, match="no layer 'fc'"):
        network.forward(sounds, ["fc"])


def test_weights_that_only_training_needs_may_be_absent_but_no_others(tiny_wav2vec2, copied, sounds):
    folder = copied(tiny_wav2vec2)
    change_weights(folder, lambda weights: {k: v for k, v in weights.items() if not k.endswith("masked_spec_embed")})
    np.testing.assert_array_equal(activations(folder, sounds), activations(tiny_wav2vec2, sounds))
    change_weights(folder, lambda weights: {k: v for k, v in weights.items() if not k.endswith("q_proj.bias")})
    with pytest.raises(NetworkError, match=r"\(missing: encoder\.layers\.0\.attention\.q_proj\.bias\)"):
        activations(folder, sounds)


def test_an_encoder_with_weights_too_many_is_refused(tiny_wav2vec2, copied, sounds):
    folder = copied(tiny_wav2vec2)
    change_weights(folder, lambda weights: weights | {"wav2vec2.encoder.extra.weight": torch.zeros(1)})
    with pytest.raises(NetworkError, match=r"unexpected: encoder\.extra\.weight"):
        activations(folder, sounds)


def test_weights_of_something_else_are_refused(tiny_wav2vec2, copied, sounds):
    folder = copied(tiny_wav2vec2)
    change_weights(folder, lambda _weights: {"bias": torch.zeros(1)})
    with pytest.raises(NetworkError, match=r"missing: encoder\..*unexpected: bias"):
        activations(folder, sounds)


def test_the_weight_norm_of_older_torch_is_understood(tiny_wav2vec2, copied, sounds):
    folder = copied(tiny_wav2vec2)

    def renamed(name):
        return re.sub(r"parametrizations\.weight\.original([01])", lambda match: f"weight_{'gv'[int(match[1])]}", name)

    change_weights(folder, lambda weights: {renamed(name): tensor for name, tensor in weights.items()})
    assert "wav2vec2.encoder.pos_conv_embed.conv.weight_g" in safetensors.torch.load_file(folder / "model.safetensors")
    np.testing.assert_array_equal(activations(folder, sounds), activations(tiny_wav2vec2, sounds))


def test_without_a_name_the_feature_extractor_is_that_of_the_architecture(tiny_wav2vec2, copied, sounds):
    folder = copied(tiny_wav2vec2, preprocessor_config={"feature_extractor_type": None})
    np.testing.assert_array_equal(activations(folder, sounds), activations(tiny_wav2vec2, sounds))


def test_each_clip_is_normalised_by_itself(tiny_wav2vec2, sounds):
    quiet, loud = activations(tiny_wav2vec2, [0.01 * sounds[3], 0.5 * sounds[3]])
    np.testing.assert_allclose(quiet, loud, atol=1e-3)


@pytest.mark.parametrize("tiny", ["tiny_whisper", "tiny_clap"])
def test_a_feature_extractor_beside_a_tokenizer_is_read_and_hashed(request, tiny, copied, sounds):
    folder = copied(request.getfixturevalue(tiny))
    expected = activations(folder, sounds)
    alone, together = folder / "preprocessor_config.json", folder / "processor_config.json"
    entries = {"feature_extractor": json.loads(alone.read_text()), "processor_class": "Processor"}
    together.write_text(json.dumps(entries))
    alone.unlink()
    network = HuggingFaceNetwork(folder)
    fingerprint = network.fingerprint
    np.testing.assert_array_equal(network.forward(sounds, [LAYER])[1][LAYER], expected)
    together.write_text(json.dumps(entries, indent=1))
    assert HuggingFaceNetwork(folder).fingerprint != fingerprint


def test_without_any_feature_extractor_the_missing_file_is_named(tiny_whisper, copied):
    folder = copied(tiny_whisper)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(NetworkError, match=r"holds no preprocessor_config\.json") as raised:
        HuggingFaceNetwork(folder)
    assert "save_pretrained" in raised.value.remedy
    (folder / "processor_config.json").write_text('{"processor_class": "WhisperProcessor"}')
    with pytest.raises(NetworkError, match=r"processor_config\.json describes no feature extractor"):
        HuggingFaceNetwork(folder)


def test_no_noise_is_added_to_clips(tiny_whisper, copied, sounds):
    folder = copied(tiny_whisper, preprocessor_config={"dither": 0.1})
    np.testing.assert_array_equal(activations(folder, sounds), activations(tiny_whisper, sounds))


def test_only_the_beginning_of_a_long_clip_is_heard_not_a_part_by_chance(tiny_clap):
    rng = np.random.default_rng(0)
    beginning, others = rng.normal(0, 0.1, 16_000), [rng.normal(0, 0.1, 32_000) for _ in range(2)]
    alike = activations(tiny_clap, [np.concatenate([beginning, other]) for other in others] + [beginning])
    np.testing.assert_allclose(alike[1:], alike[:1].repeat(2, axis=0), atol=1e-6)
    assert np.abs(activations(tiny_clap, others[:1]) - alike[0]).max() > 1e-4


@pytest.mark.parametrize("key", REFUSED)
@pytest.mark.parametrize("part", ["audio_config", "text_config"])
def test_parts_of_a_network_are_refused_for_what_the_whole_would_be(tiny_clap, copied, part, key):
    config = json.loads((tiny_clap / "config.json").read_text())
    folder = copied(tiny_clap, config={part: config[part] | {key: {"AutoModel": "code.Model"}}})
    with pytest.raises(NetworkError, match=rf"config\.json has the entry '{part}\.{key}'"):
        HuggingFaceNetwork(folder)


def test_a_class_may_be_named_like_a_refused_entry(altered_ast):
    names = ["auto_map", "dog", "engine", "rain", "wind"]
    labels = {"id2label": dict(enumerate(names)), "label2id": {name: index for index, name in enumerate(names)}}
    assert HuggingFaceNetwork(altered_ast(**labels)).class_names == tuple(names)


@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation"])
@pytest.mark.parametrize("part", ["audio_config", "text_config"])
def test_parts_of_a_network_cannot_choose_the_attention(tiny_clap, copied, sounds, part, key):
    config = json.loads((tiny_clap / "config.json").read_text())
    folder = copied(tiny_clap, config={part: config[part] | {key: "someone/kernel"}})
    np.testing.assert_array_equal(activations(folder, sounds), activations(tiny_clap, sounds))


def test_features_that_the_network_cannot_read_are_explained(tiny_whisper, copied, sounds):
    folder = copied(tiny_whisper, preprocessor_config={"chunk_length": 2})
    with pytest.raises(NetworkError, match=r"cannot play a second of noise: ValueError: .* length 100, but found 200"):
        activations(folder, sounds)


@pytest.mark.parametrize("entry", [{"chunk_length": None}, {"chunk_length": "long"}])
def test_an_entry_that_the_row_needs_is_missed_by_name(tiny_whisper, copied, entry):
    with pytest.raises(NetworkError, match=r"the row 'whisper' reads: .*(chunk_length|long)"):
        _ = HuggingFaceNetwork(copied(tiny_whisper, preprocessor_config=entry)).longest_s


def test_a_checkpoint_of_a_tower_alone_is_refused_with_its_reason(tiny_clap, tmp_path):
    tower = transformers.ClapModel.from_pretrained(tiny_clap).audio_model
    tower.save_pretrained(tmp_path)
    transformers.ClapFeatureExtractor.from_pretrained(tiny_clap).save_pretrained(tmp_path)
    with pytest.raises(NetworkError, match="ClapAudioConfig"):
        HuggingFaceNetwork(tmp_path)
