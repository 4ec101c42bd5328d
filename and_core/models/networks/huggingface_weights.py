"""The weights of a checkpoint: read without running code, and refused unless they are all and only the model's."""

import pickle
import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
import transformers

from and_core.errors import NetworkError
from and_core.models.networks.checkpoint import Checkpoint
from and_core.models.quiet import quiet_transformers

ATTENTION = None
"""Said outright, so that no config.json can name a kernel to download and run: torch's own attention (sdpa), or the
plain one where an architecture lacks it."""

FOR_TRAINING_ONLY = "masked_spec_embed"
"""The end of names of weights that stand for masked frames in training; published checkpoints may lack them."""


def load_weights(skeleton: transformers.PreTrainedModel, checkpoint: Checkpoint) -> transformers.PreTrainedModel:
    """A model like `skeleton` with the checkpoint's weights, in float32.

    They are read here, from the files that were hashed: given a folder, transformers would choose the files.

    Raises:
        NetworkError: the weights cannot be read safely, or some are missing, unexpected or of another shape.
    """
    try:
        weights = {name: tensor for file in checkpoint.weight_files for name, tensor in read_weights(file).items()}
        if not checkpoint.is_classifier:
            weights = _encoder_weights(weights, skeleton.state_dict().keys())
        with quiet_transformers():
            model, info = type(skeleton).from_pretrained(
                None,
                config=skeleton.config,
                state_dict=weights,
                dtype=torch.float32,
                attn_implementation=ATTENTION,
                local_files_only=True,
                ignore_mismatched_sizes=True,  # so that they are listed in `info` and refused below with the others
                output_loading_info=True,
            )
    except (OSError, RuntimeError, ValueError, safetensors.SafetensorError, pickle.UnpicklingError) as error:
        raise NetworkError(
            f"The weights {checkpoint.weight_files[0]} cannot be loaded: {first_line(error)}",
            "Copy the checkpoint again, or save it as safetensors.",
        ) from error
    wrong = {problem: _key_names(info[f"{problem}_keys"]) for problem in ("missing", "unexpected", "mismatched")}
    wrong["missing"] = [name for name in wrong["missing"] if not name.endswith(FOR_TRAINING_ONLY)]
    found = "; ".join(f"{problem}: {', '.join(names)}" for problem, names in wrong.items() if names)
    if found:
        raise NetworkError(
            f"The weights {checkpoint.weight_files[0]} are not those of the {checkpoint.model_type} "
            f"in its config.json ({found}).",
            "Set the path of a complete checkpoint.",
        )
    return model


def read_weights(file: Path) -> dict[str, torch.Tensor]:
    """Tensors by name: from safetensors, or from a pickle restricted to tensors."""
    if file.suffix == ".safetensors":
        return safetensors.torch.load_file(file)
    weights = torch.load(file, map_location="cpu", weights_only=True)
    if not isinstance(weights, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in weights.values()):
        raise ValueError("it holds more than tensors by name.")
    return weights


def _encoder_weights(weights: dict[str, torch.Tensor], expected: Collection[str]) -> dict[str, torch.Tensor]:
    """The weights of an encoder in a checkpoint that may hold more, under the names of the encoder alone."""
    stem = encoder_stem(weights, expected)
    return {name.removeprefix(stem): tensor for name, tensor in weights.items() if name.startswith(stem)}


def encoder_stem(weights: Collection[str], expected: Collection[str]) -> str:
    """What most of the `expected` names of an encoder are preceded by in a checkpoint that may hold more."""
    known = set(expected)
    parts = [(name[:dot], name[dot:]) for name in weights for dot in (0, *(m.end() for m in re.finditer(r"\.", name)))]
    stems = Counter(stem for stem, rest in parts if rest in known)
    return stems.most_common(1)[0][0] if stems else ""


def _key_names(keys: Collection[Any]) -> list[str]:
    """Names of weights; transformers gives a mismatched one as (name, shape, shape)."""
    return sorted(key if isinstance(key, str) else key[0] for key in keys)


def first_line(error: Exception) -> str:
    """What an error says, without the advice that transformers adds."""
    return next(iter(str(error).splitlines()), type(error).__name__)
