"""Charts and tables whose marks and rows lead somewhere, and the neurons behind a number."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from and_core.store import queries
from pages.components import links, pickers
from pages.components.store import View

SHARE = st.column_config.NumberColumn(format="percent")
PLAIN_CHART = {"displayModeBar": False}
BETWEEN = "|"
"""Joins the names that one mark of a chart stands for."""


def leading_chart(figure: go.Figure, key: str, alt: str, *parameters: str, forget: Sequence[str] = ()) -> None:
    """A chart; the customdata of the mark that the reader clicks goes to the address before the page is drawn again.

    Args:
        parameters: where it goes; for several parameters the customdata is as many names with BETWEEN between them.
        forget: parameters that end with it.
    """

    def take() -> None:
        clicked = pickers.picked(st.session_state[key])
        if clicked:
            names = clicked.rsplit(BETWEEN, len(parameters) - 1)
            st.query_params.update(dict(zip(parameters, names, strict=True)))
            for name in forget:
                st.query_params.pop(name, None)

    st.plotly_chart(figure, key=key, on_select=take, selection_mode="points", config=PLAIN_CHART, alt=alt)


def leading_table(
    rows: pd.DataFrame,
    key: str,
    alt: str,
    columns: dict[str, Any] | None = None,
    write: dict[str, str] | None = None,
) -> pd.Series | None:
    """A table; returns the row that the reader has chosen, by its mark or by any of its cells.

    Args:
        columns: Streamlit's configuration of columns; None hides one.
        write: parameter of the address -> the column that is written there once a row is chosen.
    """

    def take() -> None:
        chosen = pickers.chosen_row(st.session_state[key])
        if chosen is not None and write:
            st.query_params.update({name: str(rows[column].iloc[chosen]) for name, column in write.items()})

    event = st.dataframe(
        rows,
        key=key,
        hide_index=True,
        on_select=take,
        selection_mode=["single-row", "single-cell"],
        alt=alt,
        column_config=columns or {},
    )
    chosen = pickers.chosen_row(event)
    return None if chosen is None else rows.iloc[chosen]


def neurons_behind(
    view: View, heading: str, neuron_ids: Sequence[int], key: str, limit: int = 200, beside: pd.DataFrame | None = None
) -> None:
    """The neurons behind a number, under a heading; a row opens its neuron.

    Args:
        neuron_ids: as a query gave them that was asked for `limit` at most.
        beside: further columns of the table, one row a neuron in the same order.
    """
    st.subheader(links.plain(heading), anchor=False)
    if not neuron_ids:
        st.text("There is no such neuron.")
        return
    st.caption(f"The first {limit}. A row opens its neuron." if len(neuron_ids) == limit else "A row opens its neuron.")
    pickers.neuron_table(view, queries.neurons(view.store, neuron_ids), key, beside)
