"""SALMONN writes captions, at toy size: random Whisper, BEATs, Q-Former, LoRA and Llama, loaded as the real ones."""

import weakref
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentencepiece import SentencePieceProcessor
from transformers import AutoTokenizer

from and_core.errors import CaptionerError, ConfigError
from and_core.models import registry
from and_core.models.captioners.salmonn.captioner import SalmonnCaptioner, prepared
from and_core.models.captioners.salmonn.released import AUDIO_PLACE, PROMPT_TEMPLATE
from and_core.models.loading import preprocessor
from and_core.models.model_source import ModelSource
from and_core.models.protocols import Captioner, Clip

RATE = 16_000


def said_by(captioner: Captioner, clips: Sequence[Clip]) -> list[str | None]:
    return [answer.value for answer in captioner.captions(clips)]


def clip(seconds: float, pitch_hz: float, rate: int = RATE) -> Clip:
    time = np.arange(int(seconds * rate)) / rate
    return Clip(f"{pitch_hz}.wav", (0.5 * np.sin(2 * np.pi * pitch_hz * time)).astype(np.float32), rate)


CLIPS = [clip(0.4, 110), clip(1.7, 3000), clip(6.1, 700, rate=22_050)]


def said(captioner: SalmonnCaptioner, clips: list[Clip] = CLIPS) -> list[str | None]:
    """As it came: what random weights say is no caption."""
    return [answer.raw for answer in captioner.captions(clips)]


SENTENCE = "A dog barks loudly while rain falls."


@pytest.mark.parametrize("beams", [1, 4])
def test_a_caption_comes_out(talking_toy, beams: int) -> None:
    captioner = SalmonnCaptioner(**talking_toy(SENTENCE, stops=True), beams=beams)
    assert said_by(captioner, CLIPS) == [SENTENCE] * 3
    assert said(captioner) == [SENTENCE] * 3


def test_a_caption_that_repeats_itself_without_end_is_cut_at_its_first_sentence(talking_toy) -> None:
    captioner = SalmonnCaptioner(**talking_toy(SENTENCE, stops=False), max_tokens=60)
    assert said_by(captioner, CLIPS[:1]) == [SENTENCE]
    assert said(captioner, CLIPS[:1])[0].startswith(f"{SENTENCE} {SENTENCE} ")


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_a_language_model_of_half_precision_says_the_same_sentence(talking_toy, precision: str) -> None:
    captioner = SalmonnCaptioner(**talking_toy(SENTENCE, stops=True) | {"precision": precision})
    assert said_by(captioner, CLIPS[:1]) == [SENTENCE]
    assert next(captioner._model()._language_model.base_model.model.parameters()).dtype == getattr(torch, precision)


@pytest.mark.parametrize("beams", [1, 4])
def test_a_batch_says_what_single_clips_say_and_the_same_again(toy: dict, beams: int) -> None:
    captioner = SalmonnCaptioner(**toy, beams=beams, max_tokens=12, batch_size=2)
    together = said(captioner)
    assert all(together)
    assert len(set(together)) > 1, "it says the same whatever it hears"
    assert [said(captioner, [clip])[0] for clip in CLIPS] == together
    assert said(SalmonnCaptioner(**toy, beams=beams, max_tokens=12)) == together


def test_what_is_freed_is_loaded_again(toy: dict) -> None:
    captioner = SalmonnCaptioner(**toy, beams=1, max_tokens=12)
    first = said(captioner)
    weights = weakref.ref(captioner._model())
    captioner.close()
    assert weights() is None
    assert said(captioner) == first


def test_what_random_weights_say_is_no_caption(toy: dict) -> None:
    assert said_by(SalmonnCaptioner(**toy, max_tokens=12), CLIPS) == [None] * 3


def test_what_is_asked_changes_what_is_said(toy: dict) -> None:
    asked = [SalmonnCaptioner(**toy, prompt=prompt, beams=1, max_tokens=12) for prompt in ("Rain?", "A dog?")]
    assert said(asked[0]) != said(asked[1])


def test_lora_is_used(toy: dict) -> None:
    weighed = [SalmonnCaptioner(**toy, lora_alpha=alpha, beams=1, max_tokens=12) for alpha in (4, 400)]
    assert said(weighed[0]) != said(weighed[1])


def test_a_clip_is_heard_at_16_khz_between_one_second_and_thirty() -> None:
    assert len(prepared(clip(0.4, 440))) == RATE
    assert prepared(clip(0.4, 440))[round(0.4 * RATE) :].max() == 0
    assert len(prepared(clip(31, 440, rate=8000))) == 30 * RATE
    assert len(prepared(clip(3, 440, rate=44_100))) == 3 * RATE


def test_nothing_is_loaded_for_no_clips_and_by_the_constructor(toy: dict, tmp_path) -> None:
    (tmp_path / "salmonn.pth").write_text("not a checkpoint")
    captioner = SalmonnCaptioner(**toy | {"checkpoint": str(tmp_path / "salmonn.pth")})
    assert said_by(captioner, []) == []
    with pytest.raises(CaptionerError, match="cannot be read as a checkpoint of torch"):
        said_by(captioner, CLIPS)


def test_the_fingerprint_follows_files_and_settings_but_not_speed(toy: dict, tmp_path) -> None:
    fingerprint = SalmonnCaptioner(**toy).fingerprint
    assert SalmonnCaptioner(**toy, batch_size=3).fingerprint == fingerprint
    changed = torch.load(toy["checkpoint"], weights_only=True)
    changed["model"]["ln_speech.bias"] += 1
    torch.save(changed, tmp_path / "salmonn.pth")
    others = [
        SalmonnCaptioner(**toy | {"checkpoint": str(tmp_path / "salmonn.pth")}),
        SalmonnCaptioner(**toy, prompt="What is it?"),
        SalmonnCaptioner(**toy, beams=2),
        SalmonnCaptioner(**toy | {"precision": "bfloat16"}),
    ]
    assert len({fingerprint, *(other.fingerprint for other in others)}) == 5


def test_the_defaults_are_those_of_the_release_and_the_question_is_the_papers(toy: dict, released: dict) -> None:
    captioner = SalmonnCaptioner(**toy)
    decoding = released["decoding"]
    assert (captioner._beams, captioner._max_tokens) == (decoding["num_beams"], decoding["max_new_tokens"])
    assert captioner._lora_alpha == released["lora"]["alpha"]
    example = PROMPT_TEMPLATE.format(released["prompt"]["audio_caption_prompt"])
    assert example == released["prompt"]["full_example"]
    assert "asked “Please describe the audio in detail.”" in captioner.provenance


@pytest.mark.parametrize(
    ("setting", "value", "error", "message"),
    [
        ("checkpoint", "missing.pth", CaptionerError, "captioner.checkpoint = 'missing.pth' is not a file"),
        ("beats", "missing.pt", CaptionerError, "captioner.beats"),
        ("whisper", "./missing", CaptionerError, "captioner.whisper = './missing' is not a folder"),
        ("vicuna", "./missing", CaptionerError, "captioner.vicuna"),
        ("beams", 0, ConfigError, "captioner.beams = 0"),
        ("precision", "float8", ConfigError, "float16, bfloat16, float32"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_at_once(toy: dict, setting, value, error, message) -> None:
    with pytest.raises(error, match=message):
        registry.create("captioner", "salmonn", toy | {setting: value}, "captioner")


@pytest.mark.parametrize("text", PROMPT_TEMPLATE.format("Please describe the audio.").split(AUDIO_PLACE))
def test_the_prompt_is_cut_into_tokens_as_vicuna_learned_it(toy: dict, text: str) -> None:
    learned = SentencePieceProcessor(model_file=f"{toy['vicuna']}/tokenizer.model")
    tokenizer = preprocessor(AutoTokenizer, ModelSource("captioner.vicuna", toy["vicuna"], CaptionerError))
    assert tokenizer(text, add_special_tokens=False).input_ids == learned.encode(text)
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id) == (1, 2)


@pytest.mark.parametrize("part", ["beats", "whisper", "vicuna"])
def test_a_part_of_another_width_is_refused_by_its_name(toy: dict, write_toy: dict, tmp_path, part: str) -> None:
    write_toy[part](tmp_path / "part", width=20)
    with pytest.raises(CaptionerError, match=f"captioner.{part} is 20 wide"):
        said_by(SalmonnCaptioner(**toy | {part: str(tmp_path / "part")}), CLIPS)


def test_a_model_that_lacks_a_weight_is_refused_and_not_made_up(toy: dict, write_toy: dict, tmp_path) -> None:
    write_toy["whisper"](tmp_path / "whisper", width=16)
    weights = load_file(tmp_path / "whisper" / "model.safetensors")
    del weights["model.encoder.conv1.weight"]
    save_file(weights, tmp_path / "whisper" / "model.safetensors", {"format": "pt"})
    with pytest.raises(CaptionerError, match=r"captioner.whisper .* lacks 1 weights, encoder.conv1.weight"):
        said_by(SalmonnCaptioner(**toy | {"whisper": str(tmp_path / "whisper")}), CLIPS)
