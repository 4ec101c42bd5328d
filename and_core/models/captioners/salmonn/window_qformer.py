"""SALMONN's window-level Q-Former: what two encoders heard of a clip becomes tokens of a language model."""

import torch
from torch import nn
from torch.nn import functional
from transformers import Blip2QFormerConfig, Blip2QFormerModel

from and_core.models.captioners.salmonn.released import QFORMER_HEADS, WINDOW_FRAMES, Sizes


class WindowQFormer(nn.Module):
    """Joins Whisper's frames and BEATs' tokens by position and turns every window of 17 into `queries` tokens.

    As in the release, BEATs' tokens are laid beside Whisper's frames one by one although they are time-major patches
    (eight a time step of 160 ms): only for a clip of 30 s do the two end together.
    """

    def __init__(self, sizes: Sizes, heads: int = QFORMER_HEADS) -> None:
        super().__init__()
        self.speech_norm = nn.LayerNorm(sizes.speech_width)
        self.audio_norm = nn.LayerNorm(sizes.audio_width)
        self.query = nn.Parameter(torch.zeros(1, sizes.queries, sizes.hidden))
        config = Blip2QFormerConfig(
            hidden_size=sizes.hidden,
            num_hidden_layers=sizes.blocks,
            num_attention_heads=heads,
            intermediate_size=sizes.feed_forward,
            cross_attention_frequency=1,
            encoder_hidden_size=sizes.speech_width + sizes.audio_width,
        )
        self.qformer = Blip2QFormerModel(config)
        self.projection = nn.Linear(sizes.hidden, sizes.projected)

    def forward(self, speech: torch.Tensor, audio: torch.Tensor) -> torch.Tensor:
        """
        Args:
            speech: [B, frames, speech width], 20 ms a frame.
            audio: [B, tokens, audio width]; the shorter of the two is padded with zeros.

        Returns:
            [B, windows x queries, projected]; frames that do not fill a window are not heard.
        """
        speech, audio = self.speech_norm(speech), self.audio_norm(audio)
        length = max(speech.shape[1], audio.shape[1])
        heard = torch.cat([_padded(speech, length), _padded(audio, length)], dim=-1)
        windows = heard.unfold(1, WINDOW_FRAMES, WINDOW_FRAMES).transpose(2, 3)  # [B, windows, 17, width]
        batch, count = windows.shape[:2]
        answer = self.qformer(
            query_embeds=self.query.expand(batch * count, -1, -1), encoder_hidden_states=windows.flatten(0, 1)
        ).last_hidden_state
        tokens: torch.Tensor = self.projection(answer)
        return tokens.reshape(batch, -1, tokens.shape[-1])


def _padded(frames: torch.Tensor, length: int) -> torch.Tensor:
    """[B, frames, width] with zeros behind, up to `length`."""
    return functional.pad(frames, (0, 0, 0, length - frames.shape[1]))
