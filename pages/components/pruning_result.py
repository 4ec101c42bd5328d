"""What pruning did: sentences, the arrows of Figure 10, answers, and the clips that changed theirs."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from and_core.algorithms.ablation.confidence import MEASURES as MEASURED
from and_core.algorithms.ablation.confidence import confidences
from and_core.algorithms.ablation.experiment import Experiment, answers, class_rows
from and_core.findings.experiment import sentences
from and_core.models.protocols import FloatArray
from pages.components import charts, clip_card, links
from pages.components.clip_card import class_name
from pages.components.experiments import Done
from pages.components.store import View
from pages.components.table_twin import twin

MEASURES = {
    "logit": ("Mean logit of the true class", False),
    "probability": ("Mean probability of the true class", True),
    "accuracy": ("Share of clips answered rightly", True),
}
RELATED = 3
"""Classes whose names are nearest to that of the class to forget, marked in the arrows."""
MAX_CARDS = 10
STATIC = {"displayModeBar": False}


def say(found: Experiment) -> None:
    """The sentences, and on what they rest."""
    for sentence in sentences(found).values():
        st.text(sentence)


def measure_picker() -> str:
    """Which measure the arrows show."""
    return str(st.segmented_control("Measure", list(MEASURES), default="logit", required=True, key="measure"))


def arrows(found: Experiment, measure: str, related: Mapping[str, float], key: str) -> pd.DataFrame:
    """Figure 10: an arrow a class from before to after, the largest loss on top; returns what it shows."""
    title, as_share = MEASURES[measure]
    table = changes(found, measure, related)
    st.plotly_chart(
        charts.before_after(table, found.bench.class_names[found.label], title, as_share),
        key=key,
        config=STATIC,
        alt=f"{title} of every class before and after pruning; the same numbers are in the table below",
    )
    return table


def changes(found: Experiment, measure: str, related: Mapping[str, float]) -> pd.DataFrame:
    """A row a class, the largest loss first.

    Columns: name, clips, before, after, change with its interval change_low to change_high, related (the cosine of its
    name with that of the class to forget, where it is among the nearest), and with controls control_low, control_high
    (over seeds).
    """
    table = pd.DataFrame(class_rows(found))
    ends = ("before", "after", "change", "change_low", "change_high", "control_low", "control_high")
    table = table.rename(columns={"class": "name"} | {f"{measure}_{end}": end for end in ends})
    table["related"] = table["name"].map(related)
    shown = [name for name in ("name", "clips", *ends, "related") if name in table]
    return table[shown].sort_values("change", kind="stable", ignore_index=True)


def related_sentence(target: str, related: Mapping[str, float]) -> str:
    """Why some classes are marked."""
    if not related:
        return "The run's concepts do not hold this class: no related ones can be marked."
    named = ", ".join(f"{class_name(name)} ({cosine:.2f})" for name, cosine in related.items())
    return f"◆ nearest to {class_name(target)} by the meaning of their names (cosine): {named}."


def answers_table(found: Experiment) -> None:
    """The confusion matrix before and after: how often each class was taken for another."""
    table = pd.DataFrame(answers(found))
    with st.expander("Confusion matrix: what clips of each class are taken for, before and after"):
        names = list(found.bench.class_names)
        for column, when in zip(st.columns(2), ("before", "after"), strict=True):
            with column:
                figure = charts.confusion(table, names, when)
                alt = f"Confusion matrix {when} pruning; the same numbers are in the table below"
                st.plotly_chart(figure, key=f"confusion_{when}", config=STATIC, alt=alt)
        twin(table, "confusion", "Number of clips by class and answer, before and after pruning")


def changed_clips(view: View, shown: Done) -> None:
    """Clips that the pruned network answers otherwise, as cards, with both predictions."""
    bench, after = shown.found.bench, shown.found.pruned.after
    names = np.array(bench.class_names)
    was, now = bench.before.argmax(axis=1), after.argmax(axis=1)
    before_p, after_p = (_probability(logits, was) for logits in (bench.before, after))
    rows = shown.clips.assign(was=names[was], now=names[now], p_before=before_p, p_after=after_p)
    rows["p_now"] = _probability(after, now)
    changed = rows[was != now]
    st.markdown("##### Clips that changed their answer")
    if changed.empty:
        st.text(f"None of the {len(rows)} clips.")
        return
    own = int((changed["class_name"] == shown.asked.target).sum())
    st.text(f"{len(changed)} of {len(rows)} clips, {own} of them {class_name(shown.asked.target)}.")
    changed = changed.sort_values("class_name", key=lambda column: column != shown.asked.target, kind="stable")
    changed["heading"] = [
        f"{class_name(a)} → {class_name(b)}" for a, b in zip(changed["was"], changed["now"], strict=True)
    ]
    clip_card.clip_row(view, changed.head(MAX_CARDS), show_caption=False, under=_predictions)
    if len(changed) > MAX_CARDS:
        st.caption(f"The first {MAX_CARDS} are shown.")


def _probability(logits: FloatArray, classes: np.ndarray[tuple[int], np.dtype[np.intp]]) -> FloatArray:
    """[N] of a class of each clip."""
    return confidences(logits, classes)[:, MEASURED.index("probability")].astype(np.float32)


def _predictions(clip: clip_card.Clip) -> None:
    """Both answers with their probabilities, and which is right."""
    st.caption(
        links.plain(
            f"it is {class_name(clip['class_name'])}; {class_name(clip['was'])} {clip['p_before']:.2f} → "
            f"{clip['p_after']:.2f}, now {class_name(clip['now'])} {clip['p_now']:.2f}"
        )
    )
