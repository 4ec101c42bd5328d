"""What TorchNetwork does with any source: batches that do not fit into memory, and networks that fail their check."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from and_core.errors import NetworkError
from and_core.models.networks.architectures import Architecture
from and_core.models.networks.source import LoadedNetwork
from and_core.models.networks.token_places import frame_grid
from and_core.models.networks.torch_network import TorchNetwork

RATE_HZ = 100
MORE_THAN_ANY_MACHINE_HAS = 2**50
"""bytes"""


TOY = Architecture("toy", {"output": ("blocks.*",)}, head=("head",), default_pool="max", places=lambda *_: None)


class Toy(nn.Module):
    """Samples are tokens; two linear layers and a head that averages tokens."""

    def __init__(self, fits: int, time_first: bool, wrong_in_bfloat16: bool) -> None:
        super().__init__()
        self.fits, self.time_first, self.wrong_in_bfloat16 = fits, time_first, wrong_in_bfloat16
        self.blocks = nn.ModuleList(nn.Linear(width, 4) for width in (1, 4))
        self.head = nn.Linear(4, 2)
        self.batches: list[int] = []

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        self.batches.append(len(waveforms))
        if len(waveforms) > self.fits:
            torch.empty(MORE_THAN_ANY_MACHINE_HAS, dtype=torch.uint8)
        tokens = waveforms[:, :, None]
        if self.wrong_in_bfloat16 and tokens.dtype == torch.bfloat16:
            tokens = tokens.abs()
        if self.time_first:
            tokens = tokens.transpose(0, 1)
        for block in self.blocks:
            tokens = block(tokens).tanh()
        logits: torch.Tensor = self.head(tokens.mean(dim=0 if self.time_first else 1))
        return logits


@dataclass(frozen=True)
class ToySource:
    """A NetworkSource whose checkpoint is a seed."""

    toy: Toy
    architecture: Architecture = TOY
    sample_rate_hz: int = RATE_HZ
    class_names: tuple[str, ...] = ("dog", "rain")
    longest_s: float | None = None

    def digest(self) -> str:
        return "toy"

    def build_without_weights(self) -> nn.Module:
        return self.toy

    def load(self) -> LoadedNetwork:
        return LoadedNetwork(self.toy, lambda waveform: waveform, lambda module, features: module(features))

    def token_places(self, tokens):
        return frame_grid(tokens, 1 / RATE_HZ, 1 / RATE_HZ)


class ToyNetwork(TorchNetwork):
    def __init__(self, batch_size=8, precision="float32", fits=99, time_first=False, wrong_in_bfloat16=False) -> None:
        super().__init__("toy", None, batch_size, "cpu", precision)
        torch.manual_seed(0)
        self.toy = Toy(fits, time_first, wrong_in_bfloat16)

    @property
    def _source(self) -> ToySource:
        return ToySource(self.toy)


@pytest.fixture(autouse=True)
def one_thread():
    """A batch is one pass, however many cores there are."""
    own = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(own)


@pytest.fixture
def clips() -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    return [rng.normal(0, 1, length).astype(np.float32) for length in [40] * 11 + [60] * 3]


LAYERS = ("layer1_output", "layer2_output", "fc")


def test_a_batch_that_does_not_fit_is_halved_and_nothing_else_changes(clips):
    tight, roomy = ToyNetwork(fits=2), ToyNetwork()
    tight.forward(clips[:1])
    tight.toy.batches.clear()
    logits, activations = tight.forward(clips, LAYERS)
    assert tight.toy.batches == [8, 4, 2, 2, 2, 2, 2, 1, 2, 1]
    expected_logits, expected = roomy.forward(clips, LAYERS)
    np.testing.assert_allclose(logits, expected_logits, atol=1e-6)
    for layer in LAYERS:
        np.testing.assert_allclose(activations[layer], expected[layer], atol=1e-6)


def test_the_smaller_batch_is_kept_for_what_comes_later(clips):
    network = ToyNetwork(fits=2)
    network.forward(clips)
    network.toy.batches.clear()
    network.forward(clips[:4])
    assert network.toy.batches == [2, 2]


def test_a_single_clip_that_does_not_fit_is_explained(clips):
    network = ToyNetwork()
    network.forward(clips[:1])
    network.toy.fits = 0
    with pytest.raises(NetworkError, match="One clip is more than the memory of cpu holds") as raised:
        network.forward(clips)
    assert "max_seconds" in raised.value.remedy
    with pytest.raises(NetworkError, match="One clip is more than the memory of cpu holds"):
        next(network.token_activations(clips[:1], ["layer1_output"]))


def test_a_network_that_does_not_fit_at_all_says_so_when_it_is_loaded(clips):
    with pytest.raises(NetworkError, match="One clip is more than the memory"):
        ToyNetwork(fits=0).forward(clips)


def test_another_error_than_one_of_memory_is_not_taken_for_one(clips):
    network = ToyNetwork()
    network.forward(clips[:1])
    network.toy.head = nn.Linear(5, 2)
    with pytest.raises(RuntimeError, match="shapes"):
        network.forward(clips)


def test_a_network_that_cannot_play_is_explained_when_it_is_loaded():
    network = ToyNetwork()
    network.toy.head = nn.Linear(5, 2)
    with pytest.raises(NetworkError, match=r"'toy' cannot play a second of noise: RuntimeError: .*shapes") as raised:
        network.forward([])
    assert "architectures.py" in raised.value.remedy


def test_layers_in_which_the_clips_of_a_batch_are_mixed_are_refused(clips):
    with pytest.raises(NetworkError, match=r"in float32 and in a batch, layer1_output differs by \d+%") as raised:
        ToyNetwork(time_first=True).forward(clips)
    assert "batch_size to 1" in raised.value.remedy
    ToyNetwork(time_first=True, batch_size=1).forward(clips)


def test_a_precision_that_computes_something_else_is_refused(clips):
    with pytest.raises(NetworkError, match=r"in bfloat16 and in a batch, layer1_output differs by \d+%") as raised:
        ToyNetwork(wrong_in_bfloat16=True, precision="bfloat16").forward(clips)
    assert "float32" in raised.value.remedy
    ToyNetwork(precision="bfloat16").forward(clips)
    ToyNetwork(wrong_in_bfloat16=True).forward(clips)
