"""Unlearning: what a network forgets when the neurons of each class are pruned (Table 4, section 4.3)."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from and_core.algorithms.ablation.selection import CONCEPT_STRATEGIES
from and_core.findings.unlearning import class_table, forget, stored_table, strategies_of
from and_core.findings.unlearning_sentences import TITLES, finding, stored_sentence, without_neurons_sentence
from and_core.store import queries
from pages.components import live_bench, unlearning_result
from pages.components.live_pruning import counter
from pages.components.selections import evidence_of
from pages.components.store import View, current_view
from pages.components.table_twin import number_columns
from pages.components.unlearning_result import Case, Measured

FIRST_ASKED = {"unlearning_strategies": ["open_concept"], "unlearning_seeds": 5, "unlearning_clips": 5}


def main() -> None:
    view = current_view()
    st.title("Unlearning")
    outputs = queries.class_outputs(view.store, view.network.network_id)
    if outputs.empty:
        st.text(
            f"No output of {view.network.name} bears the name of a class of the data set: nothing can be forgotten."
        )
        return
    said = st.container()
    strategies, seeds, per_class = asked(view)
    measured = kept(view, seeds, per_class)
    classes = list(outputs["name"]) if measured.classes is None else measured.classes
    missing = [
        (strategy, name) for strategy in strategies for name in classes if (strategy, name) not in measured.found
    ]
    pressed = st.button(
        "Measure", type="primary", icon=":material/play_arrow:", disabled=not missing, key="measure_unlearning"
    )
    place = st.empty()
    if pressed:
        measure(view, measured, missing, range(seeds), per_class, lambda: sketch(place, measured, strategies))
        st.rerun()  # so that the finding, drawn above, knows of it
    stored = queries.ablation_deltas(view.store, view.network.network_id)
    with said:
        state(view, measured, strategies, missing, seeds, stored)
    unlearning_result.by_strategy(measured.rows(strategies))
    unlearning_result.by_class(view, measured, strategies)
    unlearning_result.own_experiments(view, stored)
    unlearning_result.of_paper()


def asked(view: View) -> tuple[list[str], int, int]:
    """Strategies, random controls and clips of a class; as they were left when the reader comes back."""
    known = strategies_of(evidence_of(view))
    last = st.session_state.setdefault("unlearning_asked", dict(FIRST_ASKED))
    for key, value in last.items():
        st.session_state.setdefault(key, value)
    state = st.session_state
    state["unlearning_strategies"] = [name for name in state["unlearning_strategies"] if name in known]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        strategies = st.multiselect(
            "Strategies",
            known,
            format_func=TITLES.__getitem__,
            key="unlearning_strategies",
            width=520,
            help="\n\n".join(f"{TITLES[name]}: {CONCEPT_STRATEGIES[name]}." for name in known),
        )
        seeds = st.slider("Random controls", 1, 10, key="unlearning_seeds", width=200)
        per_class = st.slider("Clips a class", 1, 40, key="unlearning_clips", width=200)
    state["unlearning_asked"] = {key: state[key] for key in FIRST_ASKED}
    return [name for name in known if name in strategies], int(seeds), int(per_class)


def kept(view: View, seeds: int, per_class: int) -> Measured:
    """What this session measured, of one network of one publication."""
    key = f"unlearning {view.store.path} {view.network.network_id} {seeds} {per_class}"
    measured: Measured = st.session_state.setdefault(key, Measured())
    return measured


def measure(
    view: View,
    measured: Measured,
    missing: Sequence[Case],
    seeds: Sequence[int],
    per_class: int,
    show: Callable[[], None],
) -> None:
    """Make the experiments that are missing; one that is complete is kept, whatever interrupts the next.

    Args:
        show: called whenever an experiment is complete.
    """
    bar = st.progress(0.0, text="Reading the clips")
    loaded = live_bench.bench(view, per_class, queries.evaluation_fold(view.store, view.network.name))
    bench = loaded.bench
    labels = {bench.class_names[label]: label for label in bench.clips.classes.tolist()}
    measured.classes, measured.clips_said, measured.left_out = list(labels), bench.clips_said, loaded.left_out
    cases = [(strategy, name) for strategy, name in missing if name in labels]
    now = ""
    heard = counter(
        lambda share, text: bar.progress(min(share, 1.0), f"{now}: {text}"),
        len(cases) * (1 + len(seeds)) * len(bench.before),
    )
    for number, (strategy, name) in enumerate(cases, start=1):
        now = f"{strategy}:{name}, {number} of {len(cases)}"
        measured.found[strategy, name] = forget(bench, strategy, labels[name], seeds, heard=heard)
        show()
    bar.empty()


def sketch(place: st.delta_generator.DeltaGenerator, measured: Measured, strategies: Sequence[str]) -> None:
    """The rows that are there, the last on top."""
    rows = class_table(measured.of(strategies))[["strategy", "class", "neurons", "gap", "control", "beyond_chance"]]
    place.dataframe(rows[::-1], hide_index=True, column_config=number_columns(), alt="What was measured so far")


def state(
    view: View, measured: Measured, strategies: list[str], missing: list[Case], seeds: int, stored: pd.DataFrame
) -> None:
    """The page's first sentence, and what else the numbers say."""
    rows = measured.rows(strategies)
    st.text(finding(rows) or stored_sentence(stored_table(stored)) or "Nothing is measured yet.")
    for line in filter(None, map(without_neurons_sentence, rows)):
        st.text(line)
    if not strategies:
        st.text("Choose at least one strategy.")
    elif missing:
        st.text(
            f"{len(missing)} experiments, a class and strategy each, are not measured. Press Measure to play the clips "
            f"to {view.network.name} without the neurons of each class, and without as many random ones, "
            f"{len(missing) * (1 + seeds)} times."
        )
    if measured.clips_said:
        st.text(f"Measured on {measured.clips_said} with {seeds} random controls of every experiment.")
    for line in measured.left_out:
        st.text(line)


main()
