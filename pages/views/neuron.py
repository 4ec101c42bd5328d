"""Neuron: what it hears, why to believe it, and the clips behind every claim."""

import pandas as pd
import streamlit as st

from and_core.store import queries
from and_core.store.queries import Neuron
from pages.components import charts, clip_card, evidence, links, messages, neuron_threshold, pickers, time_trace, where
from pages.components.concept_line import concept_line
from pages.components.store import View, current_view


def main() -> None:
    view = current_view()
    neuron = pickers.asked_neuron(view)
    st.query_params.from_dict(links.neuron_query(view, neuron.layer, neuron.position))
    exemplars = queries.exemplars(view.store, neuron.neuron_id)
    heading(view, neuron, exemplars)
    finding(view, neuron, exemplars)
    concepts(view, neuron)
    summaries(view, neuron)
    clips(view, neuron, exemplars)
    all_activations(view, neuron, exemplars)
    evidence.draw(view, neuron, exemplars)


def heading(view: View, neuron: Neuron, exemplars: pd.DataFrame) -> None:
    """Name, neighbours, pickers, and the place in the network."""
    first, last = queries.neuron_range(view.store, view.network.network_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(links.plain(neuron.label), width="content", anchor=False)
        if neuron.neuron_id > first:
            before = queries.neuron(view.store, neuron.neuron_id - 1)
            links.neuron_link(view, before.layer, before.position, "Previous", ":material/chevron_left:")
        if neuron.neuron_id < last:
            after = queries.neuron(view.store, neuron.neuron_id + 1)
            links.neuron_link(view, after.layer, after.position, "Next", ":material/chevron_right:")
        if st.button("Random", icon=":material/shuffle:"):
            drawn = queries.neuron(view.store, pickers.random_neuron(view))
            links.open_neuron(view, drawn.layer, drawn.position)
        with st.popover("Link", icon=":material/link:"):
            query = links.neuron_query(view, neuron.layer, neuron.position)
            st.code(links.permalink("neuron", query), language=None, wrap_lines=True)
        prune_link(view, neuron, exemplars)
    blocks = queries.depth(view.store, view.network.network_id)
    place = "classification head" if neuron.kind == "fc" else f"block {neuron.depth} of {blocks}"
    st.caption(links.plain(f"{view.network.name} · {place} · {neuron.width} wide · pooled: {view.network.pool}"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pickers.neuron_picker(view, neuron)


def prune_link(view: View, neuron: Neuron, exemplars: pd.DataFrame) -> None:
    """Leads to the network without this neuron, and to what becomes of the class that it hears most."""
    classes = queries.class_outputs(view.store, view.network.network_id)["name"]
    heard = exemplars[(exemplars["polarity"] == "high") & exemplars["class_name"].isin(classes)]["class_name"]
    if heard.empty:
        return
    query = {"class": str(heard.value_counts().index[0]), "prune": f"neurons:{neuron.label}"}
    query = links.network_query(view) | query
    st.page_link(links.PRUNING, label="Prune it", icon=":material/content_cut:", query_params=query)


def finding(view: View, neuron: Neuron, exemplars: pd.DataFrame) -> None:
    """One sentence made from the data."""
    top = exemplars[exemplars["polarity"] == "high"]
    counted = top["class_name"].value_counts()
    heard = ""
    if len(counted):
        best = clip_card.class_name(counted.index[0])
        heard = f"{counted.iloc[0]} of its {len(top)} most activating clips are {best}. "
    algorithm = queries.interpretability(view.store, neuron.neuron_id)
    if algorithm is None:
        shared = "Interpretability was not computed in this run."
    else:
        verdict = "interpretable" if algorithm.interpretable else "not interpretable"
        cluster = "a cluster of sentences" if algorithm.cluster_id is None else f"cluster {algorithm.cluster_id}"
        shared = f"{algorithm.shared_clips} of {algorithm.k} share {cluster}: {verdict}."
        chance = queries.reached_by_chance(view.store, algorithm.shared_clips)
        if chance is not None:
            shared += f" Clips drawn by chance share as much in {chance:.1%} of draws."
    st.text(heard + shared)
    if algorithm is not None and algorithm.cluster_id is not None:
        words = ", ".join(algorithm.words[:5]) or "no words"
        label = f"Cluster {algorithm.cluster_id}: {words}"
        links.cluster_link(view, algorithm.cluster_id, label, ":material/bubble_chart:")


def concepts(view: View, neuron: Neuron) -> None:
    """Closed-set concepts with margin and agreement, beside the open-set words."""
    closed, words = st.columns(2, gap="medium")
    with closed:
        st.markdown("##### Closest concepts")
        said = concept_line(queries.concept_picks(view.store, neuron.neuron_id))
        st.text(said or "No concept: its activation is the same for every clip, or the concept set is empty.")
        scores = queries.closed_concepts(view.store, neuron.neuron_id)
        if scores["score"].notna().any():
            closed_chips(scores[scores["method"] == scores["method"].iloc[0]])
    with words:
        st.markdown("##### Words")
        found = queries.open_concepts(view.store, neuron.neuron_id)
        adjectives = list(found.loc[found["part_of_speech"] == "adjective", "word"])
        if adjectives:
            links.word_chips(view, adjectives)
        else:
            st.text("No adjective of its calibrated summary is acoustic; the Evidence below lists what was dropped.")
        nouns = list(found.loc[found["part_of_speech"] == "noun", "word"])
        if nouns:
            st.caption(links.plain("Nouns: " + ", ".join(nouns)))


def closed_chips(scores: pd.DataFrame) -> None:
    """The best concepts by a method's first function, and what its other functions say."""
    function = scores["similarity"].iloc[0]
    shown = scores[scores["similarity"] == function]
    with st.container(horizontal=True, gap="small"):
        for place, row in enumerate(shown.itertuples()):
            st.badge(links.plain(f"{row.concept} {row.score:.3f}"), color="green" if place == 0 else "gray")
    firsts = scores[scores["rank"] == 1]
    best = shown["concept"].iloc[0]
    agreeing = int((firsts["concept"] == best).sum())
    others = sorted(set(firsts["concept"]) - {best})
    said = f" Others say {', '.join(others)}." if others else ""
    st.caption(links.plain(f"{function}; {agreeing} of {len(firsts)} functions agree on {best}.{said}"))


def summaries(view: View, neuron: Neuron) -> None:
    """The points that were kept beside the ones that were struck."""
    points = queries.points(view.store, neuron.neuron_id)
    high = points[points["polarity"] == "high"]
    kept, struck = st.columns(2, gap="medium", border=True)
    with kept:
        st.markdown("##### What its top clips share")
        if high.empty:
            st.text(why_no_summary(view, neuron))
        elif not high["kept"].any():
            st.text("Every point was struck: the least activating clips share them too.")
        clip_card.points_list(list(high.loc[high["kept"], "point"]))
    with struck:
        st.markdown("##### What was struck, and why")
        dropped = high[~high["kept"].astype(bool)]
        if dropped.empty:
            st.text("Nothing: no point is also said of its least activating clips.")
        for row in dropped.itertuples():
            st.markdown(f"~~{links.plain(str(row.point))}~~")
            st.caption(
                links.plain(f"also said of its least activating clips (cosine {row.similarity:.2f}): {row.low_point}")
            )
    neuron_threshold.draw(view, neuron, high)


def why_no_summary(view: View, neuron: Neuron) -> str:
    """The reason why there are no points."""
    if neuron.std == 0:
        return "It answers every clip alike, so that no clip is an exemplar of anything."
    summaries = queries.summaries(view.store, neuron.neuron_id)
    if "high" not in summaries:
        return "No summary was written for this neuron in this run."
    high = summaries["high"]
    if high.problem is not None:
        return f"What the model replied cannot be used ({high.problem}); the Evidence below holds it."
    if high.summary is None:
        return "The summarizer found nothing that its most activating clips have in common."
    return "Its summary holds no sentence that could be split into points."


@messages.fragment
def clips(view: View, neuron: Neuron, exemplars: pd.DataFrame) -> None:
    """The exemplars, loudest and quietest, and when the neuron fired in them."""
    traces = time_trace.of_neuron(view, neuron)
    under = time_trace.strip(view, traces, lambda clip: where.look_closer(view, neuron, clip))
    lowest, highest = float(exemplars["activation"].min()), float(exemplars["activation"].max())
    for polarity, title in (("high", "Most activating"), ("low", "Least activating")):
        rows = exemplars[exemplars["polarity"] == polarity]
        st.markdown(f"##### {title}")
        if polarity == "high":
            st.caption(f"A bar runs from the neuron's lowest activation, {lowest:.2f}, to its highest, {highest:.2f}.")
            time_trace.explain(view, neuron, traces)
        if len(rows) > clip_card.IN_A_ROW and not st.toggle(f"Show all {len(rows)}", key=f"all_{polarity}"):
            rows = rows.head(clip_card.IN_A_ROW)
        clip_card.clip_row(view, rows, scale=(lowest, highest), under=under)


@messages.fragment
def all_activations(view: View, neuron: Neuron, exemplars: pd.DataFrame) -> None:
    """Every clip of the run; a click plays it."""
    st.markdown("##### Activations over all clips")
    activations = queries.activations(view.store, neuron.neuron_id)
    if activations.empty:
        st.text("The run has too many clips to keep every activation; these are its quantiles.")
        figure = charts.quantile_curve(queries.quantiles(view.store, neuron.neuron_id))
        st.plotly_chart(figure, key=f"quantiles_{neuron.neuron_id}", alt="Quantiles of the activations")
        return
    by_polarity = {polarity: set(rows["clip_id"]) for polarity, rows in exemplars.groupby("polarity")}
    figure = charts.activations_by_class(activations, by_polarity.get("high", set()), by_polarity.get("low", set()))
    chart, player = st.columns([3, 1], gap="medium")
    with chart:
        event = st.plotly_chart(
            figure,
            key=f"activations_{neuron.neuron_id}",
            on_select="rerun",
            selection_mode="points",
            config={"displayModeBar": False},
            alt="Activation of every clip by class, exemplars marked; the same numbers are in the table below",
        )
    clip_id = pickers.picked(event)
    with player:
        if clip_id is None:
            st.caption("A click on a dot plays the clip.")
        else:
            clip = queries.clip(view.store, int(clip_id))
            value = float(activations.loc[activations["clip_id"] == int(clip_id), "activation"].iloc[0])
            st.caption(f"Activation {value:.3f}")
            clip_card.card(view, clip, play=True)
    with st.expander("The same as a table"):
        table = activations.sort_values("activation", ascending=False).head(queries.MAX_ROWS)
        st.dataframe(table.drop(columns="clip_id"), hide_index=True, alt="Clips by activation")


main()
