"""Which words of a text are adjectives, nouns, verbs and prepositions (module C; paper, section 3.5).

The tagger is TextBlob's PatternTagger: its data is part of the package, and it is fast. It is weak on participles and
on plurals that could be verbs, which is just what sounds are described with ("rumbling engines", "shrill sounds"), so
rules mend these from their neighbours.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from textblob.en import lexicon
from textblob.en.taggers import PatternTagger
from textblob.inflect import singularize

PartOfSpeech = Literal["adjective", "noun", "verb", "preposition", "other"]

WORD = re.compile(r"[a-z]+?(?=n't\b)|n't\b|'(?:s|re|ve|ll|d|m)\b|\d+(?:[.,:-]\d+)*|[^\W\d_]+(?:-\w+)*|[^\w\s/]")
"""A hyphenated word is one token; n't and 's stand alone; underscores and slashes separate."""


def word_set(words: str) -> frozenset[str]:
    """The words of a line as a set."""
    return frozenset(words.split())


BE = frozenset(("be", "is", "are", "was", "were", "been", "being", "am", "'s", "'re"))
AUXILIARIES = BE | {"has", "have", "had", "having", "does", "do", "did", "'ve", "'d", "'ll", "'m"}
NEVER_PLURALS = AUXILIARIES | {"becomes", "goes", "grows", "gets", "seems", "remains", "comes"}
"""Verbs in -s that are no plural of a noun in talk of sounds."""
BEGINNINGS = word_set("keep keeps start starts begin begins stop stops continue continues")
"""A participle after one of these tells what is being done: "keeps barking"."""
MEANS = frozenset(("by", "for", "while", "when", "after", "before", "from", "without"))
"""A participle after one of these has an object: "by hitting drums"."""
PASSIVES = word_set("heard recorded followed accompanied captured detected used played made produced caused reached")
"""Participles that after a form of "be" tell what happened to a sound rather than how it is."""
VERBS_LIKE_NOUNS = frozenset(("share", "feature", "sound", "ring", "repeat", "hum", "echo", "contain", "include"))
"""Taken for nouns by the tagger where they follow a plural: "the clips share a rhythm"."""
OPENS_OBJECT = frozenset(("DT", "JJ", "IN", "VBG", "RB", "NN", "NNS", "VBZ"))
"""Tags of what may follow such a verb."""
TAGS_OF_SOUNDS = {"saw": "NN", "siren": "NN", "cleaner": "NN", "flush": "NN", "becomes": "VBZ", "goes": "VBZ"}
TAGS_OF_SOUNDS |= {"reverberant": "JJ", "dissonant": "JJ", "sonorous": "JJ"}
"""Words that in talk of sounds are something else than the tagger takes them for."""
SUBORDINATORS = word_set("as because if than that though although unless until whether while")
"""Tagged like prepositions, but they open a clause."""
FUNCTION_WORDS = word_set("a an the of and or in on at to by for with from not no other")

IRREGULAR_PLURALS = {"children": "child", "men": "man", "women": "woman", "people": "person", "mice": "mouse"}
IRREGULAR_PLURALS |= {"geese": "goose", "feet": "foot", "teeth": "tooth", "oxen": "ox", "toes": "toe", "shoes": "shoe"}
SINGULAR_ENDINGS = ("ss", "us", "is", "ics", "series", "species", "news", "gas", "lens", "always", "hertz")
IRREGULAR_VERBS = {"heard": "hear", "made": "make", "rang": "ring", "rung": "ring", "sung": "sing", "sang": "sing"}
IRREGULAR_VERBS |= {
    "broke": "break",
    "broken": "break",
    "blew": "blow",
    "blown": "blow",
    "ran": "run",
    "fell": "fall",
    "gave": "give",
}

NOUN_TAGS = frozenset(("NN", "NNS", "NNP", "NNPS"))
ADJECTIVE_TAGS = frozenset(("JJ", "JJR", "JJS", "VBN"))
"""As in the released code: past participles describe ("distorted", "muffled")."""

Tagged = tuple[str, str]
"""A lower-case word and its Penn Treebank tag."""
NOTHING: Tagged = ("", ".")
"""What stands before and after a text."""
JOINTS = frozenset(("and", "or", ","))


@dataclass(frozen=True)
class Token:
    """One word or punctuation mark of a text."""

    text: str
    """Lower case."""
    lemma: str
    """A noun's singular, a verb's infinitive; else the text."""
    part_of_speech: PartOfSpeech
    tag: str
    """Penn Treebank tag, after mending."""


@lru_cache(maxsize=100_000)  # the same few thousand points stand in the summaries of many neurons
def tokens(text: str) -> tuple[Token, ...]:
    """Cut a text into tokens with their parts of speech."""
    words = WORD.findall(text.lower().replace("’", "'"))
    if not words:
        return ()
    return tuple(token(word, tag) for word, tag in mend(PatternTagger().tag(" ".join(words), tokenize=False)))


@lru_cache(maxsize=100_000)
def token(word: str, tag: str) -> Token:
    """Make a Token of a word and the Penn Treebank tag that any tagger gave it."""
    word = word.lower()
    part = _part_of_speech(word, tag)
    lemma = noun_lemma(word) if part == "noun" else verb_lemma(word) if part == "verb" else word
    return Token(word, lemma, part, tag)


def lemmas_of_name(name: str) -> tuple[str, ...]:
    """The content words of a concept's name, as noun lemmas: `church_bells` gives ("church", "bell")."""
    words = re.findall(r"[^\W_]+", name.lower())
    return tuple(dict.fromkeys(noun_lemma(word) for word in words if word not in FUNCTION_WORDS))


def noun_lemma(word: str) -> str:
    """The singular of a lower-case noun; a hyphenated noun's last part is what changes."""
    if word in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[word]
    if len(word) <= 3 or not word.endswith("s") or word.endswith(SINGULAR_ENDINGS):
        return word
    head, hyphen, last = word.rpartition("-")
    return head + hyphen + str(singularize(last))


def verb_lemma(word: str) -> str:
    """The infinitive of a lower-case verb, as far as rules and the tagger's lexicon can tell."""
    if word in IRREGULAR_VERBS:
        return IRREGULAR_VERBS[word]
    for ending in ("ing", "ed", "es", "s"):
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 2 or (ending == "s" and stem.endswith("s")):
            continue
        undoubled = stem[:-1] if len(stem) > 2 and stem[-1] == stem[-2] else stem
        i_to_y = stem[:-1] + "y" if stem.endswith("i") else stem
        known = [form for form in (stem, undoubled, stem + "e", i_to_y) if lexicon.get(form, "")[:2] in ("VB", "NN")]
        if known:
            return known[0]
    return word


def mend(tagged: Sequence[Tagged]) -> list[Tagged]:
    """Mend the tags of participles and plurals from their neighbours, left to right."""
    tagged = [(word, TAGS_OF_SOUNDS.get(word, tag)) for word, tag in tagged]
    mended: list[Tagged] = []
    contexts: list[Tagged] = [NOTHING]
    for position, (word, tag) in enumerate(tagged):
        after = tagged[position + 1] if position + 1 < len(tagged) else NOTHING
        new_tag = _mended(contexts[position], (word, tag), after)
        if new_tag == "VBG" and position > 1 and tagged[position - 1][0] in JOINTS and mended[position - 2][1] == "JJ":
            new_tag = "JJ"  # "soft and calming"
        mended.append((word, new_tag))
        # "is hissing and popping", "of clapping and snoring": what follows "and" stands where what precedes it stood.
        contexts.append(contexts[position - 1] if position > 0 and word in JOINTS else mended[-1])
    return mended


def _mended(before: Tagged, here: Tagged, after: Tagged) -> str:
    word, tag = here
    if tag == "VBG":
        return _mended_ing(before, after)
    if tag in ("VBN", "VBD"):
        return _mended_ed(before, here, after)
    if tag == "VBZ" and word not in NEVER_PLURALS and _is_plural(before, after):
        return "NNS"
    if tag == "NNS" and before[1] == "NN" and after[1] in ("DT", "PRP$"):  # "a hiss fills the room"
        return "VBZ"
    if tag in ("VB", "VBP") and word not in AUXILIARIES and before[1] in ("DT", "JJ", "PRP$", "IN", "NN"):  # "a knock"
        return "NN"
    if tag == "JJ" and before[1] == "DT" and after[0] in BE:  # "the percussion is": the tagger judges by the ending
        return "NN"
    if tag == "NN" and word in VERBS_LIKE_NOUNS and before[1] == "NNS" and (after[1] in OPENS_OBJECT):
        return "VBP"
    return tag


def _mended_ing(before: Tagged, after: Tagged) -> str:
    """ "rumbling engines": adjective; "the barking of dogs", "Clapping: ...": noun; "dogs barking at cats": verb."""
    if before[0] in BE | BEGINNINGS:
        return "VBG"
    if after[1] in NOUN_TAGS or (after[1] == "VBZ" and after[0] not in NEVER_PLURALS):
        return "VBG" if before[0] in MEANS or before[1] in NOUN_TAGS else "JJ"
    if before[0] in ("a", "an") and after[0] in JOINTS:
        return "JJ"
    names = before[1] in ("DT", "JJ", "PRP$", "VB", "VBP", "VBZ") or before[0] == "of" or after[1] == ":"
    return "NN" if names and after[1] not in ("DT", "PRP$", "JJ") else "VBG"


def _mended_ed(before: Tagged, here: Tagged, after: Tagged) -> str:
    """ "distorted voices", "is muffled": adjective; "is heard", "is followed by": verb."""
    if after[1] in NOUN_TAGS:
        return "VBN" if before[1] not in NOUN_TAGS or here[1] == "VBN" else here[1]
    if before[0] in BE and (here[0] in PASSIVES or after[0] == "by"):
        return "VBD"
    return here[1]


def _is_plural(before: Tagged, after: Tagged) -> bool:
    """ "high-pitched sounds", "of waves", "bell sounds are ...", against "the bell sounds high", "this sounds high"."""
    if before[0] in ("this", "that", "it", "which") or before[1] in ("PRP", "WDT", "WP", "EX"):
        return False
    return before[1] in ("JJ", "JJR", "JJS", "VBN", "DT", "IN", "PRP$", "CD", "VB", "VBP") or after[
        0
    ] in AUXILIARIES | {":"}


def _part_of_speech(word: str, tag: str) -> PartOfSpeech:
    if tag in ADJECTIVE_TAGS:
        return "adjective"
    if tag in NOUN_TAGS and word[:1].isalpha():
        return "noun"
    if tag.startswith("VB"):
        return "verb"
    return "preposition" if tag == "IN" and word[:1].isalpha() and word not in SUBORDINATORS else "other"
