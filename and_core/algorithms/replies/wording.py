"""Is a text made of English words and sentences? By a lexicon and by how sentences are built, without a model.

Measured: 5,400 captions and summaries and the paper's own have at least 96 % of their letters in known words and at
most 4 words that carry meaning in a row. Other languages have at most 57 %; what random weights say has at most 62 %,
or broken characters, or many such words in a row.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files

from textblob.en import lexicon

from and_core.algorithms.c_open_concept.parts_of_speech import word_set
from and_core.models.protocols import Problem

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
MARK = re.compile(r"[^\w\s'’-]|[\d_\n]")
"""What parts words, apart from white space."""
BROKEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\N{REPLACEMENT CHARACTER}]")
"""Characters that no text has: halves of characters, control characters."""
ODD = re.compile(r"[\\|{}\[\]<>@^_#$*+=~`]")
"""Signs that sentences have hardly ever."""
GLUED = re.compile(r"(?<=[^\W\d_])[!\"#$%*+<=>?@\[\\\]^_`{|}~]+(?=[^\W\d_])")
"""A sign between two letters, as hardly any word has."""
MIXED_CASE = re.compile(r"[a-z][A-Z]")
FEWEST_KNOWN = 0.7
"""Share of the letters that stand in known words."""
LONGEST_RUN = 8
"""Words that carry meaning, without a function word, a number or a mark between them."""
FEWEST_WORDS = 3
MOST_BROKEN = 0.01
MOST_ODD = 0.04
MOST_GLUED = 0.01
"""Shares of the characters."""

FUNCTION_WORDS = word_set(
    """a an the this that these those it its it's they their them there he she his her him we our us you your i my me
    all each every both some any no not none of in on at by to from for with without and or but nor as is are
    was were be been being am has have had do does did can cannot could may might must will would shall should
    who whom whose what which when where while why how than then so if because although though into onto over
    under above below between among through throughout during after before about against across along around
    behind near off out up down within also too very more most much many less least few several other another
    same such only just even like one two three four five six seven eight nine ten first second third fourth
    fifth here"""
)
OTHER_FUNCTION_WORDS = word_set(
    """el la los las un una unos y que en es son con por para del se su al lo como muy más está
    le les des et est une dans du sont avec pour sur qui pas il elle ce cette aux au ou
    der die das und ist ein eine einen mit von sind nicht den dem des im auf für zu auch wird werden sich
    gli i di che e sono per della dei nel nella un una con del alla anche
    os as um uma uns são com do da dos das no na não em ao
    de het een en van zijn met voor niet op te aan dat ook wordt
    och det som är ett med av på til og er av jest i w na się nie z są"""
) - word_set("a i as on do no i op most")
"""Of Spanish, French, German, Italian, Portuguese, Dutch, Swedish, Norwegian, Danish and Polish."""
SOUND_WORDS = "sound_words.txt"
"""Beside this file."""
ENDINGS = ("ness", "ity", "ing", "est", "ies", "es", "ed", "er", "ly", "s")


def wording_problem(text: str) -> Problem | None:
    """None for English sentences or a list in English, else what is wrong.

    Args:
        text: with at least one letter or digit.
    """
    for signs, most in ((BROKEN, MOST_BROKEN), (ODD, MOST_ODD)):
        count = len(signs.findall(text))
        if count > 1 and count > most * len(text):
            return "no sentences"
    if len(GLUED.findall(text)) > MOST_GLUED * len(text):
        return "no sentences"
    words = words_of(text)
    letters = sum(map(len, words))
    latin = letters if text.isascii() else sum(len(word) for word in words if _is_latin(word))
    if letters and latin < letters / 2:
        return "another language"
    if len(words) < FEWEST_WORDS:
        return "no sentences"
    if not are_mostly_known(words):
        return "another language" if _is_other_language(words) else "no sentences"
    return "no sentences" if longest_run(text) > LONGEST_RUN else None


def words_of(text: str) -> list[str]:
    """The words in lower case; but "loudBell" stays as it is, and so is not known."""
    if not MIXED_CASE.search(text):
        return WORD.findall(text.lower())
    return [word if MIXED_CASE.search(word) else word.lower() for word in WORD.findall(text)]


def are_mostly_known(words: Sequence[str]) -> bool:
    """Whether enough of their letters stand in English words."""
    return sum(len(word) for word in words if is_known(word)) >= FEWEST_KNOWN * sum(map(len, words))


def longest_run(text: str) -> int:
    """How many words that carry meaning follow each other without anything between them."""
    longest = 0
    for part in MARK.split(text.lower()):
        words = part.split()
        run = 0
        if len(words) > longest:
            for word in words:
                run = 0 if word in FUNCTION_WORDS else run + 1
                if run > longest:
                    longest = run
    return longest


@lru_cache(maxsize=100_000)  # the same few thousand words stand in the replies about many neurons
def is_known(word: str) -> bool:
    """Whether a lower-case word is English: a function word, or in TextBlob's lexicon with or without its ending."""
    word = word.replace("’", "'").removesuffix("'s")
    if word in FUNCTION_WORDS:
        return True
    if word in OTHER_FUNCTION_WORDS or len(word) == 1:
        return False
    stems = (word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending))
    forms = [form for stem in stems if len(stem) > 2 for form in (stem, f"{stem}e", f"{stem}y", _undoubled(stem))]
    return any(form in lexicon or form in sound_words() for form in (word, *forms))


@cache
def sound_words() -> frozenset[str]:
    lines = files(__package__).joinpath(SOUND_WORDS).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _undoubled(stem: str) -> str:
    """`humm` -> `hum`."""
    return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] else stem


def _is_latin(word: str) -> bool:
    return all(ord(character) < 0x250 for character in word)


def _is_other_language(words: list[str]) -> bool:
    """Whether another language's function words outnumber the English ones."""
    other = sum(word in OTHER_FUNCTION_WORDS for word in words)
    return other > 1 and other > sum(word in FUNCTION_WORDS for word in words)
