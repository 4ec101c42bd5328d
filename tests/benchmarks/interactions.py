"""How long the app takes to answer a slider or picker on a store of the paper's size: 55,346 neurons, 2,000 clips.

Times every query of `and_core.store.queries`, and a whole rerun of every page, which is the most that a slider on it
can cost (fragments rerun less). The best of some tries counts, as other work on the machine only ever adds; beside it
stands the processor time of all threads. Arguments are chosen by their names; a query that asks for one of another name
is listed as not timed, and the bench fails: give it a value in ARGUMENTS.

    python tests/benchmarks/interactions.py [--store FOLDER] [--repeats 5]
"""

import argparse
import inspect
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from paper_store import PaperStore
from streamlit.testing.v1 import AppTest

from and_core.store import queries
from and_core.store.connection import Store, open_store

TARGET_MS = 300
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


class Timing(NamedTuple):
    name: str
    first_ms: float
    best_ms: float
    cpu_ms: float
    """Of the best, over all threads."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="A store built before; without one, it is built and thrown away.")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = asked.store or PaperStore(Path(folder)).build()
        timed, untimed = query_times(open_store(store), asked.repeats)
        report("queries", timed)
        pages = page_times(store, asked.repeats)
        report("pages, a whole rerun", pages)
    for name in untimed:
        say(f"not timed: {name}")
    slow = [timing.name for timing in (*timed, *pages) if timing.best_ms > TARGET_MS]
    say(f"{len(slow)} of {len(timed) + len(pages)} over {TARGET_MS} ms" + (f": {', '.join(slow)}" if slow else ""))
    return 1 if untimed else 0  # a busy machine is no defect


def query_times(store: Store, repeats: int) -> tuple[list[Timing], list[str]]:
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
        tried = [timing(name, partial(query, store, **dict(zip(names, case, strict=True))), repeats) for case in values]
        timed.append(max(tried, key=lambda timing: timing.best_ms))
    return timed, untimed


def page_times(store: Path, repeats: int) -> list[Timing]:
    """Every page: how long it takes to open, and to be drawn again."""
    sys.argv = ["app.py", "--store", str(store)]
    found = []
    for file in sorted((PROJECT / "pages" / "views").glob("*.py")):
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120)
        if file.stem != "overview":
            app.switch_page(f"pages/views/{file.name}")
        found.append(timing(file.stem, partial(drawn, app), repeats))
    return found


def drawn(app: AppTest) -> None:
    """A page that fails is quick, and worth nothing."""
    app.run()
    if app.exception or app.error:
        raise SystemExit(f"The page failed: {[e.value for e in (*app.exception, *app.error)]}")


def timing(name: str, ask: Callable[[], object], repeats: int) -> Timing:
    first, *others = seconds(ask, repeats + 1)
    best, cpu = min(others)
    return Timing(name, 1000 * first[0], 1000 * best, 1000 * cpu)


def seconds(ask: Callable[[], object], times: int) -> Iterator[tuple[float, float]]:
    """By the clock, and of the processor."""
    for _ in range(times):
        started, cpu_started = time.perf_counter(), time.process_time()
        ask()
        yield time.perf_counter() - started, time.process_time() - cpu_started


def report(title: str, timed: list[Timing]) -> None:
    say(f"{title:40} {'first':>9} {'best':>9} {'cpu':>9}   target {TARGET_MS} ms")
    for name, *times, best, cpu in sorted(timed, key=lambda timing: -timing.best_ms):
        cells = "".join(f" {each:7.1f}ms" for each in (*times, best, cpu))
        say(f"  {name:38}{cells}{'   SLOW' if best > TARGET_MS else ''}")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
