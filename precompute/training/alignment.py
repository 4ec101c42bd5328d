"""Learning to hear what a text encoder reads: clips and their captions, contrasted (InfoNCE, as in CLIP and CLAP)."""

import math
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from and_core.models.protocols import FloatArray, TextEncoder
from precompute.training.config import Augmentation
from precompute.training.trainee import Trainee

WHOLE_CAPTION = 0.5
"""Share of draws in which a clip's text is its whole caption; in the others it is one of its sentences."""
FIRST_SCALE, LARGEST_SCALE = 1 / 0.07, 100.0
"""What cosines are multiplied with before the softmax, at the beginning and at most (CLIP, arXiv 2103.00020)."""


class Alignment:
    """An `Objective`: the trainee's answer to a clip comes nearest to the text about it, among those of a batch.

    The texts' embeddings stay as they are. Concepts are short and captions long: so that both find their clips, a
    clip's text is now its whole caption and now a sentence of it. Clips of a batch that draw the same text share it.
    """

    def __init__(
        self,
        trainee: Trainee,
        inputs: FloatArray,
        captions: Sequence[str],
        encoder: TextEncoder,
        augmentation: Augmentation,
    ) -> None:
        """
        Args:
            inputs: [N, ...] as the trainee reads them.
            captions: one a clip.
            encoder: embeds the texts once; of as many dimensions as the trainee's head has outputs.
        """
        self._trainee, self._augmentation = trainee, augmentation
        self._inputs, self.examples = inputs, len(inputs)
        texts = [(caption, *sentences(caption)) for caption in captions]
        distinct = {text: position for position, text in enumerate(dict.fromkeys(t for row in texts for t in row))}
        self._texts = [np.array([distinct[text] for text in row]) for row in texts]
        self._embedded = torch.from_numpy(encoder.embed(list(distinct)))
        self.module: ScaledTower = ScaledTower(trainee.module)

    def loss(
        self, batch: npt.NDArray[np.int64], rng: np.random.Generator, device: torch.device
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Cross entropy from clips to texts and back, and the share of clips whose text is the nearest."""
        no_labels = np.zeros((len(batch), 1), np.float32)
        inputs, _ = self._trainee.augment(self._inputs[batch], no_labels, self._augmentation, rng)
        texts = np.array([self._draw(clip, rng) for clip in batch])
        heard = functional.normalize(self._trainee.logits(torch.from_numpy(inputs).to(device)).float(), dim=1)
        read = self._embedded[texts].to(device)
        similarities = self.module.scale() * heard @ read.T
        same = torch.from_numpy(texts[:, None] == texts).to(device)
        wanted = same / same.sum(dim=1, keepdim=True)
        loss = functional.cross_entropy(similarities, wanted) + functional.cross_entropy(similarities.T, wanted)
        found = same.gather(1, similarities.argmax(dim=1, keepdim=True)).float().mean()
        return loss / 2, {"texts_found": found}

    def _draw(self, clip: int, rng: np.random.Generator) -> int:
        """The position of the text that stands for a clip now."""
        texts = self._texts[clip]
        whole = len(texts) == 1 or rng.random() < WHOLE_CAPTION
        return int(texts[0] if whole else texts[rng.integers(1, len(texts))])

    def finish(self) -> None:
        """Nothing is left to do: the scale is not kept, since it does not change which text is nearest."""


class ScaledTower(nn.Module):
    """The trainee's weights, and what cosines are multiplied with."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    def scale(self) -> torch.Tensor:
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)


def sentences(caption: str) -> list[str]:
    """The sentences of a caption; none where it is one itself."""
    parts = re.split(r"(?<=[.!?])\s+", caption.strip())
    return parts if len(parts) > 1 else []
