"""Where in the spectrogram a neuron fired: its exemplar is played to the network once more, live."""

import numpy as np
import streamlit as st

from and_core.store.queries import Neuron
from pages.components import clip_card, links, live_network, messages, token_chart
from pages.components.live_network import TokenMap
from pages.components.store import View


@st.dialog("Where in the spectrogram", width="large")
@messages.explained
def look_closer(view: View, neuron: Neuron, clip: clip_card.Clip) -> None:
    """A dialog with the neuron's answer to every token of the clip, by time and frequency."""
    name = clip_card.class_name(clip["class_name"])
    st.markdown(f"**{links.plain(neuron.label)}** · {links.plain(name)}, {links.plain(str(clip['filename']))}")
    with st.spinner("Playing the clip to the network"):
        live = live_network.loaded(view.network)
        sound = live_network.waveform(view.store, str(clip["audio"]), view.network.sample_rate_hz)
        tokens = live_network.token_map(live, sound, neuron.layer, neuron.position)
    st.text(sentence(tokens, view, float(clip["activation"])))
    figure = token_chart.figure(
        tokens, float(clip["seconds"]), int(clip["sample_rate_hz"]), view.store.file(str(clip["spectrogram"]))
    )
    st.plotly_chart(
        figure,
        key="token_map",
        config={"displayModeBar": False},
        alt="Spectrogram of the clip and, below, the neuron's activation by time and frequency; also in the table",
    )
    st.audio(view.store.file(str(clip["audio"])), format="audio/flac", alt=f"Play {name}, {clip['filename']}")
    clip_card.heard_note(view, clip)
    with st.expander("The same as a table"):
        st.dataframe(token_chart.table(tokens), hide_index=True, alt="The neuron's activation by time and frequency")


def sentence(tokens: TokenMap, view: View, activation: float) -> str:
    """When and where it is strongest, and what that has to do with the clip's activation."""
    band, step = np.unravel_index(tokens.activations.argmax(), tokens.activations.shape)
    strongest = f"{token_chart.spans(tokens)[step]}, {token_chart.bands(tokens)[band]}"
    pool = view.network.pool
    whose = "that of the token CLS, which hears all of it" if pool == "cls" else f"pooled over tokens ({pool})"
    return (
        f"Strongest at {strongest}: {tokens.activations.max():.2f}. "
        f"The activation of the whole clip, {activation:.2f}, is {whose}."
    )
