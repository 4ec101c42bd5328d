"""A chat model hears the clips: what it is sent, what its answers become, and a real engine with a tiny model."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from and_core.errors import ConfigError
from and_core.models import registry
from and_core.models.captioners.audio_llm import AudioLanguageModelCaptioner
from and_core.models.captioners.reading import read_answer
from and_core.models.protocols import Captioner, Clip, Reply

REAL_ENGINE = [pytest.mark.vllm, pytest.mark.slow, pytest.mark.filterwarnings("default")]
HEARD = "A dog barks twice, loudly and close by. Rain falls in the background."


def said_by(captioner: Captioner, clips: Sequence[Clip]) -> list[str | None]:
    return [answer.value for answer in captioner.captions(clips)]


def on_server(base_url: str, **options) -> AudioLanguageModelCaptioner:
    model = {"kind": "openai", "model": "tiny-qwen2-audio", "base_url": base_url, "concurrency": 1}
    return AudioLanguageModelCaptioner(model, **options)


def test_a_clip_is_sent_as_a_wav_of_16_khz_before_the_question(saying, tone) -> None:
    with saying([HEARD]) as (base_url, requests):
        assert said_by(on_server(base_url), [tone(440, seconds=1.5, rate=44_100)]) == [HEARD]
    (message,) = requests[0]["messages"]
    audio, text = message["content"]
    assert (message["role"], text["type"]) == ("user", "text")
    assert "describe" in text["text"]
    assert audio["input_audio"]["format"] == "wav"
    waveform, rate = soundfile.read(io.BytesIO(base64.b64decode(audio["input_audio"]["data"])))
    assert (rate, len(waveform)) == (16_000, 24_000)
    assert np.abs(np.fft.rfft(waveform)).argmax() / 1.5 == pytest.approx(440, abs=1)


def test_each_clip_gets_its_own_caption_and_what_is_none_is_none(saying, tone) -> None:
    said = [HEARD, "I'm sorry, I cannot listen to audio.", "", "Sure! Here is a description:\n\nA bell rings softly."]
    with saying(said) as (base_url, requests):
        captions = said_by(on_server(base_url), [tone(pitch) for pitch in (100, 200, 300, 400)])
    assert captions == [HEARD, None, None, "A bell rings softly."]
    assert len({request["messages"][0]["content"][0]["input_audio"]["data"] for request in requests}) == 4


def test_a_clip_without_a_usable_answer_is_played_again_when_attempts_allow_it(saying, tone) -> None:
    with saying(["I cannot hear.", HEARD]) as (base_url, requests):
        assert said_by(on_server(base_url, attempts=2), [tone(440)]) == [HEARD]
    assert [request["seed"] for request in requests] == [0, 1]


def test_the_question_can_be_ones_own(saying, tone, tmp_path: Path) -> None:
    (tmp_path / "ask.md").write_text("## System\nYou hear well.\n\n## User\nWhich animal is it?\n")
    with saying([HEARD]) as (base_url, requests):
        captioner = on_server(base_url, prompt=tmp_path / "ask.md")
        assert said_by(captioner, [tone(440)]) == [HEARD]
        assert captioner.fingerprint != on_server(base_url).fingerprint
        assert captioner.provenance == "Captions by tiny-qwen2-audio, which hears the clips, prompt ask."
    system, user = requests[0]["messages"]
    assert system == {"role": "system", "content": "You hear well."}
    assert user["content"][1]["text"] == "Which animal is it?"


def test_what_changes_captions_is_in_the_fingerprint_and_the_address_is_not() -> None:
    here, there = (on_server(f"http://127.0.0.1:{port}/v1") for port in (1, 2))
    assert here.fingerprint == there.fingerprint
    changed = [{"max_tokens": 9}, {"temperature": 0.5}, {"seed": 3}, {"attempts": 2}]
    assert (
        len({on_server("http://127.0.0.1:1/v1", **option).fingerprint for option in changed} | {here.fingerprint}) == 5
    )


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"kind": "transformers", "model": "."}, "captioner.audio_model.kind = 'transformers' .* vllm, openai"),
        ({"model": "x"}, "captioner.audio_model.kind = None"),
        ({"kind": "openai", "model": "x"}, "captioner.audio_model.base_url is not set"),
        ({"kind": "vllm", "model": "x", "speed": 2}, "captioner.audio_model.speed is not a setting"),
    ],
)
def test_a_model_that_cannot_hear_or_be_made_is_refused(model: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        registry.create("captioner", "audio_llm", {"audio_model": model}, "captioner")


def test_an_answer_that_repeats_itself_is_cut_and_kept_as_it_came() -> None:
    stuck = "A dog barks in the distance near a road. A dog barks in the distance near a road. A dog"
    answer = read_answer(Reply(stuck, is_complete=False))
    assert (answer.value, answer.raw) == ("A dog barks in the distance near a road.", stuck)


@pytest.mark.parametrize(
    "place", [pytest.param("engine", marks=REAL_ENGINE), pytest.param("server", marks=REAL_ENGINE)]
)
def test_a_real_engine_hears(place: str, request: pytest.FixtureRequest, tone) -> None:
    if place == "server":
        model = on_server(request.getfixturevalue("qwen2_audio_server"), max_tokens=12)
    else:
        request.getfixturevalue("vllm_on_cpu")
        folder = request.getfixturevalue("tiny_qwen2_audio")
        engine = {
            "kind": "vllm",
            "model": str(folder),
            "dtype": "float32",
            "max_model_len": 2048,
            "enforce_eager": True,
        }
        model = AudioLanguageModelCaptioner(engine, max_tokens=12)
    clips = [tone(110), tone(3000, seconds=2.5, rate=44_100), tone(700, seconds=0.3)]
    answers = model.captions(clips)
    said = [answer.raw for answer in answers]
    assert all(said)
    assert len(set(said)) > 1, "it says the same whatever it hears"
    assert [model.captions([clip])[0].raw for clip in clips] == said
    assert all(answer.problem and answer.value is None for answer in answers), "a random model says nothing usable"
