"""`and-precompute evaluate ...`: one short function a table."""

import json
from pathlib import Path
from typing import Annotated

import typer

from and_core.algorithms.readings import Reading
from precompute.arguments import RUNS, AsJson, RunName, Runs

evaluate = typer.Typer(no_args_is_help=True, help="Tables of the paper, computed on a finished run.")


@evaluate.command("last-layer")
def last_layer(
    name: RunName,
    runs: Runs = RUNS,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Does each output neuron get the name of its class? Beside the paper's own figures. (Tables 2 and 7)"""
    from dataclasses import asdict

    from and_core.findings.last_layer import LEGEND, headlines, score_tables
    from precompute.evaluate.last_layer import last_layer_scores
    from precompute.evaluate.tables import show

    scores = last_layer_scores(runs / name / "store", seed)
    if as_json:
        typer.echo(json.dumps([asdict(score) for score in scores], indent=1))
        return
    show(score_tables(scores), as_json=False, sentences={**headlines(scores), "legend": LEGEND})


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

    tables, said = adjective_tables(runs / name / "store", top)
    show(tables, as_json, said)


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

    tables, said = acoustic_tables(runs / name / "store", word, measurement, seed)
    show(tables, as_json, said)


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


Network = Annotated[str | None, typer.Option(help="One network of the run; without it, each.")]
PerClass = Annotated[int, typer.Option(min=1, help="Clips of every class that are played, at most.")]


@evaluate.command("unlearning")
def unlearning(
    name: RunName,
    runs: Runs = RUNS,
    as_json: AsJson = False,
    network: Network = None,
    strategy: Annotated[
        list[str] | None, typer.Option(help="open_concept, description_based, ...; without it, all the run can follow.")
    ] = None,
    places: Annotated[str, typer.Option("--in", help="Layers or depths, as in a selection; all hidden ones.")] = "",
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Random controls beside every experiment.")] = 5,
    clips_per_class: PerClass = 10,
    relearn: Annotated[bool, typer.Option(help="Fit a new linear head after every pruning.")] = False,
) -> None:
    """What does a network forget when the neurons of a concept are pruned? (Table 4)"""
    from and_core.findings.unlearning import over_classes, strategies_of
    from precompute.evaluate import unlearning as table4
    from precompute.evaluate.bench import benches
    from precompute.evaluate.tables import say, show

    found = []
    for bench in benches(runs / name / "store", network, clips_per_class, say):
        strategies = strategies_of(bench.evidence, strategy or [])
        inside = tuple(filter(None, places.split(",")))
        found += list(table4.unlearning(bench, strategies, range(seeds), inside, relearn, say))
    if as_json:
        typer.echo(json.dumps([row for classes in found for one in classes for row in one.rows], indent=1))
        return
    tables, said = table4.unlearning_tables([over_classes(classes) for classes in found])
    show(tables, as_json=False, sentences=said)


@evaluate.command("experiment")
def experiment(
    name: RunName,
    prune: Annotated[str, typer.Option(help='Neurons to prune, e.g. "open_concept:dog": docs/pruning.md.')],
    forget: Annotated[str, typer.Option(metavar="CLASS", help="The class that is to be forgotten.")],
    network: Annotated[str | None, typer.Option(help="One of the run's networks; needed where it has several.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Random controls beside it.")] = 5,
    clips_per_class: PerClass = 10,
    relearn: Annotated[bool, typer.Option(help="Fit a new linear head to what is left.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the whole experiment there.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write a row a class there, every measure.")
    ] = None,
    runs: Runs = RUNS,
) -> None:
    """One pruning experiment: what a class loses beside the others and beside chance, and what is taken for what."""
    from precompute.evaluate.experiment import experiment_tables, one_experiment, write
    from precompute.evaluate.tables import say, show

    done = one_experiment(runs / name / "store", network, prune, forget, seeds, clips_per_class, relearn, say)
    write(done, json_file, csv_file)
    tables, said = experiment_tables(done)
    show(tables, as_json=False, sentences=said)


@evaluate.command("importance")
def importance(
    name: RunName,
    runs: Runs = RUNS,
    as_json: AsJson = False,
    network: Network = None,
    parts: Annotated[str, typer.Option(help="Of the figure: a, b, c, or several.")] = "abc",
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Runs of every curve.")] = 3,
    clips_per_class: PerClass = 10,
) -> None:
    """Which neurons does a network need most? (Figure 4)"""
    from and_core.algorithms.ablation.importance import PARTS
    from precompute.evaluate import importance as figure4
    from precompute.evaluate.bench import benches
    from precompute.evaluate.tables import say, show

    if not parts or set(parts) - set(PARTS):
        raise typer.BadParameter("it is one or several of a, b, c", param_hint="--parts")
    found = [
        row
        for bench in benches(runs / name / "store", network, clips_per_class, say)
        for row in figure4.importance(bench, parts, range(seeds), say)
    ]
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    tables, said = figure4.importance_tables(found)
    show(tables, as_json=False, sentences=said)
