"""Puts SALMONN together from its five files and folders, the smallest first, so that a wrong one is refused early."""

from pathlib import Path

import torch
from transformers import AutoTokenizer, LlamaForCausalLM, WhisperFeatureExtractor, WhisperModel

from and_core.errors import CaptionerError
from and_core.models.captioners.salmonn.checkpoint import SalmonnCheckpoint
from and_core.models.captioners.salmonn.model import Ears, Salmonn
from and_core.models.devices import chosen_device
from and_core.models.loading import preprocessor, pretrained
from and_core.models.model_source import ModelSource
from and_core.models.networks.beats.checkpoint import BeatsCheckpoint


def load(
    checkpoint: Path,
    beats: Path,
    whisper: ModelSource,
    vicuna: ModelSource,
    lora_alpha: int,
    device: str,
    precision: str,
) -> Salmonn:
    """
    Raises:
        CaptionerError: a part cannot be loaded, or is not what the checkpoint was trained with.
        NetworkError: the BEATs checkpoint cannot be loaded.
    """
    place = chosen_device(device, CaptionerError)
    trained = SalmonnCheckpoint.open(checkpoint)
    ears = _ears(trained, beats, whisper, place)
    tokenizer = preprocessor(AutoTokenizer, vicuna)
    language_model = pretrained(LlamaForCausalLM, vicuna, dtype=getattr(torch, precision), device_map={"": place})
    _check_width("vicuna", language_model.config.hidden_size, trained.sizes.projected)
    # What a folder recommends (sampling, say) is not what SALMONN was released with.
    language_model.generation_config = type(language_model.generation_config)()
    return Salmonn(ears, trained.with_lora(language_model, lora_alpha), tokenizer, place)


def _ears(trained: SalmonnCheckpoint, beats: Path, whisper: ModelSource, place: torch.device) -> Ears:
    beats_model = BeatsCheckpoint(beats).load()
    _check_width("beats", beats_model.config.encoder_embed_dim, trained.sizes.audio_width)
    encoder = pretrained(WhisperModel, whisper, dtype=torch.float32).get_encoder()
    _check_width("whisper", encoder.config.d_model, trained.sizes.speech_width)
    features = preprocessor(WhisperFeatureExtractor, whisper)
    return Ears(features, encoder.to(place), beats_model.to(place), trained.fusion().to(place))


def _check_width(setting: str, width: int, expected: int) -> None:
    if width != expected:
        raise CaptionerError(
            f"captioner.{setting} is {width} wide; captioner.checkpoint was trained with one that is {expected} wide.",
            f"Set captioner.{setting} to the model that the checkpoint was trained with.",
        )
