"""`and-precompute evaluate ...`: one short function a table."""

import json

import typer
from rich.console import Console
from rich.table import Table

from precompute.arguments import RUNS, AsJson, RunName, Runs

evaluate = typer.Typer(no_args_is_help=True, help="Tables of the paper, computed on a finished run.")


@evaluate.command("last-layer")
def last_layer(
    name: RunName,
    runs: Runs = RUNS,
    as_json: AsJson = False,
) -> None:
    """Does each output neuron get the name of its class? (Tables 2 and 7 of the paper)"""
    from dataclasses import asdict

    from precompute.evaluate.last_layer import last_layer_scores

    scores = last_layer_scores(runs / name / "store")
    if as_json:
        typer.echo(json.dumps([asdict(score) for score in scores], indent=1))
        return
    table = Table("network", "method", "similarity", "n", "top-1", "top-5", "cosine")
    for score in scores:
        cells = (f"{score.top1:.1%}", f"{score.top5:.1%}", f"{score.cosine:.2f}")
        table.add_row(score.network, score.method, score.similarity or "", str(score.n), *cells)
    Console().print(table)
