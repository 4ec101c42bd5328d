"""The session's experiments as a person handles them: choose, keep, compare, take home."""

import json

import pandas as pd
import streamlit as st

from and_core.algorithms.ablation.experiment import as_json, class_rows
from and_core.findings.experiment import interval
from pages.components import experiments, finding_charts, links
from pages.components.experiments import Done
from pages.components.store import View
from pages.components.table_twin import twin

MOST_COMPARED = 4
STATIC = {"displayModeBar": False}


def choose(view: View, shown: Done) -> None:
    """Go back to an earlier experiment."""
    done = experiments.done(view)
    if len(done) < 2:
        return
    st.session_state["chosen_pruning"] = done.index(shown)

    def change() -> None:
        experiments.show(done[st.session_state["chosen_pruning"]])

    st.selectbox(
        "This session's experiments",
        range(len(done)),
        format_func=lambda number: f"{number + 1}. {done[number].title}",
        key="chosen_pruning",
        on_change=change,
        width=480,
    )


def keep(view: View, shown: Done) -> None:
    """Name, note and address."""
    with st.popover("Keep", icon=":material/bookmark:"):
        with st.form("keep_pruning", border=False):
            name = st.text_input("Name", shown.name, max_chars=80, key="pruning_name")
            note = st.text_area("Note", shown.note, max_chars=experiments.LONGEST, key="pruning_note")
            if st.form_submit_button("Keep", type="primary", key="keep_pruning_now"):
                experiments.rename(view, shown, name, note)
                st.rerun()
        st.text("Whoever opens this address does the experiment again:")
        query = links.network_query(view) | shown.query
        st.code(links.permalink("pruning", query), language=None, wrap_lines=True)


def take_home(view: View, shown: Done) -> None:
    """The experiment as files, and the pruned network as a checkpoint."""
    with st.popover("Take home", icon=":material/download:"):
        said = {"name": shown.name, "note": shown.note, "run": view.run} | as_json(shown.found, *shown.relearned)
        st.download_button(
            "Experiment (JSON)",
            json.dumps(said, indent=1),
            "pruning.json",
            "application/json",
            key="pruning_json",
            on_click="ignore",
        )
        table = pd.DataFrame(class_rows(shown.found)).to_csv(index=False)
        st.download_button("Classes (CSV)", table, "pruning.csv", "text/csv", key="pruning_csv", on_click="ignore")
        st.text("The pruned network, as a checkpoint that loads as it did before:")
        st.code(export_command(view, shown), language="sh", wrap_lines=True)


def export_command(view: View, shown: Done) -> str:
    selection = str(shown.asked.selection).replace("'", "'\\''")
    return f"and-precompute export {view.run} --network {view.network.name} --prune '{selection}' --out pruned"


def compare(view: View) -> None:
    """Up to four experiments side by side."""
    done = experiments.done(view)
    if len(done) < 2:
        return
    st.markdown("##### Compare")
    chosen = st.multiselect(
        "Experiments side by side",
        range(len(done)),
        default=list(range(len(done)))[-MOST_COMPARED:],
        format_func=lambda number: f"{number + 1}. {done[number].title}",
        max_selections=MOST_COMPARED,
        key=f"compared_{len(done)}",
    )
    if len(chosen) < 2:
        st.text("Choose two at least.")
        return
    together = [(f"{number + 1}. {done[number].title}", done[number]) for number in sorted(chosen)]
    gaps = pd.DataFrame([row for label, one in together for row in _gaps(label, one)])
    alt = "Gap of every experiment and of its random controls, with 95 % intervals; also in the table below"
    st.plotly_chart(finding_charts.gaps(gaps), key="compared_gaps", config=STATIC, alt=alt)
    table = pd.DataFrame({label: _column(one) for label, one in together})
    st.dataframe(table, alt="The experiments side by side")
    classes = pd.concat([pd.DataFrame(class_rows(one.found)).assign(experiment=label) for label, one in together])
    twin(classes, "compared", "Every class of every experiment", "Every class of each")


def _gaps(label: str, one: Done) -> list[dict[str, object]]:
    found = [("pruned", one.found.deltas.gap)]
    if one.found.controls:
        found.append(("random neurons instead", one.found.control_deltas.gap))
    return [{"label": label, "what": what, "gap": gap.value, "low": gap.low, "high": gap.high} for what, gap in found]


def _column(one: Done) -> dict[str, str]:
    found = one.found
    before, after = found.pruned.effect.overall()
    said = {
        "class to forget": found.bench.class_names[found.label],
        "neurons": f"{len(found.pruned.neurons):,}",
        "clips": found.bench.clips_said,
        "delta A": interval(found.deltas.ablated),
        "delta R": interval(found.deltas.remaining),
        "gap": interval(found.deltas.gap),
        "accuracy before": interval(before, ".0%"),
        "accuracy after": interval(after, ".0%"),
    }
    if found.controls:
        said |= {"gap of random neurons": interval(found.control_deltas.gap), "beyond chance": interval(found.excess)}
    return said | {"note": one.note}
