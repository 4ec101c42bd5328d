import csv
import json
import pickle
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import soundfile
import soxr
import torch
import transformers

from and_core.errors import NetworkError
from and_core.models.networks.huggingface import HuggingFaceNetwork
from and_core.models.protocols import TargetNetwork


@pytest.fixture(scope="module")
def network(tiny_ast) -> TargetNetwork:
    return HuggingFaceNetwork(tiny_ast)


def names(network: TargetNetwork) -> list[str]:
    return [layer.name for layer in network.layers()]


def rewritten(folder, destination, change):
    """A copy of a checkpoint whose weights went through `change`."""
    shutil.copytree(folder, destination)
    weights = safetensors.torch.load_file(destination / "model.safetensors")
    safetensors.torch.save_file(change(weights), destination / "model.safetensors", metadata={"format": "pt"})
    return destination


def test_layers_are_named_as_in_the_paper_with_widths_and_depths(network):
    assert [(layer.name, layer.kind, layer.width, layer.depth) for layer in network.layers()] == [
        ("layer1_attention_output", "attention_output", 24, 1),
        ("layer1_intermediate", "intermediate", 40, 1),
        ("layer1_output", "output", 24, 1),
        ("layer2_attention_output", "attention_output", 24, 2),
        ("layer2_intermediate", "intermediate", 40, 2),
        ("layer2_output", "output", 24, 2),
        ("fc", "fc", 5, 3),
    ]


def test_shapes_and_types_are_those_of_the_protocol(network, sounds):
    logits, activations = network.forward(sounds, names(network))
    assert logits.shape == (7, 5) and logits.dtype == np.float32
    for layer in network.layers():
        assert activations[layer.name].shape == (7, layer.width)
        assert activations[layer.name].dtype == np.float32
    np.testing.assert_array_equal(activations["fc"], logits)


def test_no_clips_give_empty_arrays(network):
    logits, activations = network.forward([], ["layer1_output"])
    assert logits.shape == (0, 5)
    assert activations["layer1_output"].shape == (0, 24)


def test_a_batch_of_one_equals_a_batch_of_many(tiny_ast, network, sounds):
    one_by_one = HuggingFaceNetwork(tiny_ast, batch_size=1)
    logits, activations = network.forward(sounds, names(network))
    alone_logits, alone = one_by_one.forward(sounds, names(network))
    np.testing.assert_allclose(alone_logits, logits, atol=1e-5)
    for layer in names(network):
        np.testing.assert_allclose(alone[layer], activations[layer], atol=1e-5)


def test_a_layer_asked_for_alone_equals_all_layers_in_one_pass(network, sounds):
    _, together = network.forward(sounds, names(network))
    for layer in names(network):
        np.testing.assert_allclose(network.forward(sounds, [layer])[1][layer], together[layer], atol=1e-6)


@pytest.mark.parametrize("pool", ["cls", "first", "mean", "max"])
def test_an_activation_is_the_pooled_output_of_the_linear_layer(tiny_ast, sounds, pool):
    network = HuggingFaceNetwork(tiny_ast, pool=pool)
    model = transformers.ASTForAudioClassification.from_pretrained(tiny_ast).eval()
    extractor = transformers.ASTFeatureExtractor.from_pretrained(tiny_ast)
    seen = []
    model.get_submodule(network.layers()[4].module_path).register_forward_hook(lambda *call: seen.append(call[2]))
    with torch.no_grad():
        model(**extractor(sounds, sampling_rate=16_000, return_tensors="pt"))
    tokens = seen[0].numpy()  # [7 clips, CLS + distillation + 2 x 4 patches, 40]
    expected = {
        "cls": tokens[:, 0],
        "first": tokens[:, 2],
        "mean": tokens[:, 2:].mean(axis=1),
        "max": tokens[:, 2:].max(axis=1),
    }[pool]
    assert tokens.shape == (7, 10, 40)
    np.testing.assert_allclose(
        network.forward(sounds, ["layer2_intermediate"])[1]["layer2_intermediate"], expected, atol=1e-5
    )


def test_only_the_heard_part_of_a_long_clip_counts_and_a_short_one_is_padded(network):
    rng = np.random.default_rng(3)
    # 64 frames of 25 ms every 10 ms end at 655 ms.
    long = rng.normal(0, 0.1, 32_000).astype(np.float32)
    np.testing.assert_allclose(network.forward([long])[0], network.forward([long[:10_480]])[0], atol=1e-5)
    for samples in (0, 1, 399, 400):
        assert np.isfinite(network.forward([long[:samples]])[0]).all()


def test_double_precision_waveforms_are_welcome(network, sounds):
    doubled = [sound.astype(np.float64) for sound in sounds]
    np.testing.assert_array_equal(network.forward(doubled)[0], network.forward(sounds)[0])


def test_stereo_is_refused(network):
    with pytest.raises(NetworkError, match="mono"):
        network.forward([np.zeros((2, 16_000), dtype=np.float32)])


@pytest.mark.parametrize(
    ("layer", "module"),
    [
        ("layer1_attention_output", "encoder.layer.0.attention.output.dense"),
        ("layer1_intermediate", "encoder.layer.0.intermediate.dense"),
        ("layer2_output", "encoder.layer.1.output.dense"),
    ],
)
def test_ablating_equals_zeroing_weight_rows_and_biases(tiny_ast, network, sounds, tmp_path, layer, module):
    neurons = [0, 7, 23]

    def zero_rows(weights):
        for parameter in ("weight", "bias"):
            weights[f"audio_spectrogram_transformer.{module}.{parameter}"][neurons] = 0
        return weights

    pruned = HuggingFaceNetwork(rewritten(tiny_ast, tmp_path / "pruned", zero_rows))
    expected_logits, expected = pruned.forward(sounds, names(network))
    with network.ablated({layer: neurons}):
        logits, activations = network.forward(sounds, names(network))
    np.testing.assert_allclose(logits, expected_logits, atol=1e-5)
    for name in names(network):
        np.testing.assert_allclose(activations[name], expected[name], atol=1e-5)
    assert not activations[layer][:, neurons].any()
    assert np.abs(logits - network.forward(sounds)[0]).max() > 1e-3


def test_an_ablated_class_has_logit_0_and_the_others_stay(network, sounds):
    plain = network.forward(sounds)[0]
    with network.ablated({"fc": [3]}):
        ablated = network.forward(sounds)[0]
    assert not ablated[:, 3].any()
    np.testing.assert_array_equal(np.delete(ablated, 3, axis=1), np.delete(plain, 3, axis=1))


def test_nothing_of_an_ablation_stays_behind_even_after_an_error(network, sounds):
    plain = network.forward(sounds)[0]
    with pytest.raises(ZeroDivisionError), network.ablated({"layer1_output": range(24)}):
        raise ZeroDivisionError
    np.testing.assert_array_equal(network.forward(sounds)[0], plain)


def test_nested_ablations_add_up(network, sounds):
    with network.ablated({"fc": [0]}), network.ablated({"fc": [1], "layer1_output": []}):
        both = network.forward(sounds)[0]
    with network.ablated({"fc": [0, 1]}):
        np.testing.assert_array_equal(network.forward(sounds)[0], both)


def test_eight_threads_with_different_ablations_see_only_their_own(network, sounds):
    ablations = [{"layer1_intermediate": list(range(n * 5))} for n in range(8)]

    def pruned(ablation):
        with network.ablated(ablation):
            return [network.forward(sounds[:2], ["layer1_output"]) for _ in range(10)]

    alone = [pruned(ablation)[0] for ablation in ablations]
    assert len({logits.tobytes() for logits, _ in alone}) == 8
    with ThreadPoolExecutor(8) as pool:
        for (logits, activations), results in zip(alone, pool.map(pruned, ablations), strict=True):
            for together_logits, together in results:
                np.testing.assert_allclose(together_logits, logits, atol=1e-6)
                np.testing.assert_allclose(together["layer1_output"], activations["layer1_output"], atol=1e-6)


def test_threads_that_arrive_first_together_share_one_load(tiny_ast, sounds):
    network = HuggingFaceNetwork(tiny_ast)
    start = threading.Barrier(4)

    def first_use(_):
        start.wait()
        return network.forward(sounds[:1])[0], id(network._model())

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(first_use, range(4)))
    assert len({model for _, model in results}) == 1


def test_an_unknown_layer_is_named_with_the_nearest(network, sounds):
    with pytest.raises(NetworkError, match=r"layer1_outputt.*Did you mean 'layer1_output'"):
        network.forward(sounds, ["layer1_outputt"])
    with pytest.raises(NetworkError, match="no layer"), network.ablated({"layer9_output": [0]}):
        pass


@pytest.mark.parametrize("neuron", [-1, 24])
def test_a_neuron_outside_its_layer_is_refused(network, neuron):
    with (
        pytest.raises(NetworkError, match=rf"layer1_output#{neuron}.*0 to 23"),
        network.ablated({"layer1_output": [neuron]}),
    ):
        pass


def test_the_fingerprint_knows_the_pool_but_not_the_speed(tiny_ast):
    plain = HuggingFaceNetwork(tiny_ast).fingerprint
    assert HuggingFaceNetwork(tiny_ast, pool="cls", batch_size=3, name="other").fingerprint == plain
    assert HuggingFaceNetwork(tiny_ast, local_files_only=True).fingerprint == plain
    assert HuggingFaceNetwork(tiny_ast, pool="mean").fingerprint != plain


@pytest.mark.parametrize("settings", [{"pool": "median"}, {"batch_size": 0}])
def test_a_wrong_setting_is_refused_at_once(tiny_ast, settings):
    with pytest.raises(NetworkError, match=next(iter(settings))):
        HuggingFaceNetwork(tiny_ast, **settings)


def test_a_device_that_is_not_there_is_named(tiny_ast, sounds):
    with pytest.raises(NetworkError, match="device = 'abacus'"):
        HuggingFaceNetwork(tiny_ast, device="abacus").forward(sounds)


def test_an_architecture_without_a_row_names_its_linear_layers(altered_ast):
    folder = altered_ast(model_type="moonshine", architectures=["MoonshineForConditionalGeneration"])
    with pytest.raises(NetworkError, match="model_type 'moonshine'") as raised:
        HuggingFaceNetwork(folder)
    assert "encoder.layers.*.self_attn.o_proj, encoder.layers.*.mlp.fc1" in raised.value.what
    assert "Architecture(model_type='moonshine'" in raised.value.remedy
    assert "docs/add-your-network.md" in raised.value.remedy


@pytest.mark.parametrize("model_type", ["beats", "bert", 5])
def test_a_model_type_that_is_no_audio_classifier_of_transformers_is_refused(altered_ast, model_type):
    with pytest.raises(NetworkError, match="cannot build an audio network") as raised:
        HuggingFaceNetwork(altered_ast(model_type=model_type))
    assert "pip install" not in str(raised.value)


def test_missing_weights_are_named(tiny_ast, tmp_path, sounds):
    folder = rewritten(
        tiny_ast,
        tmp_path / "headless",
        lambda weights: {k: v for k, v in weights.items() if k != "classifier.dense.bias"},
    )
    with pytest.raises(NetworkError, match=r"missing: classifier\.dense\.bias"):
        HuggingFaceNetwork(folder).forward(sounds)


def test_unexpected_weights_are_named(tiny_ast, tmp_path, sounds):
    folder = rewritten(tiny_ast, tmp_path / "more", lambda weights: weights | {"adapter.weight": torch.zeros(1)})
    with pytest.raises(NetworkError, match=r"unexpected: adapter\.weight"):
        HuggingFaceNetwork(folder).forward(sounds)


def test_weights_of_another_shape_are_named(altered_ast, sounds):
    labels = {str(index): name for index, name in enumerate("abc")}
    with pytest.raises(NetworkError, match=r"mismatched: classifier\.dense\.bias, classifier\.dense\.weight"):
        HuggingFaceNetwork(altered_ast(id2label=labels, label2id={})).forward(sounds)


def test_half_precision_weights_are_run_in_single_precision(tiny_ast, tmp_path, sounds):
    halved = rewritten(tiny_ast, tmp_path / "half", lambda weights: {k: v.half() for k, v in weights.items()})
    expected = rewritten(
        tiny_ast, tmp_path / "single", lambda weights: {k: v.half().float() for k, v in weights.items()}
    )
    np.testing.assert_array_equal(
        HuggingFaceNetwork(halved).forward(sounds)[0], HuggingFaceNetwork(expected).forward(sounds)[0]
    )


def test_a_layer_that_does_nothing_fails_the_self_check(tiny_ast, tmp_path, sounds):
    def silence(weights):
        for parameter in ("weight", "bias"):
            weights[f"audio_spectrogram_transformer.encoder.layer.1.output.dense.{parameter}"].zero_()
        return weights

    broken = HuggingFaceNetwork(rewritten(tiny_ast, tmp_path / "silent", silence))
    for _ in range(2):  # a failed load is not remembered as a loaded network
        with pytest.raises(NetworkError, match="layer2_intermediate"):
            broken.forward(sounds)


def pickled(tiny_ast, tmp_path):
    folder = shutil.copytree(tiny_ast, tmp_path / "pickled")
    (folder / "model.safetensors").unlink()
    return folder, folder / "pytorch_model.bin"


def test_a_pickle_of_tensors_alone_is_read(tiny_ast, tmp_path, network, sounds):
    folder, file = pickled(tiny_ast, tmp_path)
    torch.save(safetensors.torch.load_file(tiny_ast / "model.safetensors"), file)
    np.testing.assert_array_equal(HuggingFaceNetwork(folder).forward(sounds)[0], network.forward(sounds)[0])


def test_a_sharded_checkpoint_answers_as_the_whole_one_and_its_fingerprint_follows_every_shard(
    tiny_ast, tmp_path, network, sounds
):
    folder = shutil.copytree(tiny_ast, tmp_path / "sharded")
    (folder / "model.safetensors").unlink()
    transformers.ASTForAudioClassification.from_pretrained(tiny_ast).save_pretrained(folder, max_shard_size="20KB")
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 2
    np.testing.assert_array_equal(HuggingFaceNetwork(folder).forward(sounds)[0], network.forward(sounds)[0])
    fingerprints = {HuggingFaceNetwork(folder).fingerprint}
    for shard in shards:
        shard.write_bytes(shard.read_bytes() + b"\n")
        fingerprints.add(HuggingFaceNetwork(folder).fingerprint)
    assert len(fingerprints) == len(shards) + 1


@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation"])
@pytest.mark.parametrize("value", ["someone/kernel", "flash_attention_2", "eager"])
def test_a_config_cannot_choose_the_attention(altered_ast, network, sounds, key, value):
    chosen = HuggingFaceNetwork(altered_ast(**{key: value}))
    assert names(chosen) == names(network)
    np.testing.assert_array_equal(chosen.forward(sounds)[0], network.forward(sounds)[0])
    assert chosen._model().root.config._attn_implementation == "sdpa"


def test_files_that_are_not_hashed_change_nothing(tiny_ast, tmp_path, network, sounds):
    folder = shutil.copytree(tiny_ast, tmp_path / "more")
    other = transformers.ASTFeatureExtractor(num_mel_bins=32, max_length=64, mean=5.0, std=0.1).to_dict()
    (folder / "processor_config.json").write_text(json.dumps({"feature_extractor": other}))
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    torch.save({name: tensor * 2 for name, tensor in weights.items()}, folder / "pytorch_model.bin")
    crowded = HuggingFaceNetwork(folder)
    assert crowded.fingerprint == network.fingerprint
    np.testing.assert_array_equal(crowded.forward(sounds)[0], network.forward(sounds)[0])


def test_a_feature_extractor_that_transformers_does_not_know_is_refused(tiny_ast, tmp_path, sounds):
    folder = shutil.copytree(tiny_ast, tmp_path / "unheard")
    entries = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps(entries | {"feature_extractor_type": 5}))
    with pytest.raises(NetworkError, match="cannot make a feature extractor"):
        HuggingFaceNetwork(folder).forward(sounds)


class Bomb:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (open, (self.target, "w"))


@pytest.mark.parametrize("save", [torch.save, lambda value, file: file.write_bytes(pickle.dumps(value, protocol=2))])
def test_a_pickle_with_code_is_refused_and_not_run(tiny_ast, tmp_path, sounds, save):
    folder, file = pickled(tiny_ast, tmp_path)
    save({"weights": Bomb(str(tmp_path / "exploded"))}, file)
    with pytest.raises(NetworkError, match=r"pytorch_model\.bin cannot be loaded"):
        HuggingFaceNetwork(folder).forward(sounds)
    assert not (tmp_path / "exploded").exists()


def test_a_pickle_of_something_else_than_tensors_by_name_is_refused(tiny_ast, tmp_path, sounds):
    folder, file = pickled(tiny_ast, tmp_path)
    torch.save({"weights": {"classifier.dense.bias": torch.zeros(5)}}, file)
    with pytest.raises(NetworkError, match="more than tensors by name"):
        HuggingFaceNetwork(folder).forward(sounds)


def test_damaged_weights_are_refused(tiny_ast, tmp_path, sounds):
    folder = shutil.copytree(tiny_ast, tmp_path / "cut")
    (folder / "model.safetensors").write_bytes((tiny_ast / "model.safetensors").read_bytes()[:500])
    with pytest.raises(NetworkError, match="cannot be loaded"):
        HuggingFaceNetwork(folder).forward(sounds)


@pytest.fixture(scope="module")
def ast_esc10(shared) -> TargetNetwork:
    return HuggingFaceNetwork(shared / "models" / "ast-esc10")


def test_a_real_network_has_6922_neurons_and_loads_with_its_self_check_in_a_second(ast_esc10):
    assert sum(layer.width for layer in ast_esc10.layers()) == 6922
    start = time.perf_counter()
    ast_esc10.forward([])
    assert time.perf_counter() - start < 5  # 0.4 s on an idle machine


def test_a_real_network_recognises_real_clips(ast_esc10, shared):
    with (shared / "esc10" / "meta" / "esc50.csv").open() as file:
        rows = list(csv.DictReader(file))[::16]
    waveforms = []
    for row in rows:
        waveform, rate_hz = soundfile.read(shared / "esc10" / "audio" / row["filename"], dtype="float32")
        waveforms.append(soxr.resample(waveform, rate_hz, ast_esc10.sample_rate_hz).astype(np.float32))
    predicted = ast_esc10.forward(waveforms)[0].argmax(axis=1)
    right = [ast_esc10.class_names[index] == row["category"] for index, row in zip(predicted, rows, strict=True)]
    assert len(right) == 20 and np.mean(right) > 0.8  # its training folds: 1.0 measured


def test_a_feature_extractor_saved_elsewhere_is_taken(tiny_ast: Path, tmp_path: Path, sounds: list[np.ndarray]):
    bare, elsewhere = tmp_path / "bare", tmp_path / "elsewhere"
    shutil.copytree(tiny_ast, bare)
    elsewhere.mkdir()
    (bare / "preprocessor_config.json").rename(elsewhere / "preprocessor_config.json")
    with pytest.raises(NetworkError, match=r"holds no preprocessor_config\.json"):
        HuggingFaceNetwork(bare)
    whole, split = HuggingFaceNetwork(tiny_ast), HuggingFaceNetwork(bare, feature_extractor=elsewhere)
    np.testing.assert_array_equal(split.forward(sounds)[0], whole.forward(sounds)[0])
    assert split.fingerprint == whole.fingerprint


def test_networks_that_load_at_once_leave_torch_as_it_was(project):
    # The demo's checkpoints are of half precision, which transformers would make the default of every thread.
    folders = [project / "assets" / name for name in ("ast-foley", "ast-foley-finetuned", "ast-foley-frozen")] * 2
    fill, seen, loaded = torch.nn.init.normal_, set(), threading.Event()

    def look():
        while not loaded.is_set():
            seen.add(torch.get_default_dtype())

    def load(folder):
        network = HuggingFaceNetwork(folder)
        return network.forward([np.zeros(network.sample_rate_hz, np.float32)])[0]

    with ThreadPoolExecutor(len(folders) + 1) as threads:
        looking = threads.submit(look)
        answers = list(threads.map(load, folders))
        loaded.set()
        looking.result()
    assert seen == {torch.float32} and torch.nn.init.normal_ is fill
    for one, other in zip(answers[:3], answers[3:], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
