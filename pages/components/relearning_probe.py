"""The relearning probe: does a new linear head find what was pruned?"""

from dataclasses import replace

import streamlit as st

from and_core.algorithms.ablation.experiment import relearned
from and_core.findings.experiment import relearning_sentence
from pages.components import live_bench
from pages.components.experiments import Done
from pages.components.store import View


def probe(view: View, shown: Done) -> None:
    """A button, then the answer, which stays with the experiment."""
    with st.expander("Does it come back? A new head on the pruned network"):
        if not shown.relearned:
            st.text(
                "A linear head is fitted to what the pruned network's own head reads. If it finds the class there, "
                "pruning hid it and did not take it out of the network."
            )
            if not st.button("Fit a new head", icon=":material/replay:", key="relearn"):
                return
            loaded = live_bench.bench(view, shown.asked.per_class, shown.asked.fold)
            with st.spinner("Fitting heads"):
                shown.relearned.append(relearned(replace(shown.found, bench=loaded.bench)))
        st.text(relearning_sentence(shown.relearned[0], shown.asked.target))
