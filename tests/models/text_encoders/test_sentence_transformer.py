"""Any model of sentence-transformers, with a tiny random one on disk."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer
from transformers import BertConfig, BertModel, BertTokenizerFast

from and_core.errors import EncoderError
from and_core.models import registry
from and_core.models.protocols import TextEncoder
from and_core.models.text_encoders.sentence_transformer import SentenceTransformerEncoder

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "dog", "barks", "rain", "loud"]
TEXTS = ["a dog barks", "rain", "a dog barks", "loud rain"]


def write_model(folder: Path, seed: int = 0) -> SentenceTransformer:
    bert = folder.with_name(f"{folder.name}-bert")
    bert.mkdir(parents=True)
    (bert / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(vocab_file=str(bert / "vocab.txt")).save_pretrained(bert)
    torch.manual_seed(seed)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=len(WORDS), **sizes)).save_pretrained(bert)
    transformer = Transformer(str(bert))
    model = SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu")
    model.save(str(folder))
    return model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sentences") / "tiny"
    write_model(folder)
    return folder


def create(folder: Path) -> TextEncoder:
    options = {"model": str(folder), "batch_size": 2, "device": "cpu"}
    made: TextEncoder = registry.create("text_encoder", "sentence_transformers", options, "text_encoder")
    return made


def test_embeddings_are_those_of_sentence_transformers_with_unit_length(tmp_path: Path) -> None:
    model = write_model(tmp_path / "tiny")
    ours = create(tmp_path / "tiny").embed(TEXTS)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, model.encode(TEXTS, normalize_embeddings=True), atol=1e-5)
    np.testing.assert_array_equal(ours[0], ours[2])


def test_no_texts_give_no_rows_and_freed_weights_come_back(folder: Path) -> None:
    encoder = SentenceTransformerEncoder(str(folder), device="cpu")
    assert encoder.embed([]).shape == (0, 16)
    before = encoder.embed(TEXTS)
    encoder.close()
    np.testing.assert_array_equal(encoder.embed(TEXTS), before)


def test_the_fingerprint_follows_the_contents_of_all_its_folders(folder: Path, tmp_path: Path) -> None:
    write_model(tmp_path / "same")
    write_model(tmp_path / "other", seed=1)
    assert create(tmp_path / "same").fingerprint == create(folder).fingerprint
    assert create(tmp_path / "other").fingerprint != create(folder).fingerprint
    pooling = next((tmp_path / "same").glob("*Pooling*/config.json"))
    pooling.write_text(pooling.read_text() + " ")
    assert create(tmp_path / "same").fingerprint != create(folder).fingerprint


def test_a_folder_of_something_else_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"has no modules.json"):
        create(tmp_path)


def test_code_of_a_model_is_not_run(tmp_path: Path) -> None:
    write_model(tmp_path / "tiny")
    modules = json.loads((tmp_path / "tiny/modules.json").read_text())
    modules[1]["type"] = "evil.Pooling"
    (tmp_path / "tiny/modules.json").write_text(json.dumps(modules))
    (tmp_path / "tiny/evil.py").write_text("raise SystemExit('run')")
    with pytest.raises(EncoderError, match=r"cannot be loaded.*evil.Pooling"):
        create(tmp_path / "tiny").embed(TEXTS)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    write_model(tmp_path / "tiny")
    weights = next((tmp_path / "tiny").rglob("model.safetensors"))
    torch.save({}, weights.with_name("pytorch_model.bin"))
    weights.unlink()
    with pytest.raises(EncoderError, match="cannot be loaded"):
        create(tmp_path / "tiny").embed(TEXTS)


def test_a_name_that_cannot_be_fetched_is_told_with_what_fetches_it() -> None:
    with pytest.raises(EncoderError, match=r"is not on this machine.*hf download and-explorer/no-such-encoder"):
        SentenceTransformerEncoder("and-explorer/no-such-encoder").embed(["rain"])
