"""The figure of a run's own pruning experiments. Nothing imports streamlit: the report draws it."""

import pandas as pd
import plotly.graph_objects as go

from pages.components.charts import CONTRAST, MARGIN, QUIET, plain


def pruning_gaps(rows: pd.DataFrame, title: str) -> go.Figure:
    """What pruning took from each class beyond the others, the most on top, beside the range of random controls.

    Args:
        rows: class_name, gap, control_lowest, control_highest (missing without controls).
        title: of the axis.
    """
    shown = rows.sort_values("gap")
    names = [plain(name.replace("_", " ")) for name in shown["class_name"]]
    controls = {
        "type": "bar",
        "orientation": "h",
        "x": shown["control_highest"] - shown["control_lowest"],
        "base": shown["control_lowest"],
        "y": names,
        "name": "random neurons instead",
        "marker": {"color": QUIET, "opacity": 0.4, "line": {"width": 2, "color": QUIET}},
        "hoverinfo": "skip",
    }
    gaps = {
        "type": "scatter",
        "mode": "markers",
        "x": shown["gap"],
        "y": names,
        "name": "pruned",
        "marker": {"size": 9, "color": CONTRAST},
        "hovertemplate": "%{y}: %{x:.2f}<extra></extra>",
    }
    across = {"title": {"text": f"gap in logits, {plain(title)}"}, "fixedrange": True, "zeroline": True}
    layout = {"height": 110 + 20 * len(shown), "margin": MARGIN, "xaxis": across}
    layout |= {
        "yaxis": {"fixedrange": True, "automargin": True},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    }
    return go.Figure(data=[controls, gaps], layout=layout)
