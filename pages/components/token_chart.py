"""The figure of a token map: the clip's spectrogram, and below it what a neuron answered, on the same axes."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pages.components.charts import MARGIN
from pages.components.live_network import TokenMap

FloatArray = npt.NDArray[np.floating]
SPECTROGRAM_TOP_HZ = 11_000
"""Where the stored spectrograms end, or at half the clip's sampling rate where that is less."""
SPECTROGRAM_BINS = 128
TICKS_HZ = (0, 250, 500, 1000, 2000, 4000, 8000)
SCALE = "Viridis"
"""Not the spectrogram's colours, so that the two are not taken for one; readable in grey and for the colour-blind."""


def mel(hz: npt.ArrayLike) -> FloatArray:
    """Slaney's mel scale, in which the spectrograms' bands lie evenly: linear up to 1 kHz, logarithmic above."""
    hz = np.asarray(hz, dtype=np.float64)
    return np.where(hz < 1000, hz * 3 / 200, 15 + np.log(np.maximum(hz, 1000) / 1000) * 27 / np.log(6.4))


def figure(tokens: TokenMap, seconds: float, sample_rate_hz: int, spectrogram: Path) -> go.Figure:
    """Time to the right, low frequencies at the bottom, in both panels.

    Args:
        seconds, sample_rate_hz: of the clip.
        spectrogram: PNG of all of it.
    """
    top = float(mel(min(SPECTROGRAM_TOP_HZ, sample_rate_hz / 2)))
    drawn = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.12, subplot_titles=("the clip", "the neuron's activation")
    )
    # An axis is drawn only where something lies on it.
    drawn.add_scatter(
        x=[0], y=[0], mode="markers", marker={"opacity": 0}, showlegend=False, hoverinfo="skip", row=1, col=1
    )
    half_bin = top / (SPECTROGRAM_BINS + 1) / 2
    drawn.add_layout_image(
        source=f"data:image/png;base64,{base64.b64encode(spectrogram.read_bytes()).decode()}",
        x=0,
        sizex=seconds,
        y=top - half_bin,
        sizey=top - 2 * half_bin,
        sizing="stretch",
        layer="below",
        row=1,
        col=1,
    )
    drawn.add_trace(heat_map(tokens, top), row=2, col=1)
    drawn.update_layout(height=460, margin=MARGIN)
    drawn.update_xaxes(range=[0, seconds], fixedrange=True, showgrid=False, zeroline=False)
    drawn.update_xaxes(title="seconds", row=2, col=1)
    drawn.update_yaxes(**frequencies(top))
    return drawn


def frequencies(top: float) -> dict[str, Any]:
    """An axis in mel with its ticks in Hz."""
    ticks = [hz for hz in TICKS_HZ if mel(hz) <= top]
    text = [f"{hz // 1000}k" if hz >= 1000 else str(hz) for hz in ticks]
    return {
        "range": [0, top],
        "tickvals": mel(ticks),
        "ticktext": text,
        "title": "Hz",
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
    }


def heat_map(tokens: TokenMap, top: float) -> go.Heatmap:
    """A cell a token."""
    return go.Heatmap(
        x=edges(tokens.start_s, tokens.end_s),
        y=frequency_edges(tokens, top),
        z=tokens.activations,
        text=[[f"{when}, {band}" for when in spans(tokens)] for band in bands(tokens)],
        hovertemplate="%{text}: %{z:.3f}<extra></extra>",
        colorscale=SCALE,
        colorbar={"thickness": 12, "len": 0.5, "y": 0.22, "tickformat": ".2f"},
    )


def frequency_edges(tokens: TokenMap, top: float) -> FloatArray:
    """[bands + 1] borders in mel."""
    if tokens.low_hz is None or tokens.high_hz is None:
        return np.array([0, top])
    return edges(mel(tokens.low_hz), mel(tokens.high_hz))


def edges(start: FloatArray, end: FloatArray) -> FloatArray:
    """[n + 1] borders of n cells; neighbours that overlap meet in the middle."""
    return np.concatenate([start[:1], (end[:-1] + start[1:]) / 2, end[-1:]])


def spans(tokens: TokenMap) -> list[str]:
    """[steps] `1.28–1.44 s`"""
    return [f"{start:.2f}–{end:.2f} s" for start, end in zip(tokens.start_s, tokens.end_s, strict=True)]


def bands(tokens: TokenMap) -> list[str]:
    """[bands] `655–1,803 Hz`, low to high; never two alike, as they are the table's columns."""
    if tokens.low_hz is None or tokens.high_hz is None:
        return ["all frequencies"]
    return [f"{low:,.0f}–{high:,.0f} Hz" for low, high in zip(tokens.low_hz, tokens.high_hz, strict=True)]


def table(tokens: TokenMap) -> pd.DataFrame:
    """The same numbers: a row a step, a column a band."""
    columns = {band: tokens.activations[i] for i, band in enumerate(bands(tokens))}
    return pd.DataFrame({"from (s)": tokens.start_s, "to (s)": tokens.end_s, **columns})
