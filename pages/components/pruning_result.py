"""What pruning did: the sentence, the arrows, the clips that changed their answer, and this session's experiments."""

import numpy as np
import pandas as pd
import streamlit as st

from and_core.algorithms.ablation.confidence import MEASURES as MEASURED
from and_core.algorithms.ablation.confidence import confidences
from and_core.models.protocols import FloatArray
from and_core.store import queries
from pages.components import charts, clip_card, links
from pages.components.clip_card import class_name
from pages.components.live_network import Pruning
from pages.components.store import View

MEASURES = {
    "logit": ("Mean logit of the true class", False),
    "probability": ("Mean probability of the true class", True),
    "accuracy": ("Share of clips answered rightly", True),
}
MAX_CARDS = 10
HISTORY = 8


def _key(view: View) -> str:
    """Experiments belong to one network of one publication."""
    return f"prunings {view.store.path} {view.network.network_id}"


def keep(view: View, pruning: Pruning) -> None:
    """Remember an experiment and show it."""
    kept = st.session_state.setdefault(_key(view), [])
    kept.append(pruning)
    del kept[:-HISTORY]


def undo_button(view: View) -> None:
    """Back to what was shown before the last experiment."""
    kept: list[Pruning] = st.session_state.get(_key(view), [])

    def undo() -> None:
        kept.pop()

    st.button("Undo", icon=":material/undo:", disabled=not kept, on_click=undo, key="undo")


def history(view: View) -> Pruning | None:
    """The experiment to show: the last one, or an earlier one that the reader chose."""
    kept: list[Pruning] = st.session_state.get(_key(view), [])
    if not kept:
        return None
    numbers = list(range(len(kept)))
    if len(kept) == 1:
        return kept[0]
    chosen = st.selectbox(
        "This session's experiments",
        numbers[::-1],
        format_func=lambda number: f"{number + 1}. {kept[number].title}",
        key=f"experiment_{len(kept)}",
        width=480,
    )
    return kept[int(chosen)]


def draw(pruning: Pruning | None) -> None:
    """The sentence and the before/after arrows."""
    st.markdown("##### Before and after" + (links.plain(f": {pruning.title}") if pruning else ""))
    if pruning is None:
        st.text(
            "Nothing is pruned: the network answers as it did in the run. "
            "Press Prune to play the clips to it without these neurons."
        )
        return
    st.text(sentence(pruning))
    measure = str(st.segmented_control("Measure", list(MEASURES), default="logit", required=True, key="measure"))
    title, as_share = MEASURES[measure]
    table = changes(pruning, measure)
    st.plotly_chart(
        charts.before_after(table, pruning.target, title, as_share),
        key="before_after",
        config={"displayModeBar": False},
        alt=f"{title} of every class before and after pruning; the same numbers are in the table below",
    )
    with st.expander("The same as a table"):
        st.dataframe(table, hide_index=True, alt="Every class before and after pruning")


def measured(pruning: Pruning, logits: FloatArray, measure: str) -> pd.Series:
    """Class name -> the measure over its clips."""
    clips = confidences(logits, pruning.clips["output"].to_numpy())
    return pd.Series(clips[:, MEASURED.index(measure)]).groupby(pruning.clips["class_name"].to_numpy()).mean()


def changes(pruning: Pruning, measure: str) -> pd.DataFrame:
    """name, before, after, change, and with controls control_low and control_high; the largest loss first."""
    before, after = (measured(pruning, logits, measure) for logits in (pruning.before, pruning.after))
    table = pd.DataFrame({"before": before, "after": after, "change": after - before})
    if pruning.controls:
        controls = pd.DataFrame([measured(pruning, logits, measure) for logits in pruning.controls])
        table = table.assign(control_low=controls.min(), control_high=controls.max())
    return table.sort_values("change", kind="stable").rename_axis("name").reset_index()


def sentence(pruning: Pruning) -> str:
    """What the class lost, what the others lost, and what random neurons would have done."""
    logits = changes(pruning, "logit").set_index("name")
    probability = changes(pruning, "probability").set_index("name").loc[pruning.target]
    target, own = class_name(pruning.target), float(logits["change"][pruning.target])
    others = float(logits["change"].drop(pruning.target).mean())
    text = (
        f"Without {pruning.neuron_count:,} neurons {target} {verb(own)}s {abs(own):.2f} logits "
        f"(probability {probability['before']:.2f} → {probability['after']:.2f}); the other classes "
        f"{verb(others)} {abs(others):.2f}."
    )
    if not pruning.controls:
        return text
    random = pd.DataFrame([measured(pruning, control, "logit") - logits["before"] for control in pruning.controls])
    return (
        f"{text} The same number of random neurons, layer by layer, {counted(len(random), 'draw')}: {target} "
        f"{mean_and_spread(random[pruning.target], 's')}; the others "
        f"{mean_and_spread(random.drop(columns=pruning.target).mean(axis=1))}."
    )


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def mean_and_spread(changes: pd.Series, ending: str = "") -> str:
    """`loses 1.02 ± 0.10`: the mean over the draws and, of several, their standard deviation."""
    mean = float(changes.mean())
    spread = f" ± {changes.std(ddof=0):.2f}" if len(changes) > 1 else ""
    return f"{verb(mean)}{ending} {abs(mean):.2f}{spread}"


def verb(change: float) -> str:
    return "lose" if change <= 0 else "gain"


def changed_clips(view: View, pruning: Pruning) -> None:
    """Clips that the pruned network answers otherwise, as cards: was -> is."""
    names = np.array(queries.output_names(view.store, view.network.network_id))
    was, now = names[pruning.before.argmax(axis=1)], names[pruning.after.argmax(axis=1)]
    changed = pruning.clips.assign(was=was, now=now)[was != now]
    st.markdown("##### Clips that changed their answer")
    if changed.empty:
        st.text(f"None of the {len(pruning.clips)} clips.")
        return
    own = int((changed["class_name"] == pruning.target).sum())
    st.text(f"{len(changed)} of {len(pruning.clips)} clips, {own} of them {class_name(pruning.target)}.")
    changed = changed.sort_values("class_name", key=lambda column: column != pruning.target, kind="stable")
    changed["heading"] = [
        f"{class_name(a)} → {class_name(b)}" for a, b in zip(changed["was"], changed["now"], strict=True)
    ]
    clip_card.clip_row(view, changed.head(MAX_CARDS), show_caption=False)
    if len(changed) > MAX_CARDS:
        st.caption(f"The first {MAX_CARDS} are shown.")
