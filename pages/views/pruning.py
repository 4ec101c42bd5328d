"""Pruning: force the neurons that speak of a class to zero, and hear what the network forgot (paper, section 4.3)."""

from typing import Any

import pandas as pd
import streamlit as st

from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.selection import Limited, Picked, Selection, Term, control_of
from and_core.errors import DatasetError
from and_core.models.protocols import NeuronIds
from and_core.store import queries
from pages.components import charts, links, live_network, pickers, pruning_result
from pages.components.clip_card import class_name
from pages.components.live_network import Pruning
from pages.components.selections import evidence_of
from pages.components.store import View, current_view

STRATEGIES = {
    "open concept": "Neurons whose calibrated summary has a noun of the class name",
    "description-based": "Neurons with the class among their three best concepts (cos cubed)",
    "random": "As many random neurons of every layer as open concept prunes there",
}


def main() -> None:
    view = current_view()
    st.title("Pruning")
    outputs = queries.class_outputs(view.store, view.network.network_id)
    if outputs.empty:
        st.text(
            f"No output of {view.network.name} bears the name of a class of the data set: there is nothing to forget."
        )
        return
    summary = st.container()
    target = asked_class(outputs)
    strategy, seed = strategy_picker()
    chosen = chosen_neurons(view, str(target["name"]), strategy, seed)
    how = measured_how(view)
    with summary:
        state_selection(view, str(target["name"]), chosen)
    act(view, target, strategy, chosen, how)
    shown = pruning_result.history(view)
    left, right = st.columns([2, 1], gap="medium")
    with right:
        per_layer(view, shown.neurons if shown else group(chosen))
    with left:
        pruning_result.draw(shown)
    if shown:
        pruning_result.changed_clips(view, shown)
    stored(view, target)


def asked_class(outputs: pd.DataFrame) -> pd.Series:
    """The class to forget: from the address, else the first."""
    names = list(outputs["name"])
    asked = pickers.asked_for("class", names[0])
    if asked not in names:
        st.warning("The data set has no class of that name.", icon=":material/search_off:")
        st.text(f"{asked!r} is not one of its classes; this is {names[0]!r}.")
        asked = names[0]
    st.session_state["pruned_class"] = asked
    st.selectbox(
        "Class to forget",
        names,
        format_func=class_name,
        key="pruned_class",
        on_change=pickers.write_to_address("pruned_class", "class"),
        width=320,
    )
    return outputs[outputs["name"] == asked].iloc[0]


def strategy_picker() -> tuple[str, int]:
    """Which neurons go, and the seed where they are drawn."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        strategy = str(
            st.segmented_control(
                "Neurons to prune", list(STRATEGIES), default="open concept", required=True, key="strategy"
            )
        )
        seed = 0
        if strategy == "random":
            seed = int(st.number_input("Seed", 0, 10_000, 0, key="seed", width=120))
    st.caption(STRATEGIES[strategy])
    return strategy, seed


def chosen_neurons(view: View, concept: str, strategy: str, seed: int) -> pd.DataFrame:
    """The neurons that would be pruned, surest first: strategy, layers and strength. Columns: layer, position."""
    evidence = evidence_of(view)
    layers = st.multiselect(
        "Layers",
        [layer.name for layer in evidence.layers],
        key="pruned_layers",
        placeholder="all but the classification head",
    )
    term = Term("description_based" if strategy == "description-based" else "open_concept", concept)
    selection: Selection = Limited(term, places=tuple(layers)) if layers else term
    found = choose(selection, evidence)
    if len(found) > 1:
        key = f"strength_{concept}_{strategy}_{'+'.join(layers)}"
        most = st.slider(
            f"Strength: how many of the {len(found):,}, the surest first", 1, len(found), len(found), key=key
        )
        selection, found = Limited(selection, first=most), found[:most]
    if strategy == "random":
        found = choose(control_of(selection, seed), evidence)
    return pd.DataFrame(evidence.names(found), columns=["layer", "position"])


def group(neurons: pd.DataFrame) -> NeuronIds:
    """Layer -> positions."""
    return {str(layer): sorted(rows["position"].tolist()) for layer, rows in neurons.groupby("layer", sort=False)}


def measured_how(view: View) -> dict[str, Any]:
    """Which clips the pruned network is played, and how many random controls stand beside it."""
    folds = queries.folds(view.store)
    with st.expander("How it is measured"), st.container(horizontal=True, vertical_alignment="bottom"):
        per_class = st.slider("Clips a class", 1, 40, 5, key="clips_per_class", width=260)
        controls = st.slider("Random controls", 1, 5, 3, key="controls", width=260)
        fold = None
        if folds:
            own = queries.evaluation_fold(view.store, view.network.name)
            answers = [None, *folds]
            start = answers.index(own) if own in answers else 0
            fold = st.selectbox("Clips of", answers, start, format_func=fold_name, key="fold", width=200)
            st.caption(
                "A fold that the network was not trained on measures what it knows rather than what it remembers."
            )
    return {"per_class": per_class, "controls": controls, "fold": fold}


def fold_name(fold: int | None) -> str:
    return "every fold" if fold is None else f"fold {fold}"


def state_selection(view: View, target: str, chosen: pd.DataFrame) -> None:
    """The page's first sentence: how many neurons, in how many layers."""
    total = view.network.neuron_count
    if chosen.empty:
        st.text(
            f"No neuron of the layers chosen speaks of {class_name(target)}. Choose more layers, or another strategy."
        )
        return
    most = chosen["layer"].value_counts()
    where = pruning_result.counted(len(most), "layer")
    st.text(
        f"{len(chosen):,} of {total:,} neurons ({len(chosen) / total:.1%}) in {where} would be pruned to "
        f"forget {class_name(target)}; most of them in {most.index[0]} ({most.iloc[0]})."
    )


def act(view: View, target: pd.Series, strategy: str, chosen: pd.DataFrame, how: dict[str, Any]) -> None:
    """[Prune] and [Undo]."""
    with st.container(horizontal=True):
        pressed = st.button("Prune", type="primary", icon=":material/content_cut:", disabled=chosen.empty, key="prune")
        pruning_result.undo_button(view)
    if pressed:
        pruning_result.keep(view, prune(view, str(target["name"]), strategy, group(chosen), how))
        st.rerun()  # so that Undo, drawn above, knows of it


def prune(view: View, target: str, strategy: str, neurons: NeuronIds, how: dict[str, Any]) -> Pruning:
    """Play the clips to the pruned network and to the random controls."""
    live = live_network.loaded(view.network)
    clips = queries.evaluation_clips(view.store, view.network.network_id, how["per_class"], how["fold"])
    if target not in set(clips["class_name"]) or clips["class_name"].nunique() < 2:
        raise DatasetError(
            f"{fold_name(how['fold']).capitalize()} lacks clips of {class_name(target)}, or of every other class.",
            "Choose another fold under How it is measured.",
        )
    sounds = live_network.waveforms(view.store, clips, view.network.sample_rate_hz)
    evidence = evidence_of(view)
    pruned = Picked(tuple((layer, position) for layer, positions in neurons.items() for position in positions))
    seeds = range(how["controls"]) if strategy != "random" else ()
    controls = [evidence.by_layer(choose(control_of(pruned, seed), evidence)) for seed in seeds]
    bar = st.progress(0.0, text=f"Playing {len(clips)} clips")
    after, *beside = live_network.pruned_logits(live, sounds, [neurons, *controls], bar.progress)
    bar.empty()
    title = f"{class_name(target)}, {strategy}, {sum(map(len, neurons.values())):,} neurons"
    return Pruning(title, target, neurons, clips, after, beside)


def per_layer(view: View, neurons: NeuronIds) -> None:
    """How many neurons of each layer."""
    st.markdown("##### Pruned neurons by layer")
    widths = {layer.name: layer.width for layer in evidence_of(view).layers}
    rows = pd.DataFrame(
        [(layer, len(neurons[layer]), width) for layer, width in widths.items() if layer in neurons],
        columns=["layer", "pruned", "of"],
    )
    if rows.empty:
        st.text("None.")
        return
    figure = charts.bars(list(rows["layer"]), rows["pruned"].tolist(), "neurons")
    st.plotly_chart(figure, key="pruned_by_layer", config={"displayModeBar": False}, alt="Pruned neurons by layer")
    with st.expander("The same as a table"):
        st.dataframe(rows, hide_index=True, alt="Pruned neurons by layer")


def stored(view: View, target: pd.Series) -> None:
    """The experiments that the run itself did for this class."""
    rows = queries.ablation_results(view.store, view.network.network_id, int(target["class_id"]))
    if rows.empty:
        return
    with st.expander(links.plain(f"The run's own experiments on {class_name(target['name'])}")):
        st.text(f"Measured on {rows['clips'].iloc[0]}.")
        st.dataframe(
            rows.drop(columns="clips"),
            hide_index=True,
            alt="Stored ablation results",
        )


main()
