"""Concept features from captions."""

from pathlib import Path

import numpy as np
import pytest

from and_core.algorithms.a_closed_concept.description_based import concept_features, concept_text


def test_underscores_become_spaces() -> None:
    assert concept_text("door_wood_knock") == "door wood knock"


def test_a_template_goes_around_the_name() -> None:
    assert concept_text("sea_waves", "the sound of {}") == "the sound of sea waves"


def test_a_template_without_a_place_for_the_name_is_refused() -> None:
    with pytest.raises(ValueError, match="template"):
        concept_text("dog", "the sound of it")


def test_cosine_features_do_not_depend_on_lengths() -> None:
    captions, concepts = np.array([[3.0, 0], [1, 1]], np.float32), np.array([[0, 5.0], [2, 0]], np.float32)
    expected = [[0, 1], [0.5**0.5, 0.5**0.5]]
    np.testing.assert_allclose(concept_features(captions, concepts, "cosine"), expected, atol=1e-6)


def test_softmax_features_by_hand() -> None:
    eye = np.eye(2, dtype=np.float32)
    found = concept_features(eye, eye, temperature=np.log(3))
    np.testing.assert_allclose(found, [[0.75, 0.25], [0.25, 0.75]], rtol=1e-6)


def test_default_features_equal_the_reference(shared: Path) -> None:
    golden = np.load(shared / "golden" / "similarity.npz")
    for case in ("a_db", "d_large"):
        found = concept_features(golden[f"{case}/desc_emb"], golden[f"{case}/concept_emb"])
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, golden[f"{case}/P"], atol=1e-5, rtol=1e-4)


def test_cosine_features_equal_the_reference(shared: Path) -> None:
    golden = np.load(shared / "golden" / "similarity.npz")
    found = concept_features(golden["b_tab/audio_emb"], golden["b_tab/text_emb"], "cosine")
    np.testing.assert_allclose(found, golden["b_tab/P"], atol=1e-5)


def test_an_empty_embedding_gets_finite_features() -> None:
    captions = np.zeros((1, 3), np.float32)
    np.testing.assert_allclose(concept_features(captions, np.eye(3, dtype=np.float32)), [[1 / 3] * 3], rtol=1e-6)


def test_an_unknown_feature_is_refused() -> None:
    with pytest.raises(ValueError, match="softmax and cosine"):
        concept_features(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), "dot")  # type: ignore[arg-type]
