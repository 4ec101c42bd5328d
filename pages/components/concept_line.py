"""The answers of module A's methods for one neuron, as one line of text."""

import pandas as pd

SHORT = {"description_based": "DB", "text_audio_based": "TAB", "in_context": "ICL"}
"""The methods as the paper abbreviates them."""


def concept_line(picks: pd.DataFrame) -> str:
    """`rain (DB, margin 0.08, first in 95 % of resamples; TAB agrees; ICL says sea waves)`.

    Args:
        picks: as `queries.concept_picks` gives them.

    Returns:
        Empty where no method has an answer.
    """
    answered = picks[picks["concept"].notna()]
    if answered.empty:
        return ""
    first = answered.iloc[0]
    others = picks.drop(index=first.name)
    said = [_first_answer(first), *(_other_answer(pick, first["concept"]) for _, pick in others.iterrows())]
    return f"{first['concept']} ({'; '.join(said)})"


def _first_answer(pick: pd.Series) -> str:
    margin = f", margin {pick['margin']:.2f}" if pd.notna(pick["margin"]) else ""
    share = f", first in {pick['share']:.0%} of resamples" if pd.notna(pick["share"]) else ""
    return f"{SHORT[pick['method']]}{margin}{share}"


def _other_answer(pick: pd.Series, concept: str) -> str:
    method = SHORT[pick["method"]]
    if not isinstance(pick["concept"], str):
        return f"{method} has no answer"
    return f"{method} agrees" if pick["concept"] == concept else f"{method} says {pick['concept']}"
