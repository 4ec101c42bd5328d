"""The evidence behind a neuron's page: everything that was computed for it, asked for only when it is opened."""

import json
from collections.abc import Callable

import pandas as pd
import streamlit as st

from and_core.store import queries
from and_core.store.queries import Neuron
from pages.components import clip_card, links
from pages.components.store import View


def draw(view: View, neuron: Neuron, exemplars: pd.DataFrame) -> None:
    """A closed expander; its tabs are filled once it is open."""
    expander = st.expander(
        "Evidence: scores, captions, dropped words, replies, nearest neurons, provenance",
        key="evidence",
        on_change="rerun",
        icon=":material/fact_check:",
    )
    if not expander.open:
        # An expander without content cannot be opened.
        expander.caption("Collecting the evidence.")
        return
    sections: dict[str, Callable[[], None]] = {
        "Scores": lambda: scores(view, neuron),
        "Captions": lambda: captions(exemplars),
        "Words considered": lambda: words(view, neuron),
        "Low summary": lambda: low_summary(view, neuron),
        "Prompts and replies": lambda: prompts_and_replies(view, neuron),
        "Nearest neurons": lambda: nearest(view, neuron),
        "Provenance": lambda: provenance(view),
    }
    with expander:
        for tab, section in zip(st.tabs(list(sections)), sections.values(), strict=True):
            with tab:
                section()


def scores(view: View, neuron: Neuron) -> None:
    """Every method and similarity function, best concepts first."""
    rows = queries.closed_concepts(view.store, neuron.neuron_id)
    shown = {"score": st.column_config.NumberColumn(format="%.4f")}
    st.dataframe(rows, hide_index=True, column_config=shown, alt="Scores of closed-set concepts")


def captions(exemplars: pd.DataFrame) -> None:
    """What was said of every exemplar, in full."""
    for row in exemplars.itertuples():
        st.caption(links.plain(f"{row.polarity} #{row.rank} · {clip_card.class_name(row.class_name)} · {row.filename}"))
        st.text(row.caption if isinstance(row.caption, str) else clip_card.no_caption(row.problem))
        if isinstance(row.raw, str) and row.raw.strip() != row.caption:
            st.caption("The model's reply as it came:")
            st.code(row.raw, language=None, wrap_lines=True)


def prompts_and_replies(view: View, neuron: Neuron) -> None:
    """What a language model was asked, and what it said of this neuron, as it came."""
    summaries = queries.summaries(view.store, neuron.neuron_id)
    replies = {polarity: summary for polarity, summary in sorted(summaries.items()) if summary.raw is not None}
    for polarity, summary in replies.items():
        used = "used" if summary.problem is None else f"not used: {summary.problem}"
        st.caption(links.plain(f"Reply about its {'most' if polarity == 'high' else 'least'} activating clips, {used}"))
        st.code(summary.raw or "(nothing)", language=None, wrap_lines=True)
    picks = queries.concept_picks(view.store, neuron.neuron_id)
    chosen = picks[picks["raw"].notna()]
    for pick in chosen.itertuples():
        used = "used" if not isinstance(pick.problem, str) else f"not used: {pick.problem}"
        st.caption(links.plain(f"Reply about the concept of its calibrated summary, {used}"))
        st.code(str(pick.raw) or "(nothing)", language=None, wrap_lines=True)
    if not replies and chosen.empty:
        st.text("No language model was asked about this neuron.")
    for prompt in queries.prompts(view.store).itertuples():
        st.caption(links.plain(f"Prompt {prompt.name} ({prompt.hash})"))
        st.code(prompt.text, language=None, wrap_lines=True)


def words(view: View, neuron: Neuron) -> None:
    """Every adjective that was considered."""
    rows = queries.candidate_words(view.store, neuron.neuron_id)
    if rows.empty:
        st.text("Its calibrated summary holds no adjective.")
        return
    shown = rows.drop(columns="reply") if rows["reply"].isna().all() else rows
    st.dataframe(shown, hide_index=True, alt="Adjectives considered, and what dropped them")


def low_summary(view: View, neuron: Neuron) -> None:
    """What the least activating clips share: what calibration compares with."""
    points = queries.points(view.store, neuron.neuron_id)
    low = list(points.loc[points["polarity"] == "low", "point"])
    clip_card.points_list(low)
    if not low:
        st.text("Its least activating clips share nothing that could be said, so no point was struck.")


def nearest(view: View, neuron: Neuron) -> None:
    """Neurons that react to the same clips."""
    found = queries.nearest_neurons(view.store, neuron.neuron_id, view.network.network_id)
    if found.empty:
        st.text("Not known: the run keeps no activations, or this neuron's is the same for every clip.")
        return
    st.caption("Cosine of their centred activations over all clips with this neuron's.")
    rows = queries.neurons(view.store, found["neuron_id"].tolist())
    for row, cosine in zip(rows.to_dict("records"), found["cosine"], strict=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            links.neuron_link(view, row["layer"], row["position"])
            st.caption(
                links.plain(f"{cosine:.3f} · {row['concept'] if isinstance(row['concept'], str) else 'no concept'}")
            )


def provenance(view: View) -> None:
    """Who did what, with which settings."""
    said = queries.meta(view.store)
    table = pd.DataFrame({"name": list(said), "value": list(said.values())})
    st.dataframe(table, hide_index=True, alt="What the store says about itself")
    stages = queries.stage_runs(view.store)
    stages["settings"] = [json.dumps(json.loads(text), sort_keys=True) for text in stages["settings"]]
    st.dataframe(stages, hide_index=True, alt="Stages of the run")
