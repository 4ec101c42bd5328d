"""The table beside a figure: the same numbers for who cannot see it, and a file to take away."""

from typing import Any

import pandas as pd
import streamlit as st

NUMBERS = {
    "slope": "%+.4f",
    "low": "%+.4f",
    "high": "%+.4f",
    "p_value": "%.2e",
    "mean": "%.3f",
    "delta": "%+.3f",
    "estimate": "%+.4f",
    "adjectives": "%.3f",
    "median_with": "%.4g",
    "median_without": "%.4g",
    "neurons": "%.0f",
    **{
        f"{name}{end}": "%.2f"
        for name in ("gap", "control", "control_gap", "beyond_chance", "delta_ablated", "delta_remaining")
        for end in ("", "_low", "_high")
    },
}
SHARES = ("share", "interpretable", "accuracy", "lowest", "highest")


def twin(table: pd.DataFrame, name: str, alt: str, label: str = "The same as a table") -> None:
    """Closed by default, with a download as CSV.

    Args:
        name: of the file, without its ending; also the key of the button.
        alt: what a screen reader says of the table.
    """
    with st.expander(label):
        st.dataframe(table, hide_index=True, column_config=number_columns(), alt=alt)
        download(table, name)


def number_columns() -> dict[str, Any]:
    """How numbers are shown, by the name of their column."""
    columns: dict[str, Any] = {name: st.column_config.NumberColumn(format=form) for name, form in NUMBERS.items()}
    return columns | {name: st.column_config.NumberColumn(format="percent") for name in SHARES}


def download(table: pd.DataFrame, name: str) -> None:
    """The table as a file to take away."""
    st.download_button(
        "Download CSV",
        table.to_csv(index=False),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"download_{name}",
        icon=":material/download:",
        on_click="ignore",
    )
