"""Puts the report together and writes it."""

import secrets
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from and_core.store import queries
from and_core.store.connection import open_store
from precompute.evaluate.tables import cell
from precompute.report.neurons import heard_neurons
from precompute.report.sections import sections

BACKGROUND = "rgba(0,0,0,0)"


def write_report(store_folder: Path, out: Path) -> int:
    """Write the report of a published store to `out`; returns its size in bytes.

    Every text of the store is escaped, and the page may load nothing and run no script but its own.

    Raises:
        StoreError: the run has no store, or a recording is not beside it.
    """
    store = open_store(store_folder)
    networks = queries.networks(store)
    page = _environment().get_template("report.html.jinja")
    html = page.render(
        run=queries.meta(store)["run"],
        meta=queries.meta(store),
        sections=list(sections(store)),
        neurons=[
            (network.name, title, heard_neurons(store, network, best))
            for network in networks
            for title, best in (("described best", True), ("described worst", False))
        ],
        stages=queries.stage_runs(store)[["stage", "network", "key", "items", "seconds"]],
        prompts=queries.prompts(store).to_dict("records"),
        nonce=secrets.token_urlsafe(16),
        plotly=Markup(get_plotlyjs()),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f"{out.name}.tmp")
    temporary.write_text(html, encoding="utf-8")
    temporary.replace(out)
    return out.stat().st_size


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("precompute.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"figure": figure_json, "records": _records, "cell": cell}
    return environment


def figure_json(figure: go.Figure) -> Markup:
    """A figure as JSON for a script element: no text of it can end the element."""
    figure.update_layout(paper_bgcolor=BACKGROUND, plot_bgcolor=BACKGROUND, font={"family": "system-ui, sans-serif"})
    return Markup(figure.to_json().replace("<", r"\u003c"))


def _records(frame: pd.DataFrame) -> list[list[object]]:
    return frame.to_numpy(dtype=object).tolist()
