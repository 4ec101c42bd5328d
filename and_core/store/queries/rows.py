"""What all queries share: limits, and rows as Python values."""

from typing import Any

import numpy as np
import pandas as pd

MAX_ROWS = 500
"""Of a table that a person reads."""
MAX_CONCEPTS = 10_000
"""Of a concept set, or of its pairs with layers."""
MAX_CLIPS = 100_000
MAX_NEURONS = 1_000_000
METHODS = "['description_based', 'text_audio_based', 'in_context']"
"""Of module A, in SQL, in the order in which they are listed."""


def record(rows: pd.DataFrame, row: int) -> dict[str, Any]:
    """One row with numpy's scalars as Python's own and missing values as None."""
    return {name: or_none(rows[name].iloc[row]) for name in rows.columns}


def or_none(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, np.ndarray)):
        return value
    return None if pd.isna(value) else value
