"""Prints frames: as tables for a person, as rows for machines."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

WIDEST = 1000


def show(frames: Mapping[str, pd.DataFrame], as_json: bool, sentences: Mapping[str, str] | None = None) -> None:
    """Print every frame under its title, then what follows from them.

    Args:
        frames: title -> rows.
        as_json: one JSON object instead, title -> list of rows; missing values are null.
        sentences: what follows from the frames, by what it is about; under `findings` in JSON.
    """
    if as_json:
        rows: dict[str, Any] = {title: json.loads(frame.to_json(orient="records")) for title, frame in frames.items()}
        typer.echo(json.dumps(rows | ({"findings": dict(sentences)} if sentences is not None else {}), indent=1))
        return
    console = Console(highlight=False)
    for title, frame in frames.items():
        table = Table(*map(str, frame.columns), title=title, title_justify="left")
        for row in frame.itertuples(index=False):
            table.add_row(*map(cell, row))
        # Wider than the terminal rather than cut off: lines may be piped or scrolled.
        needed = Console(width=WIDEST).measure(table).maximum
        Console(width=max(console.width, needed), highlight=False).print(table)
    for sentence in (sentences or {}).values():
        console.print(sentence, markup=False, soft_wrap=True)


def cell(value: Any) -> str:
    """A number to four digits, a missing one as nothing."""
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}"
    return "" if value is None else str(value)


def say(line: str) -> None:
    """To the terminal, beside what a pipe gets."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(line, markup=False, style="dim")
