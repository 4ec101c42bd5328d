"""Acoustics: do neurons that speak of a word hear clips that measure so? (paper, appendix C and Figure 8)"""

import streamlit as st

from and_core.findings import acoustics
from and_core.store import queries
from pages.components import finding_charts, links, measured
from pages.components.messages import fragment
from pages.components.store import View, current_view
from pages.components.table_twin import twin

STATIC = {"displayModeBar": False}


def main() -> None:
    view = current_view()
    st.title("Acoustics")
    words = list(measured.words(view.store, view.network.network_id)["word"])
    measurements = queries.measured_names(view.store)
    if not words or not measurements:
        missing = "no neuron has an adjective" if not words else "nothing was measured in its clips"
        st.text(f"There is nothing to compare in this run: {missing}.")
        return
    of_paper = {
        pair: measured.effect(view.store, view.network.network_id, *pair)
        for pair in acoustics.PAPER_PAIRS
        if pair[0] in words and pair[1] in measurements
    }
    st.text(acoustics.headline(view.network.name, of_paper))
    for part, (word, measurement) in zip("ab", acoustics.PAPER_PAIRS, strict=True):
        figure(view, part, word, measurement, words, measurements)
    every_measurement(view, words, measurements)
    st.caption(
        "A neuron's value is the mean over its most activating clips. Neurons share clips, so the intervals resample "
        "clips and not neurons: each draw takes clips with replacement, and with each all the neurons that it excites "
        "most. All neurons are counted, the classification head too, as in the paper."
    )


@fragment
def figure(view: View, part: str, word: str, measurement: str, words: list[str], measurements: list[str]) -> None:
    """Figure 8a or 8b: the paper's pair at first, any other by choice."""
    st.subheader(f"Neurons with and without a word (Figure 8{part})")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Word", words, index=place(words, word), width=260, key=f"word_{part}")
        measure = st.selectbox(
            "Measurement",
            measurements,
            index=place(measurements, measurement),
            format_func=acoustics.label,
            width=260,
            key=f"measurement_{part}",
        )
    if word not in words and chosen == words[0]:
        st.caption(links.plain(f"The paper's word is “{word}”; no neuron here speaks of it."))
    effect = measured.effect(view.store, view.network.network_id, chosen, measure)
    if effect is None:
        st.text(f"Every neuron speaks of {chosen}, or none that heard a clip with this measurement: no two groups.")
        return
    st.text(acoustics.effect_sentence(effect, chosen, measure))
    neurons = measured.clip_measurements(view.store, view.network.network_id, chosen, measure)
    drawn = finding_charts.two_histograms(
        neurons["value"].to_numpy(), neurons["has_word"].to_numpy(dtype=bool), chosen, acoustics.label(measure)
    )
    described = f"Neurons with and without {chosen} by {measure}; both groups are in the table below"
    st.plotly_chart(drawn, key=f"figure_8{part}", config=STATIC, alt=described)
    links.word_chips(view, [chosen])
    table = acoustics.effect_table(
        {
            (network.name, chosen, measure): measured.effect(view.store, network.network_id, chosen, measure)
            for network in view.networks
        }
    )
    twin(
        table, f"acoustics_8{part}", f"Effect of {chosen} on {measure} in every network", "In every network, as a table"
    )


def place(names: list[str], name: str) -> int:
    return names.index(name) if name in names else 0


@fragment
def every_measurement(view: View, words: list[str], measurements: list[str]) -> None:
    """One word against everything that was measured: on demand, as a large network takes seconds."""
    st.subheader("What else goes with a word")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        word = st.selectbox("Word", words, width=260, key="word_everywhere")
        if not st.toggle("Compare every measurement", key="every_measurement"):
            return
    with st.spinner("Comparing every measurement"):
        table = acoustics.effect_table(
            {
                (view.network.name, word, name): measured.effect(view.store, view.network.network_id, word, name)
                for name in measurements
            }
        )
    found = table.dropna(subset="delta")
    if found.empty:
        st.text(f"Every neuron speaks of {word}: there are no two groups.")
        return
    strongest = found.sort_values("delta", key=abs).iloc[-1]
    st.text(
        f"What sets neurons that speak of {word} apart most is {acoustics.label(strongest['measurement'])}: Cliff's "
        f"delta {strongest['delta']:+.2f} (95 % interval {strongest['low']:+.2f} to {strongest['high']:+.2f})."
    )
    drawn = finding_charts.effects(found.assign(label=found["measurement"].map(acoustics.label)))
    described = f"Cliff's delta of every measurement for {word}; the same numbers are in the table below"
    st.plotly_chart(drawn, key="effects", config=STATIC, alt=described)
    twin(found, "acoustics_effects", f"Effect of {word} on every measurement")


main()
