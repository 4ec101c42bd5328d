"""What another threshold would strike from one neuron's summary: its cosines are stored, so that no model is asked."""

import numpy as np
import pandas as pd
import streamlit as st

from and_core.store import queries
from and_core.store.queries import Neuron
from pages.components import clip_card, links, messages
from pages.components.store import View


@messages.fragment
def draw(view: View, neuron: Neuron, high: pd.DataFrame) -> None:
    """A slider, and the points that change sides; nothing where no point has a low point to be compared with.

    Args:
        high: the points of S_h, as `queries.points`.
    """
    compared = high[high["similarity"].notna()]
    if compared.empty:
        return
    run_threshold = float(queries.meta(view.store)["calibration_threshold"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        threshold = st.slider(
            "What would another threshold strike?",
            *(0.0, 1.0, run_threshold, 0.01),
            key=f"threshold_of_{neuron.neuron_id}",
            width=360,
        )
        query = {**links.network_query(view), "t": f"{threshold:.2f}"}
        st.page_link(links.CALIBRATION, label="The same for all neurons", icon=":material/balance:", query_params=query)
    cosines = ", ".join(f"{cosine:.2f}" for cosine in sorted(compared["similarity"], reverse=True))
    if threshold == run_threshold:
        st.caption(f"The run's own is {run_threshold:.2f}; its points' cosines with the nearest low point: {cosines}.")
        return
    # Stored as float32, and compared as such when the run struck its points.
    kept_at = compared["similarity"] <= np.float32(threshold)
    kept = compared["kept"].astype(bool)
    changed = list(compared.loc[kept_at != kept, "point"])
    verb = "be struck too" if threshold < run_threshold else "be kept after all"
    st.text(f"At t = {threshold:.2f} " + (f"these would {verb}:" if changed else "nothing would change."))
    clip_card.points_list(changed)
    st.caption(f"Cosines: {cosines}. The words above come from the run's own threshold, {run_threshold:.2f}.")
