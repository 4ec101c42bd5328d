"""Figures of the pages about modules A, B and C, made from frames."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from pages.components.charts import ACCENT, CONTRAST, MARGIN, QUIET, SCALE, plain


def squares(
    cells: pd.DataFrame, across: Sequence[str], down: Sequence[str], x_title: str = "", y_title: str = ""
) -> go.Figure:
    """A matrix whose cells can be clicked: square marks, as a heat map reports no clicks.

    Args:
        cells: x, y (names of a column and a row), value (its colour), key (customdata), text (shown at the mouse);
            optionally symbol (plotly's name of the mark), where colour alone would not tell two kinds apart.
        across: the columns, left to right.
        down: the rows, from the top.
    """
    x = {name: place for place, name in enumerate(across)}
    y = {name: place for place, name in enumerate(down)}
    figure = go.Figure(
        go.Scatter(
            x=cells["x"].map(x),
            y=cells["y"].map(y),
            mode="markers",
            customdata=cells["key"],
            text=cells["text"].map(plain),
            hovertemplate="%{text}<extra></extra>",
            marker={
                "symbol": cells.get("symbol", "square"),
                "size": 15,
                "color": cells["value"],
                "colorscale": SCALE,
                "cmin": 0,
                "line": {"width": 1, "color": QUIET},
            },
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.6}},
        )
    )
    figure.update_layout(height=150 + 22 * len(down), margin=MARGIN)
    figure.update_xaxes(
        title=x_title,
        tickvals=list(range(len(across))),
        ticktext=[plain(name.replace("_", " ")) for name in across],
        tickangle=-50,
        range=[-0.7, len(across) - 0.3],
        fixedrange=True,
        zeroline=False,
        automargin=True,
    )
    figure.update_yaxes(
        title=y_title,
        tickvals=list(range(len(down))),
        ticktext=[plain(name.replace("_", " ")) for name in down],
        range=[len(down) - 0.3, -0.7],
        fixedrange=True,
        zeroline=False,
        automargin=True,
    )
    return figure


def struck_by_layer(layers: pd.DataFrame) -> go.Figure:
    """Share of points struck in every layer: by the run as a ring, with the chosen threshold as a dot.

    Args:
        layers: name, struck, struck_at (shares, 0..1). Customdata is the name.
    """
    rows = list(range(len(layers)))
    line = {"type": "line", "line": {"color": CONTRAST, "width": 2}}
    moves = zip(rows, layers["struck"], layers["struck_at"], strict=True)
    figure = go.Figure(layout={"shapes": [line | {"x0": was, "x1": now, "y0": y, "y1": y} for y, was, now in moves]})
    for column, name, marker in (
        ("struck", "as the run did", {"symbol": "circle-open", "size": 12, "color": ACCENT, "line": {"width": 2}}),
        ("struck_at", "with this threshold", {"symbol": "circle", "size": 8, "color": CONTRAST}),
    ):
        figure.add_scatter(
            x=layers[column],
            y=rows,
            mode="markers",
            name=name,
            marker=marker,
            customdata=layers["name"],
            text=layers["name"].map(plain),
            hovertemplate="%{text}: %{x:.1%}<extra></extra>",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.6}},
        )
    figure.update_layout(
        height=110 + 24 * len(layers), margin=MARGIN, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"}
    )
    figure.update_xaxes(title="share struck", tickformat=".0%", rangemode="tozero", fixedrange=True)
    figure.update_yaxes(
        tickvals=rows,
        ticktext=[plain(name) for name in layers["name"]],
        autorange="reversed",
        fixedrange=True,
        zeroline=False,
        automargin=True,
    )
    return figure


def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    width: float,
    x_title: str,
    y_title: str,
    stressed: Sequence[bool] | None = None,
    marks: dict[str, float] | None = None,
) -> go.Figure:
    """Bars that begin at `edges`; customdata is the edge.

    Args:
        stressed: which bars to stress; they are hatched too.
        marks: upright lines, name -> place.
    """
    stress = stressed or [False] * len(edges)
    figure = go.Figure(
        go.Bar(
            x=[edge + width / 2 for edge in edges],
            y=counts,
            width=width,
            customdata=list(edges),
            marker={
                "color": [CONTRAST if stressed else ACCENT for stressed in stress],
                "pattern": {"shape": ["/" if stressed else "" for stressed in stress]},
                "line": {"width": 0},
            },
            hovertemplate=f"{x_title} about %{{x}}: %{{y}} {y_title}<extra></extra>",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.6}},
        )
    )
    for name, place in (marks or {}).items():
        figure.add_vline(
            x=place, line={"color": QUIET, "width": 2, "dash": "dot"}, annotation_text=plain(name), annotation_xshift=3
        )
    figure.update_layout(height=250, margin=MARGIN, bargap=0)
    figure.update_xaxes(title=x_title, fixedrange=True)
    figure.update_yaxes(title=y_title, fixedrange=True, rangemode="tozero")
    return figure
