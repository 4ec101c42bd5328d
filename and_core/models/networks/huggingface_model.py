"""The part of a Hugging Face network that needs torch: building it, its weights and its features.

Apart from huggingface.py so that naming, listing and hashing a network costs no import of torch and transformers.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

# Not left to the feature extractor's lazy import: torchaudio makes a constant tensor when it is imported, and if that
# happens inside `build_without_weights` the constant lands on the meta device, where it has no number.
import torchaudio.compliance.kaldi  # noqa: F401
import transformers
from torch import nn

from and_core.errors import NetworkError
from and_core.models.networks.architectures import Architecture
from and_core.models.networks.checkpoint import CONFIG, Checkpoint
from and_core.models.networks.huggingface_weights import ATTENTION, first_line, load_weights
from and_core.models.networks.layers import describe_linear_layers
from and_core.models.networks.modules import linear_widths
from and_core.models.networks.source import LoadedNetwork
from and_core.models.protocols import FloatArray
from and_core.models.quiet import quiet_transformers


def load(checkpoint: Checkpoint, architecture: Architecture) -> LoadedNetwork:
    """The network with its weights in float32. Never code of the folder.

    Raises:
        NetworkError: the weights or the feature extractor cannot be read, or are not those of the architecture.
    """
    model = load_weights(build_without_weights(checkpoint, architecture), checkpoint)
    return LoadedNetwork(
        model.eval(),
        _features(_extractor(checkpoint), checkpoint.sample_rate_hz),
        _logits if checkpoint.is_classifier else _mean_of_tokens,
    )


def _logits(model: nn.Module, features: torch.Tensor) -> torch.Tensor:
    logits: torch.Tensor = model(features).logits
    return logits


def _mean_of_tokens(model: nn.Module, features: torch.Tensor) -> torch.Tensor:
    """Of an encoder: its last hidden state, [B, tokens, D] or as an image [B, D, bands, steps], as [B, D]."""
    # CLAP's fused towers read excerpts of clips longer than they hear; here none is, for the rest was cut off.
    longer = {"is_longer": torch.zeros(len(features), 1)} if getattr(model.config, "enable_fusion", False) else {}
    hidden: torch.Tensor = model(features, **longer).last_hidden_state
    return hidden.flatten(2).mean(dim=-1) if hidden.dim() == 4 else hidden.mean(dim=1)


def _features(extractor: Any, sample_rate_hz: int) -> Callable[[FloatArray], FloatArray]:
    """Waveform [T] of one clip -> what the extractor makes of it, e.g. normalised log-mel [frames, mel bins]."""

    def features(waveform: FloatArray) -> FloatArray:
        extracted = extractor(waveform, sampling_rate=sample_rate_hz, return_tensors="np")
        values = np.asarray(extracted[extractor.model_input_names[0]][0], dtype=np.float32)
        # What was padded to a multiple of frames is cut off again: a network would need a mask to leave it out.
        mask = extracted.get("attention_mask")
        return values[mask[0] == 1] if mask is not None and len(mask[0]) == len(values) else values

    return features


def build_without_weights(
    checkpoint: Checkpoint, architecture: Architecture | None = None
) -> transformers.PreTrainedModel:
    """The model of a checkpoint on torch's meta device: modules and shapes, no numbers.

    Args:
        architecture: its row; where there is none, the whole model is built, whatever parts it has.

    Raises:
        NetworkError: the installed transformers cannot build it.
    """
    kind = transformers.AutoModelForAudioClassification if checkpoint.is_classifier else transformers.AutoModel
    try:
        # In float32: transformers makes what it is told the default of every thread, for as long as it builds.
        with quiet_transformers(), torch.device("meta"):
            model = kind.from_config(
                _config(checkpoint.folder),
                dtype=torch.float32,
                attn_implementation=ATTENTION,
                trust_remote_code=False,
            )
        return model if architecture is None or checkpoint.is_classifier else model.get_submodule(architecture.encoder)
    except Exception as error:  # transformers raises many kinds for a bad config.json; all mean the same here
        raise NetworkError(
            f"transformers {transformers.__version__} cannot build an audio network from {checkpoint.folder}: "
            f"{first_line(error)}",
            "Check its config.json, or set the path of another network.",
        ) from error


def unknown_architecture(checkpoint: Checkpoint) -> NetworkError:
    """The error for a model without a row: it names the linear layers from which to write one."""
    linear_layers = describe_linear_layers(linear_widths(build_without_weights(checkpoint)))
    return NetworkError(
        f"No architecture is known for model_type {checkpoint.model_type!r} of {checkpoint.folder}; "
        f"its linear layers: {linear_layers}.",
        f"Add a row Architecture(model_type={checkpoint.model_type!r}, ...) with the paths of those to dissect "
        "to and_core/models/networks/architectures.py; docs/add-your-network.md shows how.",
    )


def _config(folder: Path) -> Any:
    """The configuration in config.json. The file, not the folder: in a folder transformers looks for others as well."""
    return transformers.AutoConfig.from_pretrained(folder / CONFIG, local_files_only=True, trust_remote_code=False)


def _extractor(checkpoint: Checkpoint) -> Any:
    """The feature extractor that the checkpoint describes, or where it names none, the one of its architecture.

    Raises:
        NetworkError: the installed transformers cannot make it.
    """
    name = checkpoint.preprocessor.get("feature_extractor_type")
    try:
        kind = (
            getattr(transformers, name)
            if name is not None
            else transformers.FEATURE_EXTRACTOR_MAPPING[type(_config(checkpoint.folder))]
        )
        if not issubclass(kind, transformers.FeatureExtractionMixin):
            raise TypeError(f"{name} is no feature extractor")
        extractor = kind.from_dict(dict(checkpoint.preprocessor))
    except Exception as error:  # as in build_without_weights: any kind, one meaning
        raise NetworkError(
            f"transformers {transformers.__version__} cannot make a feature extractor from "
            f"{checkpoint.preprocessor_file}: {first_line(error)}",
            "Check the file, or set the path of another network.",
        ) from error
    extractor.dither = 0.0  # the noise that some would add is another at every call
    return extractor
