"""One line says what the methods of module A answer for a neuron."""

import pandas as pd

from pages.components.concept_line import concept_line

COLUMNS = ["method", "concept", "margin", "share"]


def picks(*rows: tuple[str, str | None, float | None, float | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def test_the_first_method_speaks_and_the_others_agree_or_not() -> None:
    said = concept_line(
        picks(
            ("description_based", "rain", 0.081, 0.95),
            ("text_audio_based", "rain", 0.2, 1),
            ("in_context", "sea waves", None, None),
        )
    )
    assert said == "rain (DB, margin 0.08, first in 95% of resamples; TAB agrees; ICL says sea waves)"


def test_a_method_without_an_answer_says_so() -> None:
    assert concept_line(picks(("description_based", None, None, None), ("in_context", "rain", None, None))) == (
        "rain (ICL; DB has no answer)"
    )
    assert concept_line(picks(("description_based", "rain", None, None))) == "rain (DB)"


def test_no_answer_is_no_line() -> None:
    assert concept_line(picks(("description_based", None, None, None))) == ""
    assert concept_line(picks()) == ""
