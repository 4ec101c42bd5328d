"""The command line: `and-precompute`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from and_core.errors import AndError, ConfigError
from precompute.arguments import RUNS, RunName, Runs
from precompute.evaluate.commands import evaluate

if TYPE_CHECKING:
    from precompute.pipeline import Job

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Dissect audio networks, neuron by neuron.",
)
app.add_typer(evaluate, name="evaluate")

Config = Annotated[str, typer.Argument(help="A TOML file, or the name of a shipped configuration: demo, esc10.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a setting, e.g. --set exemplars.k=10.")
]


@app.command()
def run(config: Config, overrides: Overrides = None, runs: Runs = RUNS) -> None:
    """Dissect the networks of CONFIG and publish the result for the app. Resumes where it was stopped."""
    from precompute.closing_notes import closing_notes
    from precompute.pipeline import execute
    from precompute.progress import RichProgress
    from precompute.reply_log import heard_by

    jobs = planned(config, overrides, runs)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with RichProgress(console) as progress, heard_by(progress.asked):
        execute(jobs, progress)
    for note in closing_notes(jobs):
        console.print(f"Note: {note}", style="yellow", markup=False)
    done = "Nothing was left to do." if progress.kept_count == len(jobs) else "Done."
    store = jobs[0].run.store
    console.print(f"{done} The store is {store}. Browse it: streamlit run app.py -- --store {store}")


def planned(config: str, overrides: list[str] | None, runs: Path) -> list["Job"]:
    """The jobs of a configuration, in order; nothing has run yet."""
    from precompute import config as configuration
    from precompute.pipeline import jobs_of
    from precompute.run import Run
    from precompute.stages.line import STAGES

    return jobs_of(Run(configuration.load(config, tuple(overrides or ())), runs), STAGES)


@app.command()
def plan(
    config: Config,
    overrides: Overrides = None,
    runs: Runs = RUNS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan for machines.")] = False,
) -> None:
    """What running CONFIG will take: model calls, tokens, time and disk. Nothing is run."""
    import json

    from precompute.planning import plan as planning
    from precompute.planning import shown

    found = planning.plan(planned(config, overrides, runs))
    if as_json:
        typer.echo(json.dumps(planning.for_machines(found), indent=1))
        return
    console = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 120)
    console.print(shown.heading(found), markup=False)
    console.print(shown.table_of(found))
    for note in shown.notes(found):
        console.print(note, markup=False)


@app.command()
def status(config: Config, overrides: Overrides = None, runs: Runs = RUNS) -> None:
    """Which stages of CONFIG are done, and which are not."""
    table = Table("stage", "state", "items", "seconds")
    for job in planned(config, overrides, runs):
        if job.is_done:
            table.add_row(job.title, "done", f"{job.record['items']:,}", f"{job.record['seconds']:,.1f}")
        else:
            shards = len([folder for folder in job.folder.glob("shards/*") if folder.name.isdigit()])
            table.add_row(job.title, f"{shards} shards done" if shards else "to do", "", "")
    Console().print(table)


@app.command()
def export(
    name: RunName,
    prune: Annotated[str, typer.Option(help='Neurons to prune, e.g. "open_concept:dog": docs/pruning.md.')],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write the checkpoint.")],
    network: Annotated[str | None, typer.Option(help="One of the run's networks; needed where it has several.")] = None,
    compact: Annotated[bool, typer.Option(help="Cut pruned neurons out where the architecture allows it.")] = False,
    runs: Runs = RUNS,
) -> None:
    """Write a network of RUN without some neurons, as a checkpoint that stands on its own."""
    from precompute.export import export as export_network

    record = export_network(runs / name / "store", network, prune, out, compact)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"Wrote {record['network']} without {record['pruned']:,} neurons to {out}.", markup=False)


@app.command()
def clean(config: Config, overrides: Overrides = None, runs: Runs = RUNS) -> None:
    """Delete what a run keeps of earlier configurations: CONFIG as it is now stays complete."""
    from precompute.clean import clean_run

    removed, freed = clean_run(planned(config, overrides, runs))
    Console(stderr=True).print(f"Removed {removed} folders and files, {freed / 2**20:,.1f} MB.")


@app.command()
def report(
    name: RunName,
    runs: Runs = RUNS,
    out: Annotated[Path | None, typer.Option(help="The file; RUN/report.html in the folder of runs.")] = None,
) -> None:
    """Write what a run found as one HTML file to be read offline: figures, tables, neurons to hear, provenance."""
    from precompute.report.page import write_report

    file = out or runs / name / "report.html"
    size = write_report(runs / name / "store", file)
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"{file}: {size / 1e6:.1f} MB.", markup=False)


@app.command()
def train(
    config: Annotated[str, typer.Argument(help="A TOML file, or the name of a shipped one: train_ast_foley.")],
    overrides: Overrides = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the checkpoint.")] = None,
    folds: Annotated[
        str | None, typer.Option(help="all: train once a fold, each time holding it out; the default is held_out.")
    ] = None,
) -> None:
    """Train a network and measure it on the fold it has not heard. Goes on where it was stopped."""
    from precompute.progress import training_bar
    from precompute.train import train_from_file
    from precompute.training.report import closing_lines

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with training_bar(console) as advance:
        report = train_from_file(
            config,
            tuple(overrides or ()),
            out,
            folds,
            advance,
            lambda note: console.print(f"Note: {note}", markup=False),
        )
    for line in closing_lines(report):
        console.print(line, markup=False)


@app.command()
def download(
    kind: Annotated[str, typer.Argument(metavar="DATASET", help="esc50, gtzan or urbansound8k.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The folder of data sets; each gets one in it.")],
) -> None:
    """Get a probing data set: fetched, checked and unpacked. Resumes where it was stopped."""
    import shlex

    from precompute import download as downloads
    from precompute.progress import byte_bar

    source, console = downloads.source_of(kind), Console(stderr=True, highlight=False, soft_wrap=True)
    folder = to / source.folder
    if downloads.is_here(source, to):
        console.print(f"{source.title} is in {folder} already.", markup=False)
    else:
        console.print(
            f"Getting {source.title} ({source.archive_bytes / 1e9:.2f} GB) from {source.urls[0]}", markup=False
        )
        with byte_bar(console) as advance:
            downloads.download(source, to, advance)
        console.print(f"{source.title} is in {folder}.", markup=False)
    console.print(f"Licence: {source.licence}", markup=False)
    root = shlex.quote(f"dataset.root={folder.resolve()}")
    console.print(f"Use it: and-precompute run CONFIG --set dataset.kind={kind} --set {root}", markup=False)


def main(arguments: list[str] | None = None) -> None:
    """Entry point: errors that a person can mend are one message, not a traceback. A wrong setting exits with 2."""
    try:
        app(arguments)
    except AndError as error:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"{type(error).__name__}: {error.what}", style="red", markup=False)
        if error.remedy:
            console.print(error.remedy, markup=False)
        sys.exit(2 if isinstance(error, ConfigError) else 1)


if __name__ == "__main__":
    main()
