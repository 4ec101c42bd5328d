"""CLAP with its weights, by transformers."""

from collections.abc import Sequence

import numpy as np
import soxr
import torch
from transformers import AutoTokenizer, ClapFeatureExtractor, ClapModel

from and_core.models.devices import chosen_device
from and_core.models.loading import preprocessor, pretrained
from and_core.models.model_source import ModelSource
from and_core.models.protocols import Clip, FloatArray


class ClapWeights:
    def __init__(self, source: ModelSource, device: str) -> None:
        """
        Raises:
            source.error: it cannot be loaded, or torch cannot use the device.
        """
        self._device = chosen_device(device, source.error)
        self._model = pretrained(ClapModel, source, dtype=torch.float32).to(self._device)
        self._features = preprocessor(ClapFeatureExtractor, source)
        self._tokenizer = preprocessor(AutoTokenizer, source)
        self.dimensions: int = self._model.config.projection_dim

    @torch.inference_mode()
    def embed_text(self, texts: Sequence[str]) -> FloatArray:
        """[N texts, D] float32, rows of unit length."""
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt").to(self._device)
        found: FloatArray = self._model.get_text_features(**tokens).pooler_output.cpu().numpy()
        return found

    @torch.inference_mode()
    def embed_audio(self, clips: Sequence[Clip]) -> FloatArray:
        """One batch -> [N clips, D] float32, rows of unit length. Of a long clip its beginning is heard."""
        rate, longest = self._features.sampling_rate, self._features.nb_max_samples
        # The feature extractor draws at random which part of a longer clip it takes.
        waveforms = [soxr.resample(clip.waveform, clip.sample_rate_hz, rate)[:longest] for clip in clips]
        heard = self._features(waveforms, sampling_rate=rate, return_tensors="pt")
        # For a model that fuses parts of long clips it draws a clip at random and calls it longer; none is.
        longer = np.zeros((len(clips), 1), dtype=bool)
        found: FloatArray = (
            self._model.get_audio_features(
                input_features=heard.input_features.float().to(self._device),
                is_longer=torch.from_numpy(longer).to(self._device),
            )
            .pooler_output.cpu()
            .numpy()
        )
        return found
