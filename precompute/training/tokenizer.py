"""Names for patches of a spectrogram, without learning any: the random projection tokenizer of BEATs.

Chen et al. 2023 (arXiv 2212.09058), section 3.2.1, after Chiu et al. 2022 (arXiv 2202.01855).
"""

import torch
from torch import nn
from torch.nn import functional

FLATTEST = 0.01
"""Added to a patch's standard deviation, in units of normalised log-mel, so that silence is not blown up."""


class RandomTokenizer(nn.Module):
    """A frozen random projection, and a frozen random codebook: a patch's code is the entry in nearest direction.

    Patches are standardised one by one, so that a code is about a patch's pattern and not about its loudness.
    """

    projection: torch.Tensor
    codebook: torch.Tensor

    def __init__(self, values: int, codes: int, dimensions: int, seed: int) -> None:
        """
        Args:
            values: numbers a patch.
            codes: entries of the codebook.
            dimensions: width of the projection.
        """
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.codes = codes
        projection = torch.randn(values, dimensions, generator=generator) / values**0.5
        codebook = functional.normalize(torch.randn(codes, dimensions, generator=generator), dim=-1)
        self.register_buffer("projection", projection, persistent=False)
        self.register_buffer("codebook", codebook, persistent=False)

    @torch.no_grad()
    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """[..., values] -> codes [...] int64."""
        centred = patches - patches.mean(dim=-1, keepdim=True)
        pattern = centred / (patches.std(dim=-1, keepdim=True) + FLATTEST)
        # In float32 also where a network beside it is in bfloat16: a code must not depend on that.
        with torch.autocast(patches.device.type, enabled=False):
            directions = functional.normalize(pattern.float() @ self.projection, dim=-1)
            return (directions @ self.codebook.T).argmax(dim=-1)


def histograms(codes: torch.Tensor, size: int) -> torch.Tensor:
    """How often each code occurs: [..., N] int64 -> shares [..., size]."""
    return functional.one_hot(codes, size).float().mean(dim=-2)
