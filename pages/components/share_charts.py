"""Figures of interpretability and of the clusters behind it, made from frames."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from pages.components.charts import ACCENT, CONTRAST, KINDS, MARGIN, QUIET, SYMBOLS, plain
from pages.components.finding_charts import DASHES, LEGEND

GAP = 0.03
"""Between panels, as a share of the figure's width."""


def add_chance(figure: go.Figure, share: float | None) -> None:
    """A dotted line at what clips drawn by chance reach."""
    if share is not None:
        figure.update_layout(shapes=[_line_at(share)], annotations=[_chance_at(share)])


def _line_at(share: float, axis: str = "") -> dict[str, Any]:
    ends = {"x0": 0, "x1": 1, "xref": f"x{axis} domain", "y0": share, "y1": share, "yref": f"y{axis}"}
    return {"type": "line", "line": {"color": QUIET, "dash": "dot"}, **ends}


def _chance_at(share: float, axis: str = "") -> dict[str, Any]:
    place = {"x": 1, "xref": f"x{axis} domain", "xanchor": "right", "y": share, "yref": f"y{axis}", "yanchor": "bottom"}
    return {"text": "chance", "font": {"color": QUIET}, "showarrow": False, **place}


def panels_by_tau(means: pd.DataFrame, chances: dict[int, float | None]) -> go.Figure:
    """Figures 11 to 14: a panel a threshold, a line a network.

    It is made in one piece: plotly's ways to add to a figure, one after the other, take ten times as long.

    Args:
        means: network, depth, tau, uninterpretable.
        chances: the share of each tau among clips drawn by chance.
    """
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"height": 330, "margin": MARGIN | {"t": 40}, "legend": LEGEND}
    layout |= {"shapes": [], "annotations": []}
    for number, (tau, chance) in enumerate(chances.items()):
        axis = str(number + 1) if number else ""
        traces += _panel(means[means["tau"] == tau], axis)
        layout |= _axes(number, len(chances), axis, sorted(set(means["depth"])))
        # Above the word "chance", which may stand at the top of its panel.
        title = {"x": 0.5, "xref": f"x{axis} domain", "y": 1, "yref": f"y{axis} domain", "yanchor": "bottom"}
        title |= {"yshift": 14, "font": {"size": 14}}
        layout["annotations"].append({"text": f"tau = {tau}", "showarrow": False, **title})
        if chance is not None:
            layout["shapes"].append(_line_at(chance, axis))
            layout["annotations"].append(_chance_at(chance, axis))
    return go.Figure(data=traces, layout=layout)


def _panel(means: pd.DataFrame, axis: str) -> list[dict[str, Any]]:
    """The lines of one threshold; those of the first panel stand in the legend for all."""
    lines = []
    for number, (network, rows) in enumerate(means.groupby("network", sort=False)):
        style = number % len(KINDS)
        lines.append(
            {
                "type": "scatter",
                "x": rows["depth"],
                "y": rows["uninterpretable"],
                "mode": "lines+markers",
                "name": plain(str(network)),
                "legendgroup": str(network),
                "showlegend": not axis,
                "marker": {"size": 9, "symbol": SYMBOLS[style], "color": KINDS[style]},
                "line": {"color": KINDS[style], "dash": DASHES[style]},
                "hovertemplate": "block %{x}: %{y:.1%}<extra>%{fullData.name}</extra>",
                "xaxis": f"x{axis}",
                "yaxis": f"y{axis}",
            }
        )
    return lines


def _axes(number: int, panels: int, axis: str, depths: list[int]) -> dict[str, Any]:
    """Of one panel of several in a row: they share the scale of the first one's vertical axis."""
    width = (1 - GAP * (panels - 1)) / panels
    left = number * (width + GAP)
    across = {"title": {"text": "block"}, "tickvals": depths, "domain": [left, left + width], "anchor": f"y{axis}"}
    up: dict[str, Any] = {"range": [-0.03, 1.03], "tickformat": ".0%", "anchor": f"x{axis}", "showticklabels": not axis}
    if axis:
        up["matches"] = "y"
    else:
        up["title"] = {"text": "uninterpretable neurons"}
    return {f"xaxis{axis}": across | {"fixedrange": True}, f"yaxis{axis}": up | {"fixedrange": True}}


def elbow(curve: pd.DataFrame, used: int) -> go.Figure:
    """Inertia over the number of clusters, the chord, the elbow, and how many clusters the run has.

    Args:
        curve: clusters, inertia, below_chord.
        used: clusters of the run.
    """
    ends = curve.iloc[[0, -1]]
    chosen = curve.loc[[curve["below_chord"].idxmax()]]
    figure = go.Figure()
    figure.add_scatter(
        x=curve["clusters"],
        y=curve["inertia"],
        mode="lines+markers",
        name="inertia",
        line={"color": ACCENT, "width": 3},
        hovertemplate="%{x} clusters: %{y:.1f}<extra></extra>",
    )
    figure.add_scatter(
        x=ends["clusters"],
        y=ends["inertia"],
        mode="lines",
        name="chord",
        line={"color": QUIET, "dash": "dash"},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=chosen["clusters"],
        y=chosen["inertia"],
        mode="markers",
        name="elbow: farthest below the chord",
        marker={"size": 16, "symbol": "diamond", "color": CONTRAST},
        hovertemplate="elbow at %{x} clusters<extra></extra>",
    )
    figure.add_vline(x=used, line={"color": QUIET, "dash": "dot"}, annotation={"text": f"this run: {used}"})
    figure.update_layout(height=320, margin=MARGIN, legend=LEGEND)
    figure.update_xaxes(title="clusters", fixedrange=True)
    figure.update_yaxes(title="inertia", rangemode="tozero", fixedrange=True)
    return figure
