"""When a neuron fired in an exemplar: a strip under its spectrogram, on the same axis of time."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from and_core.algorithms.token_traces import FloatArray, restore
from and_core.store import queries
from and_core.store.queries import Neuron
from pages.components import clip_card, links
from pages.components.charts import ACCENT, QUIET
from pages.components.store import View

WIDTH, HEIGHT = 320, 60
"""Of the picture; it is drawn as wide as the spectrogram above it."""
WHAT_WHERE_DOES = "Plays the clip to the network and shows when, and at which frequencies, this neuron fired."


@dataclass(frozen=True)
class TimeTrace:
    """A neuron's outputs over one clip."""

    activations: FloatArray
    """[steps] highest of all bands."""
    bands: FloatArray | None
    """[bands] highest of all steps; None where there is one band."""
    start_s: FloatArray
    """[steps]"""
    end_s: FloatArray
    low_hz: FloatArray | None
    """[bands]; None where a token hears all frequencies."""
    high_hz: FloatArray | None

    @property
    def centre_s(self) -> npt.NDArray[np.floating]:
        """[steps] the middle of each, in seconds."""
        return (self.start_s + self.end_s) / 2

    @property
    def peak_s(self) -> float:
        """When it is strongest."""
        return float(self.centre_s[self.activations.argmax()])

    @property
    def peak(self) -> str:
        """When, and in which band, it is strongest, in words."""
        if self.bands is None or self.low_hz is None or self.high_hz is None:
            return f"{self.peak_s:.1f} s"
        band = int(self.bands.argmax())
        return f"{self.peak_s:.1f} s, {hertz(self.low_hz[band], self.high_hz[band])}"


def hertz(low: float, high: float) -> str:
    """`30–660 Hz`, `1.8–3.9 kHz`."""
    return f"{low / 1000:.1f}–{high / 1000:.1f} kHz" if high >= 1000 else f"{low:.0f}–{high:.0f} Hz"


def of_neuron(view: View, neuron: Neuron) -> dict[tuple[str, int], TimeTrace]:
    """(polarity, rank) -> its trace, for the exemplars that have one."""
    rows = queries.token_traces(view.store, neuron.neuron_id).to_dict("records")
    return {(row["polarity"], row["rank"]): of_row(row) for row in rows}


def of_row(row: dict[Any, Any]) -> TimeTrace:
    """A row of `queries.token_traces`."""
    ends = row["lowest"], row["highest"]
    # A missing list comes as NaN or None.
    bands, low_hz, high_hz = (
        row[name] if isinstance(row[name], np.ndarray) else None for name in ("bands", "low_hz", "high_hz")
    )
    return TimeTrace(
        activations=restore(row["trace"], *ends),
        bands=None if bands is None else restore(bands, *ends),
        start_s=row["start_s"],
        end_s=row["end_s"],
        low_hz=low_hz,
        high_hz=high_hz,
    )


def scale_of(traces: Collection[TimeTrace]) -> tuple[float, float]:
    """The lowest and the highest number of all of them, so that strips can be compared."""
    return (
        float(min(trace.activations.min() for trace in traces)),
        float(max(trace.activations.max() for trace in traces)),
    )


def explain(view: View, neuron: Neuron, traces: dict[tuple[str, int], TimeTrace]) -> None:
    """What the strips show, or why there are none."""
    if traces:
        lowest, highest = scale_of(traces.values())
        said = (
            "Under each spectrogram: how strongly the neuron fired at each moment, in whichever band it was strongest, "
            f"from {lowest:.2f} to {highest:.2f} in every strip (the number above is its activation for the whole "
            f"clip, pooled: {view.network.pool}). Press Where to see the bands too."
        )
    elif neuron.kind == "fc":
        said = "A neuron of the classification head answers once a clip: there is no moment at which it fired."
    elif neuron.std > 0:
        said = f"Nobody can say when a neuron of {view.network.name} fired: its tokens have no place in the clip."
    else:
        return  # the page has said already that its exemplars mean nothing
    st.caption(links.plain(said))


def strip(
    view: View, traces: dict[tuple[str, int], TimeTrace], look_closer: Callable[[clip_card.Clip], None]
) -> clip_card.Under:
    """Draws a clip's strip, and the button that leads to its map; nothing for a clip without a trace."""
    scale = scale_of(traces.values()) if traces else (0.0, 0.0)

    def draw(clip: clip_card.Clip) -> None:
        trace = traces.get((clip["polarity"], clip["rank"]))
        if trace is None:
            return
        picture = strip_svg(trace, float(clip["seconds"]), clip_card.heard_s(view, clip), scale)
        st.image(picture, width="stretch", alt=f"When it fired: strongest at {trace.peak}")
        key = f"where_{clip['polarity']}_{clip['rank']}"
        label, icon = f"Where: {trace.peak_s:.1f} s", ":material/my_location:"
        if st.button(label, type="tertiary", icon=icon, key=key, help=f"Strongest at {trace.peak}. {WHAT_WHERE_DOES}"):
            look_closer(clip)

    return draw


def strip_svg(trace: TimeTrace, seconds: float, heard_s: float, scale: tuple[float, float]) -> str:
    """A filled line through the middles of the steps; hatched where the network heard nothing.

    Args:
        seconds: of the clip, which is as long as the picture is wide.
        heard_s: how much of it the network heard.
        scale: the activations at the picture's foot and head.
    """
    lowest, highest = scale
    share = (trace.activations - lowest) / (highest - lowest or 1.0)
    x = np.concatenate([[trace.start_s[0]], trace.centre_s, [trace.end_s[-1]]]).clip(0, heard_s) / seconds * WIDTH
    y = np.pad(HEIGHT - 2 - share * (HEIGHT - 5), 1, mode="edge")
    line = " ".join(f"{across:.1f},{down:.1f}" for across, down in zip(x, y, strict=True))
    peak = 1 + int(trace.activations.argmax())
    unheard = heard_s / seconds * WIDTH
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<pattern id="unheard" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<line y2="6" stroke="{QUIET}" stroke-width="3"/></pattern>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{QUIET}" fill-opacity="0.14"/>'
        f'<polygon points="{x[0]:.1f},{HEIGHT} {line} {x[-1]:.1f},{HEIGHT}" fill="{ACCENT}" fill-opacity="0.35"/>'
        f'<polyline points="{line}" fill="none" stroke="{ACCENT}" stroke-width="2"/>'
        f'<circle cx="{x[peak]:.1f}" cy="{y[peak]:.1f}" r="3" fill="{ACCENT}"/>'
        f'<rect x="{unheard:.1f}" width="{WIDTH - unheard:.1f}" height="{HEIGHT}" fill="url(#unheard)"/></svg>'
    )
