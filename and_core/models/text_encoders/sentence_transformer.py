"""Any model of sentence-transformers, such as the paper's all-MiniLM-L12-v2."""

from functools import cached_property
from pathlib import Path

from and_core.errors import EncoderError
from and_core.models.language_models.model_files import sampled_digest
from and_core.models.networks.checkpoint import is_hub_name
from and_core.models.text_encoders.sentence_encoder import SentenceEncoder

PAPERS = "sentence-transformers/all-MiniLM-L12-v2"
MODULES = "modules.json"
"""By this file sentence-transformers knows its own."""
FILES = ("*.safetensors", "*.json", "*.txt", "*.model")
"""What is fetched of a name on the hub: no pickled weights, no code, no formats of other libraries."""


class SentenceTransformerEncoder(SentenceEncoder):
    """A model by its name on the Hugging Face hub, or from a folder that `SentenceTransformer.save` wrote.

    Args:
        model: a hub name, looked up at first use, or a folder.
        revision: branch, tag or commit on the hub; `main` may move.
        batch_size: texts a pass; changes speed and memory only.
        device: `auto` (a GPU where there is one), `cpu`, `cuda`, ...

    Raises:
        ConfigError: a batch of nothing.
        EncoderError: no such folder, or not one of sentence-transformers.
    """

    def __init__(
        self, model: str = PAPERS, revision: str | None = None, batch_size: int = 64, device: str = "auto"
    ) -> None:
        super().__init__(batch_size, device)
        self._source, self._revision = model, revision
        self.name = Path(model).name
        if not is_hub_name(model):
            self._check_folder()

    @cached_property
    def fingerprint(self) -> str:
        if is_hub_name(self._source):
            return f"sentence_transformers:{self._source}@{self._revision or 'main'}"
        return f"sentence_transformers:{sampled_digest(self._local, self._local.rglob('*'))}"

    @property
    def _local(self) -> Path:
        return Path(self._source).expanduser()

    def _check_folder(self) -> None:
        if not (self._local / MODULES).is_file():
            raise EncoderError(
                f"The text encoder {self._source!r} is not a folder of sentence-transformers: it has no {MODULES}.",
                "Set model to a folder that SentenceTransformer.save wrote, or to a name on the Hugging Face hub.",
            )

    def _folder(self) -> Path:
        if not is_hub_name(self._source):
            return self._local
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError

        try:
            return Path(snapshot_download(self._source, revision=self._revision, allow_patterns=list(FILES)))
        except (OSError, HFValidationError) as error:  # the hub's errors are OSErrors
            raise EncoderError(
                f"The text encoder {self._source!r} is not on this machine and cannot be fetched from the Hugging Face "
                f"hub: {str(error).splitlines()[0]}",
                f"With a connection run: hf download {self._source}. Or set model to a folder of it.",
            ) from error
