"""The neurons that the report lets one hear."""

from collections.abc import Iterator
from dataclasses import dataclass

from and_core.store import queries
from and_core.store.connection import Store
from and_core.store.queries import Network
from precompute.report.media import picture_uri, sound_uri

NEURONS = 4
"""Of the best described of every network, and of the worst."""
CLIPS = 5


@dataclass(frozen=True)
class HeardClip:
    title: str
    activation: float
    caption: str
    sound: str
    """A data URI, like `picture`."""
    picture: str


@dataclass(frozen=True)
class HeardNeuron:
    name: str
    """layer3_output#42"""
    about: str
    """Its concept, its adjectives, and how much its clips share."""
    points: list[str]
    """Of the calibrated summary: what a model or a built-in summarizer wrote."""
    problem: str
    """Why there are no points; empty where there are."""
    clips: list[HeardClip]


def heard_neurons(store: Store, network: Network, best: bool) -> Iterator[HeardNeuron]:
    """The best or the worst described neurons of a network, one a layer."""
    chosen = queries.told_apart(store, network.network_id, best, NEURONS)
    rows = queries.neurons(store, chosen)
    for row in rows.assign(interpretable=rows["interpretable"].fillna(False).astype(bool)).to_dict("records"):
        neuron_id = int(row["neuron_id"])
        points = queries.points(store, neuron_id)
        kept = list(points.loc[(points["polarity"] == "high") & points["kept"], "point"])
        words = list(row["adjectives"]) if hasattr(row["adjectives"], "__len__") else []
        said = [
            f"concept: {row['concept']}" if isinstance(row["concept"], str) else "no concept",
            f"adjectives: {', '.join(words)}" if words else "no adjective",
            "interpretable" if row["interpretable"] else "not interpretable",
        ]
        yield HeardNeuron(
            name=f"{row['layer']}#{row['position']}",
            about=" · ".join(said),
            points=kept,
            problem="" if kept else why_empty(store, neuron_id),
            clips=list(heard_clips(store, neuron_id)),
        )


def why_empty(store: Store, neuron_id: int) -> str:
    """Why a neuron has no description."""
    summary = queries.summaries(store, neuron_id).get("high")
    if summary is None:
        return "No summary was written."
    if summary.problem:
        return f"The model's reply could not be used: {summary.problem}."
    if summary.summary is None:
        return "Its clips share nothing that could be said."
    return "Its least activating clips share all that its most activating ones do: calibration struck every point."


def heard_clips(store: Store, neuron_id: int) -> Iterator[HeardClip]:
    """The most activating clips."""
    clips = queries.exemplars(store, neuron_id)
    for clip in clips[clips["polarity"] == "high"].head(CLIPS).to_dict("records"):
        yield HeardClip(
            title=str(clip["class_name"] if isinstance(clip["class_name"], str) else clip["filename"]).replace(
                "_", " "
            ),
            activation=float(clip["activation"]),
            caption=clip["caption"] if isinstance(clip["caption"], str) else "no caption",
            sound=sound_uri(store.file(str(clip["audio"]))),
            picture=picture_uri(store.file(str(clip["spectrogram"]))),
        )
