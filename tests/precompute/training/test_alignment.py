"""Bringing clips near to their captions: an audio tower for MiniLM."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from and_core.errors import DatasetError
from and_core.models.audio_text_encoders.ast_minilm import AstMiniLM
from and_core.models.datasets.foley import Foley
from and_core.models.fakes import FakeTextEncoder
from precompute.__main__ import main
from precompute.train import train_from_file
from precompute.training.aligning import retrieval
from precompute.training.alignment import Alignment, sentences
from precompute.training.config import Augmentation, TrainingConfig

STILL = Augmentation(mixup=0, time_masks=0, mel_masks=0, shift_s=0, gain_db=0)
CAPTIONS = ("rain falls", "a bell rings", "rain falls")


class Table:
    """A trainee whose answer to clip i is row i of a table."""

    def __init__(self, answers: np.ndarray) -> None:
        self.module = self.head = nn.Linear(1, 1)
        self._answers = torch.from_numpy(answers)

    def augment(self, batch, labels, settings, rng):
        return batch, labels

    def logits(self, inputs: torch.Tensor) -> torch.Tensor:
        return self._answers[inputs[:, 0].long()]


def objective(answers: np.ndarray) -> Alignment:
    return Alignment(Table(answers), np.arange(3, dtype=np.float32)[:, None], CAPTIONS, FakeTextEncoder(), STILL)


@torch.no_grad()
def loss_of(answers: np.ndarray) -> tuple[float, float]:
    aligned = objective(answers)
    loss, told = aligned.loss(np.arange(3), np.random.default_rng(0), torch.device("cpu"))
    return float(loss), float(told["texts_found"])


def test_the_loss_is_the_cross_entropy_of_both_ways_with_shared_texts_shared() -> None:
    read = FakeTextEncoder().embed(CAPTIONS)
    heard = np.random.default_rng(1).normal(size=read.shape).astype(np.float32)
    similarities = (heard / np.linalg.norm(heard, axis=1, keepdims=True)) @ read.T / 0.07
    wanted = np.array([[0.5, 0, 0.5], [0, 1, 0], [0.5, 0, 0.5]])
    ways = []
    for scores in (similarities, similarities.T):
        log_shares = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        ways.append(-(wanted * log_shares).sum(axis=1).mean())
    assert loss_of(heard)[0] == pytest.approx(np.mean(ways), rel=1e-4)


def test_clips_that_lie_on_their_texts_are_found_and_cost_least() -> None:
    read = FakeTextEncoder().embed(CAPTIONS)
    aligned, found = loss_of(read)
    turned, lost = loss_of(np.roll(read, 1, axis=0)[[0, 1, 1]])
    assert found == 1.0 > lost
    assert aligned < turned


@torch.no_grad()
def test_the_scale_rises_to_its_limit_and_no_further() -> None:
    module = objective(FakeTextEncoder().embed(CAPTIONS)).module
    assert float(module.scale()) == pytest.approx(1 / 0.07)
    module.log_scale.fill_(9.0)
    assert float(module.scale()) == 100.0


def test_a_caption_is_cut_into_its_sentences_where_it_has_several() -> None:
    assert sentences("A dog barks. It is loud, about 3.5 times!  The end?") == [
        "A dog barks.",
        "It is loud, about 3.5 times!",
        "The end?",
    ]
    assert sentences("A dog barks.") == []


def test_retrieval_counts_who_finds_whom() -> None:
    heard = np.eye(4, dtype=np.float32)
    assert retrieval(heard, heard)["text_to_audio_at_1"] == retrieval(heard, heard)["audio_to_text_at_1"] == 1.0
    swapped = retrieval(heard, heard[[1, 0, 2, 3]])
    assert swapped["text_to_audio_at_1"] == swapped["audio_to_text_at_1"] == 0.5
    assert (swapped["chance_at_1"], swapped["chance_at_5"]) == (0.25, 1.0)
    assert retrieval(heard[:0], heard[:0]) == {}


@pytest.fixture(scope="module")
def trained(tiny_training: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("aligned") / "tower"
    with pytest.raises(SystemExit):
        main(["train", str(tiny_training), "--set", "task=align", "--out", str(out)])
    return out


def test_a_training_leaves_an_audio_text_encoder_and_says_how_well_it_finds(trained: Path) -> None:
    encoder = AstMiniLM(trained, device="cpu")
    assert encoder.embed_audio([Foley(clips_per_class=2).clip(0)]).shape == (1, 384)
    record = json.loads((trained / "training.json").read_text())
    assert record["settings"]["task"] == "align"
    assert record["settings"]["captioner"] == {"kind": "acoustic"}
    assert set(record["retrieval"]) >= {"text_to_audio_at_1", "audio_to_text_at_5", "chance_at_1"}
    assert 0 <= record["accuracy"] <= 1
    assert {"loss", "texts_found"} <= set(record["folds"][0]["curve"][0])


def test_the_command_says_how_often_captions_find_their_clip(tiny_training: Path, tmp_path: Path, capsys) -> None:
    with pytest.raises(SystemExit):
        main(["train", str(tiny_training), "--set", "task=align", "--set", "epochs=1", "--out", str(tmp_path / "a")])
    said = " ".join(capsys.readouterr().err.split())
    assert re.search(r"Captions find their clip: [\d.]+% at once .*by chance 5.0% and 25.0%", said)
    assert re.search(r"Held-out fold 2: [\d.]+% of 20 clips right", said)


def test_nothing_is_aligned_without_captions(tiny_training: Path, tmp_path: Path) -> None:
    file = tmp_path / "captions.csv"
    file.write_text("filename,caption\ndog-001.wav,\n")
    overrides = ("task=align", "captioner.kind=given", f"captioner.path={file}")
    with pytest.raises(DatasetError, match="No clip of foley has a caption"):
        train_from_file(tiny_training, overrides, tmp_path / "never")


def test_a_frozen_backbone_is_not_aligned() -> None:
    settings = {"dataset": {"kind": "foley"}, "task": "align", "frozen": True, "start": "somewhere"}
    with pytest.raises(ValidationError, match='not for task = "align"'):
        TrainingConfig.model_validate(settings)
