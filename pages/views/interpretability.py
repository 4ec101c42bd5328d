"""Interpretability: which neurons' top clips have something in common, along the network (paper, Figures 6, 11-14)."""

import pandas as pd
import streamlit as st

from and_core.algorithms.readings import READINGS, Reading
from and_core.findings import interpretability, paper
from and_core.findings.adjectives import trend_sentence
from and_core.findings.interpretability import Counts
from and_core.store import queries
from pages.components import finding_charts, links, messages, pickers, selections, share_charts
from pages.components.store import View, current_view
from pages.components.table_twin import twin

STATIC = {"displayModeBar": False}
COUNTED: dict[Reading, str] = {
    "clips": "clips that share a cluster (section 4.5, released code)",
    "sentences": "sentences in one cluster (multisets added up)",
    "intersection": "sentences that all clips share (Algorithm 1 as printed)",
}
ALL_LAYERS = "all layers"


def main() -> None:
    view = current_view()
    st.title("Interpretability")
    if not queries.numbers_of_clips(view.store):
        st.text("This run did not judge its neurons.")
        return
    found = selections.counts_of(view)
    st.text(interpretability.headline(found, view.network.name, *queries.run_criterion(view.store)))
    figure_6(view, found)
    figures_of_k(view, found)


@messages.fragment
def figure_6(view: View, found: Counts) -> None:
    """Any K, tau and reading, network by network."""
    st.subheader("Uninterpretable neurons by block (Figure 6)")
    k, tau, reading = criterion(view)
    names = [network.name for network in view.networks]
    chance = interpretability.by_chance(found, k, tau, reading)
    lines = interpretability.lines(found, names, k, tau, reading)
    through = interpretability.through_networks(lines)
    for row in through.to_dict("records"):
        st.text(trend_sentence(pd.Series(row), f"{row['network']}: the uninterpretable share", as_share=True))
    if chance is not None:
        st.text(f"Clips drawn by chance would be called uninterpretable in {chance:.1%} of draws: the dotted line.")
    means = interpretability.by_block(found, names, k, tau, reading)
    figure = finding_charts.lines_through(
        means, through, "network", interpretability.MEASURE, "uninterpretable neurons", as_share=True
    )
    share_charts.add_chance(figure, chance)
    described = f"Share of uninterpretable neurons by block and network at K {k}, tau {tau}; the numbers are below"
    st.plotly_chart(figure, key="figure_6", config=STATIC, alt=described)
    name = f"uninterpretable_k{k}_tau{tau}_{reading}"
    twin(means, f"{name}_by_block", "Share of uninterpretable neurons by network and block")
    twin(lines, f"{name}_lines", "Lines of the uninterpretable share along depth", "The lines as a table")
    st.caption(
        "Lines go through all hidden neurons. They share clips and are not independent: the intervals are too narrow."
    )
    of_paper()
    by_kind(view, found, lines, k, tau, reading)
    readings(view, found, k, tau)
    behind(view, k, tau, reading)


def criterion(view: View) -> tuple[int, int, Reading]:
    """K, tau and the reading, which the address says; the run's own where it says nothing that can be answered."""
    ks = queries.numbers_of_clips(view.store)
    run_k, run_tau = queries.run_criterion(view.store)
    k = next((k for k in ks if str(k) == pickers.asked_for("k")), run_k)
    usual = run_tau if k == run_k else interpretability.usual_tau(k)
    tau = next((tau for tau in range(1, k + 1) if str(tau) == pickers.asked_for("tau")), usual)
    reading = next((reading for reading in READINGS if reading == pickers.asked_for("reading")), READINGS[0])
    # The address leads: arriving by a link must move the widgets too.
    st.session_state.update(judge_k=k, judge_tau=tau, judge_reading=reading)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        changed = pickers.write_to_address("judge_k", "k", "tau")
        st.segmented_control("K, top clips", ks, key="judge_k", on_change=changed, required=True, width=180)
        changed = pickers.write_to_address("judge_tau", "tau")
        st.slider("tau, how many must share", 1, k, key="judge_tau", on_change=changed, width=300)
        changed = pickers.write_to_address("judge_reading", "reading")
        said = COUNTED.__getitem__
        st.selectbox("Counted", READINGS, key="judge_reading", format_func=said, on_change=changed, width=420)
    return k, tau, reading


def of_paper() -> None:
    """The paper's Figure 6, drawn the same way."""
    with st.expander("The paper's Figure 6 (K = 5, tau = 4, ESC-50)"):
        rows = paper.by_block()
        rows = rows.assign(uninterpretable=1 - rows["interpretable"])[["network", "depth", "uninterpretable"]]
        none = pd.DataFrame(columns=["network"])
        figure = finding_charts.lines_through(
            rows, none, "network", "uninterpretable", "uninterpretable neurons", as_share=True
        )
        st.plotly_chart(figure, key="paper_6", config=STATIC, alt="The paper's Figure 6, as in the table below")
        shares = {"uninterpretable": st.column_config.NumberColumn(format="percent")}
        st.dataframe(rows, hide_index=True, column_config=shares, alt="The paper's Figure 6")
        st.caption(paper.SOURCE)


def by_kind(view: View, found: Counts, lines: pd.DataFrame, k: int, tau: int, reading: Reading) -> None:
    """The chosen network, kind of layer by kind of layer."""
    st.subheader(links.plain(f"{view.network.name} by kind of layer, K = {k}, tau = {tau}"))
    own = lines[lines["network"] == view.network.name]
    for row in own[~own["kind"].isin(interpretability.through_networks(own)["kind"])].to_dict("records"):
        st.text(trend_sentence(pd.Series(row), f"{row['kind'].replace('_', ' ')}: the share", as_share=True))
    means = interpretability.by_block(found, [view.network.name], k, tau, reading, kinds=True)
    figure = finding_charts.lines_through(
        means, own, "kind", interpretability.MEASURE, "uninterpretable neurons", as_share=True
    )
    described = (
        f"Share of uninterpretable neurons of {view.network.name} by block and kind of layer; the numbers are below"
    )
    st.plotly_chart(figure, key="by_kind", config=STATIC, alt=described)
    twin(means, f"uninterpretable_k{k}_tau{tau}_{reading}_by_kind", "Uninterpretable share by kind of layer and block")
    with st.expander("The paper's AST by kind of layer (K = 5, tau = 4, ESC-50)"):
        printed = paper.by_kind().pivot(index="depth", columns="kind", values=interpretability.MEASURE).reset_index()
        shares = {kind: st.column_config.NumberColumn(format="percent") for kind in printed.columns[1:]}
        st.dataframe(
            printed, hide_index=True, column_config=shares, alt="The paper's shares by block and kind of layer"
        )
        st.caption("Printed by the authors' notebook of Figure 6, with clusters of another run than the figure's.")


def readings(view: View, found: Counts, k: int, tau: int) -> None:
    """What Algorithm 1 would say if it were read otherwise."""
    st.subheader("Three readings of Algorithm 1")
    table = interpretability.three_readings(found, [view.network.name], k, tau)
    clips, sentences, intersection = table[interpretability.MEASURE]
    st.text(
        f"The readings differ: at tau = {tau} of {k}, {clips:.1%} of the neurons are uninterpretable by clips (section "
        f"4.5 and the released code), {sentences:.1%} when several sentences of a clip count several times, and "
        f"{intersection:.1%} by the intersection that Algorithm 1 prints. On the released code's test vectors, clips "
        "give its verdict 261 times of 261; the other two give another in 144 and in 78."
    )
    shares = {
        name: st.column_config.NumberColumn(format="percent")
        for name in (interpretability.MEASURE, "by_chance", "verdicts_that_differ")
    }
    st.dataframe(table, hide_index=True, column_config=shares, alt="Uninterpretable share by reading, with chance")


def behind(view: View, k: int, tau: int, reading: Reading) -> None:
    """The neurons behind the numbers."""
    st.subheader(f"The neurons, K = {k}, tau = {tau}")
    layers = queries.layer_names(view.store, view.network.network_id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        verdicts = ["uninterpretable", "interpretable"]
        verdict = st.segmented_control("Show", verdicts, default=verdicts[0], required=True, key="judged_verdict")
        layer = st.selectbox("Of", [ALL_LAYERS, *layers], width=260, key="judged_layer")
    found = queries.neurons_judged(
        view.store,
        view.network.network_id,
        k,
        tau,
        reading,
        verdict == "interpretable",
        None if layer == ALL_LAYERS else layer,
    )
    if not found:
        st.text(f"No neuron of {layer} is {verdict} at tau = {tau} of {k}.")
        return
    pickers.neuron_table(view, queries.neurons(view.store, found), key=f"judged_{k}_{tau}_{reading}_{verdict}_{layer}")
    st.caption(
        "Whoever shares most is first among interpretable neurons, whoever shares least among the others; 200 at most. "
        "The table's own columns are at the run's K and tau."
    )


@messages.fragment
def figures_of_k(view: View, found: Counts) -> None:
    """Figures 11 to 13: three thresholds for every K."""
    for k in queries.numbers_of_clips(view.store):
        figure_of_k(view, found, k, interpretability.figure_name(view.store, k))


def figure_of_k(view: View, found: Counts, k: int, named: str) -> None:
    means, chances = interpretability.at_thresholds(found, [network.name for network in view.networks], k)
    st.subheader(f"K = {k}, tau = {', '.join(map(str, chances))} ({named})")
    own = means[means["network"] == view.network.name]
    ends = own.groupby("tau")[interpretability.MEASURE].agg(["first", "last"])
    said = [
        f"{first:.0%} in the first block and {last:.0%} in the last at tau = {tau}"
        for tau, first, last in ends.itertuples()
    ]
    if said:
        st.text(f"{view.network.name}: uninterpretable are {', '.join(said)}.")
    figure = share_charts.panels_by_tau(means, chances)
    st.plotly_chart(figure, key=f"figure_k{k}", config=STATIC, alt=f"{named}; the same numbers are in the table below")
    table = means.assign(by_chance=means["tau"].map(chances))
    twin(table, f"uninterpretable_k{k}", f"Uninterpretable share by network, block and tau at K = {k}")


main()
