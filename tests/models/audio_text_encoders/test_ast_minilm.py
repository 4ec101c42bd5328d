"""The project's own audio-text encoder: a network that answers in MiniLM's space."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from and_core.errors import EncoderError, NetworkError
from and_core.models import registry
from and_core.models.audio_text_encoders.ast_minilm import DIMENSION_NAMES, AstMiniLM
from and_core.models.protocols import AudioTextEncoder, Clip
from and_core.models.text_encoders.minilm import MiniLM

WriteAst = Callable[[Path, Sequence[str]], None]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, write_ast: WriteAst) -> Path:
    folder = tmp_path_factory.mktemp("towers") / "tiny"
    write_ast(folder, DIMENSION_NAMES)
    return folder


@pytest.fixture
def encoder(tiny: Path) -> AudioTextEncoder:
    options = {"path": str(tiny), "batch_size": 2, "device": "cpu"}
    made: AudioTextEncoder = registry.create("audio_text_encoder", "ast_minilm", options, "audio_text_encoder")
    return made


def test_clips_and_texts_are_rows_of_unit_length_in_one_space(encoder: AudioTextEncoder, clips: list[Clip]) -> None:
    heard, read = encoder.embed_audio(clips), encoder.embed_text(["rain", "a dog"])
    assert heard.dtype == np.float32
    assert heard.shape == (len(clips), 384)
    np.testing.assert_allclose(np.linalg.norm(heard, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(read, MiniLM().embed(["rain", "a dog"]))


def test_a_clip_does_not_depend_on_its_company_nor_on_what_was_freed(
    encoder: AudioTextEncoder, tiny: Path, clips: list[Clip]
) -> None:
    together = encoder.embed_audio(clips)
    np.testing.assert_allclose(encoder.embed_audio(clips[2:3])[0], together[2], atol=1e-5)
    freed = AstMiniLM(tiny, device="cpu")
    freed.embed_audio(clips[:1])
    freed.close()
    np.testing.assert_allclose(freed.embed_audio(clips), together, atol=1e-5)


def test_nothing_embeds_as_no_rows(encoder: AudioTextEncoder) -> None:
    assert encoder.embed_audio([]).shape == encoder.embed_text([]).shape == (0, 384)


def test_the_fingerprint_follows_the_weights(tiny: Path, write_ast: WriteAst, tmp_path: Path) -> None:
    write_ast(tmp_path / "other", DIMENSION_NAMES)  # other random weights
    assert AstMiniLM(tiny, batch_size=1).fingerprint == AstMiniLM(tiny).fingerprint
    assert AstMiniLM(tiny).fingerprint != AstMiniLM(tmp_path / "other").fingerprint


def test_a_network_of_classes_is_refused_at_once(write_ast: WriteAst, tmp_path: Path) -> None:
    write_ast(tmp_path / "classes", ("dog", "rain"))
    with pytest.raises(EncoderError, match="it has 2 other outputs"):
        AstMiniLM(tmp_path / "classes")
    with pytest.raises(NetworkError, match="nowhere"):
        AstMiniLM(tmp_path / "nowhere")
