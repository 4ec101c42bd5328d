"""How long the app takes to answer on a store of the paper's size: 55,346 neurons, 2,000 clips.

Three tables: every query of `and_core.store.queries`, with no answer kept; every page of the running app, opened and
asked again; and every slider on it, moved from place to place as a person moves it, each place a new question. Of a
query the best of some tries counts, as other work on the machine only ever adds; of pages and sliders the median.
Arguments are chosen by their names; a query that asks for one of another name is listed as not timed, and the bench
fails: give it a value in ARGUMENTS.

    python tests/benchmarks/interactions.py [--store FOLDER] [--repeats 5]
"""

import argparse
import inspect
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from paper_store import PaperStore
from streamlit.proto.Slider_pb2 import Slider
from visitor import Visitor, running_app

from and_core.store import queries
from and_core.store.answers import Answers
from and_core.store.connection import Store, open_store

TARGET_MS = 300
NAME_WIDTH = 60
PROJECT = Path(__file__).resolve().parents[2]
NEURON = 30_000
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "network_id": (0,),
    "network": ("ast",),
    "layer_id": (19,),
    "layer": ("layer7_intermediate",),
    "neuron_id": (NEURON,),
    "neuron_ids": (range(NEURON, NEURON + 200),),
    "position": (42,),
    "clip_id": (42,),
    "class_id": (3,),
    "name": ("dog_0",),
    "cluster_id": (3,),
    "per_class": (10,),
    "word": ("loud",),
    "words": (("loud", "dog"),),
    "strategy": ("open_concept", "description_based"),
    "k": (5, 20),
    "tau": (4,),
    "interpretable": (True, False),
    "measurement": ("loudness_dbfs",),
    "best": (True, False),
    "limit": (10,),
    "method": ("description_based",),
    "similarity": ("cos_cubed",),
    "concept": ("dog 0",),
    "concepts": (("dog 0", "bell 1"),),
    "one": (("description_based", "cos_cubed"),),
    "other": (("text_audio_based", "cos_cubed"),),
    "at_least": (0.5,),
    "threshold": (0.6,),
    "point": ("A loud dog is heard in the room, number 0.",),
    "shortest": (3,),
    "kept": (True, False),
}
"""Values by the name of a query's argument; every combination is tried, and the slowest counts."""


Row = tuple[str, list[float]]
"""A name, and milliseconds, one a column."""
QUERY_COLUMNS = ("first", "cpu", "best")
VISIT_COLUMNS = ("first", "worst", "median")
"""The last column counts. `cpu` is of the best try, over all threads."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="A store built before; without one, it is built and thrown away.")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = asked.store or PaperStore(Path(folder)).build()
        queried, untimed = query_times(replace(open_store(store), answers=Answers(cells=0)), asked.repeats)
        report("queries, nothing kept", QUERY_COLUMNS, queried)
        with running_app(PROJECT, store) as address:
            pages, sliders = visits(address, asked.repeats)
        report("pages, opened and asked again", VISIT_COLUMNS, pages)
        report("sliders, moved to new places", VISIT_COLUMNS, sliders)
    for name in untimed:
        say(f"not timed: {name}")
    timed = [*queried, *pages, *sliders]
    slow = [name for name, times in timed if times[-1] > TARGET_MS]
    say(f"{len(slow)} of {len(timed)} over {TARGET_MS} ms" + (f": {', '.join(slow)}" if slow else ""))
    return 1 if untimed else 0  # a busy machine is no defect


def query_times(store: Store, repeats: int) -> tuple[list[Row], list[str]]:
    """Every query with its worst combination of arguments, and those for which an argument is missing."""
    timed, untimed = [], []
    for name, query in vars(queries).items():
        if not inspect.isfunction(query):
            continue
        asked = list(inspect.signature(query).parameters.values())[1:]
        names = [parameter.name for parameter in asked if parameter.default is parameter.empty]
        missing = [parameter for parameter in names if parameter not in ARGUMENTS]
        if missing:
            untimed.append(f"{name}: no value for {', '.join(missing)}")
            continue
        values = itertools.product(*(ARGUMENTS[parameter] for parameter in names))
        tried = [timing(partial(query, store, **dict(zip(names, case, strict=True))), repeats) for case in values]
        timed.append((name, max(tried, key=lambda times: times[-1])))
    return timed, untimed


def timing(ask: Callable[[], object], repeats: int) -> list[float]:
    """As QUERY_COLUMNS."""
    first, *others = seconds(ask, repeats + 1)
    best, cpu = min(others)
    return [1000 * first[0], 1000 * cpu, 1000 * best]


def seconds(ask: Callable[[], object], times: int) -> Iterator[tuple[float, float]]:
    """By the clock, and of the processor."""
    for _ in range(times):
        started, cpu_started = time.perf_counter(), time.process_time()
        ask()
        yield time.perf_counter() - started, time.process_time() - cpu_started


def visits(address: str, repeats: int) -> tuple[list[Row], list[Row]]:
    """Every page and every slider on it; columns as VISIT_COLUMNS."""
    pages, sliders = [], []
    with Visitor(address) as visitor:  # what the first visitor of all waits for is the start of the server
        visitor.run("")
    for file in sorted((PROJECT / "pages" / "views").glob("*.py")):
        page = "" if file.stem == "overview" else file.stem
        started = time.perf_counter()
        with Visitor(address, page) as visitor:
            first = time.perf_counter() - started
            pages.append((file.stem, visit_times(first, [visitor.run("") for _ in range(repeats)])))
            for label, (slider, _) in visitor.sliders().items():
                moved = [visitor.move(label, place) for place in places(slider, repeats + 1)]
                sliders.append((f"{file.stem}: {label}"[:NAME_WIDTH], visit_times(moved[0], moved[1:])))
    return pages, sliders


def places(slider: Slider, count: int) -> list[float]:
    """Spread over the slider, each once, and not in order: a kept answer would be no answer."""
    steps = round((slider.max - slider.min) / slider.step)
    chosen = sorted({round(steps * part / (count - 1)) for part in range(count)})
    return [slider.min + slider.step * step for step in (*chosen[1::2], *chosen[::2])]


def visit_times(first: float, others: Sequence[float]) -> list[float]:
    return [1000 * first, 1000 * max(others), 1000 * median(others)]


def report(title: str, columns: Sequence[str], timed: list[Row]) -> None:
    say(f"{title:{NAME_WIDTH + 2}}{''.join(f'{column:>11}' for column in columns)}   target {TARGET_MS} ms")
    for name, times in sorted(timed, key=lambda row: -row[1][-1]):
        cells = "".join(f" {each:8.1f}ms" for each in times)
        say(f"  {name:{NAME_WIDTH}}{cells}{'   SLOW' if times[-1] > TARGET_MS else ''}")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
