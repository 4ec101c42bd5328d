"""Telling sentences from noise, and English from other languages."""

import json
from pathlib import Path

import pytest

from and_core.algorithms.replies.wording import longest_run, wording_problem


@pytest.mark.parametrize(
    "text",
    [
        "A meowing cat purrs and hisses.",
        "Reverberant, lo-fi ambience with whooshing synths at 44.1 kHz.",
        "Short sneezes and wheezy snores are heard.",
        "Loud\nShort\nHigh-pitched",
        "The children's voices don't stop; it's noisy.",
        "It can't be heard in clips 1, 3 and 5 (the ones with rain).",
        "Dog barking: All of the clips contain the sound of a dog barking.",
        "🔊 The clips are loud 😊",
    ],
)
def test_english_of_every_kind_is_fine(text: str) -> None:
    assert wording_problem(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Los clips comparten un sonido fuerte y metálico que se repite muchas veces.", "another language"),
        ("Tutti i clip contengono il suono di una campana che suona lentamente.", "another language"),
        ("Todos os clipes têm um som alto e repetido de um cachorro.", "another language"),
        ("Alle clips bevatten het geluid van een blaffende hond in een tuin.", "another language"),
        ("すべてのクリップに犬の鳴き声が含まれています。", "another language"),
        ("كل المقاطع تحتوي على صوت كلب", "another language"),
        ("모든 클립에는 개 짖는 소리가 있습니다", "another language"),
        ("qwrt zxcvb plmk njuh bgtv", "no sentences"),
        ("dog loud bell noise rain engine hum wind soft steady", "no sentences"),
        ("8|T/\\jTh}dog@ soft", "no sentences"),
        ("loudBell softHum steadyRain highWind", "no sentences"),
        ("rain\x00 falls\x07 loud and soft", "no sentences"),
        ("the loud �� bell", "no sentences"),
        ("Loud", "no sentences"),
        ("12 34 56", "no sentences"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    assert wording_problem(text) == problem


def test_every_sentence_of_the_goldens_is_fine(shared: Path) -> None:
    for case in json.loads((shared / "golden" / "text.json").read_text())["adjective_filter_nltk_tagged"]:
        assert wording_problem("\n".join(case["highly"])) is None


def test_words_that_carry_meaning_are_counted_between_others() -> None:
    assert longest_run("A loud, harsh metal bell rings and the big old dog barks.") == 4
    assert longest_run("loud engine 3 low hum") == 2
    assert longest_run("of the") == 0
