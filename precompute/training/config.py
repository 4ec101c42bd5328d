"""What a training configuration may say, one documented field a line."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from precompute import config as run_config
from precompute.config import Component, Section

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class ModelSizes(Section):
    """An `ASTForAudioClassification` and its feature extractor."""

    hidden_size: Count = 160
    """Width of `attention_output` and `output`; a multiple of `heads`."""
    blocks: Count = 4
    """Transformer blocks."""
    heads: Count = 4
    """Attention heads."""
    intermediate_size: Count = 640
    """Width of `intermediate`."""
    dropout: Share = 0.0
    """Share of hidden values dropped in training."""
    sample_rate_hz: Annotated[int, Field(ge=1000)] = 16_000
    """Clips are resampled to it."""
    mel_bins: Annotated[int, Field(ge=16)] = 128
    """Mel bands of the log-mel spectrogram."""
    frames: Annotated[int, Field(ge=16)] = 400
    """Frames of 10 ms that the network hears; longer clips are cut, shorter ones padded."""
    patch: Count = 16
    """A token sees patch x patch of the spectrogram; patches do not overlap."""

    @model_validator(mode="after")
    def _sizes_fit(self) -> "ModelSizes":
        if self.hidden_size % self.heads:
            raise ValueError(f"hidden_size {self.hidden_size} is not a multiple of heads {self.heads}")
        if self.patch > min(self.mel_bins, self.frames):
            raise ValueError(f"a patch of {self.patch} is larger than the spectrogram")
        return self


class Augmentation(Section):
    """What is done to log-mel spectrograms in training, anew each epoch; 0 turns a part off."""

    mixup: Annotated[float, Field(ge=0)] = 0.2
    """alpha of the Beta distribution from which two clips' mixing share is drawn (mixup, arXiv 1710.09412)."""
    time_masks: Annotated[int, Field(ge=0)] = 2
    """Blocks of frames set to the mean (SpecAugment, arXiv 1904.08779)."""
    time_mask_frames: Annotated[int, Field(ge=0)] = 40
    """Longest such block."""
    mel_masks: Annotated[int, Field(ge=0)] = 2
    """Blocks of mel bands set to the mean."""
    mel_mask_bins: Annotated[int, Field(ge=0)] = 16
    """Widest such block."""
    shift_s: Annotated[float, Field(ge=0)] = 1.0
    """Longest shift in time, either way; what leaves at one end comes in at the other."""
    gain_db: Annotated[float, Field(ge=0)] = 6.0
    """Largest change of loudness, either way."""


class TrainingConfig(Section):
    dataset: Component
    """What to train on; its clips need classes and folds."""
    model: ModelSizes = ModelSizes()
    augmentation: Augmentation = Augmentation()
    held_out_fold: int = 5
    """Never trained on: the accuracy is measured on it."""
    epochs: Count = 30
    """Times that every training clip is heard."""
    batch_size: Annotated[int, Field(ge=2)] = 32
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    """Its highest value: it rises over the first tenth of the steps and falls to 0 along a cosine."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    label_smoothing: Share = 0.1
    """Share of a label that is spread over all classes."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Where every random choice starts."""
    out: Path = Path("assets/ast-foley")
    """Folder for the checkpoint, from where the command is run."""


def load(source: str | Path, overrides: tuple[str, ...] = (), out: Path | None = None) -> TrainingConfig:
    """Read a training configuration.

    Args:
        source: a TOML file, or the name of a shipped one (`train_ast_foley`).
        overrides: `dotted.key=value` pairs that win over the file.
        out: wins over the configuration's `out`.

    Raises:
        ConfigError: no such configuration, not TOML, or a key or value that is not right.
    """
    path = run_config.find(source)
    table = run_config.read_table(path)
    run_config.apply_overrides(table, overrides)
    if out is not None:
        table["out"] = out
    try:
        return TrainingConfig.model_validate(table)
    except ValidationError as error:
        raise run_config.explain(error, TrainingConfig, str(path)) from error
