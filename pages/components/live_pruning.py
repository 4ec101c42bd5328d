"""A pruning experiment, shown while it runs."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from and_core.algorithms.ablation.choose import some
from and_core.algorithms.ablation.experiment import Experiment
from and_core.algorithms.ablation.unfolding import unfold
from and_core.errors import DatasetError
from pages.components import live_bench, pruning_result
from pages.components.clip_card import class_name
from pages.components.experiments import Asked, Done
from pages.components.selections import evidence_of
from pages.components.store import View


def run(view: View, asked: Asked, label: int, related: Mapping[str, float]) -> Done:
    """Play the clips without the neurons asked for; figures appear after the first few, and their intervals narrow.

    Args:
        label: the output of the class to forget.

    Raises:
        SelectionError: no neuron is selected; it says which concepts there are.
        DatasetError: the class has no clips that can be played.
        NetworkError: the network cannot be loaded.
    """
    some(asked.selection, evidence_of(view))
    loaded = live_bench.bench(view, asked.per_class, asked.fold)
    bench = loaded.bench
    if label not in bench.clips.labels:
        raise DatasetError(
            f"Of {class_name(asked.target)} no clip can be played among the {bench.clips_said}.",
            "Choose another fold under How it is measured.",
        )
    place = st.empty()
    progress = st.progress(0.0, text=f"Playing {len(loaded.clips)} clips")
    heard = counter(progress.progress, len(loaded.clips) * (1 + asked.controls))
    for number, found in enumerate(unfold(bench, asked.selection, label, range(asked.controls), heard)):
        with place.container():
            _show(found, len(loaded.clips), related, f"running_{number}")
    progress.empty()
    return Done(asked, replace(found, bench=replace(bench, replay=None)), loaded.clips, loaded.left_out)


def counter(show: Callable[[float, str], object], total: int) -> Callable[[int], None]:
    """Counts clips as they are played, and says how long the rest of `total` will take."""
    started, done = time.monotonic(), 0

    def heard(clips: int) -> None:
        nonlocal done
        done += clips
        left = (time.monotonic() - started) / done * (total - done)
        show(done / total, f"Played {done:,} of {total:,} clips, about {left:.0f} s left")

    return heard


def _show(found: Experiment, clips: int, related: Mapping[str, float], key: str) -> None:
    """What is known so far, drawn anew."""
    played = len(found.bench.before)
    st.markdown("##### Before and after, while it runs")
    st.caption(f"{played} of {clips} clips, {len(found.controls)} random controls")
    pruning_result.say(found)
    measure = str(st.session_state.get("measure") or "logit")
    pruning_result.arrows(found, measure, related, key)
