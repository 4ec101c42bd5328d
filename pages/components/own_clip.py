"""A clip of the reader's own, through the whole network and the pruned one. It is played, never kept."""

import io

import numpy as np
import pandas as pd
import streamlit as st

from and_core.algorithms.ablation.confidence import MEASURES, confidences
from and_core.errors import ClipError
from and_core.models.protocols import FloatArray, NeuronIds
from and_core.store import queries
from pages.components import live_network
from pages.components.clip_card import class_name
from pages.components.store import View

KINDS = ["wav", "flac", "ogg", "mp3", "aiff"]
LONGEST_S, SHORTEST_S = 60.0, 0.1
MAX_MB = 20
ANSWERS = 5
"""Classes shown: those likeliest before or after."""


def both_networks(view: View, pruned: NeuronIds) -> None:
    """Take a file or a recording and compare the answers."""
    with st.expander("A clip of your own, through both networks", icon=":material/mic:"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            file = st.file_uploader("A sound file", KINDS, key="own_clip", max_upload_size=MAX_MB)
            recorded = st.audio_input("Or a recording", key="own_recording")
        sound = file or recorded
        if sound is None:
            st.text("It is played to the network before and after pruning. Nothing of it is kept.")
            return
        st.audio(sound, alt="Play your clip")
        try:
            waveform = decoded(sound.getvalue(), view.network.sample_rate_hz)
        except ClipError as error:
            st.error("This clip cannot be played to the network.", icon=":material/error:")
            st.text(error)
            return
        compare(view, waveform, pruned)


def decoded(data: bytes, sample_rate_hz: int) -> FloatArray:
    """A sound file's waveform [T samples], mono, at the network's rate.

    Raises:
        ClipError: it is no sound file, or too long or too short.
    """
    import soundfile
    import soxr

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            seconds = file.frames / file.samplerate
            if not SHORTEST_S <= seconds <= LONGEST_S:
                raise ClipError(f"The clip lasts {seconds:.1f} s.", f"Take one of {SHORTEST_S:g} s to {LONGEST_S:g} s.")
            sound, rate = file.read(dtype="float32", always_2d=True).mean(axis=1), file.samplerate
    except soundfile.LibsndfileError as error:
        raise ClipError(f"The file cannot be read: {error.error_string}", "Save it as WAV, FLAC or MP3.") from error
    if not np.isfinite(sound).all():
        raise ClipError("The file holds numbers that are no sound (NaN or infinite).", "Save it again as 16-bit WAV.")
    return np.asarray(soxr.resample(sound, rate, sample_rate_hz), np.float32)


def compare(view: View, waveform: FloatArray, pruned: NeuronIds) -> None:
    """Both networks' likeliest answers."""
    live = live_network.loaded(view.network)
    before, _ = live.forward([waveform])
    with live.ablated(pruned):
        after, _ = live.forward([waveform])
    names = [class_name(name) for name in queries.output_names(view.store, view.network.network_id)]
    table = pd.DataFrame(
        {
            "class": [class_name(name) for name in names],
            "before": _probabilities(before),
            "after": _probabilities(after),
        }
    )
    was, now = (table.iloc[int(table[when].argmax())] for when in ("before", "after"))
    st.text(
        f"The network hears {was['class']} ({was['before']:.2f}); without these neurons "
        f"{now['class']} ({now['after']:.2f})."
    )
    likeliest = table.loc[table[["before", "after"]].max(axis=1).nlargest(ANSWERS).index]
    st.dataframe(
        likeliest.sort_values("before", ascending=False),
        hide_index=True,
        alt="Probability of the likeliest classes before and after pruning",
        column_config={
            when: st.column_config.ProgressColumn(when, min_value=0, max_value=1, format="%.2f")
            for when in ("before", "after")
        },
    )


def _probabilities(logits: FloatArray) -> FloatArray:
    """[C] of one clip's logits [1, C]."""
    classes = np.arange(logits.shape[1])
    everywhere = np.repeat(logits, len(classes), axis=0)
    return confidences(everywhere, classes)[:, MEASURES.index("probability")].astype(np.float32)
