"""Stage `token_traces`: when, and where in frequency, each neuron fired in its exemplars.

Every clip that is an exemplar of some neuron is played once more, all hidden layers in one pass, and each neuron's
outputs to its tokens become two small profiles. There are none of the classification head, which sees no tokens, of
neurons that answer every clip alike, and of a network that cannot say which part of a clip a token heard.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from and_core.algorithms.token_traces import QuantisedTraces, merged_steps, quantise, token_traces
from and_core.errors import NetworkError
from and_core.models.protocols import FloatArray, TargetNetwork, TokenActivations
from precompute.pipeline import Job, RunShard, Stage, Tables
from precompute.stages.activations import ActivationFolder, constant_neurons
from precompute.stages.clips import ClipArchive
from precompute.stages.exemplars import POLARITIES, exemplar_clips


class TokenTraceStage(Stage):
    name = "token_traces"
    inputs = ("clips", "activations", "exemplars")
    unit = "clips"
    shard_size = 16

    def items(self, job: Job) -> int:
        if not job.run.new_network(str(job.network)).locates_tokens:
            return 0
        return int(job.input("clips").table("clip").num_rows)

    @contextmanager
    def work(self, job: Job) -> Iterator[RunShard]:
        archive = ClipArchive.of(job.input("clips"))
        network = job.run.new_network(str(job.network))
        exemplars = ExemplarsByClip.of(job, len(archive))
        yield lambda items: trace_tables(network, archive, exemplars, items)


@dataclass(frozen=True)
class ExemplarsByClip:
    """Of which hidden neurons every clip is an exemplar: all rows of the table, grouped once."""

    layers: dict[str, range]
    """Hidden layer -> its neurons, numbered through the network."""
    shape: tuple[int, int, int]
    """Neurons, polarities, ranks."""
    places: npt.NDArray[np.intp]
    """[rows] flat places in an array of that shape: by clip, and of one clip rising."""
    ends: npt.NDArray[np.intp]
    """[N clips] where each clip's rows end."""

    @classmethod
    def of(cls, job: Job, clip_count: int) -> "ExemplarsByClip":
        folder = ActivationFolder.of(job.input("activations"))
        layers = {
            layer.name: neurons
            for layer, neurons in zip(folder.layers, folder.ranges, strict=True)
            if layer.kind != "fc"
        }
        clips = exemplar_clips(job.input("exemplars"))
        traced = ~constant_neurons(job.input("activations"))
        traced[sum(len(neurons) for neurons in layers.values()) :] = False  # the head comes last
        places = np.flatnonzero(np.broadcast_to(traced[:, None, None], clips.shape))
        clip_of = clips.reshape(-1)[places]
        by_clip = np.argsort(clip_of, kind="stable")
        ends = np.searchsorted(clip_of[by_clip], np.arange(clip_count), side="right")
        return cls(layers, clips.shape, places[by_clip], ends)

    def of_clip(self, clip: int) -> npt.NDArray[np.intp]:
        """[rows] flat places, rising."""
        return self.places[self.ends[clip - 1] if clip else 0 : self.ends[clip]]


def trace_tables(network: TargetNetwork, archive: ClipArchive, exemplars: ExemplarsByClip, items: range) -> Tables:
    """The traces of some clips, and the times and frequencies of their steps and bands."""
    clips = [clip for clip in items if len(exemplars.of_clip(clip))]
    if not clips:
        return {}
    waveforms = archive.waveforms(clips, network.sample_rate_hz)
    answers = network.token_activations(waveforms, list(exemplars.layers))
    # Not a loop: its variable would hold a clip's answers, the largest thing here, while the next clip is played.
    rows = list(map(partial(traces_of_clip, exemplars, archive), clips, answers))
    return {
        "token_trace": pa.concat_tables([traces for traces, _ in rows]),
        "token_grid": pa.concat_tables([grid for _, grid in rows]),
    }


def traces_of_clip(
    exemplars: ExemplarsByClip, archive: ClipArchive, clip: int, answers: TokenActivations
) -> tuple[pa.Table, pa.Table]:
    """A row for every neuron, polarity and rank whose exemplar is this clip, and one for its steps and bands."""
    places = exemplars.of_clip(clip)
    neurons, polarities, ranks = np.unravel_index(places, exemplars.shape)
    parts = []
    for layer, own in exemplars.layers.items():
        first, end = np.searchsorted(neurons, (own.start, own.stop))
        try:
            parts.append(quantise(token_traces(answers.outputs[layer], neurons[first:end] - own.start)))
        except NetworkError as error:
            raise NetworkError(f"{archive.rows[clip]['filename']}, {layer}: {error.what}", error.remedy) from error
    traces = pa.table(
        {
            "neuron": neurons.astype(np.int32),
            "polarity": np.array(POLARITIES)[polarities].tolist(),
            "rank": (ranks + 1).astype(np.int32),
            **columns_of(parts),
        }
    )
    start_s, end_s = merged_steps(answers.start_s, answers.end_s)
    spans = {"start_s": start_s, "end_s": end_s, "low_hz": answers.low_hz, "high_hz": answers.high_hz}
    return traces, pa.table({"clip": pa.array([clip], pa.int32())} | {name: one(span) for name, span in spans.items()})


def columns_of(parts: list[QuantisedTraces]) -> dict[str, pa.Array]:
    """The traces of all layers together."""
    bands = [part.bands for part in parts if part.bands is not None]
    lowest = np.concatenate([part.lowest for part in parts])
    return {
        "lowest": pa.array(lowest),
        "highest": pa.array(np.concatenate([part.highest for part in parts])),
        "trace": lists(np.concatenate([part.time for part in parts])),
        "bands": lists(np.concatenate(bands)) if bands else pa.nulls(len(lowest), pa.list_(pa.uint8())),
    }


def lists(levels: npt.NDArray[np.uint8]) -> pa.ListArray:
    """[rows, levels] as a column of lists."""
    rows, length = levels.shape
    return pa.ListArray.from_arrays(pa.array(np.arange(rows + 1) * length, pa.int32()), levels.reshape(-1))


def one(numbers: FloatArray | None) -> pa.Array:
    """A column of one row."""
    return pa.array([numbers], pa.list_(pa.float32()))
