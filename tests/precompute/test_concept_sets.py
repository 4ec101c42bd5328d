"""Which concepts a configuration may name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from and_core.errors import ConfigError
from and_core.models.text_encoders.minilm import MiniLM
from precompute.concept_sets import concept_set
from precompute.run import Run


def test_classes_are_the_data_sets_own() -> None:
    assert concept_set("classes", ("dog", "rain")) == ("dog", "rain")
    assert concept_set("classes", ()) == ()


def test_a_shipped_set_is_named_and_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("thunder\n")
    assert concept_set("urbansound8k", ("dog",))[0] == "air_conditioner"
    assert concept_set(str(file), ("dog",)) == ("thunder",)


def test_a_misspelt_set_brings_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"'esc_50' cannot be read.*Did you mean 'esc50'"):
        concept_set("esc_50", ())


@pytest.mark.parametrize("content", ["", "\n \n# nothing but a comment\n"])
def test_a_file_without_a_concept_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "empty.txt"
    file.write_text(content)
    with pytest.raises(ConfigError, match="holds no concept"):
        concept_set(str(file), ())


def test_a_folder_is_no_concept_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        concept_set(str(tmp_path), ())


def test_concepts_have_an_encoder_of_their_own_or_the_text_encoder(fake_run: Callable[..., Run]) -> None:
    shared = fake_run()
    assert shared.fingerprints["concept_encoder"] == shared.fingerprints["text_encoder"] == "fake encoder"
    own = fake_run(concept_encoder={"kind": "minilm"})
    assert own.fingerprints["text_encoder"] == "fake encoder"
    assert own.fingerprints["concept_encoder"] == own.new_concept_encoder().fingerprint == MiniLM().fingerprint


def test_an_audio_text_encoder_is_there_where_the_configuration_names_one(fake_run: Callable[..., Run]) -> None:
    assert "audio_text_encoder" not in fake_run().fingerprints
    with pytest.raises(ConfigError, match=r"no audio-text encoder.*\[audio_text_encoder\]"):
        fake_run().new_audio_text_encoder()
    named = fake_run(audio_text_encoder={"kind": "fake"})
    assert named.fingerprints["audio_text_encoder"] == named.new_audio_text_encoder().fingerprint
