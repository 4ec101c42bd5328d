"""Pruning: force the neurons that speak of a class to zero, and hear what the network forgot (paper, section 4.3)."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from and_core.models.protocols import NeuronIds
from and_core.store import queries
from pages.components import (
    charts,
    experiments,
    links,
    live_bench,
    live_pruning,
    own_clip,
    pruning_result,
    pruning_setup,
    relearning_probe,
    selection_picker,
    shelf,
)
from pages.components.clip_card import class_name
from pages.components.experiments import Asked, Done
from pages.components.selection_picker import Chosen
from pages.components.selections import evidence_of
from pages.components.store import View, current_view
from pages.components.table_twin import twin


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
    target = pruning_setup.asked_class(outputs)
    name = str(target["name"])
    linked = pruning_setup.asked_by_link(view, name)
    chosen = selection_picker.picker(evidence_of(view), name)
    asked = pruning_setup.measured_how(view, name, chosen)
    live_bench.warm(view, asked.per_class, asked.fold)
    with summary:
        state_selection(view, name, chosen)
    pressed = buttons(view, chosen)
    if linked or pressed:
        said = st.query_params if linked else {}
        prune(view, linked or asked, target, said.get("name", ""), said.get("note", ""))
        st.rerun()  # so that what stands above, Undo and the shelf, knows of it
    shown = experiments.shown(view)
    draw(view, shown, chosen)
    if shown:
        closer(view, shown)
    stored(view, target)


def prune(view: View, asked: Asked, target: pd.Series, name: str, note: str) -> None:
    """Do the experiment, or show it where this session did it before."""
    before = [one for one in experiments.done(view) if one.asked == asked]
    if before:
        experiments.show(before[-1])
        return
    related = queries.related_classes(view.store, asked.target, pruning_result.RELATED)
    done = live_pruning.run(view, asked, int(target["output"]), related)
    experiments.add(view, replace(done, name=name[: experiments.LONGEST], note=note[: experiments.LONGEST]))


def state_selection(view: View, target: str, chosen: Chosen) -> None:
    """The page's first sentence: how many neurons, in how many layers."""
    total = view.network.neuron_count
    if chosen.trouble:
        st.text(chosen.trouble)
        return
    by_layer = evidence_of(view).by_layer(chosen.neurons)
    most = max(by_layer, key=lambda layer: len(by_layer[layer]))
    where = "1 layer" if len(by_layer) == 1 else f"{len(by_layer)} layers"
    st.text(
        f"{len(chosen.neurons):,} of {total:,} neurons ({len(chosen.neurons) / total:.1%}) in {where} would be pruned "
        f"to forget {class_name(target)}; most of them in {most} ({len(by_layer[most])})."
    )


def buttons(view: View, chosen: Chosen) -> bool:
    """[Prune] [Undo]; whether the first was pressed."""
    done = experiments.done(view)
    with st.container(horizontal=True):
        pressed = st.button(
            "Prune", type="primary", icon=":material/content_cut:", disabled=bool(chosen.trouble), key="prune"
        )
        st.button(
            "Undo", icon=":material/undo:", disabled=not done, on_click=experiments.undo, args=(view,), key="undo"
        )
    return pressed


def draw(view: View, shown: Done | None, chosen: Chosen) -> None:
    """The sentences, the arrows, and how many neurons of each layer."""
    left, right = st.columns([2, 1], gap="medium")
    with right:
        per_layer(view, evidence_of(view).by_layer(shown.found.pruned.neurons if shown else chosen.neurons))
    with left:
        st.markdown("##### Before and after")
        if shown is None:
            st.text(
                "Nothing is pruned: the network answers as it did in the run. "
                "Press Prune to play the clips to it without these neurons."
            )
            return
        shelf.choose(view, shown)
        st.markdown(f"**{links.plain(shown.title)}**")
        if shown.note:
            st.text(shown.note)
        pruning_result.say(shown.found)
        for line in shown.left_out:
            st.text(line)
        related = queries.related_classes(view.store, shown.asked.target, pruning_result.RELATED)
        table = pruning_result.arrows(shown.found, pruning_result.measure_picker(), related, "before_after")
        st.caption(links.plain(pruning_result.related_sentence(shown.asked.target, related)))
        st.caption(
            links.plain(
                f"Measured on {shown.found.bench.clips_said}; thin lines are 95 % intervals of the change, over clips."
            )
        )
        twin(table, "before_after", "Every class before and after pruning")
        with st.container(horizontal=True):
            shelf.keep(view, shown)
            shelf.take_home(view, shown)


def closer(view: View, shown: Done) -> None:
    """What the network forgot, to hear and to doubt."""
    pruning_result.changed_clips(view, shown)
    own_clip.both_networks(view, evidence_of(view).by_layer(shown.found.pruned.neurons))
    pruning_result.answers_table(shown.found)
    relearning_probe.probe(view, shown)
    shelf.compare(view)


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
