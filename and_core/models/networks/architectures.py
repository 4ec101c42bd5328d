"""Which linear layers an architecture has and what its tokens are: rows of data, one an architecture.

A new architecture of transformers is a new row of `ARCHITECTURES`; no other file changes. docs/add-your-network.md
shows how to write one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from and_core.models.networks.token_places import (
    TokenPlaces,
    codec_frames,
    mel_frame_stacks,
    spectrogram_patches,
    waveform_frames,
    whisper_frames,
)

Places = Callable[[Mapping[str, Any], Mapping[str, Any], int], TokenPlaces]
"""(config.json, preprocessor_config.json, number of tokens without prefix) -> what each token heard."""
LengthS = Callable[[Mapping[str, Any], Mapping[str, Any]], float]
"""(config.json, preprocessor_config.json) -> seconds of a clip that the network hears."""


@dataclass(frozen=True)
class Architecture:
    """Where the layers of one kind of network live, and what its tokens are.

    Module paths are tuples of spellings, newest library first, because names move between its major versions.
    """

    model_type: str
    """As in the checkpoint's config.json."""
    block_layers: Mapping[str, tuple[str, ...]]
    """Kind of layer -> ends of its module paths, in the order in which a block computes them. The kinds are the paper's
    where they mean the same. A `*` stands for a number: the block, or stage and block where blocks come in stages."""
    head: tuple[str, ...] = ("classifier",)
    """Module paths of the classification layer, `fc`."""
    default_pool: str = "mean"
    prefix_tokens: int = 0
    """How many tokens (CLS, distillation) come before those of the audio."""
    encoder: str = ""
    """For checkpoints without a classification head: module path of the audio encoder in the model that transformers'
    AutoModel makes; empty where it is all of that."""
    hooked_at: Mapping[str, str] = field(default_factory=dict)
    """Kind of layer -> end of the module path to drop: some modules use a layer's weights without calling the layer;
    the module that contains it gives its output instead (the first of several)."""
    feed_forward: Mapping[str, str] = field(default_factory=dict)
    """Kind of an intermediate layer -> kind of the layer that reads it and nothing else, through a nonlinearity that
    leaves 0 as it is: then pruned neurons can be cut out of both. None where blocks differ in width."""
    width_entry: str = "intermediate_size"
    """The entry of config.json that says how wide those intermediate layers are, in all blocks alike."""
    shortest_s: float = 0.025
    """A shorter clip is padded with silence to this: one analysis window, or what the first layers need."""
    longest_s: LengthS | None = None
    """How much of a clip it hears; None: all."""
    places: Places | None = None
    """What each token heard; None where tokens are shuffled or merged, so that nobody can say."""


FEED_FORWARD = {"intermediate": "output"}

WAV2VEC2 = Architecture(
    model_type="wav2vec2",
    feed_forward=FEED_FORWARD,
    block_layers={
        "attention_output": ("encoder.layers.*.attention.out_proj",),
        "intermediate": ("encoder.layers.*.feed_forward.intermediate_dense",),
        "output": ("encoder.layers.*.feed_forward.output_dense",),
    },
    places=waveform_frames,
)

CONFORMER = Architecture(
    model_type="wav2vec2-conformer",
    feed_forward={"intermediate1": "output1", "intermediate2": "output2"},
    # One feed-forward before the attention and one after the convolutions, which are not linear layers.
    block_layers={
        "intermediate1": ("encoder.layers.*.ffn1.intermediate_dense",),
        "output1": ("encoder.layers.*.ffn1.output_dense",),
        "attention_output": ("encoder.layers.*.self_attn.linear_out",),
        "intermediate2": ("encoder.layers.*.ffn2.intermediate_dense",),
        "output2": ("encoder.layers.*.ffn2.output_dense",),
    },
    places=waveform_frames,
)

SEW_SHORTEST_S = 0.05
"""SEW averages pairs of frames, so that a token needs two."""

ARCHITECTURES: dict[str, Architecture] = {
    row.model_type: row
    for row in (
        Architecture(
            model_type="audio-spectrogram-transformer",
            feed_forward=FEED_FORWARD,
            block_layers={
                "attention_output": ("layers.*.attention.o_proj", "encoder.layer.*.attention.output.dense"),
                "intermediate": ("layers.*.mlp.fc1", "encoder.layer.*.intermediate.dense"),
                "output": ("layers.*.mlp.fc2", "encoder.layer.*.output.dense"),
            },
            head=("classifier.dense",),
            default_pool="cls",
            prefix_tokens=2,
            longest_s=lambda config, _preprocessor: (config["max_length"] - 1) * 0.010 + 0.025,
            places=spectrogram_patches,
        ),
        WAV2VEC2,
        replace(WAV2VEC2, model_type="hubert"),
        replace(WAV2VEC2, model_type="data2vec-audio"),
        replace(WAV2VEC2, model_type="unispeech"),
        replace(WAV2VEC2, model_type="unispeech-sat"),
        replace(WAV2VEC2, model_type="wavlm", hooked_at={"attention_output": ".out_proj"}),
        replace(WAV2VEC2, model_type="sew", shortest_s=SEW_SHORTEST_S),
        replace(
            WAV2VEC2,
            model_type="sew-d",
            block_layers={
                "attention_output": ("encoder.layer.*.attention.output.dense",),
                "intermediate": ("encoder.layer.*.intermediate.dense",),
                "output": ("encoder.layer.*.output.dense",),
            },
            shortest_s=SEW_SHORTEST_S,
        ),
        CONFORMER,
        # Its feature extractor normalises over frames and stacks them in pairs.
        replace(CONFORMER, model_type="wav2vec2-bert", shortest_s=0.035, places=mel_frame_stacks),
        Architecture(
            model_type="whisper",
            feed_forward=FEED_FORWARD,
            width_entry="encoder_ffn_dim",
            block_layers={
                "attention_output": ("layers.*.self_attn.out_proj",),
                "intermediate": ("layers.*.fc1",),
                "output": ("layers.*.fc2",),
            },
            encoder="encoder",
            longest_s=lambda _config, preprocessor: float(preprocessor["chunk_length"]),
            places=whisper_frames,
        ),
        Architecture(
            model_type="clap",
            block_layers={
                "attention_output": ("layers.*.blocks.*.attention.output.dense",),
                "intermediate": ("layers.*.blocks.*.intermediate.dense",),
                "output": ("layers.*.blocks.*.output.dense",),
            },
            encoder="audio_model",
            longest_s=lambda _config, preprocessor: float(preprocessor["max_length_s"]),
        ),
        Architecture(
            model_type="pe_audio",
            # The gate alone goes through a nonlinearity, and multiplies the intermediate layer.
            block_layers={
                "attention_output": ("layers.*.self_attn.o_proj",),
                "gate": ("layers.*.mlp.gate_proj",),
                "intermediate": ("layers.*.mlp.up_proj",),
                "output": ("layers.*.mlp.down_proj",),
            },
            encoder="audio_encoder",
            prefix_tokens=1,
            places=codec_frames,
        ),
    )
}
