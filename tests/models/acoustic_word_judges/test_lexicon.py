import pytest

from and_core.models.acoustic_word_judges.lexicon import LexiconJudge


def judged(words: list[str]) -> list[bool | None]:
    return [answer.value for answer in LexiconJudge().are_acoustic(words)]


@pytest.mark.parametrize(
    "word", ["loud", "High-Pitched", "high pitched", "highpitched", "high‑pitched", "LOW-QUALITY", "eerie", "tinny"]
)
def test_words_for_sound_are_acoustic_however_they_are_spelt(word: str) -> None:
    assert judged([word]) == [True]


@pytest.mark.parametrize("word", ["running", "five", "brown", "Italian", "wooden", "", "-", "#", "loud dog"])
def test_other_words_are_not(word: str) -> None:
    assert judged([word]) == [False]


def test_the_answers_stand_in_the_order_of_the_words() -> None:
    assert judged(["loud", "brown", "loud", "quiet"]) == [True, False, True, True]
    assert judged([]) == []


def test_the_papers_most_frequent_adjectives_are_in_the_list() -> None:
    words = "high-pitched loud high-quality intense repetitive muffled distorted natural low-quality noisy realistic"
    assert all(judged([*words.split(), "emotional", "dramatic", "clear"]))


def test_the_fingerprint_stays_while_the_list_stays() -> None:
    assert LexiconJudge().fingerprint == LexiconJudge().fingerprint
    assert LexiconJudge().fingerprint.startswith("lexicon:")
