"""Figures of the findings, made from frames. Nothing asks the store or imports streamlit: the report draws them too."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from and_core.algorithms.ablation.importance import PERCENTAGES
from pages.components.charts import ACCENT, CONTRAST, KINDS, MARGIN, QUIET, SYMBOLS, interval_bars, plain

LEGEND = {"orientation": "h", "y": -0.25}
HISTOGRAM_BINS = 40
DASHES = ("solid", "dash", "dot", "dashdot")
"""Of lines: never told apart by colour alone."""


def lines_through(
    means: pd.DataFrame, lines: pd.DataFrame, group: str, column: str, measure: str, as_share: bool = False
) -> go.Figure:
    """Figures 5 and 6: a dot a block, and regression lines, of every kind of layer or of every network.

    Args:
        means: depth, `column`, and `group`: which kind or network it is.
        lines: `group`, slope, intercept, first, last; may be without rows. A line of no group of `means` is over all.
        measure: what the axis shows.
    """
    figure = go.Figure()
    groups = list(dict.fromkeys(means[group]))
    for number, name in enumerate(groups):
        rows, style = means[means[group] == name], number % len(KINDS)
        figure.add_scatter(
            x=rows["depth"],
            y=rows[column],
            mode="markers",
            name=plain(str(name).replace("_", " ") if group == "kind" else name),
            marker={"size": 10, "symbol": SYMBOLS[style], "color": KINDS[style]},
            hovertemplate="block %{x}: %{y:.3f}<extra>%{fullData.name}</extra>",
        )
    for line in lines.to_dict("records"):
        if line[group] in groups:
            style = groups.index(line[group]) % len(KINDS)
            _add_line(figure, line, KINDS[style], 2, DASHES[style])
        else:
            _add_line(figure, line, QUIET, 4, "solid")
    figure.update_layout(height=340, margin=MARGIN, legend=LEGEND)
    figure.update_xaxes(title="block", tickvals=sorted(set(means["depth"])), fixedrange=True)
    figure.update_yaxes(title=measure, rangemode="tozero", fixedrange=True, tickformat=".0%" if as_share else None)
    return figure


def _add_line(figure: go.Figure, line: Mapping[Any, Any], colour: str, width: int, dash: str) -> None:
    depths = np.array([line["first"], line["last"]])
    figure.add_scatter(
        x=depths,
        y=line["intercept"] + line["slope"] * depths,
        mode="lines",
        showlegend=False,
        line={"color": colour, "width": width, "dash": dash},
        hovertemplate=f"slope {line['slope']:+.4f} a block<extra></extra>",
    )


def accuracy_curves(curves: pd.DataFrame) -> go.Figure:
    """Figure 4: accuracy without ever more neurons, a line a strategy, chance grey.

    Args:
        curves: strategy, percent, accuracy; optionally lowest and highest, drawn as bars.
    """
    figure = go.Figure()
    others = 0
    for strategy, rows in curves.groupby("strategy", sort=False):
        # Colour and dash part company after four lines, so that no two look alike.
        colour, style = KINDS[others % len(KINDS)], (others + others // len(KINDS)) % len(DASHES)
        width, symbol, dash = 2, SYMBOLS[style], DASHES[style]
        if strategy == "random":
            colour, width, symbol, dash = QUIET, 4, "circle-open", "solid"
        else:
            others += 1
        figure.add_scatter(
            x=rows["percent"],
            y=rows["accuracy"],
            error_y=interval_bars(rows["accuracy"], rows["lowest"], rows["highest"], thickness=1)
            if "lowest" in rows
            else None,
            mode="lines+markers",
            name=plain(str(strategy).replace("_", " ")),
            line={"color": colour, "width": width, "dash": dash},
            marker={"size": 8, "symbol": symbol},
            hovertemplate="%{x} %: %{y:.1%}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(height=380, margin=MARGIN, legend=LEGEND)
    figure.update_xaxes(title="share of hidden neurons pruned (%)", tickvals=PERCENTAGES, fixedrange=True)
    figure.update_yaxes(title="accuracy", range=[0, 1.02], tickformat=".0%", fixedrange=True)
    return figure


def bars_side_by_side(rows: pd.DataFrame, words: Sequence[str]) -> go.Figure:
    """The same words in every network: a group of bars a word, the share of the network's neurons that use it."""
    figure = go.Figure()
    for number, (network, own) in enumerate(rows.groupby("network", sort=False)):
        shares = own.set_index("word")["share"].reindex(list(words)).fillna(0.0)
        figure.add_bar(
            x=[plain(word) for word in words],
            y=shares,
            name=plain(str(network)),
            marker={"color": KINDS[number % len(KINDS)], "pattern": {"shape": ("", "/", "x", ".")[number % 4]}},
            hovertemplate="%{x}: %{y:.1%}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(height=360, margin=MARGIN, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"})
    figure.update_xaxes(fixedrange=True, tickangle=-40, automargin=True)
    figure.update_yaxes(title="share of neurons", tickformat=".0%", fixedrange=True)
    return figure


def two_histograms(
    values: npt.NDArray[np.float64], has_word: npt.NDArray[np.bool_], word: str, measurement: str
) -> go.Figure:
    """Figure 8: the neurons with the word and those without it, each as shares of its own group over common bins."""
    low, high = float(values.min()), float(values.max())
    edges = np.linspace(low, high if high > low else low + 1, HISTOGRAM_BINS + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure()
    for name, group, colour, pattern in (
        (f"without “{plain(word)}”", ~has_word, QUIET, ""),
        (f"with “{plain(word)}”", has_word, CONTRAST, "/"),
    ):
        counts = np.histogram(values[group], edges)[0]
        figure.add_bar(
            x=centres,
            y=counts / max(counts.sum(), 1),
            customdata=counts,
            name=name,
            opacity=0.65,
            marker={"color": colour, "pattern": {"shape": pattern}, "line": {"width": 0}},
            hovertemplate="%{x:.4g}: %{customdata} neurons, %{y:.1%}<extra>%{fullData.name}</extra>",
        )
    legend = {"orientation": "h", "y": 1.0, "yanchor": "bottom"}
    figure.update_layout(height=320, margin=MARGIN, barmode="overlay", bargap=0, legend=legend)
    figure.update_xaxes(title=plain(measurement), fixedrange=True)
    figure.update_yaxes(title="share of the group's neurons", tickformat=".0%", fixedrange=True)
    return figure


def effects(rows: pd.DataFrame) -> go.Figure:
    """Cliff's delta of every measurement with its interval, the largest on top.

    Args:
        rows: label, delta, low, high.
    """
    shown = rows.dropna(subset="delta").sort_values("delta")
    figure = go.Figure(
        go.Scatter(
            x=shown["delta"],
            y=shown["label"].map(plain),
            error_x=interval_bars(shown["delta"], shown["low"], shown["high"], color=ACCENT),
            mode="markers",
            marker={"size": 10, "color": ACCENT},
            hovertemplate="%{y}: %{x:+.2f}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": QUIET, "dash": "dot"})
    figure.update_layout(height=90 + 24 * len(shown), margin=MARGIN)
    figure.update_xaxes(title="Cliff's delta", range=[-1.05, 1.05], fixedrange=True)
    figure.update_yaxes(fixedrange=True, automargin=True)
    return figure


def gaps(rows: pd.DataFrame) -> go.Figure:
    """Table 4 as dots with 95 % intervals, a row an experiment: what pruning did, and what random neurons did.

    Args:
        rows: label, what (which of the two), gap, low, high.
    """
    figure = go.Figure()
    styles = (CONTRAST, "circle"), (QUIET, "diamond-open")
    for (what, own), (colour, symbol) in zip(rows.groupby("what", sort=False), styles, strict=False):
        figure.add_scatter(
            x=own["gap"],
            y=own["label"].map(plain),
            error_x=interval_bars(own["gap"], own["low"], own["high"], color=colour),
            mode="markers",
            name=plain(str(what)),
            marker={"size": 11, "symbol": symbol, "color": colour, "line": {"width": 2}},
            hovertemplate="%{y}: %{x:.2f}<extra>%{fullData.name}</extra>",
        )
    figure.add_vline(x=0, line={"color": QUIET, "dash": "dot"})
    height = 120 + 34 * rows["label"].nunique()
    figure.update_layout(height=height, margin=MARGIN, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"})
    figure.update_xaxes(title="gap: how many logits more the class to forget lost than the others", fixedrange=True)
    figure.update_yaxes(autorange="reversed", fixedrange=True, automargin=True)
    return figure
