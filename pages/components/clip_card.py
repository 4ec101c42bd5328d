"""A clip: what it is, how it looks, how it sounds, and what was said about it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.components.links import plain
from pages.components.store import View

IN_A_ROW = 5
AUDIBLE_S = 0.05
"""A network that misses less than this of a clip's end misses nothing that is worth a word."""
Clip = Mapping[Any, Any]
Under = Callable[[Clip], None]
"""Draws something of a clip under its spectrogram, as wide as that."""


def clip_row(
    view: View,
    clips: pd.DataFrame,
    scale: tuple[float, float] = (0.0, 1.0),
    show_caption: bool = True,
    under: Under | None = None,
) -> None:
    """Cards side by side, five in a row. Columns as in `queries.exemplars`, less what `card` can do without."""
    rows = clips.to_dict("records")
    for start in range(0, len(rows), IN_A_ROW):
        for column, row in zip(st.columns(IN_A_ROW), rows[start : start + IN_A_ROW], strict=False):
            with column:
                card(view, row, scale, show_caption, under=under)


def card(
    view: View,
    clip: Clip,
    scale: tuple[float, float] = (0.0, 1.0),
    show_caption: bool = True,
    play: bool = False,
    under: Under | None = None,
) -> None:
    """One clip.

    Args:
        clip: class_name, filename, seconds, audio, spectrogram; optionally rank, activation, caption, heading.
        scale: the activations at which the bar is empty and full: the neuron's lowest and highest.
        play: let it sound as soon as it is shown.
        under: called with the clip, to draw under its spectrogram.
    """
    name = class_name(clip["class_name"])
    with st.container(border=True, gap="small"):
        st.markdown(f"**{plain(str(clip.get('heading') or name))}**")
        if "activation" in clip:
            activation = float(clip["activation"])
            lowest, highest = scale
            filled = (activation - lowest) / (highest - lowest) if highest > lowest else 0.0
            st.progress(min(max(filled, 0.0), 1.0), text=f"#{clip['rank']} · activation {activation:.2f}")
        spectrogram_and_player(view, clip, name, play, under)
        if show_caption:
            with st.expander("Caption"):
                said = clip["caption"]
                st.text(said if isinstance(said, str) else no_caption(clip.get("problem")))
                st.caption(plain(f"{clip['filename']}, {clip['seconds']:.1f} s"))


def no_caption(problem: object) -> str:
    """Why a clip has no caption."""
    why = f" ({problem}); Evidence shows its reply" if isinstance(problem, str) else ""
    return f"The captioner gave nothing usable for this clip{why}."


def spectrogram_and_player(view: View, clip: Clip, name: str, play: bool = False, under: Under | None = None) -> None:
    """The mel spectrogram and the sound."""
    described = f"{name}, {clip['filename']}"
    with st.container(gap=None):
        st.image(view.store.file(str(clip["spectrogram"])), width="stretch", alt=f"Mel spectrogram of {described}")
        if under:
            under(clip)
    st.audio(view.store.file(str(clip["audio"])), format="audio/flac", autoplay=play, alt=f"Play {described}")
    heard_note(view, clip)


def heard_note(view: View, clip: Clip) -> None:
    """A line where the network did not hear the clip's end."""
    if heard_s(view, clip) < clip["seconds"]:
        st.caption(f"The network heard only the first {heard_s(view, clip):.1f} s of {clip['seconds']:.1f} s.")


def heard_s(view: View, clip: Clip) -> float:
    """How much of a clip the network hears, in seconds."""
    seconds, longest = float(clip["seconds"]), view.network.longest_s
    return seconds if longest is None or seconds <= longest + AUDIBLE_S else longest


def class_name(name: object) -> str:
    """The class as words; clips of a data set without classes have none."""
    return name.replace("_", " ") if isinstance(name, str) else "no class"


def points_list(points: Sequence[str]) -> None:
    """Numbered sentences that a model wrote, as they stand."""
    for number, point in enumerate(points, start=1):
        st.text(f"{number}.  {point}")
