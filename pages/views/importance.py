"""Importance: accuracy without ever more of the neurons that a strategy puts first (Figure 4, section 4.4)."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from and_core.algorithms.ablation.experiment import Pruned
from and_core.algorithms.ablation.importance import PARTS, PERCENTAGES, curve, terms_of
from and_core.algorithms.ablation.selection import Term
from and_core.findings import importance, paper
from and_core.store import queries
from pages.components import finding_charts, live_bench
from pages.components.selections import evidence_of
from pages.components.store import View, current_view
from pages.components.table_twin import twin

STATIC = {"displayModeBar": False}
TITLES = {"a": "parts of speech", "b": "basic and high-level adjectives", "c": "single adjectives"}
FIRST_ASKED = {"importance_parts": ["a"], "importance_seeds": 3, "importance_clips": 5}
Rows = list[dict[str, Any]]


@dataclass
class Measured:
    """The curves of one network, all with the same clips and seeds."""

    curves: dict[Term, Rows] = field(default_factory=dict)
    clips_said: str = ""
    left_out: list[str] = field(default_factory=list)
    """Clips that cannot be read, and why."""

    def of(self, terms: Iterable[Term]) -> pd.DataFrame:
        """What `importance.over_seeds` makes of those that are there."""
        rows = [row for term in terms for row in self.curves.get(term, [])]
        return importance.over_seeds(rows) if rows else pd.DataFrame()


def main() -> None:
    view = current_view()
    st.title("Importance")
    if queries.class_outputs(view.store, view.network.network_id).empty:
        st.text(f"No output of {view.network.name} bears the name of a class of the data set: accuracy has no meaning.")
        return
    finding = st.container()
    parts, seeds, per_class = asked()
    measured = kept(view, seeds, per_class)
    terms = terms_of("".join(parts))
    missing = [term for term in terms if term not in measured.curves]
    pressed = st.button(
        "Measure", type="primary", icon=":material/play_arrow:", disabled=not missing, key="measure_importance"
    )
    places = {part: st.empty() for part in parts}
    if pressed:
        measure(view, measured, missing, range(seeds), per_class, partial(sketch, places))
        st.rerun()  # so that the finding, drawn above, knows of it
    with finding:
        state(view, measured, terms, missing, seeds)
    for part, place in places.items():
        with place.container():
            draw(part, measured.of(PARTS[part]))
    of_paper(parts)


def asked() -> tuple[list[str], int, int]:
    """Parts of the figure, seeds and clips of a class; as they were left when the reader comes back."""
    last = st.session_state.setdefault("importance_asked", dict(FIRST_ASKED))
    for key, value in last.items():
        st.session_state.setdefault(key, value)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        parts = st.segmented_control(
            "Parts of Figure 4",
            list(PARTS),
            selection_mode="multi",
            format_func=lambda part: f"{part}: {TITLES[part]}",
            key="importance_parts",
        )
        seeds = st.slider("Seeds", 1, 10, key="importance_seeds", width=200)
        per_class = st.slider("Clips a class", 1, 40, key="importance_clips", width=200)
    st.session_state["importance_asked"] = {key: st.session_state[key] for key in FIRST_ASKED}
    return sorted(parts), int(seeds), int(per_class)


def kept(view: View, seeds: int, per_class: int) -> Measured:
    """What this session measured, of one network of one publication."""
    key = f"importance {view.store.path} {view.network.network_id} {seeds} {per_class}"
    measured: Measured = st.session_state.setdefault(key, Measured())
    return measured


def measure(
    view: View,
    measured: Measured,
    terms: Sequence[Term],
    seeds: Sequence[int],
    per_class: int,
    show: Callable[[Term, Measured], None],
) -> None:
    """Play the clips without ever more neurons; a curve that is complete is kept, whatever interrupts the next.

    Args:
        show: called whenever a percentage of a curve is complete, with what there is.
    """
    bar = st.progress(0.0, text="Reading the clips")
    loaded = live_bench.bench(view, per_class, queries.evaluation_fold(view.store, view.network.name))
    bench = loaded.bench
    measured.clips_said, measured.left_out = bench.clips_said, loaded.left_out
    played: dict[bytes, Pruned] = {}
    done, total, started = 0, len(terms) * len(PERCENTAGES) * len(seeds), time.monotonic()
    for term in terms:
        rows: Rows = []
        for row in curve(bench, term, seeds, played):
            rows.append(row)
            done += 1
            left = (time.monotonic() - started) / done * (total - done)
            what = f"{row['percent']} % by {term}: played {bench.clips_said} {done} of {total} times"
            bar.progress(done / total, f"{what}, about {left:.0f} s left")
            if len(rows) % len(seeds) == 0:
                show(term, Measured({**measured.curves, term: rows}))
        measured.curves[term] = rows
    bar.empty()


def sketch(places: dict[str, Any], term: Term, found: Measured) -> None:
    """The figures that have this curve, as far as they are."""
    for part, place in places.items():
        if term in PARTS[part]:
            curves = found.of(PARTS[part])
            drawn, alt = finding_charts.accuracy_curves(curves), f"Figure 4{part}, being measured"
            # A key of its own each time: Streamlit takes none twice in one run of the script.
            place.plotly_chart(drawn, key=f"importance_{part}_{len(curves)}", config=STATIC, alt=alt)


def state(view: View, measured: Measured, terms: list[Term], missing: list[Term], seeds: int) -> None:
    """The page's first sentence, and what else the curves say."""
    curves = measured.of(terms)
    for sentence in importance.sentences(curves).values() if len(curves) else ():
        st.text(sentence)
    hidden = sum(layer.width for layer in evidence_of(view).layers if not layer.is_head)
    if not terms:
        st.text("Choose at least one part of the figure.")
    elif missing:
        st.text(
            f"{len(missing)} of {len(terms)} curves are not measured. Press Measure to play the clips to "
            f"{view.network.name} without 0 to {PERCENTAGES[-1]} % of its {hidden:,} hidden neurons, "
            f"{len(missing) * len(PERCENTAGES) * seeds} times."
        )
    if measured.clips_said:
        st.text(f"Measured on {measured.clips_said} and {seeds} seeds: {interval_sentence(measured)}")
    for line in measured.left_out:
        st.text(line)


def interval_sentence(measured: Measured) -> str:
    """How far a point would move if other clips of the same classes had been played."""
    rows = [row for rows in measured.curves.values() for row in rows]
    widest = max(((row["accuracy_after_high"] - row["accuracy_after_low"]) / 2 for row in rows), default=0.0)
    if not widest:
        return "with one clip a class no interval over clips can be said; bars show the range over seeds."
    return f"95 % intervals over clips reach {100 * widest:.0f} points to either side; bars show the range over seeds."


def draw(part: str, curves: pd.DataFrame) -> None:
    """One part of the figure, with its table."""
    st.subheader(f"Figure 4{part}: {TITLES[part]}")
    if curves.empty:
        st.text("Not measured yet.")
        return
    alt = f"Accuracy against the share of neurons pruned, {TITLES[part]}; the same numbers are in the table below"
    st.plotly_chart(finding_charts.accuracy_curves(curves), key=f"importance_{part}_whole", config=STATIC, alt=alt)
    twin(curves, f"importance_{part}", f"Accuracy by strategy and share of neurons pruned, {TITLES[part]}")


def of_paper(parts: Sequence[str]) -> None:
    """The paper's AST, drawn the same way."""
    rows = paper.accuracy_when_pruned()
    with st.expander("The paper's own Figure 4"):
        for part in parts:
            own = rows[rows["strategy"].isin([str(term) for term in PARTS[part]])]
            alt = f"The paper's Figure 4{part}, as in the table below"
            st.plotly_chart(finding_charts.accuracy_curves(own), key=f"paper_importance_{part}", config=STATIC, alt=alt)
        st.dataframe(rows, hide_index=True, alt="The paper's Figure 4: AST on ESC-50")
        st.caption(f"{paper.SOURCE} AST alone, three seeds.")


main()
