"""Which language model a name or a folder is: checked and identified without reading gigabytes."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from and_core.errors import LanguageModelError
from and_core.models.networks.checkpoint import ADAPTER, is_hub_name

ANSWERING_SUFFIXES = (".json", ".jinja", ".model", ".safetensors", ".tiktoken", ".txt")
"""Files of a model's folder that can change what it answers: weights, settings, tokenizer, chat template."""

SAMPLES, SAMPLE_BYTES = 64, 2**16
"""A file of more than all samples together is known by its size and these parts of it, spread evenly."""


def check_model(model: str | Path) -> None:
    """
    Args:
        model: a folder, or a name on the Hugging Face hub.

    Raises:
        LanguageModelError: neither, or a folder without the weights of a whole model as safetensors.
    """
    if is_hub_name(model):
        return
    folder = Path(model).expanduser()
    if not folder.is_dir():
        raise LanguageModelError(
            f"The language model {str(model)!r} is not a folder here.",
            "Set model to a folder that save_pretrained wrote, or to a name on the Hugging Face hub.",
        )
    if (folder / ADAPTER).exists():
        raise LanguageModelError(
            f"{folder} holds {ADAPTER}: an adapter changes the weights of a model that is elsewhere.",
            "Merge it into the model and save that with save_pretrained, or set another path.",
        )
    if not any(folder.glob("*.safetensors")):
        raise LanguageModelError(
            f"{folder} holds no weights as safetensors, and others can run code when they are read.",
            "Save the model with save_pretrained, which writes safetensors.",
        )


def location(model: str | Path) -> str:
    """What a library is given to find the model."""
    return str(model) if is_hub_name(model) else str(Path(model).expanduser())


def identity(model: str | Path, revision: str | None) -> str:
    """What stands for the model in a fingerprint: it changes when the model's replies can.

    A name on the hub stands for itself with its revision, unread: name a commit where `main` may move. A folder is
    known by a hash over the files that can change its answers: their names and contents, of large files the size and
    samples (4 MiB of each, so that it takes milliseconds).
    """
    if is_hub_name(model):
        return f"{model}@{revision or 'main'}"
    check_model(model)
    folder = Path(model).expanduser()
    return sampled_digest(folder, folder.iterdir())


def sampled_digest(folder: Path, files: Iterable[Path]) -> str:
    """Hash over those files of a folder that can change answers: their places in it, and contents or samples."""
    total = hashlib.sha256()
    for file in sorted(files):
        if file.suffix in ANSWERING_SUFFIXES and file.is_file():
            total.update(f"{file.relative_to(folder).as_posix()} {_sampled_digest(file)}\n".encode())
    return total.hexdigest()


def _sampled_digest(file: Path) -> str:
    size = file.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with file.open("rb") as opened:
        if size <= SAMPLES * SAMPLE_BYTES:
            digest.update(opened.read())
        else:
            for sample in range(SAMPLES):
                opened.seek(sample * (size - SAMPLE_BYTES) // (SAMPLES - 1))
                digest.update(opened.read(SAMPLE_BYTES))
    return digest.hexdigest()
