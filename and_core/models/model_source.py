"""Pretrained models that a configuration names: folders, or names on the Hugging Face hub, read as safetensors."""

from pathlib import Path

from and_core.errors import AndError
from and_core.models.language_models.model_files import identity, location
from and_core.models.networks.checkpoint import ADAPTER, is_hub_name


class ModelSource:
    """One model that transformers saved. Nothing is read before it is needed.

    Args:
        setting: its name in the configuration, for messages, e.g. `captioner.whisper`.
        source: a folder that `save_pretrained` wrote, or a name on the hub.
        error: what to raise.

    Raises:
        error: no such folder, or one without the weights of a whole model as safetensors.
    """

    def __init__(self, setting: str, source: str | Path, error: type[AndError]) -> None:
        self.setting, self.source, self.error = setting, source, error
        if is_hub_name(source):
            return
        folder = Path(source).expanduser()
        if not folder.is_dir():
            raise error(
                f"{setting} = {str(source)!r} is not a folder here.",
                "Set it to a folder that save_pretrained wrote, or to a name on the Hugging Face hub.",
            )
        if (folder / ADAPTER).exists():
            raise error(
                f"{setting} = {str(source)!r} holds {ADAPTER}, which changes the weights of another model.",
                "Merge it into that model and save it with save_pretrained.",
            )
        if not any(folder.glob("*.safetensors")):
            raise error(
                f"{setting} = {str(source)!r} holds no weights as safetensors; others can run code.",
                "Load them where you trust them and save them with save_pretrained, which writes safetensors.",
            )

    @property
    def location(self) -> str:
        """What transformers is given."""
        return location(self.source)

    @property
    def identity(self) -> str:
        """What stands for it in a fingerprint: a hub name for itself, a folder for its contents."""
        return identity(self.source, None)

    def unusable(self, error: Exception) -> AndError:
        """What to raise where transformers cannot load it."""
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        return self.error(
            f"{self.setting} = {str(self.source)!r} cannot be loaded: {said}",
            "Set it to a complete model of the kind that is asked for, or download it first: hf download NAME",
        )
