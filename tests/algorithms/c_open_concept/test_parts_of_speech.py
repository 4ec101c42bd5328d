"""Parts of speech and lemmas."""

import pytest

from and_core.algorithms.c_open_concept.parts_of_speech import (
    Token,
    lemmas_of_name,
    noun_lemma,
    token,
    tokens,
    verb_lemma,
)


def part_of(word: str, text: str) -> str:
    return next(token.part_of_speech for token in tokens(text) if token.text == word)


@pytest.mark.parametrize(
    ("word", "text", "part"),
    [
        ("rumbling", "The clips contain a loud rumbling engine.", "adjective"),
        ("breaking", "The sound of breaking glass", "adjective"),
        ("calming", "The rain is steady, soft and calming.", "adjective"),
        ("barking", "A large dog is barking loudly.", "verb"),
        ("barking", "Dog barking: all clips contain it.", "noun"),
        ("clapping", "The clips contain clapping.", "noun"),
        ("snoring", "The sound of coughing and snoring", "noun"),
        ("hitting", "Somebody makes noise by hitting drums.", "verb"),
        ("distorted", "The voices are distorted.", "adjective"),
        ("muffled", "muffled voices are heard", "adjective"),
        ("heard", "A bell is heard in each clip.", "verb"),
        ("followed", "The crash is followed by silence.", "verb"),
        ("sounds", "high-pitched sounds in the room", "noun"),
        ("sounds", "The dog sounds angry.", "verb"),
        ("waves", "the sound of waves", "noun"),
        ("drops", "Drops: water falls.", "noun"),
        ("share", "All clips share a deep tone.", "verb"),
        ("fills", "A hiss fills the room.", "verb"),
        ("knock", "A knock on the door", "noun"),
        ("siren", "The siren is loud.", "noun"),
        ("of", "The sound of rain", "preposition"),
        ("because", "It is loud because engines run.", "other"),
        ("high-pitched", "The beep is high-pitched.", "adjective"),
    ],
)
def test_words_have_the_part_of_speech_they_play(word: str, text: str, part: str) -> None:
    assert part_of(word, text) == part


def test_hyphenated_words_stay_one_token_and_negations_stand_alone() -> None:
    words = [token.text for token in tokens("It isn’t low-quality; the dog's bark can't stop.")]
    assert words == ["it", "is", "n't", "low-quality", ";", "the", "dog", "'s", "bark", "ca", "n't", "stop", "."]


@pytest.mark.parametrize("text", ["", "   ", "\n", "___"])
def test_a_text_without_words_has_no_tokens(text: str) -> None:
    assert tokens(text) == ()


@pytest.mark.parametrize("text", ["a &slash; b", "fire/flame", "« très » 3.5 kHz – “ok”", "*** 1) x"])
def test_odd_marks_do_not_shift_tags(text: str) -> None:
    assert all(token.text and token.tag for token in tokens(text))
    assert not any(" " in token.text for token in tokens(text))


def test_tokens_of_other_taggers_can_be_used() -> None:
    assert token("Bells", "NNS") == Token("bells", "bell", "noun", "NNS")


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("bells", "bell"),
        ("glass", "glass"),
        ("glasses", "glass"),
        ("churches", "church"),
        ("bus", "bus"),
        ("buses", "bus"),
        ("children", "child"),
        ("series", "series"),
        ("bass", "bass"),
        ("toes", "toe"),
        ("frequencies", "frequency"),
        ("knives", "knife"),
        ("hi-hats", "hi-hat"),
        ("sheep", "sheep"),
        ("gas", "gas"),
    ],
)
def test_noun_lemmas_are_singular(plural: str, singular: str) -> None:
    assert noun_lemma(plural) == singular


@pytest.mark.parametrize(
    ("form", "infinitive"),
    [
        ("barking", "bark"),
        ("humming", "hum"),
        ("echoes", "echo"),
        ("makes", "make"),
        ("uses", "use"),
        ("cries", "cry"),
        ("heard", "hear"),
        ("buzzes", "buzz"),
        ("pulsing", "pulse"),
        ("ring", "ring"),
    ],
)
def test_verb_lemmas_are_infinitives(form: str, infinitive: str) -> None:
    assert verb_lemma(form) == infinitive


@pytest.mark.parametrize(
    ("name", "lemmas"),
    [
        ("church_bells", ("church", "bell")),
        ("Sea-Waves", ("sea", "wave")),
        ("sound of the_rain", ("sound", "rain")),
        ("brushing_teeth", ("brushing", "tooth")),
        ("hen", ("hen",)),
        ("", ()),
    ],
)
def test_a_concepts_name_gives_the_lemmas_of_its_content_words(name: str, lemmas: tuple[str, ...]) -> None:
    assert lemmas_of_name(name) == lemmas


ESC50 = """dog chirping_birds vacuum_cleaner thunderstorm door_wood_knock crow clapping fireworks chainsaw airplane
mouse_click pouring_water train sheep water_drops church_bells clock_alarm keyboard_typing wind footsteps frog cow
brushing_teeth car_horn crackling_fire helicopter drinking_sipping rain insects hand_saw laughing hen engine breathing
crying_baby coughing glass_breaking snoring toilet_flush pig washing_machine clock_tick sneezing rooster sea_waves siren
cat door_wood_creaks crickets"""


@pytest.mark.parametrize("template", ["The clips contain the sound of {}.", "A {} is heard.", "All clips share {}."])
def test_the_words_of_esc50s_classes_are_nouns_where_summaries_name_them(template: str) -> None:
    for word in set(ESC50.replace("_", " ").split()):
        nouns = {token.lemma for token in tokens(template.format(word)) if token.part_of_speech == "noun"}
        assert set(lemmas_of_name(word)) <= nouns, word
