"""The audio path answers as SALMONN's own code did, and has the released tensors' names and shapes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from and_core.models.captioners.salmonn.released import WINDOW_FRAMES, our_names, sizes_of
from and_core.models.captioners.salmonn.window_qformer import WindowQFormer


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, np.ndarray]:
    return dict(np.load(shared / "golden" / "salmonn_qformer.npz"))


@pytest.fixture(scope="module")
def reference(shared: Path) -> WindowQFormer:
    """The reference run's weights, loaded by their released names."""
    folder = shared / "golden"
    state = load_file(folder / "salmonn_qformer_state.safetensors")
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()} | {"lora_A": (8, 16)}
    model = WindowQFormer(
        sizes_of(shapes), heads=json.loads((folder / "salmonn_qformer_config.json").read_text())["heads"]
    )
    model.load_state_dict({ours: state[name] for ours, name in our_names(state).items()}, strict=True)
    return model.eval()


@torch.no_grad()
def test_the_audio_path_equals_the_reference(golden: dict[str, np.ndarray], reference: WindowQFormer) -> None:
    tokens = reference(torch.from_numpy(golden["speech"]), torch.from_numpy(golden["audio"]))
    np.testing.assert_allclose(tokens, golden["tokens_speech_longer"], atol=1e-4)


@torch.no_grad()
def test_the_shorter_stream_is_padded_whichever_it_is(golden: dict[str, np.ndarray], reference: WindowQFormer) -> None:
    speech = golden["speech"][:, : int(golden["speech_short_len"])]
    assert speech.shape[1] < golden["audio"].shape[1]
    tokens = reference(torch.from_numpy(speech), torch.from_numpy(golden["audio"]))
    np.testing.assert_allclose(tokens, golden["tokens_speech_shorter"], atol=1e-4)


@torch.no_grad()
def test_a_window_hears_nothing_of_the_others(golden: dict[str, np.ndarray], reference: WindowQFormer) -> None:
    speech, audio = torch.from_numpy(golden["speech"]), torch.from_numpy(golden["audio"])
    changed = speech.clone()
    changed[:, WINDOW_FRAMES : 2 * WINDOW_FRAMES] += torch.linspace(0, 3, changed.shape[2])
    difference = (reference(changed, audio) - reference(speech, audio)).abs().amax(dim=(0, 2))
    assert difference[1] > 0.01
    assert difference[[0, 2, 3, 4, 5, 6]].max() < 1e-5
