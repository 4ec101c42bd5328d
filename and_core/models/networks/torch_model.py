"""The part of a Hugging Face network that needs torch: loading, features, and one pass with hooks.

Apart from huggingface.py so that naming, listing and hashing a network costs no import of torch and transformers.
"""

import pickle
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

# Not left to the feature extractor's lazy import: torchaudio makes a constant tensor when it is imported, and if that
# happens inside `build_without_weights` the constant lands on the meta device, where it has no number.
import torchaudio.compliance.kaldi  # noqa: F401
import transformers
from torch import nn

from and_core.errors import NetworkError
from and_core.models.networks.architectures import Architecture, describe_linear_layers
from and_core.models.networks.checkpoint import CONFIG, PREPROCESSOR, Checkpoint
from and_core.models.networks.pools import POOLS
from and_core.models.protocols import FloatArray, Layer
from and_core.models.quiet import quiet_transformers

SHORTEST_S = 0.025
"""Analysis window of the feature extractors: a shorter clip is padded with silence to one window."""

ATTENTION = None
"""Said outright, so that no config.json can name a kernel to download and run: torch's own attention (sdpa), or the
plain one where an architecture lacks it."""


def linear_widths(model: nn.Module) -> dict[str, int]:
    """Module path -> number of outputs, of every linear layer."""
    return {path: module.out_features for path, module in model.named_modules() if isinstance(module, nn.Linear)}


def build_without_weights(folder: Path) -> nn.Module:
    """The model of a checkpoint on torch's meta device: modules and shapes, no numbers.

    Raises:
        NetworkError: the installed transformers cannot build it.
    """
    try:
        with torch.device("meta"):
            return transformers.AutoModelForAudioClassification.from_config(
                _config(folder), attn_implementation=ATTENTION, trust_remote_code=False
            )
    except Exception as error:  # transformers raises many kinds for a bad config.json; all mean the same here
        raise NetworkError(
            f"transformers {transformers.__version__} cannot build an audio classifier from {folder}: {error}",
            "Check its config.json, or set the path of another network.",
        ) from error


def unknown_architecture(folder: Path, model_type: str) -> NetworkError:
    """The error for a model without a row: it names the linear layers from which to write one."""
    linear_layers = describe_linear_layers(linear_widths(build_without_weights(folder)))
    return NetworkError(
        f"No architecture is known for model_type {model_type!r} of {folder}; its linear layers: {linear_layers}.",
        f"Add a row Architecture(model_type={model_type!r}, ...) with the paths of those to dissect "
        "to and_core/models/networks/architectures.py.",
    )


class TorchModel:
    """A loaded network in float32. Safe to share between threads: hooks are module state, so a pass owns the lock."""

    def __init__(
        self, checkpoint: Checkpoint, architecture: Architecture, layers: Sequence[Layer], pool: str, device: str
    ) -> None:
        """Load the weights.

        Raises:
            NetworkError: no such device; weights damaged, pickled with code, or not those of this architecture.
        """
        self._device = _device(device)
        self._sample_rate_hz = checkpoint.sample_rate_hz
        self._pool, self._prefix_tokens = POOLS[pool], architecture.prefix_tokens
        self._extractor = _extractor(checkpoint.folder)
        self._model = _load_weights(checkpoint).to(self._device).eval()
        self._modules = {layer.name: self._model.get_submodule(layer.module_path) for layer in layers}
        self._lock = threading.Lock()

    def features(self, waveforms: Sequence[FloatArray]) -> torch.Tensor:
        """What the network reads, e.g. normalised log-mel [B, frames, mel bins], padded or cut to its length."""
        shortest = round(SHORTEST_S * self._sample_rate_hz)
        padded = [
            np.pad(np.asarray(waveform, dtype=np.float32), (0, max(0, shortest - len(waveform))))
            for waveform in waveforms
        ]
        extracted = self._extractor(padded, sampling_rate=self._sample_rate_hz, return_tensors="pt")
        return extracted[self._extractor.model_input_names[0]].to(self._device)

    def run(
        self, features: torch.Tensor, wanted: Collection[str], ablation: Mapping[str, Sequence[int]]
    ) -> tuple[FloatArray, dict[str, FloatArray]]:
        """One pass over one batch.

        Args:
            features: from `features`.
            wanted: names of layers to read.
            ablation: layer name -> positions of neurons whose linear output is forced to 0.

        Returns:
            logits [B, C] float32 and pooled outputs {layer: [B, width]} float32.
        """
        pooled: dict[str, torch.Tensor] = {}
        with self._lock, torch.inference_mode(), ExitStack() as hooks:
            for name in {*wanted, *ablation}:
                hook = self._hook(name, ablation.get(name, ()), pooled if name in wanted else None)
                hooks.callback(self._modules[name].register_forward_hook(hook).remove)
            logits = self._model(features).logits
        return logits.float().cpu().numpy(), {name: pooled[name].float().cpu().numpy() for name in wanted}

    def _hook(self, name: str, ablated: Sequence[int], pooled: dict[str, torch.Tensor] | None) -> Any:
        """A forward hook that zeroes `ablated` outputs for every token, then keeps the pooled output under `name`."""
        neurons = torch.as_tensor(ablated, dtype=torch.long, device=self._device)

        def hook(_module: nn.Module, _inputs: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
            if len(neurons):
                output = output.index_fill(-1, neurons, 0.0)
            if pooled is not None:
                # The head's output has no tokens left. A copy, so that not every token's output is kept alive.
                tokens_left = output.dim() == 3
                pooled[name] = self._pool(output, self._prefix_tokens).clone() if tokens_left else output
            return output

        return hook


def _device(device: str) -> torch.device:
    try:
        chosen = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise NetworkError(
            f"torch cannot use device = {device!r}: {error}".splitlines()[0], 'Set it to "auto" or "cpu".'
        ) from error
    return chosen


def _config(folder: Path) -> Any:
    """The configuration in config.json. The file, not the folder: in a folder transformers looks for others as well."""
    return transformers.AutoConfig.from_pretrained(folder / CONFIG, local_files_only=True, trust_remote_code=False)


def _extractor(folder: Path) -> Any:
    """The feature extractor of preprocessor_config.json, and of no other file.

    Raises:
        NetworkError: the installed transformers cannot make it.
    """
    file = folder / PREPROCESSOR
    try:
        return transformers.AutoFeatureExtractor.from_pretrained(
            file, config=_config(folder), local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # as in build_without_weights: any kind, one meaning
        raise NetworkError(
            f"transformers {transformers.__version__} cannot make a feature extractor from {file}: {error}",
            "Check the file, or set the path of another network.",
        ) from error


def _read_weights(file: Path) -> dict[str, torch.Tensor]:
    """Tensors by name: from safetensors, or from a pickle restricted to tensors."""
    if file.suffix == ".safetensors":
        return safetensors.torch.load_file(file)
    weights = torch.load(file, map_location="cpu", weights_only=True)
    if not isinstance(weights, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in weights.values()):
        raise ValueError("it holds more than tensors by name.")
    return weights


def _load_weights(checkpoint: Checkpoint) -> nn.Module:
    """The model with its weights in float32. Never code of the folder.

    The weights are read here, from the files that were hashed: given a folder, transformers would choose the files.

    Raises:
        NetworkError: the weights cannot be read safely, or some are missing, unexpected or of another shape.
    """
    model_class: Any = type(build_without_weights(checkpoint.folder))
    try:
        weights = {name: tensor for file in checkpoint.weight_files for name, tensor in _read_weights(file).items()}
        with quiet_transformers():
            model, info = model_class.from_pretrained(
                None,
                config=_config(checkpoint.folder),
                state_dict=weights,
                dtype=torch.float32,
                attn_implementation=ATTENTION,
                local_files_only=True,
                ignore_mismatched_sizes=True,  # so that they are listed in `info` and refused below with the others
                output_loading_info=True,
            )
    except (OSError, RuntimeError, ValueError, safetensors.SafetensorError, pickle.UnpicklingError) as error:
        raise NetworkError(
            f"The weights {checkpoint.weight_files[0]} cannot be loaded: {str(error).splitlines()[0]}",
            "Copy the checkpoint again, or save it as safetensors.",
        ) from error
    wrong = {problem: _key_names(info[f"{problem}_keys"]) for problem in ("missing", "unexpected", "mismatched")}
    found = "; ".join(f"{problem}: {', '.join(names)}" for problem, names in wrong.items() if names)
    if found:
        raise NetworkError(
            f"The weights {checkpoint.weight_files[0]} are not those of the {checkpoint.model_type} "
            f"in its config.json ({found}).",
            "Set the path of a complete checkpoint of an audio classifier.",
        )
    return model


def _key_names(keys: Collection[Any]) -> list[str]:
    """Names of weights; transformers gives a mismatched one as (name, shape, shape)."""
    return sorted(key if isinstance(key, str) else key[0] for key in keys)
