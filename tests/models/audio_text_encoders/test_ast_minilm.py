"""The project's own audio-text encoder: a network that answers in MiniLM's space."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from and_core.algorithms.a_closed_concept.description_based import concept_text
from and_core.errors import EncoderError, NetworkError
from and_core.models import registry
from and_core.models.audio_text_encoders.ast_minilm import DIMENSION_NAMES, AstMiniLM
from and_core.models.captioners.acoustic import AcousticCaptioner
from and_core.models.datasets.foley import Foley
from and_core.models.protocols import AudioTextEncoder, Clip
from and_core.models.text_encoders.minilm import MiniLM
from precompute.training import config as training_config
from precompute.training.aligning import retrieval
from precompute.training.report import settings_of

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


@pytest.fixture
def shipped(project: Path) -> Path:
    return project / "assets" / "audio-text-foley"


@pytest.fixture
def record(shipped: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shipped / "training.json").read_text())
    return loaded


def test_the_shipped_one_is_small_and_was_made_by_its_configuration(shipped: Path, record: dict[str, Any]) -> None:
    assert sum(file.stat().st_size for file in shipped.iterdir()) <= 4 * 2**20
    config = training_config.load("train_audio_text_foley")
    assert config.out == Path("assets") / shipped.name
    assert record["settings"] == settings_of(config)
    assert record["accuracy"] > 10 * 0.05  # ten times chance
    assert AstMiniLM(shipped).name == "audio-text-foley"


@pytest.mark.slow
def test_the_shipped_one_finds_unseen_clips_as_its_record_says(shipped: Path, record: dict[str, Any]) -> None:
    dataset = Foley(clips_per_class=100)
    assert record["dataset"] == dataset.fingerprint
    unseen = [dataset.clip(index) for index in range(len(dataset)) if index % 5 == record["held_out_fold"] - 1]
    assert {clip.fold for clip in unseen} == {record["held_out_fold"]}
    encoder = AstMiniLM(shipped)
    heard = encoder.embed_audio(unseen)
    captions = [str(answer.value) for answer in AcousticCaptioner().captions(unseen)]
    found = retrieval(heard, encoder.embed_text(captions))
    assert found == pytest.approx(record["retrieval"], abs=0.02)
    names = encoder.embed_text([concept_text(name) for name in dataset.class_names])
    right = [
        dataset.class_names[best] == clip.class_name
        for best, clip in zip((heard @ names.T).argmax(axis=1), unseen, strict=True)
    ]
    assert np.mean(right) == pytest.approx(record["accuracy"], abs=0.02)
