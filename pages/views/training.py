"""Training strategy: the networks of a run side by side, and whether the paper's findings hold (section 4.5)."""

import pandas as pd
import streamlit as st

from and_core.algorithms.training_strategy import LEVEL_POINTS, LEVEL_SHARE_OF_MEAN, verdicts
from and_core.algorithms.trends import OVER, Over
from and_core.findings import adjectives, paper, training
from and_core.store import queries
from pages.components import finding_charts, measured
from pages.components.store import current_view
from pages.components.table_twin import twin

STATIC = {"displayModeBar": False}


def main() -> None:
    view = current_view()
    st.title("Training strategy")
    dataset = queries.dataset(view.store)
    over: Over = st.session_state.get("training_over", OVER[0])
    neurons = {network.name: measured.hidden_neurons(view.store, network.network_id) for network in view.networks}
    claims = training.tested(neurons, view.networks, over)
    for sentence in verdicts(claims).values():
        st.text(sentence)
    if not claims:
        unsaid()
    who = f"{len(view.networks)} networks" if len(view.networks) > 1 else "One network"
    st.caption(f"{who} listened to the same {dataset.clip_count:,} clips of {dataset.name}.")
    st.segmented_control("Lines go through", OVER, default=OVER[0], required=True, key="training_over")
    claim_table(claims)
    means = training.measures_by_block(neurons, view.networks)
    for measure, title in (
        ("adjectives", "Adjectives (Figure 5)"),
        ("interpretable", "Interpretable neurons (Figure 6)"),
    ):
        figure(means, training.lines_of(neurons, measure, over), measure, title)
    twin(means, "training_by_block", "Adjectives per neuron and interpretable share by network and block")
    of_paper()


def unsaid() -> None:
    """What to do where the store does not know how its networks were trained."""
    st.text(
        "The configuration does not say how these networks were trained, or they have too few blocks for a line, so "
        "the paper's findings are not tested on them."
    )
    st.text(
        'Say it in each table of the configuration, [network.NAME]: training = "supervised", "finetuned" or "frozen".'
    )


def claim_table(claims: list[training.Claim]) -> None:
    """Every claim of the paper, with what was measured and its interval."""
    if not claims:
        return
    st.subheader("Claim by claim (sections 4.4 and 4.5)")
    table = training.claim_table(claims)
    st.dataframe(
        table,
        hide_index=True,
        column_order=("outcome", "claim", "network", "estimate", "low", "high", "measured", "finding"),
        column_config={name: st.column_config.NumberColumn(format="%+.3f") for name in ("estimate", "low", "high")},
        alt="The paper's claims and whether they hold here, with 95 % intervals",
    )
    st.caption(
        "A measure keeps its level where the whole 95 % interval of its change from first to last block is within "
        f"{LEVEL_SHARE_OF_MEAN:.0%} of the mean (adjectives) or {100 * LEVEL_POINTS:.0f} points (interpretable share), "
        "which is how the paper's own networks part. That no trend is significant alone shows no level."
    )
    st.download_button("Download CSV", table.to_csv(index=False), "training_claims.csv", "text/csv", on_click="ignore")


def figure(means: pd.DataFrame, lines: pd.DataFrame, measure: str, title: str) -> None:
    """One measure in every network, with its lines."""
    st.subheader(title)
    as_share = measure == "interpretable"
    for _, line in lines.iterrows():
        what = f"{line['network']}: the {training.MEASURES[measure]}"
        st.text(adjectives.trend_sentence(line, what, as_share))
    drawn = finding_charts.lines_through(means, lines, "network", measure, training.MEASURES[measure], as_share)
    described = f"{title}; the same numbers are in the tables below"
    st.plotly_chart(drawn, key=f"training_{measure}", config=STATIC, alt=described)
    twin(lines, f"training_{measure}", f"Lines of the {training.MEASURES[measure]}", "The lines as a table")


def of_paper() -> None:
    """The paper's networks, drawn the same way."""
    with st.expander("The paper's own figures"):
        rows = paper.by_block()
        for measure, as_share in (("adjectives", False), ("interpretable", True)):
            own = {str(name): of_one for name, of_one in rows.groupby("network", sort=False)}
            every = training.lines_of(own, measure, "block means")
            drawn = finding_charts.lines_through(rows, every, "network", measure, training.MEASURES[measure], as_share)
            st.plotly_chart(
                drawn, key=f"paper_{measure}", config=STATIC, alt="The paper's figure, as in the table below"
            )
        st.dataframe(rows, hide_index=True, alt="The paper's Figures 5 and 6")
        st.caption(f"{paper.SOURCE} Interpretable: one less the share of Figure 6.")


main()
