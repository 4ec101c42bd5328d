"""Figures, made from frames. Nothing here asks the store or draws on the page; colours hold in light and dark alike."""

import html
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

ACCENT, CONTRAST, QUIET = "#12978b", "#d9622b", "#8b95a1"
SCALE = [[0.0, "#dcebe6"], [0.5, "#4aa396"], [1.0, "#07443f"]]
KINDS, SYMBOLS = (ACCENT, CONTRAST, "#6a6fe0", "#b98a1c"), ("circle", "square", "diamond", "x")
"""Of the kinds of layer: never told apart by colour alone."""
MARGIN = {"l": 8, "r": 8, "t": 24, "b": 8}


def plain(text: str) -> str:
    """Plotly reads labels as HTML: a name from a store must stay text."""
    return html.escape(text, quote=False)


def interval_bars(value: pd.Series, low: pd.Series, high: pd.Series, **style: Any) -> dict[str, Any]:
    """Lines from low to high through each value, as Plotly takes them."""
    return {"type": "data", "symmetric": False, "array": high - value, "arrayminus": value - low, **style}


def layer_grid(layers: pd.DataFrame, measure: str, as_share: bool, chosen: str = "") -> go.Figure:
    """One coloured cell a layer, `chosen` outlined: depth to the right. Bars, as a heat map reports no clicks."""
    kinds = list(dict.fromkeys(layers["kind"]))[::-1]
    written = "{:.0%}" if as_share else "{:.2f}"
    figure = go.Figure(
        go.Bar(
            x=layers["depth"],
            y=np.full(len(layers), 0.92),
            base=[kinds.index(kind) - 0.46 for kind in layers["kind"]],
            width=0.94,
            customdata=layers["name"],
            text=[written.format(value) if pd.notna(value) else "" for value in layers[measure]],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            hovertext=layers["name"].map(plain),
            hovertemplate="%{hovertext}: %{text}<extra></extra>",
            marker={
                "color": layers[measure],
                "colorscale": SCALE,
                "showscale": False,
                "line": {"width": [4 if name == chosen else 0 for name in layers["name"]], "color": CONTRAST},
            },
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.55}},
        )
    )
    figure.update_layout(height=64 + 52 * len(kinds), margin=MARGIN)
    figure.update_xaxes(**_blocks(layers), showgrid=False, zeroline=False)
    figure.update_yaxes(
        tickvals=list(range(len(kinds))),
        ticktext=[plain(kind.replace("_", " ")) for kind in kinds],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    return figure


def _blocks(layers: pd.DataFrame) -> dict[str, Any]:
    """An axis of the network's depth, with the classification head called by its name."""
    depths = layers.groupby("depth")["kind"].first()
    ticks = ["head" if kind == "fc" else str(depth) for depth, kind in depths.items()]
    return {"title": "block", "tickvals": depths.index, "ticktext": ticks, "fixedrange": True}


def bars(names: list[str], values: list[float], unit: str, accent: str | None = None) -> go.Figure:
    """Horizontal bars, the first on top; `accent` names the one to stress. Customdata is the name."""
    colours = [CONTRAST if name == accent else ACCENT for name in names]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=[plain(name) for name in names],
            orientation="h",
            marker={"color": colours},
            customdata=names,
            text=values,
            textposition="outside",
            cliponaxis=False,
            hovertemplate=f"%{{y}}: %{{x}} {unit}<extra></extra>",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.6}},
        )
    )
    figure.update_layout(height=60 + 24 * len(names), margin=MARGIN, bargap=0.25)
    # Room for the number at the end of the longest bar.
    figure.update_xaxes(title=unit, fixedrange=True, range=[0, 1.15 * max(values, default=1)])
    figure.update_yaxes(autorange="reversed", fixedrange=True, automargin=True)
    return figure


def lines_by_depth(layers: pd.DataFrame, measure: str, as_share: bool = False) -> go.Figure:
    """The measure along the depth of the network: a dot a layer, and a line through the means of the blocks."""
    figure = go.Figure()
    for number, (kind, rows) in enumerate(layers.groupby("kind", sort=False)):
        figure.add_scatter(
            x=rows["depth"],
            y=rows[measure],
            mode="markers",
            name=str(kind).replace("_", " "),
            text=rows["name"].map(plain),
            marker={"size": 10, "symbol": SYMBOLS[number % 4], "color": KINDS[number % 4]},
            hovertemplate="%{text}: %{y:.2f}<extra></extra>",
        )
    weighted = layers.assign(total=layers[measure] * layers["neurons"]).groupby("depth")[["total", "neurons"]].sum()
    figure.add_scatter(
        x=weighted.index,
        y=weighted["total"] / weighted["neurons"],
        mode="lines",
        name="mean of the block",
        line={"color": QUIET, "width": 3},
        hovertemplate="block %{x}: %{y:.2f}<extra></extra>",
    )
    figure.update_layout(height=330, margin=MARGIN, legend={"orientation": "h", "y": -0.25})
    figure.update_xaxes(**_blocks(layers))
    figure.update_yaxes(rangemode="tozero", fixedrange=True, tickformat=".0%" if as_share else None)
    return figure


def activations_by_class(activations: pd.DataFrame, high: set[int], low: set[int]) -> go.Figure:
    """Every clip as a dot, a row a class; the exemplars marked. Customdata is the clip's id."""
    names = activations["class_name"].fillna("no class")
    order = activations.assign(row=names).groupby("row")["activation"].median().sort_values().index.tolist()
    # The golden ratio spreads neighbours evenly, and a clip stays where it is when the page is drawn again.
    spread = (activations["clip_id"] * 0.618034 % 1 - 0.5) * 0.62
    height = np.array([order.index(name) for name in names]) + spread.to_numpy()
    figure = go.Figure()
    is_high, is_low = activations["clip_id"].isin(high), activations["clip_id"].isin(low)
    for name, chosen, marker in (
        ("other clips", ~(is_high | is_low), {"color": QUIET, "size": 6, "opacity": 0.55}),
        ("most activating", is_high, {"color": CONTRAST, "size": 11, "symbol": "star"}),
        ("least activating", is_low, {"color": ACCENT, "size": 9, "symbol": "diamond"}),
    ):
        rows = activations[chosen]
        figure.add_scatter(
            x=rows["activation"],
            y=height[chosen.to_numpy()],
            mode="markers",
            name=name,
            marker=marker,
            customdata=rows["clip_id"],
            text=rows["filename"].map(plain),
            hovertemplate="%{text}: %{x:.3f}<extra></extra>",
            selected={"marker": {"opacity": 1, "size": 15}},
            unselected={"marker": {"opacity": 0.4}},
        )
    figure.update_layout(
        height=110 + 26 * len(order), margin=MARGIN, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"}
    )
    figure.update_xaxes(title="activation", fixedrange=True)
    figure.update_yaxes(
        tickvals=list(range(len(order))),
        ticktext=[plain(name.replace("_", " ")) for name in order],
        fixedrange=True,
        zeroline=False,
        automargin=True,
    )
    return figure


def quantile_curve(quantiles: npt.NDArray[np.float32]) -> go.Figure:
    """Share of clips below an activation, from the 33 stored quantiles; for runs too large to keep every activation."""
    figure = go.Figure(
        go.Scatter(x=quantiles, y=np.linspace(0, 1, len(quantiles)), mode="lines+markers", line={"color": ACCENT})
    )
    figure.update_layout(height=300, margin=MARGIN)
    figure.update_xaxes(title="activation", fixedrange=True)
    figure.update_yaxes(title="share of clips below", tickformat=".0%", fixedrange=True)
    return figure


def before_after(change: pd.DataFrame, target: str, title: str, as_share: bool) -> go.Figure:
    """An arrow a class from before to after, the largest loss on top; a grey bar for random controls, if any.

    Args:
        change: name, before, after, change_low and change_high (the interval of the change), related (NaN where it is
            not), and optionally control_low, control_high, sorted by change.
        target: the class to forget, in bold.
    """
    names = change["name"].str.replace("_", " ").map(plain)
    rows = np.arange(len(change))
    figure = go.Figure()
    if "control_low" in change:
        figure.add_trace(_random_instead(change))
    figure.add_scatter(
        x=change["before"],
        y=rows,
        mode="markers",
        name="before",
        marker={"size": 10, "symbol": "circle-open", "color": ACCENT, "line": {"width": 2}},
        text=names,
        hovertemplate="%{text} before: %{x:.2f}<extra></extra>",
    )
    colours = [CONTRAST if name == target else ACCENT for name in change["name"]]
    figure.add_scatter(
        x=change["after"],
        y=rows,
        mode="markers",
        name="after",
        marker={
            "size": 13,
            "symbol": [
                "triangle-left" if a < b else "triangle-right"
                for a, b in zip(change["after"], change["before"], strict=True)
            ],
            "color": colours,
        },
        error_x=interval_bars(
            change["change"], change["change_low"], change["change_high"], color=QUIET, thickness=1.5
        ),
        text=names,
        customdata=change[["change", "change_low", "change_high"]],
        hovertemplate="%{text} after: %{x:.2f}, change %{customdata[0]:+.2f} "
        "[%{customdata[1]:+.2f}, %{customdata[2]:+.2f}]<extra></extra>",
    )
    figure.update_layout(
        shapes=_shafts(change, colours),  # all at once: adding one looks through all that are there
        height=100 + 30 * len(change),
        margin=MARGIN,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"},
        barmode="overlay",
    )
    figure.update_xaxes(title=title, fixedrange=True, tickformat=".0%" if as_share else None)
    marked = [f"◆ {name}" if near else name for name, near in zip(names, change["related"].notna(), strict=True)]
    ticks = [f"<b>{name}</b>" if raw == target else name for name, raw in zip(marked, change["name"], strict=True)]
    figure.update_yaxes(
        tickvals=rows,
        ticktext=ticks,
        autorange="reversed",
        fixedrange=True,
        zeroline=False,
        showgrid=False,
        automargin=True,
    )
    return figure


def _random_instead(change: pd.DataFrame) -> go.Bar:
    """Where the classes are without as many random neurons: from the lowest control to the highest."""
    return go.Bar(
        x=change["control_high"] - change["control_low"],
        base=change["control_low"],
        y=np.arange(len(change)),
        orientation="h",
        width=0.55,
        name="random neurons instead",
        marker={"color": QUIET, "opacity": 0.4, "line": {"width": 2, "color": QUIET}},
        customdata=change["control_high"],
        hovertemplate="random: %{base:.2f} to %{customdata:.2f}<extra></extra>",
    )


def _shafts(change: pd.DataFrame, colours: list[str]) -> list[dict[str, Any]]:
    """The arrows' lines, as Plotly's shapes."""
    moves = zip(change["before"], change["after"], colours, strict=True)
    return [
        {"type": "line", "layer": "below", "line": {"color": colour, "width": 3}}
        | {"x0": before, "x1": after, "y0": row, "y1": row}
        for row, (before, after, colour) in enumerate(moves)
    ]


def confusion(cells: pd.DataFrame, names: list[str], when: str) -> go.Figure:
    """Clips by class (rows) and answer (columns).

    Args:
        cells: class, answer, before, after: numbers of clips, coloured alike in both figures.
        names: of all classes, in order.
        when: `before` or `after`.
    """
    counts = cells.pivot(index="class", columns="answer", values=when).reindex(index=names, columns=names)
    labels = [plain(name.replace("_", " ")) for name in names]
    figure = go.Figure(
        go.Heatmap(
            z=counts.where(counts > 0),
            x=labels,
            y=labels,
            zmin=0,
            zmax=cells[["before", "after"]].max(axis=None),
            colorscale=[[0.0, QUIET], [1.0, ACCENT]],
            texttemplate="%{z}",
            textfont={"color": "white"},
            showscale=False,
            xgap=1,
            ygap=1,
            hoverongaps=False,
            hovertemplate="%{y} taken for %{x}: %{z} clips<extra></extra>",
        )
    )
    figure.update_layout(height=120 + 22 * len(names), margin=MARGIN, title={"text": when, "font": {"size": 14}})
    figure.update_xaxes(title="answer", tickangle=-60, fixedrange=True, showgrid=False, automargin=True)
    figure.update_yaxes(title="class", autorange="reversed", fixedrange=True, showgrid=False, automargin=True)
    return figure
