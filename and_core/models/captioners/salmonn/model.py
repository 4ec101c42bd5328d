"""SALMONN with its weights: what Whisper and BEATs hear becomes 88 tokens before a prompt, and Vicuna answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from peft import PeftModel
from transformers import GenerationConfig

from and_core.models.captioners.salmonn.released import AUDIO_PLACE, PROMPT_TEMPLATE, SAMPLE_RATE_HZ
from and_core.models.captioners.salmonn.window_qformer import WindowQFormer
from and_core.models.networks.beats.fbank import fbank
from and_core.models.networks.beats.model import Beats
from and_core.models.protocols import FloatArray, Reply


@dataclass(frozen=True)
class Ears:
    """The audio path, in float32."""

    whisper_features: Any
    """A `WhisperFeatureExtractor`."""
    whisper: torch.nn.Module
    """The encoder."""
    beats: Beats
    fusion: WindowQFormer

    @torch.inference_mode()
    def hear(self, waveforms: Sequence[FloatArray], device: torch.device) -> torch.Tensor:
        """Waveforms [T_b samples] of 1 to 30 s at 16 kHz -> tokens for the language model [B, tokens, width].

        Whisper hears 30 s always, the rest being silence. BEATs hears each clip alone, so that none depends on the
        others' lengths.
        """
        spectrograms = self.whisper_features(list(waveforms), sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt")
        frames = self.whisper(spectrograms.input_features.to(device)).last_hidden_state
        patch_frames = self.beats.config.input_patch_size
        tokens = []
        for clip, waveform in enumerate(waveforms):
            bank = fbank(torch.from_numpy(waveform), patch_frames).to(device)
            tokens.append(self.fusion(frames[clip : clip + 1], self.beats(bank[None]).features))
        return torch.cat(tokens)


class Salmonn:
    """Answers one prompt about clips, always the likeliest answer that the beam search finds."""

    def __init__(self, ears: Ears, language_model: PeftModel, tokenizer: Any, device: torch.device) -> None:
        self._ears, self._language_model, self._tokenizer, self._device = ears, language_model, tokenizer, device

    @torch.inference_mode()
    def answers(self, waveforms: Sequence[FloatArray], prompt: str, beams: int, max_tokens: int) -> list[Reply]:
        """
        Args:
            waveforms: one batch of [T_b samples] float32 of 1 to 30 s at 16 kHz.
            prompt: what is asked about each.
            beams: of the beam search; 1 takes the likeliest next token always.
            max_tokens: of an answer, which is cut off there.
        """
        before, after = PROMPT_TEMPLATE.format(prompt).split(AUDIO_PLACE, maxsplit=1)
        bos = torch.tensor([[self._tokenizer.bos_token_id]])
        heard = self._ears.hear(waveforms, self._device)
        words = [self._embedded(torch.cat([bos, self._ids(before)], dim=1)), self._embedded(self._ids(after))]
        start, end = (embedded.expand(len(waveforms), -1, -1) for embedded in words)
        # All clips have as many tokens, so that nothing is padded and a batch answers as single clips do.
        inputs = torch.cat([start, heard.to(start.dtype), end], dim=1)
        answers = self._language_model.generate(
            inputs_embeds=inputs,
            attention_mask=torch.ones(inputs.shape[:2], dtype=torch.long, device=self._device),
            generation_config=self._decoding(beams, max_tokens),
        )
        return [self._reply(answer) for answer in answers]

    def _reply(self, tokens: torch.Tensor) -> Reply:
        text = self._tokenizer.decode(tokens, skip_special_tokens=True).strip()
        return Reply(text, is_complete=bool((tokens == self._tokenizer.eos_token_id).any()))

    def _ids(self, text: str) -> torch.Tensor:
        """Tokens [1, n] of a part of the prompt."""
        return torch.tensor([self._tokenizer(text, add_special_tokens=False).input_ids], dtype=torch.long)

    def _embedded(self, ids: torch.Tensor) -> torch.Tensor:
        embedded: torch.Tensor = self._language_model.get_input_embeddings()(ids.to(self._device))
        return embedded

    def _decoding(self, beams: int, max_tokens: int) -> GenerationConfig:
        """As released: beam search without sampling. The release adds a [PAD] that nothing was trained for; the end
        of a text serves as well to fill up answers that end early."""
        end = self._tokenizer.eos_token_id
        return GenerationConfig(
            do_sample=False,
            num_beams=beams,
            max_new_tokens=max_tokens,
            bos_token_id=self._tokenizer.bos_token_id,
            eos_token_id=end,
            pad_token_id=end,
        )
