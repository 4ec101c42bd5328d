"""What a section of the report is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
import plotly.graph_objects as go


@dataclass(frozen=True)
class Picture:
    """A picture with a line below it."""

    uri: str
    """A data URI."""
    alt: str
    """For who cannot see it."""
    line: str


@dataclass(frozen=True)
class Section:
    """A finding: what it says, then its figures, tables and pictures."""

    title: str
    sentences: Sequence[str] = ()
    figures: Sequence[go.Figure] = ()
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    pictures: Sequence[Picture] = ()
