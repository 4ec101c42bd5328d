"""This reader's pruning experiments: shown, undone, kept with a name and a note, and compared.

They live in the session. The address says all that is needed to do one again, name and note included.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd
import streamlit as st

from and_core.algorithms.ablation.experiment import Experiment
from and_core.algorithms.ablation.relearning import Relearning
from and_core.algorithms.ablation.selection import Selection
from and_core.algorithms.ablation.spelling import parse
from and_core.errors import SelectionError
from pages.components.clip_card import class_name
from pages.components.store import View

HISTORY = 8
"""Experiments a session remembers; those without a name go first."""
LONGEST = 500
"""Characters of a note: the address holds it."""
PARAMETERS = ("class", "prune", "clips", "fold", "controls", "name", "note")
EVERY_FOLD = "every"


@dataclass(frozen=True)
class Asked:
    """All that an experiment depends on, besides the network."""

    target: str
    """Class to forget."""
    selection: Selection
    per_class: int
    """Clips of every class that are played, at most."""
    fold: int | None
    controls: int
    """Random controls, with seeds from 0."""

    @property
    def query(self) -> dict[str, str]:
        """The address's parameters."""
        return {
            "class": self.target,
            "prune": str(self.selection),
            "clips": str(self.per_class),
            "fold": EVERY_FOLD if self.fold is None else str(self.fold),
            "controls": str(self.controls),
        }

    @classmethod
    def of(cls, query: Mapping[str, str], fallback: "Asked") -> "Asked":
        """What an address asks for; `fallback` where it says nothing.

        Raises:
            SelectionError: it cannot be read.
        """
        fold = query.get("fold")
        return cls(
            target=fallback.target,
            selection=parse(query["prune"]) if "prune" in query else fallback.selection,
            per_class=_number(query, "clips", fallback.per_class, 1, 1000),
            fold=fallback.fold if fold is None else None if fold == EVERY_FOLD else _number(query, "fold", 0, 0, 10**6),
            controls=_number(query, "controls", fallback.controls, 0, 20),
        )


def _number(query: Mapping[str, str], name: str, fallback: int, least: int, most: int) -> int:
    if name not in query:
        return fallback
    text = query[name]
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
        raise SelectionError(f"The address says {name}={text!r}.", f"A number from {least} to {most} stands there.")
    return int(text)


@dataclass(frozen=True, eq=False)
class Done:
    """An experiment of this session."""

    asked: Asked
    found: Experiment
    clips: pd.DataFrame
    """As `queries.evaluation_clips`, those that were played."""
    left_out: list[str]
    """A sentence a clip that could not be read."""
    name: str = ""
    note: str = ""
    relearned: list[Relearning] = field(default_factory=list)
    """One, where the reader asked for it."""

    @property
    def title(self) -> str:
        count = len(self.found.pruned.neurons)
        what = f"{class_name(self.asked.target)}: {self.asked.selection}"
        short = what if len(what) <= 60 else f"{what[:57]}..."
        return self.name or f"{short} ({count:,})"

    @property
    def query(self) -> dict[str, str]:
        said = {"name": self.name, "note": self.note}
        return self.asked.query | {name: text for name, text in said.items() if text}


def done(view: View) -> list[Done]:
    """Of the network on view, in the order in which they were done. Belongs to one publication."""
    kept: list[Done] = st.session_state.setdefault(f"prunings {view.store.path} {view.network.network_id}", [])
    return kept


def add(view: View, experiment: Done) -> None:
    """Remember an experiment and show it."""
    kept = done(view)
    kept.append(experiment)
    nameless = [one for one in kept[:-1] if not one.name]
    if len(kept) > HISTORY:
        kept.remove(nameless[0] if nameless else kept[0])
    show(experiment)


def show(experiment: Done | None) -> None:
    """Make an experiment the one on view, and the address its own."""
    st.session_state["shown_pruning"] = experiment
    for name in PARAMETERS[1:]:
        st.query_params.pop(name, None)
    if experiment is not None:
        st.query_params.update(experiment.query)


def shown(view: View) -> Done | None:
    """The one on view; None where nothing is pruned."""
    experiment = st.session_state.get("shown_pruning")
    return experiment if experiment in done(view) else None


def undo(view: View) -> None:
    """Take back the last experiment; what was before it is shown."""
    kept = done(view)
    kept.pop()
    show(kept[-1] if kept else None)


def rename(view: View, experiment: Done, name: str, note: str) -> None:
    """Keep it under a name."""
    kept = done(view)
    named = replace(experiment, name=name.strip(), note=note.strip())
    kept[kept.index(experiment)] = named
    show(named)
