"""Figures of interpretability and of the clusters behind it, made from frames."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.components.charts import ACCENT, CONTRAST, KINDS, MARGIN, QUIET, SYMBOLS, plain
from pages.components.finding_charts import DASHES


def add_chance(figure: go.Figure, share: float | None, **place: int) -> None:
    """A dotted line at what clips drawn by chance reach; `place` is the row and column of a panel."""
    if share is not None:
        figure.add_hline(
            y=share,
            line={"color": QUIET, "dash": "dot"},
            annotation={"text": "chance", "font": {"color": QUIET}},
            **place,
        )


def panels_by_tau(means: pd.DataFrame, chances: dict[int, float | None]) -> go.Figure:
    """Figures 11 to 14: a panel a threshold, a line a network.

    Args:
        means: network, depth, tau, uninterpretable.
        chances: the share of each tau among clips drawn by chance.
    """
    figure = make_subplots(1, len(chances), shared_yaxes=True, subplot_titles=[f"tau = {tau}" for tau in chances])
    for column, (tau, chance) in enumerate(chances.items(), start=1):
        panel = means[means["tau"] == tau]
        for number, (network, rows) in enumerate(panel.groupby("network", sort=False)):
            style = number % len(KINDS)
            figure.add_scatter(
                x=rows["depth"],
                y=rows["uninterpretable"],
                mode="lines+markers",
                name=plain(str(network)),
                legendgroup=str(network),
                showlegend=column == 1,
                marker={"size": 9, "symbol": SYMBOLS[style], "color": KINDS[style]},
                line={"color": KINDS[style], "dash": DASHES[style]},
                hovertemplate="block %{x}: %{y:.1%}<extra>%{fullData.name}</extra>",
                row=1,
                col=column,
            )
        add_chance(figure, chance, row=1, col=column)
    figure.update_layout(height=320, margin=MARGIN, legend={"orientation": "h", "y": -0.25})
    figure.update_xaxes(title="block", tickvals=sorted(set(means["depth"])), fixedrange=True)
    figure.update_yaxes(range=[-0.03, 1.03], tickformat=".0%", fixedrange=True)
    figure.update_yaxes(title="uninterpretable neurons", col=1)
    return figure


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
    figure.update_layout(height=320, margin=MARGIN, legend={"orientation": "h", "y": -0.25})
    figure.update_xaxes(title="clusters", fixedrange=True)
    figure.update_yaxes(title="inertia", rangemode="tozero", fixedrange=True)
    return figure
