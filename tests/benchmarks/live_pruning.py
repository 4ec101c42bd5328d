"""How soon a reader who prunes sees figures, and whether twenty at once see what each would see alone.

The running app over the demo's run, asked for links that prune: from the moment the page is asked for to the first
figures, and to the figures of all clips, before any random control. Then twenty readers, each with another class
to forget, at once: their sentences are compared with those of one reader after another.

    python tests/benchmarks/live_pruning.py [--store runs/demo/store]
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from streamlit.proto.Delta_pb2 import Delta
from visitor import Visitor, running_app

from and_core.store import queries
from and_core.store.connection import open_store

PROJECT = Path(__file__).resolve().parents[2]
FIRST_S, ALL_S = 0.5, 2.0
READERS, FEW = 20, 4
"""So many readers at once; so many clips of every class for them."""


@dataclass
class Seen:
    """What one reader saw, and after how many seconds."""

    clips: int
    first: float = 0.0
    whole: float = 0.0
    """All clips, no control yet."""
    sentences: list[str] = field(default_factory=list)
    _whole_comes: bool = False

    def look(self, delta: Delta, seconds: float) -> None:
        element = delta.new_element
        if element.WhichOneof("type") == "markdown" and element.markdown.body.endswith("random controls"):
            self._whole_comes = element.markdown.body.startswith(f"{self.clips} of {self.clips} clips, 0")
        if element.WhichOneof("type") == "plotly_chart" and self.sentences:
            self.first = self.first or seconds
            if self._whole_comes:
                self.whole = self.whole or seconds
        if element.WhichOneof("type") == "text" and element.text.body.startswith(("Without ", "As many random")):
            self.sentences.append(element.text.body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, default=PROJECT / "runs" / "demo" / "store")
    folder = parser.parse_args().store
    store = open_store(folder)
    network = queries.networks(store)[0]
    classes = list(queries.class_outputs(store, network.network_id)["name"])
    clips = len(queries.evaluation_clips(store, network.network_id, 20))
    ask = partial(prune, network=network.name)
    with running_app(PROJECT, folder) as address:
        show("the first reader, network not loaded", [ask(address, classes[0], 20, clips, controls=1)])
        show("one after another", [ask(address, name, 20, clips, controls=1) for name in classes[1:6]])
        few = len(queries.evaluation_clips(store, network.network_id, FEW))
        readers = [partial(ask, address, name, FEW, few, controls=1) for name in classes[:READERS]]
        alone = [read() for read in readers]
        with ThreadPoolExecutor(len(readers)) as crowd:
            together = [reading.result() for reading in [crowd.submit(read) for read in readers]]
    equal = sum(one.sentences[-2:] == other.sentences[-2:] for one, other in zip(alone, together, strict=True))
    print(f"{len(readers)} readers at once, {few} clips: {equal} see what they saw alone")  # noqa: T201


def prune(address: str, name: str, per_class: int, clips: int, network: str, controls: int) -> Seen:
    """One reader who follows a link."""
    query = {"network": network, "class": name, "prune": f'open_concept:"{name}"', "fold": "every"}
    query |= {"clips": str(per_class), "controls": str(controls)}
    seen = Seen(clips)
    with Visitor(address, "pruning", urlencode(query), seen.look) as visitor:
        while len(seen.sentences) < 2 or not seen.sentences[-1].startswith("As many"):
            visitor.run("")
    return seen


def show(what: str, seen: list[Seen]) -> None:
    first, whole = (median(getattr(one, name) for one in seen) for name in ("first", "whole"))
    figures = f"first figures {first:.2f} s (target {FIRST_S}), all {seen[0].clips} clips {whole:.2f} s"
    print(f"{what}: {figures} (target {ALL_S})")  # noqa: T201


if __name__ == "__main__":
    main()
