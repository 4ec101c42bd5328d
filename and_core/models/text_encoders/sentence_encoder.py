"""What encoders that sentence-transformers loads have in common."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from and_core.errors import ConfigError, EncoderError
from and_core.models.protocols import FloatArray
from and_core.models.text_encoders.distinct import embed_distinct

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class SentenceEncoder(ABC):
    """A `TextEncoder` over a folder of sentence-transformers. Loads at first use; safe to share between threads."""

    def __init__(self, batch_size: int, device: str) -> None:
        """
        Args:
            batch_size: texts a pass; changes speed and memory only.
            device: `auto` (a GPU where there is one), `cpu`, `cuda`, ...

        Raises:
            ConfigError: a batch of nothing.
        """
        if batch_size < 1:
            raise ConfigError(f"text_encoder.batch_size = {batch_size} is not a number from 1.")
        self._batch_size, self._device = batch_size, device
        self._model: SentenceTransformer | None = None
        self._lock = threading.Lock()

    @abstractmethod
    def _folder(self) -> Path:
        """Where the model is on this machine, with weights as safetensors; asked once, at first use.

        Raises:
            EncoderError: it is not there, or cannot be had.
        """

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts; each distinct one once.

        Returns:
            [N texts, D] float32, rows of unit length.

        Raises:
            EncoderError: the model is not there, or cannot be loaded.
        """
        with self._lock:
            model = self._loaded()
            if not texts:
                return np.zeros((0, model.get_embedding_dimension()), np.float32)
            return embed_distinct(texts, lambda distinct: self._encode(model, distinct))

    def close(self) -> None:
        """Free the weights; a later text loads them again."""
        with self._lock:
            self._model = None

    def _encode(self, model: SentenceTransformer, texts: list[str]) -> FloatArray:
        vectors = model.encode(
            texts,
            batch_size=self._batch_size,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)

    def _loaded(self) -> SentenceTransformer:
        """The model; the lock must be held."""
        if self._model is None:
            folder = self._folder()
            from sentence_transformers import SentenceTransformer

            from and_core.models.devices import chosen_device
            from and_core.models.quiet import quiet_transformers

            device = str(chosen_device(self._device, EncoderError))
            with quiet_transformers():
                try:
                    self._model = SentenceTransformer(
                        str(folder),
                        device=device,
                        local_files_only=True,
                        trust_remote_code=False,
                        model_kwargs={"use_safetensors": True},
                    )
                except (OSError, ValueError, KeyError, RuntimeError) as error:
                    said = (str(error).strip() or type(error).__name__).splitlines()[0]
                    raise EncoderError(
                        f"The text encoder in {folder} cannot be loaded: {said}",
                        "Set it to a folder that sentence-transformers saved, with weights as safetensors.",
                    ) from error
        return self._model
