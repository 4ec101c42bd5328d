"""Arguments that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", envvar="AND_RUNS", help="The folder of all runs.")]
RUNS = Path("runs")
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print rows for machines.")]
