"""The text tower of CLIP (Radford et al. 2021) by open_clip: what the paper's DB method embeds captions with."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from and_core.errors import ConfigError, EncoderError
from and_core.models.language_models.model_files import sampled_digest
from and_core.models.protocols import FloatArray
from and_core.models.registry import nearest
from and_core.models.text_encoders.distinct import embed_distinct

if TYPE_CHECKING:
    import torch

QUICK = "-quickgelu"
"""How names of models with OpenAI's activation end."""
LOCAL = "local-dir:"
"""How open_clip is told that a model is a folder."""
CONFIG = "open_clip_config.json"
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth")
"""Files that weights may be in. All but the first are read without running code that may be in them."""


class ClipTextEncoder:
    """Embeds texts of up to 77 tokens (about 55 words); of a longer one, its beginning. Loads at first use.

    OpenAI's weights were trained with QuickGELU, which the names that end in `-quickgelu` have: with the other
    activation the same weights give other embeddings, so that a pair that does not match is refused.

    Args:
        model: a name that open_clip knows, or a folder with `open_clip_config.json` and weights.
        pretrained: which weights: a tag that open_clip knows for the model, fetched from the hub at first use, or a
            file (safetensors or a state dict). A folder brings its own.
        batch_size: texts a pass; changes speed and memory only.
        device: `auto` (a GPU where there is one), `cpu`, `cuda`, ...

    Raises:
        ConfigError: a batch of nothing.
        EncoderError: no such folder or file, or a folder without what is needed.
    """

    def __init__(
        self,
        model: str = "ViT-B-32-quickgelu",
        pretrained: str = "openai",
        batch_size: int = 64,
        device: str = "auto",
    ) -> None:
        if batch_size < 1:
            raise ConfigError(f"text_encoder.batch_size = {batch_size} is not a number from 1.")
        self._batch_size, self._device = batch_size, device
        self._folder = _folder(model)
        self._file = None if self._folder else _file(pretrained)
        self._model, self._pretrained = model, pretrained
        self.name = f"CLIP {Path(model).name}" if self._folder else f"CLIP {model} ({Path(pretrained).name})"
        self._loaded: tuple[Any, Any, torch.device] | None = None
        self._lock = threading.Lock()

    @cached_property
    def fingerprint(self) -> str:
        if self._folder:
            return f"clip:{sampled_digest(self._folder, self._folder.iterdir())}"
        weights = sampled_digest(self._file.parent, [self._file]) if self._file else self._pretrained
        return f"clip:{self._model}:{weights}"

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts; each distinct one once.

        Returns:
            [N texts, D] float32, rows of unit length; D is 512 for ViT-B/32.

        Raises:
            EncoderError: the model cannot be had or loaded, or its weights need another activation.
        """
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            model, tokenizer, device = self._loaded
            return embed_distinct(texts or [""], lambda distinct: self._encode(model, tokenizer, device, distinct))[
                : len(texts)
            ]

    def close(self) -> None:
        """Free the weights; a later text loads them again."""
        with self._lock:
            self._loaded = None

    def _encode(self, model: Any, tokenizer: Any, device: torch.device, texts: list[str]) -> FloatArray:
        import torch

        parts = []
        with torch.inference_mode():
            for start in range(0, len(texts), self._batch_size):
                tokens = tokenizer(texts[start : start + self._batch_size]).to(device)
                parts.append(model.encode_text(tokens, normalize=True).float().cpu().numpy())
        return np.concatenate(parts)

    def _load(self) -> tuple[Any, Any, torch.device]:
        import open_clip

        from and_core.models.devices import chosen_device

        device = chosen_device(self._device, EncoderError)
        name = f"{LOCAL}{self._folder}" if self._folder else self._model
        weights = None if self._folder else self._file or _fetched(self._model, self._pretrained)
        try:
            model = open_clip.create_model(
                name, weights and str(weights), device=device, weights_only=True, require_pretrained=True
            )
            tokenizer = open_clip.get_tokenizer(name)
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, pickle.UnpicklingError) as error:
            what = self._folder or f"{self._model} with {self._file or self._pretrained}"
            said = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise EncoderError(
                f"The text encoder {what} cannot be loaded: {said}",
                "Set model and pretrained to what belongs together; weights are safetensors or a state dict.",
            ) from error
        model.visual = None  # nobody shows it pictures
        return model.eval(), tokenizer, device


def _folder(model: str) -> Path | None:
    """The folder that a setting names; None where it is a name."""
    folder = Path(model).expanduser()
    if not folder.is_dir():
        if "/" in model:
            raise EncoderError(
                f"The text encoder {model!r} is not a folder here.",
                "Set model to a name that open_clip knows, such as ViT-B-32-quickgelu, or to a folder.",
            )
        return None
    if not (folder / CONFIG).is_file() or not any(file.suffix in WEIGHTS for file in folder.iterdir()):
        raise EncoderError(
            f"{folder} is not a model of open_clip: it lacks {CONFIG} or weights.",
            "Set model to a folder that has both, as open_clip puts them on the hub, or to a name that it knows.",
        )
    return folder


def _file(pretrained: str) -> Path | None:
    """The file that a setting names; None where it is a tag."""
    file = Path(pretrained).expanduser()
    if file.suffix not in WEIGHTS:
        return None
    if not file.is_file():
        raise EncoderError(f"The weights {pretrained!r} are not here.", "Set pretrained to a tag or to a file.")
    return file


def _fetched(model: str, tag: str) -> Path:
    """The file of weights that open_clip knows by a tag, from the cache or the hub.

    Raises:
        EncoderError: no such model or tag, one for another activation than the model's, or it cannot be fetched.
    """
    from open_clip import get_model_config, list_models
    from open_clip.pretrained import download_pretrained, get_pretrained_cfg, list_pretrained_tags_by_model

    config, known = get_model_config(model), get_pretrained_cfg(model, tag)
    if config is None:
        raise EncoderError(f"open_clip has no model {model!r}.", nearest(model, list_models()))
    if not known:
        raise EncoderError(
            f"open_clip knows no weights {tag!r} for {model}.", nearest(tag, list_pretrained_tags_by_model(model))
        )
    if bool(known.get("quick_gelu")) != bool(config.get("quick_gelu")):
        other = model.removesuffix(QUICK) if config.get("quick_gelu") else f"{model}{QUICK}"
        raise EncoderError(
            f"The weights {tag!r} were trained with another activation (QuickGELU or GELU) than {model} has.",
            f"Set model to {other!r}.",
        )
    try:
        return Path(download_pretrained(known))
    except (OSError, RuntimeError, ValueError) as error:  # the hub's errors are OSErrors
        raise EncoderError(
            f"The weights {tag!r} of {model} are not on this machine and cannot be fetched: "
            f"{str(error).splitlines()[0]}",
            f"With a connection run: hf download {str(known.get('hf_hub', '')).strip('/')}. "
            "Or set pretrained to a file of them.",
        ) from error
