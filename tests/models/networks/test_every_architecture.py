"""Every row of ARCHITECTURES against plain transformers, from tiny random checkpoints as they go round: with and
without a classification head, of another task's model, in stages, and with what a row says of its tokens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import nn

from and_core.errors import NetworkError
from and_core.models.networks.architectures import ARCHITECTURES
from and_core.models.networks.huggingface import HuggingFaceNetwork

RATE_HZ = 16_000
CLASSES = ("bell", "dog", "engine")
WIDTHS = {"attention_output": 32, "intermediate": 40, "output": 32}

LABELS = {"id2label": dict(enumerate(CLASSES)), "label2id": {name: index for index, name in enumerate(CLASSES)}}
SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 40}
# 32 channels: torch 2.13 computes convolutions of 16 wrongly in bfloat16, on CPUs and at some lengths.
CONVOLUTIONS = {"conv_dim": (32, 32, 32), "conv_kernel": (10, 4, 4), "conv_stride": (5, 4, 4)}
POSITIONS = {"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}
SPEECH = SIZE | CONVOLUTIONS | POSITIONS | {"num_feat_extract_layers": 3, "classifier_proj_size": 12}
# As published, but narrow: what the shortest clips must suffice for.
HUBERT_CONVOLUTIONS = {
    "conv_dim": (32,) * 7,
    "conv_kernel": (10, 3, 3, 3, 3, 2, 2),
    "conv_stride": (5, 2, 2, 2, 2, 2, 2),
    "num_feat_extract_layers": 7,
}
SEW_CONVOLUTIONS = {
    "conv_dim": (32,) * 13,
    "conv_kernel": (10, 3, 1, 3, 1, 3, 1, 3, 1, 2, 1, 2, 1),
    "conv_stride": (5, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1),
    "num_feat_extract_layers": 13,
}
CODEBOOK = {"num_codevectors_per_group": 4, "codevector_dim": 8, "proj_codevector_dim": 8}
SPECTROGRAM = {"num_mel_bins": 32, "max_length": 64}
TOKENS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "vocab_size": 30}
WHISPER = {
    "d_model": 32,
    "num_mel_bins": 16,
    "max_source_positions": 50,
    "max_target_positions": 8,
    "classifier_proj_size": 12,
    "decoder_start_token_id": 1,
    **{f"{side}_{entry}": n for side in ("encoder", "decoder") for entry, n in (("layers", 2), ("ffn_dim", 40))},
    **{f"{side}_attention_heads": 2 for side in ("encoder", "decoder")},
}
TEXT = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 30}
SWIN = {"spec_size": 64, "num_mel_bins": 16, "patch_embeds_hidden_size": 8, "depths": [1, 2], "window_size": 4}
CODEC = {"encoder_hidden_size": 8, "downsampling_ratios": [2, 4, 8, 8], "codebook_dim": 8, "hidden_size": 128}

SPEECH_LAYERS = {
    "attention_output": "encoder.layers.{}.attention.out_proj",
    "intermediate": "encoder.layers.{}.feed_forward.intermediate_dense",
    "output": "encoder.layers.{}.feed_forward.output_dense",
}
# Its attention does not call out_proj; what comes next is dropout, which hands on what it gets.
HEARD_AT = {"wavlm": {"encoder.layers.{}.attention.out_proj": "encoder.layers.{}.dropout"}}
CONFORMER_LAYERS = {
    "intermediate1": "encoder.layers.{}.ffn1.intermediate_dense",
    "output1": "encoder.layers.{}.ffn1.output_dense",
    "attention_output": "encoder.layers.{}.self_attn.linear_out",
    "intermediate2": "encoder.layers.{}.ffn2.intermediate_dense",
    "output2": "encoder.layers.{}.ffn2.output_dense",
}
SEW_D_LAYERS = {
    "attention_output": "encoder.encoder.layer.{}.attention.output.dense",
    "intermediate": "encoder.encoder.layer.{}.intermediate.dense",
    "output": "encoder.encoder.layer.{}.output.dense",
}
AST_LAYERS = {
    "attention_output": "layers.{}.attention.o_proj",
    "intermediate": "layers.{}.mlp.fc1",
    "output": "layers.{}.mlp.fc2",
}
WHISPER_LAYERS = {
    "attention_output": "layers.{}.self_attn.out_proj",
    "intermediate": "layers.{}.fc1",
    "output": "layers.{}.fc2",
}
CLAP_LAYERS = {
    "attention_output": "audio_encoder.layers.{}.attention.output.dense",
    "intermediate": "audio_encoder.layers.{}.intermediate.dense",
    "output": "audio_encoder.layers.{}.output.dense",
}
PE_LAYERS = {
    "attention_output": "layers.{}.self_attn.o_proj",
    "gate": "layers.{}.mlp.gate_proj",
    "intermediate": "layers.{}.mlp.up_proj",
    "output": "layers.{}.mlp.down_proj",
}


def speech(**settings: Any) -> transformers.Wav2Vec2FeatureExtractor:
    return transformers.Wav2Vec2FeatureExtractor(do_normalize=True, **settings)


def clap_extractor(truncation: str) -> transformers.ClapFeatureExtractor:
    return transformers.ClapFeatureExtractor(
        feature_size=16,
        sampling_rate=RATE_HZ,
        hop_length=200,
        max_length_s=1,
        fft_window_size=512,
        frequency_max=8000,
        truncation=truncation,
    )


def clap(enable_fusion: bool) -> transformers.ClapConfig:
    audio = SWIN | {"num_attention_heads": [2, 2], "hidden_size": 16, "enable_fusion": enable_fusion}
    return transformers.ClapConfig(text_config=dict(TEXT), audio_config=audio, projection_dim=8)


def pe_audio() -> transformers.PeAudioConfig:
    text = TEXT | TOKENS | {"model_type": "modernbert", "cls_token_id": 1, "sep_token_id": 2}
    return transformers.PeAudioConfig(text_config=text, audio_config=SIZE | {"head_dim": 16, "dac_config": CODEC})


@dataclass(frozen=True)
class Saved:
    """One kind of checkpoint, and how to look into the model that transformers itself makes of it."""

    model: str
    """transformers' class that saved it."""
    config: Callable[[], Any]
    audio: str
    """Module path of the audio encoder in that class."""
    layers: dict[str, str]
    """Kind -> module path in the encoder, in the order in which a block computes them."""
    extractor: Callable[[], Any] = speech
    blocks: tuple[str, ...] = ("0", "1")
    pooled: Callable[[torch.Tensor], torch.Tensor] = lambda tokens: tokens.mean(dim=(0, 1))
    """Outputs to a clip [1, tokens, width] (windows of CLAP: [windows, tokens, width]) -> activations [width]."""
    heard_s: float | None = None


AST = {
    "config": lambda: transformers.ASTConfig(**SIZE, **SPECTROGRAM, **LABELS, frequency_stride=16, time_stride=16),
    "layers": AST_LAYERS,
    "extractor": lambda: transformers.ASTFeatureExtractor(**SPECTROGRAM, mean=-6.0, std=4.0),
    "pooled": lambda tokens: tokens[0, 0],
    "heard_s": 0.655,
}
HUBERT = {
    "config": lambda: transformers.HubertConfig(**SPEECH | HUBERT_CONVOLUTIONS, **LABELS),
    "layers": SPEECH_LAYERS,
}
DATA2VEC = {
    "config": lambda: transformers.Data2VecAudioConfig(**SPEECH | {"num_conv_pos_embeddings": 2}, **LABELS),
    "layers": SPEECH_LAYERS,
}
SEW = {"config": lambda: transformers.SEWConfig(**SPEECH | SEW_CONVOLUTIONS, **LABELS), "layers": SPEECH_LAYERS}
SEW_D = {
    "config": lambda: transformers.SEWDConfig(
        **SPEECH | SEW_CONVOLUTIONS, **LABELS, max_position_embeddings=32, position_buckets=16
    ),
    "layers": SEW_D_LAYERS,
}
UNISPEECH = {"config": lambda: transformers.UniSpeechConfig(**SPEECH, **CODEBOOK, **LABELS), "layers": SPEECH_LAYERS}
UNISPEECH_SAT = {
    "config": lambda: transformers.UniSpeechSatConfig(**SPEECH, **CODEBOOK, **LABELS),
    "layers": SPEECH_LAYERS,
}
WAV2VEC2 = {"config": lambda: transformers.Wav2Vec2Config(**SPEECH, **CODEBOOK, **LABELS), "layers": SPEECH_LAYERS}
WAV2VEC2_LARGE = {
    "config": lambda: transformers.Wav2Vec2Config(
        **SPEECH, **LABELS, do_stable_layer_norm=True, feat_extract_norm="layer", use_weighted_layer_sum=True
    ),
    "layers": SPEECH_LAYERS,
    "extractor": lambda: speech(return_attention_mask=True),
}
CONFORMER = {
    "config": lambda: transformers.Wav2Vec2ConformerConfig(
        **SPEECH, **CODEBOOK, **LABELS, conv_depthwise_kernel_size=5, vocab_size=30
    ),
    "layers": CONFORMER_LAYERS,
}
BERT = {
    "config": lambda: transformers.Wav2Vec2BertConfig(
        **SIZE, **LABELS, feature_projection_input_dim=32, conv_depthwise_kernel_size=5
    ),
    "layers": CONFORMER_LAYERS,
    "extractor": lambda: transformers.SeamlessM4TFeatureExtractor(feature_size=16, num_mel_bins=16),
}
WAVLM = {"config": lambda: transformers.WavLMConfig(**SPEECH, **LABELS), "layers": SPEECH_LAYERS}
WHISPERS = {
    "config": lambda: transformers.WhisperConfig(**WHISPER, **TOKENS, **LABELS),
    "layers": WHISPER_LAYERS,
    "extractor": lambda: transformers.WhisperFeatureExtractor(feature_size=16, chunk_length=1),
    "heard_s": 1.0,
}
CLAP = {
    "audio": "audio_model",
    "layers": CLAP_LAYERS,
    "blocks": ("0.blocks.0", "1.blocks.0", "1.blocks.1"),
    "heard_s": 1.0,
}
UNFUSED = {"config": lambda: clap(enable_fusion=False), "extractor": lambda: clap_extractor("rand_trunc")}
FUSED = {"config": lambda: clap(enable_fusion=True), "extractor": lambda: clap_extractor("fusion")}
PE_AUDIO = {
    "config": pe_audio,
    "layers": PE_LAYERS,
    "extractor": lambda: transformers.PeAudioFeatureExtractor(sampling_rate=RATE_HZ, hop_length=512),
    "pooled": lambda tokens: tokens[0, 1:].mean(dim=0),
}

CLASSIFIERS = {
    "ast": Saved("ASTForAudioClassification", audio="audio_spectrogram_transformer", **AST),
    "data2vec": Saved("Data2VecAudioForSequenceClassification", audio="data2vec_audio", **DATA2VEC),
    "hubert": Saved("HubertForSequenceClassification", audio="hubert", **HUBERT),
    "sew": Saved("SEWForSequenceClassification", audio="sew", **SEW),
    "sew-d": Saved("SEWDForSequenceClassification", audio="sew_d", **SEW_D),
    "unispeech": Saved("UniSpeechForSequenceClassification", audio="unispeech", **UNISPEECH),
    "unispeech-sat": Saved("UniSpeechSatForSequenceClassification", audio="unispeech_sat", **UNISPEECH_SAT),
    "wav2vec2": Saved("Wav2Vec2ForSequenceClassification", audio="wav2vec2", **WAV2VEC2),
    "wav2vec2-large": Saved("Wav2Vec2ForSequenceClassification", audio="wav2vec2", **WAV2VEC2_LARGE),
    "wav2vec2-bert": Saved("Wav2Vec2BertForSequenceClassification", audio="wav2vec2_bert", **BERT),
    "conformer": Saved("Wav2Vec2ConformerForSequenceClassification", audio="wav2vec2_conformer", **CONFORMER),
    "wavlm": Saved("WavLMForSequenceClassification", audio="wavlm", **WAVLM),
    "whisper": Saved("WhisperForAudioClassification", audio="encoder", **WHISPERS),
}
ENCODERS = {
    "ast-encoder": Saved("ASTModel", audio="", **AST),
    "data2vec-encoder": Saved("Data2VecAudioForCTC", audio="data2vec_audio", **DATA2VEC),
    "hubert-encoder": Saved("HubertModel", audio="", **HUBERT),
    "sew-encoder": Saved("SEWForCTC", audio="sew", **SEW),
    "sew-d-encoder": Saved("SEWDModel", audio="", **SEW_D),
    "unispeech-encoder": Saved("UniSpeechForPreTraining", audio="unispeech", **UNISPEECH),
    "unispeech-sat-encoder": Saved("UniSpeechSatForPreTraining", audio="unispeech_sat", **UNISPEECH_SAT),
    "wav2vec2-pretrained": Saved("Wav2Vec2ForPreTraining", audio="wav2vec2", **WAV2VEC2),
    "wav2vec2-encoder": Saved("Wav2Vec2Model", audio="", **WAV2VEC2_LARGE),
    "wav2vec2-bert-encoder": Saved("Wav2Vec2BertModel", audio="", **BERT),
    "conformer-encoder": Saved("Wav2Vec2ConformerForCTC", audio="wav2vec2_conformer", **CONFORMER),
    "wavlm-encoder": Saved("WavLMModel", audio="", **WAVLM),
    "whisper-transcriber": Saved("WhisperForConditionalGeneration", audio="model.encoder", **WHISPERS),
    "whisper-encoder": Saved("WhisperModel", audio="encoder", **WHISPERS),
    "clap": Saved("ClapModel", **CLAP, **UNFUSED),
    "clap-fused": Saved("ClapModel", **CLAP, **FUSED),
    "pe-audio": Saved("PeAudioModel", audio="audio_encoder", **PE_AUDIO),
}
SAVED = CLASSIFIERS | ENCODERS
LENGTHS = (16_000, 400, 9_700, 16_000, 4_000, 0, 24_000)


def save(saved: Saved, folder: Path) -> None:
    torch.manual_seed(0)
    model = getattr(transformers, saved.model)(saved.config())
    for module in model.modules():
        if isinstance(module, nn.Linear):  # transformers starts biases at 0, where one left alone would not be noticed
            nn.init.normal_(module.weight, std=0.25)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.25)
    model.save_pretrained(folder)
    saved.extractor().save_pretrained(folder)


class Plain:
    """What transformers alone makes of a checkpoint, clip by clip, without any code under test."""

    def __init__(self, saved: Saved, folder: Path) -> None:
        self._saved = saved
        self._model = getattr(transformers, saved.model).from_pretrained(folder).eval()
        self._audio = self._model.get_submodule(saved.audio)
        self._extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
        self._heard_at = HEARD_AT.get(self._model.config.model_type, {})

    @cached_property
    def modules(self) -> dict[str, nn.Module]:
        """The linear layers, by the names they should have."""
        return {
            f"layer{depth}_{kind}": self._audio.get_submodule(path.format(block))
            for depth, block in enumerate(self._saved.blocks, start=1)
            for kind, path in self._saved.layers.items()
        }

    def play(self, clip: np.ndarray) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
        """Logits [C] where there are any, and activations {layer: [width]}."""
        inputs = self._extractor(clip, sampling_rate=RATE_HZ, return_tensors="pt")
        if "is_longer" in inputs:
            inputs["is_longer"] = torch.zeros(1, 1)
        heard: dict[str, torch.Tensor] = {}
        hooks = []
        for depth, block in enumerate(self._saved.blocks, start=1):
            for kind, path in self._saved.layers.items():
                module = self._audio.get_submodule(self._heard_at.get(path, path).format(block))
                name = f"layer{depth}_{kind}"
                hooks.append(module.register_forward_hook(lambda _m, _i, output, n=name: heard.update({n: output})))
        is_classifier = self._saved in CLASSIFIERS.values()
        with torch.no_grad():
            answer = (self._model if is_classifier else self._audio)(**inputs)
        for hook in hooks:
            hook.remove()
        if inputs.get("attention_mask", torch.ones(1, 0)).shape[1] == next(iter(heard.values())).shape[1]:
            heard = {name: tokens[:, inputs["attention_mask"][0] == 1] for name, tokens in heard.items()}
        activations = {name: self._saved.pooled(tokens).numpy() for name, tokens in heard.items()}
        return answer.logits[0].numpy() if is_classifier else None, activations

    @contextmanager
    def pruned(self, layer: str, neurons: list[int]) -> Iterator[None]:
        """Inside, rows of the layer's weight and entries of its bias are 0."""
        before = {name: parameter.clone() for name, parameter in self.modules[layer].named_parameters()}
        with torch.no_grad():
            for parameter in self.modules[layer].parameters():
                parameter[neurons] = 0
        yield
        with torch.no_grad():
            for name, parameter in self.modules[layer].named_parameters():
                parameter.copy_(before[name])


@dataclass(frozen=True)
class Case:
    saved: Saved
    folder: Path
    network: HuggingFaceNetwork
    plain: Plain


@pytest.fixture(scope="module", params=list(SAVED))
def case(request, tmp_path_factory) -> Case:
    saved = SAVED[request.param]
    folder = tmp_path_factory.mktemp("networks") / request.param
    save(saved, folder)
    return Case(saved, folder, HuggingFaceNetwork(folder), Plain(saved, folder))


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [rng.normal(0, 0.1, length).astype(np.float32) for length in LENGTHS]


def names(network: HuggingFaceNetwork) -> list[str]:
    return [layer.name for layer in network.layers()]


def test_every_row_is_tried_and_every_audio_classifier_of_transformers_has_one():
    assert {saved.config().model_type for saved in SAVED.values()} == set(ARCHITECTURES)
    known = {config.model_type for config in transformers.MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING}
    assert known == {saved.config().model_type for saved in CLASSIFIERS.values()}


def test_layers_are_found_with_names_widths_and_depths(case):
    found = {layer.name: (layer.kind, layer.width, layer.depth) for layer in case.network.layers()}
    expected = {
        name: (name.split("_", 1)[1], module.out_features, int(name[5])) for name, module in case.plain.modules.items()
    }
    has_head = case.saved in CLASSIFIERS.values()
    assert found == expected | ({"fc": ("fc", 3, len(case.saved.blocks) + 1)} if has_head else {})
    assert list(found)[: len(expected)] == list(expected)
    assert case.network.class_names == (CLASSES if has_head else ())


def test_activations_and_logits_are_those_of_plain_transformers(case, clips):
    for clip in (clips[0][: round((case.saved.heard_s or 1) * RATE_HZ)], clips[2]):
        logits, activations = case.network.forward([clip], names(case.network))
        expected_logits, expected = case.plain.play(clip)
        for layer, activation in expected.items():
            np.testing.assert_allclose(activations[layer][0], activation, atol=1e-5)
        assert logits.shape == (1, len(case.network.class_names))
        if expected_logits is not None:
            np.testing.assert_allclose(logits[0], expected_logits, atol=1e-5)


def test_ablating_equals_zeroing_weight_rows_and_biases(case, clips):
    clip, neurons = clips[2], [0, 5]
    plain_logits, plain = case.network.forward([clip], names(case.network))
    for layer in case.plain.modules:
        with case.network.ablated({layer: neurons}):
            logits, activations = case.network.forward([clip], names(case.network))
        with case.plain.pruned(layer, neurons):
            expected_logits, expected = case.plain.play(clip)
        for other, activation in expected.items():
            np.testing.assert_allclose(activations[other][0], activation, atol=1e-5)
        assert not activations[layer][0, neurons].any()
        deeper = [other for other in expected if list(expected).index(other) > list(expected).index(layer)]
        if expected_logits is not None:
            np.testing.assert_allclose(logits[0], expected_logits, atol=1e-5)
            assert np.abs(logits - plain_logits).max() > 1e-4
        assert not deeper or max(np.abs(activations[other] - plain[other]).max() for other in deeper) > 1e-4


def test_a_batch_of_many_lengths_equals_each_clip_alone(case, clips):
    logits, activations = case.network.forward(clips, names(case.network))
    for index, clip in enumerate(clips):
        alone_logits, alone = case.network.forward([clip], names(case.network))
        np.testing.assert_allclose(logits[index], alone_logits[0], atol=1e-5)
        for layer in names(case.network):
            np.testing.assert_allclose(activations[layer][index], alone[layer][0], atol=1e-5)
            assert np.isfinite(alone[layer]).all()


def test_a_long_clip_is_its_beginning_where_the_network_hears_only_so_much(case, clips):
    assert case.network.longest_s == pytest.approx(case.saved.heard_s)
    long = clips[-1]
    heard = long[: round((case.saved.heard_s or 1) * RATE_HZ)]
    layer = names(case.network)[0]
    differs = np.abs(case.network.forward([long], [layer])[1][layer] - case.network.forward([heard], [layer])[1][layer])
    assert (differs.max() < 1e-5) == (case.saved.heard_s is not None)


def test_tokens_have_places_in_the_clip_and_their_mean_is_the_activation(case, clips):
    if not case.network.locates_tokens:  # CLAP's windows shuffle the tokens, and its stages merge them
        assert case.saved.layers is CLAP_LAYERS
        with pytest.raises(NetworkError, match="Nobody can say"):
            next(case.network.token_activations(clips[:1], names(case.network)[:1]))
        return
    network = HuggingFaceNetwork(case.folder, pool="mean")
    seconds = case.saved.heard_s or 1.0
    clip = clips[0][: round(seconds * RATE_HZ)]
    layers = [layer for layer in names(network) if layer != "fc"]
    found = next(network.token_activations([clip], layers))
    _, activations = network.forward([clip], layers)
    bands = 1 if found.low_hz is None else len(found.low_hz)
    for layer in layers:
        assert found.outputs[layer].shape == (bands, len(found.start_s), activations[layer].shape[1])
        np.testing.assert_allclose(found.outputs[layer].mean(axis=(0, 1)), activations[layer][0], atol=1e-5)
    hop_s = found.start_s[-1] - found.start_s[-2]
    assert found.start_s[0] == 0 and (np.diff(found.start_s) > 0).all() and (found.end_s > found.start_s).all()
    assert seconds - 2 * hop_s - 0.02 < found.end_s[-1] < seconds + hop_s
    half = next(network.token_activations([clip[: len(clip) // 2]], layers[:1]))
    assert len(half.start_s) == pytest.approx(len(found.start_s) / 2, abs=1.5)
    assert half.start_s[-1] < seconds / 2


def test_bfloat16_runs_and_is_close(case, clips):
    layers = names(case.network)
    _, exact = case.network.forward(clips[:3], layers)
    _, rounded = HuggingFaceNetwork(case.folder, precision="bfloat16").forward(clips[:3], layers)
    for layer in layers:
        assert 0 < np.linalg.norm(rounded[layer] - exact[layer]) < 0.05 * np.linalg.norm(exact[layer])


def test_a_replay_resumes_at_the_first_pruned_block_and_equals_a_whole_pass(case, clips):
    features = case.network.features(clips)
    replay, layers = case.network.replay(features), case.network.layers()
    heard = []
    first = case.network._model().module(layers[0].module_path.removesuffix(".out_proj"))
    hook = first.register_forward_hook(lambda *_: heard.append(1))
    deepest_block = max(layer.depth for layer in layers if layer.kind != "fc")
    in_deepest = next(layer for layer in layers if layer.depth == deepest_block)
    for pruned in (layers[-1], in_deepest, layers[0]):
        neurons = {pruned.name: [0, 1]}
        with case.network.ablated(neurons):
            expected = played(case.network.replay(features), case.network, neurons)
            logits, _ = case.network.forward_features(features)
        for _ in range(2):
            heard.clear()
            found = played(replay, case.network, neurons)
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_allclose(one, other, atol=1e-5)
            np.testing.assert_allclose(found[0], logits, atol=1e-5)
        # wav2vec2-large's head sums the outputs of all blocks: it cannot be resumed within, and is played whole.
        whole = case.network.class_names and getattr(case.plain._model.config, "use_weighted_layer_sum", False)
        assert bool(heard) == (pruned.depth == 1 or bool(whole and pruned.kind != "fc"))
    hook.remove()


def played(replay, network, neurons) -> tuple[np.ndarray, np.ndarray]:
    """Logits and representations of all clips."""
    batches = list(replay.without(neurons))
    order = np.argsort([clip for batch in batches for clip in batch.clips])
    return tuple(
        np.concatenate(parts)[order]
        for parts in ([batch.logits for batch in batches], [batch.representations for batch in batches])
    )


@pytest.mark.parametrize("compact", [False, True])
def test_a_saved_pruned_network_answers_as_the_ablated_one(case, clips, compact, tmp_path):
    layers = case.network.layers()
    neurons = {layer.name: [0, 3, 5] for layer in layers if layer.kind != "fc"}
    if compact and not ARCHITECTURES[case.saved.config().model_type].feed_forward:
        with pytest.raises(NetworkError, match="cannot be compacted"):
            case.network.save_without(tmp_path / "pruned", neurons, compact)
        return
    case.network.save_without(tmp_path / "pruned", neurons, compact)
    written = HuggingFaceNetwork(tmp_path / "pruned")
    last = layers[-1].name
    with case.network.ablated(neurons):
        logits, expected = case.network.forward(clips, [last])
    found, activations = written.forward(clips, [last])
    np.testing.assert_allclose(found, logits, atol=1e-5)
    np.testing.assert_allclose(activations[last], expected[last], atol=1e-5)
    narrower = [a.name for a, b in zip(layers, written.layers(), strict=True) if b.width < a.width]
    assert bool(narrower) == compact
    same = (tmp_path / "pruned" / "config.json").read_bytes() == (case.folder / "config.json").read_bytes()
    assert same != compact
