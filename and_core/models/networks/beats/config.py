"""The settings of a BEATs network (Chen et al. 2023) under the names of the official `cfg`."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from and_core.errors import NetworkError

TRAINING_ONLY = frozenset(
    {
        "activation_dropout",
        "attention_dropout",
        "dropout",
        "dropout_input",
        "encoder_layerdrop",
        "layer_wise_gradient_decay_ratio",
        "predictor_dropout",
    }
)
TOLD_BY_TENSORS = frozenset({"finetuned_model", "predictor_class"})
"""Whether there is a head, and how wide: the weights themselves say it."""

ACTIVATIONS = ("gelu", "gelu_accurate", "gelu_fast", "relu", "tanh")
"""The official `glu` is left out: it has another `fc1`, which is no plain linear layer."""

REMEDY = "Set `config` to a JSON file with the settings it was trained with."

SAMPLE_RATE_HZ = 16_000
MEL_BINS = 128
"""What every BEATs hears: the paper knows no other."""

Shapes = Mapping[str, tuple[int, ...]]
"""Name of a tensor -> its shape."""


@dataclass(frozen=True)
class BeatsConfig:
    """What changes the answer of a trained network. The defaults are those of the released base models."""

    input_patch_size: int = 16
    """Frames (10 ms) and mel bins a patch, which becomes one token."""
    embed_dim: int = 512
    """Width of a patch embedding."""
    conv_bias: bool = False
    """Whether the patch embedding has a bias."""
    encoder_layers: int = 12
    encoder_embed_dim: int = 768
    encoder_ffn_embed_dim: int = 3072
    encoder_attention_heads: int = 12
    activation_fn: str = "gelu"
    layer_norm_first: bool = False
    """Normalise before attention and feed-forward instead of after."""
    deep_norm: bool = True
    """Weigh the residual stream by (2 x blocks) ** 1/4, as DeepNet does."""
    conv_pos: int = 128
    """Tokens that the convolutional position embedding sees."""
    conv_pos_groups: int = 16
    relative_position_embedding: bool = True
    num_buckets: int = 320
    """Of the relative positions: half for keys before the query, half for keys after it."""
    max_distance: int = 800
    """Tokens from which on all relative positions share the last bucket."""
    gru_rel_pos: bool = True
    """Whether the query gates the relative position bias."""

    @classmethod
    def from_cfg(cls, cfg: Mapping[str, Any], where: str = "the checkpoint") -> "BeatsConfig":
        """The settings in an official `cfg`; those that concern training only are left out.

        Args:
            where: the file, for messages.

        Raises:
            NetworkError: a setting is absent, unknown, of another type, or not one that this implementation has.
        """
        known = {field.name: field.type for field in fields(cls)}
        unknown = sorted(str(name) for name in cfg.keys() - known.keys() - TRAINING_ONLY - TOLD_BY_TENSORS)
        if unknown:
            raise NetworkError(f"The settings of {where} hold {', '.join(unknown)}, which BEATs does not have.", REMEDY)
        absent = sorted(known.keys() - cfg.keys())
        if absent:
            raise NetworkError(f"The settings of {where} lack {', '.join(absent)}.", REMEDY)
        for name, expected in known.items():
            # `is`, because True is an int as well.
            if type(cfg[name]) is not expected or (expected is int and cfg[name] < 1):
                raise _refused(where, name, cfg[name], "a positive whole number" if expected is int else expected)
        config = cls(**{name: cfg[name] for name in known})
        config._check(where)
        return config

    @classmethod
    def from_shapes(cls, shapes: Shapes, where: str = "the checkpoint") -> "BeatsConfig":
        """The settings of a checkpoint without `cfg`: sizes from its tensors, the rest as in the released base models.

        Args:
            shapes: the tensors, under the official names.
            where: the file, for messages.

        Raises:
            NetworkError: a tensor that tells a size is absent or has another number of dimensions.
        """
        block = "encoder.layers.0."
        patch = _shape(shapes, "patch_embedding.weight", 4, where)
        kernel = _shape(shapes, "encoder.pos_conv.0.weight_v", 3, where)
        buckets = _shape(shapes, f"{block}self_attn.relative_attention_bias.weight", 2, where)
        feed_forward = _shape(shapes, f"{block}fc1.weight", 2, where)
        config = cls(
            input_patch_size=patch[2],
            embed_dim=patch[0],
            conv_bias="patch_embedding.bias" in shapes,
            encoder_layers=len({name.split(".")[2] for name in shapes if name.startswith("encoder.layers.")}),
            encoder_embed_dim=kernel[0],
            encoder_ffn_embed_dim=feed_forward[0],
            encoder_attention_heads=buckets[1],
            conv_pos=kernel[2],
            conv_pos_groups=max(1, kernel[0] // kernel[1]),
            num_buckets=buckets[0],
            gru_rel_pos=f"{block}self_attn.grep_a" in shapes,
        )
        config._check(where)
        return config

    def _check(self, where: str) -> None:
        """Refuse settings that no network can have together, and what is not implemented."""
        if self.activation_fn not in ACTIVATIONS:
            raise _refused(where, "activation_fn", self.activation_fn, f"one of {', '.join(ACTIVATIONS)}")
        if self.deep_norm and self.layer_norm_first:
            raise _refused(where, "layer_norm_first", True, "false where deep_norm is true")
        for name in ("encoder_attention_heads", "conv_pos_groups"):
            if self.encoder_embed_dim % getattr(self, name):
                expected = f"a divisor of encoder_embed_dim = {self.encoder_embed_dim}"
                raise _refused(where, name, getattr(self, name), expected)
        if self.input_patch_size > MEL_BINS:
            raise _refused(where, "input_patch_size", self.input_patch_size, f"{MEL_BINS} or less")
        if self.num_buckets < 4:
            raise _refused(where, "num_buckets", self.num_buckets, "4 or more")
        if self.max_distance * 4 <= self.num_buckets:
            expected = f"more than a quarter of num_buckets = {self.num_buckets}"
            raise _refused(where, "max_distance", self.max_distance, expected)


def _refused(where: str, setting: str, value: object, expected: object) -> NetworkError:
    kind = expected.__name__ if isinstance(expected, type) else expected
    return NetworkError(f"The setting {setting} of {where} is {value!r}; it has to be {kind}.", REMEDY)


def _shape(shapes: Shapes, name: str, dimensions: int, where: str) -> tuple[int, ...]:
    shape = shapes.get(name)
    if shape is None or len(shape) != dimensions or 0 in shape:
        found = "lacks" if shape is None else f"has another shape of ({', '.join(map(str, shape))})"
        raise NetworkError(f"{where} has no settings, and {found} {name}, which would tell its sizes.", REMEDY)
    return shape
