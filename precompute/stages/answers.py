"""Answers as columns of a table: what was asked for, the raw reply, and why it cannot be used."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from and_core.models.protocols import Answer


def answer_columns(answers: Sequence[Answer[Any]], name: str, kind: pa.DataType) -> dict[str, pa.Array]:
    """Three columns: `name`, `raw` and `problem`."""
    return {
        name: pa.array([answer.value for answer in answers], kind),
        "raw": pa.array([answer.raw for answer in answers], pa.string()),
        "problem": pa.array([answer.problem for answer in answers], pa.string()),
    }
