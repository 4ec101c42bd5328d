import pytest

from and_core.algorithms.nouns import singular, with_article


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dog", "a dog"),
        ("airplane", "an airplane"),
        ("crying baby", "a crying baby"),
        ("rain", "rain"),
        ("crackling fire", "crackling fire"),
        ("sea waves", "sea waves"),
        ("sneezing", "sneezing"),
        ("brushing teeth", "brushing teeth"),
        ("wine glass", "a wine glass"),
        ("", ""),
    ],
)
def test_only_what_can_be_counted_gets_an_article(name: str, said: str) -> None:
    assert with_article(name) == said


@pytest.mark.parametrize(
    ("word", "one"),
    [
        ("dogs", "dog"),
        ("babies", "baby"),
        ("glass", "glass"),
        ("bus", "bus"),
        ("sneezing", "sneezing"),
        ("hiss", "hiss"),
    ],
)
def test_singular_forms_keep_words_that_only_look_plural(word: str, one: str) -> None:
    assert singular(word) == one
