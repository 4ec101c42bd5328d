"""What a training configuration may say, one documented field a line."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from precompute import config as run_config
from precompute.config import Component, Section, built_in

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class ModelSizes(Section):
    """An `ASTForAudioClassification` with random weights, and its feature extractor."""

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
    """What is done to clips in training, anew each epoch; 0 turns a part off.

    A network that hears waveforms has no mel masks; one whose features are of a kind of its own has mixup alone.
    Pretraining has no masks besides its own.
    """

    mixup: Annotated[float, Field(ge=0)] = 0.2
    """alpha of the Beta distribution from which two clips' mixing share is drawn (mixup, arXiv 1710.09412)."""
    time_masks: Annotated[int, Field(ge=0)] = 2
    """Blocks of frames set to the mean (SpecAugment, arXiv 1904.08779)."""
    time_mask_frames: Annotated[int, Field(ge=0)] = 40
    """Longest such block, in frames of 10 ms."""
    mel_masks: Annotated[int, Field(ge=0)] = 2
    """Blocks of mel bands set to the mean."""
    mel_mask_bins: Annotated[int, Field(ge=0)] = 16
    """Widest such block."""
    shift_s: Annotated[float, Field(ge=0)] = 1.0
    """Longest shift in time, either way; what leaves at one end comes in at the other."""
    gain_db: Annotated[float, Field(ge=0)] = 6.0
    """Largest change of loudness, either way."""


class Pretraining(Section):
    """Masked patches, after BEATs (arXiv 2212.09058, first iteration): `task = "pretrain"`."""

    masked: Annotated[float, Field(gt=0, lt=1)] = 0.75
    """Share of a spectrogram's patches that the network does not hear, and whose codes are predicted."""
    codes: Annotated[int, Field(ge=2)] = 512
    """Size of the random codebook."""
    code_dimensions: Count = 16
    """Width of the random projection that a patch is compared with the codebook in."""
    predictor_blocks: Count = 1
    """Transformer blocks of the predictor, which is thrown away afterwards."""
    clip_weight: Annotated[float, Field(ge=0)] = 1.0
    """Weight of the clip's loss beside the patches': what a head will read predicts how often each code occurs."""


class TrainingConfig(Section):
    dataset: Component
    """What to train on. To classify, its clips need classes; where they have no folds, five are dealt."""
    task: Literal["classify", "pretrain", "align"] = "classify"
    """`classify` learns the clips' classes; `pretrain` learns from sound alone and saves a network without a head;
    `align` learns where MiniLM puts the clips' captions: the audio tower of an audio-text encoder."""
    start: str = ""
    """The checkpoint to start from: a folder or name on the Hugging Face hub, or a BEATs file; random weights where
    empty. `{fold}` in it is the held-out fold."""
    frozen: bool = False
    """Leave the backbone of `start` as it is, and fit a linear head to what it says of the clips."""
    frozen_passes: Count = 1
    """Times that a frozen backbone hears every training clip: once as it is, and then augmented."""
    folds: Literal["held_out", "all"] = "held_out"
    """`all` trains once a fold, each time holding that fold out, and reports every accuracy."""
    model: ModelSizes = ModelSizes()
    """Sizes where there is no `start`."""
    clip_s: Annotated[float, Field(gt=0)] = 5.0
    """Seconds of a clip in training, for networks that hear clips of any length; longer ones are cut, others padded."""
    augmentation: Augmentation = Augmentation()
    pretraining: Pretraining = Pretraining()
    captioner: Annotated[Component, built_in("acoustic")] = Component(kind="acoustic")
    """Who describes the clips that are aligned with their captions."""
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
    precision: Literal["float32", "bfloat16"] = "float32"
    """`bfloat16` multiplies matrices in bfloat16 (mixed precision); weights stay in float32."""
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    """`auto` (a GPU where there is one), `cpu` or `cuda`."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Where every random choice starts."""
    out: Path = Path("assets/ast-foley")
    """Folder for the checkpoint, from where the command is run."""

    @model_validator(mode="after")
    def _settings_agree(self) -> "TrainingConfig":
        if self.frozen and not self.start:
            raise ValueError("frozen = true needs a start: random weights are nothing to keep")
        if self.start and "model" in self.model_fields_set:
            raise ValueError("model.* are sizes for random weights, and start has sizes of its own; leave one out")
        if self.task == "pretrain" and (self.frozen or self.folds == "all"):
            setting = "frozen = true" if self.frozen else 'folds = "all"'
            raise ValueError(f'{setting} is not for task = "pretrain", which has no head and measures nothing')
        if self.task == "align" and self.frozen:
            raise ValueError('frozen = true is not for task = "align": a linear head is fitted to classes alone')
        return self


def load(source: str | Path, overrides: tuple[str, ...] = (), **settings: Any) -> TrainingConfig:
    """Read a training configuration.

    Args:
        source: a TOML file, or the name of a shipped one (`train_ast_foley`).
        overrides: `dotted.key=value` pairs that win over the file.
        settings: win over both; None leaves a setting as it is.

    Raises:
        ConfigError: no such configuration, not TOML, or a key or value that is not right.
    """
    path = run_config.find(source, training=True)
    table = run_config.read_table(path)
    run_config.apply_overrides(table, overrides)
    table |= {key: value for key, value in settings.items() if value is not None}
    try:
        return TrainingConfig.model_validate(table)
    except ValidationError as error:
        raise run_config.explain(error, TrainingConfig, str(path)) from error
