"""`and-precompute evaluate ...`: one short function a table."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from and_core.algorithms.readings import Reading
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


@evaluate.command("adjectives")
def adjectives(
    name: RunName,
    runs: Runs = RUNS,
    as_json: AsJson = False,
    top: Annotated[int, typer.Option(min=1, max=500, help="Adjectives of each network.")] = 20,
) -> None:
    """What do neurons speak of, and does it change with depth? (Figures 3, 5 and 9)"""
    from precompute.evaluate.adjectives import adjective_tables
    from precompute.evaluate.tables import show

    show(adjective_tables(runs / name / "store", top), as_json)


@evaluate.command("acoustics")
def acoustics(
    name: RunName,
    runs: Runs = RUNS,
    as_json: AsJson = False,
    word: Annotated[str | None, typer.Option(help="An adjective; without one, the paper's two pairs.")] = None,
    measurement: Annotated[
        str | None, typer.Option(help="What was measured in clips; without one, everything.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
) -> None:
    """Do neurons that speak of a word hear clips that measure so? (Figure 8 and appendix C)"""
    from precompute.evaluate.acoustics import acoustic_tables
    from precompute.evaluate.tables import show

    show(acoustic_tables(runs / name / "store", word, measurement, seed), as_json)


@evaluate.command("training")
def training(
    name: RunName,
    runs: Runs = RUNS,
    as_json: AsJson = False,
    over_blocks: Annotated[bool, typer.Option("--over-blocks", help="Lines through block means, not neurons.")] = False,
) -> None:
    """Does the way networks were trained show in their neurons? (section 4.5)"""
    from precompute.evaluate.tables import show
    from precompute.evaluate.training import training_tables

    tables, findings = training_tables(runs / name / "store", "block means" if over_blocks else "neurons")
    show(tables, as_json, findings)


@evaluate.command("interpretability")
def interpretability(
    name: RunName,
    runs: Runs = RUNS,
    as_json: AsJson = False,
    k: Annotated[
        int | None, typer.Option(min=1, help="Top clips to judge by; the run's own where none is given.")
    ] = None,
    tau: Annotated[int | None, typer.Option(min=1, help="How many of them must share a cluster; 80 %.")] = None,
    reading: Annotated[Reading, typer.Option(help="What is counted.")] = "clips",
) -> None:
    """Which neurons are uninterpretable, by depth and kind of layer? (Figures 6 and 11 to 14)"""
    from precompute.evaluate.interpretability import interpretability_tables
    from precompute.evaluate.tables import show

    tables, said = interpretability_tables(runs / name / "store", k, tau, reading)
    show(tables, as_json, said)


@evaluate.command("clusters")
def clusters(name: RunName, runs: Runs = RUNS, as_json: AsJson = False) -> None:
    """What are the clusters of caption sentences about, and how many are there? (Table 8)"""
    from precompute.evaluate.clusters import cluster_tables
    from precompute.evaluate.tables import show

    tables, said = cluster_tables(runs / name / "store")
    show(tables, as_json, said)
