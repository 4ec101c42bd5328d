"""B calibration: what is struck from the summaries, and what another threshold would strike (paper, section 3.4)."""

import pandas as pd
import streamlit as st

from and_core.store import queries
from pages.components import links, lists, messages, module_charts, pickers
from pages.components.store import View, current_view

ALL_LAYERS = "all layers"


def main() -> None:
    view = current_view()
    st.title("B · Calibration")
    run_threshold = float(queries.meta(view.store)["calibration_threshold"])
    layers = queries.calibration_by_layer(view.store, view.network.network_id, run_threshold)
    if not layers["points"].sum():
        st.text(f"No neuron of {view.network.name} has a summary, so that there is nothing to calibrate.")
        st.text("Each neuron's page says why it has none.")
        return
    headline(view, layers, run_threshold)
    move_threshold(view, run_threshold)
    most_struck(view)


def headline(view: View, layers: pd.DataFrame, run_threshold: float) -> None:
    points, struck = int(layers["points"].sum()), int((layers["points"] - layers["kept"]).sum())
    emptied = int(layers["emptied"].sum())
    st.text(
        f"Calibration strikes {struck:,} of the {points:,} points ({struck / points:.0%}) that {view.network.name}'s "
        f"summaries make: its least activating clips share them too. {int(layers['touched'].sum()):,} of "
        f"{int(layers['described'].sum()):,} described neurons lose a point, {emptied:,} lose all."
    )
    st.caption(
        f"A point goes if its cosine with any point of the low summary is above t: {run_threshold:.2f} in this run."
    )


def asked_threshold(run_threshold: float) -> float:
    """The threshold in the address; the run's own where it names none that is one."""
    try:
        asked = float(pickers.asked_for("t", str(run_threshold)))
    except ValueError:
        asked = float("nan")
    if not 0 <= asked <= 1:
        st.warning("The threshold in the address is not a number from 0 to 1: this is the run's own.")
        return run_threshold
    return asked


@messages.fragment
def move_threshold(view: View, run_threshold: float) -> None:
    """The slider, and everything that moves with it. Cosines are stored: no model is asked."""
    st.subheader("Move the threshold", anchor=False)
    st.session_state["threshold"] = asked_threshold(run_threshold)
    threshold = st.slider(
        "Threshold t", 0.0, 1.0, step=0.01, key="threshold", on_change=pickers.write_to_address("threshold", "t")
    )
    layers = queries.calibration_by_layer(view.store, view.network.network_id, threshold)
    effect(layers, threshold, run_threshold)
    st.caption(
        "This shows calibration alone. The words of module C, and pruning by them, come from the run's own threshold, "
        f"{run_threshold:.2f}. To have them follow: "
        f"and-precompute run CONFIG --set b_calibration.threshold={threshold:.2f}"
    )
    cosines, by_layer = st.columns(2, gap="medium")
    with cosines:
        cosine_histogram(view, threshold, run_threshold)
    with by_layer:
        layer_chart(layers)
    chosen = layer_choice(layers)
    changed_points(view, threshold, run_threshold, chosen)
    lists.neurons_behind(
        view,
        f"Neurons left without a point at t = {threshold:.2f}",
        queries.neurons_left_without_a_point(view.store, view.network.network_id, threshold, chosen),
        key=f"emptied_{threshold}_{chosen}",
    )


def effect(layers: pd.DataFrame, threshold: float, run_threshold: float) -> None:
    """One sentence about the threshold that is chosen now."""
    points, struck = int(layers["points"].sum()), int((layers["points"] - layers["kept_at"]).sum())
    more = struck - int((layers["points"] - layers["kept"]).sum())
    compared = (
        "" if threshold == run_threshold else f", {abs(more):,} {'more' if more >= 0 else 'fewer'} than in the run"
    )
    st.text(
        f"At t = {threshold:.2f} it strikes {struck:,} of {points:,} points ({struck / points:.0%}){compared}; "
        f"{int(layers['touched_at'].sum()):,} neurons lose a point, {int(layers['emptied_at'].sum()):,} lose all."
    )


def cosine_histogram(view: View, threshold: float, run_threshold: float) -> None:
    """The cosines of all points, with both thresholds among them."""
    counts = queries.cosine_counts(view.store, view.network.network_id)
    if counts.empty:
        st.text("No neuron has a low summary, so that no point can be struck at any threshold.")
        return
    figure = module_charts.histogram(
        [round(upto - queries.COSINE_BIN, 2) for upto in counts["upto"]],
        counts["points"].tolist(),
        queries.COSINE_BIN,
        "cosine with low point",
        "points",
        stressed=[upto > threshold + 1e-9 for upto in counts["upto"]],
        marks={"run": run_threshold} if threshold == run_threshold else {"run": run_threshold, "t": threshold},
    )
    described = "Points by their cosine with the nearest low point, those that t strikes hatched; also in the table"
    st.plotly_chart(figure, key="cosines", config=lists.PLAIN_CHART, alt=described)
    with st.expander("The same as a table"):
        st.dataframe(counts, hide_index=True, alt="Points by cosine, each row up to that cosine")


def layer_chart(layers: pd.DataFrame) -> None:
    """Share of points struck, layer by layer. A dot chooses its layer below."""
    described = layers[layers["points"] > 0]
    shares = described.assign(
        struck=1 - described["kept"] / described["points"], struck_at=1 - described["kept_at"] / described["points"]
    )

    lists.leading_chart(
        module_charts.struck_by_layer(shares),
        "struck_by_layer",
        "Share of points struck in each layer, by the run and with this threshold; also in the table",
        "layer",
    )
    with st.expander("The same as a table"):
        lists.leading_table(
            shares.drop(columns=["layer_id", "kind", "depth"]),
            "struck_by_layer_table",
            "Points struck by layer; a row chooses its layer below",
            {"struck": lists.SHARE, "struck_at": lists.SHARE},
            write={"layer": "name"},
        )


def layer_choice(layers: pd.DataFrame) -> int | None:
    """The layer to look at; None for all."""
    names = [ALL_LAYERS, *layers["name"]]
    asked = pickers.asked_for("layer", ALL_LAYERS)
    st.session_state["calibration_layer"] = asked if asked in names else ALL_LAYERS
    change = pickers.write_to_address("calibration_layer", "layer")
    layer = st.selectbox("Layers", names, key="calibration_layer", on_change=change, width=260)
    return None if layer == ALL_LAYERS else int(layers.loc[layers["name"] == layer, "layer_id"].iloc[0])


def changed_points(view: View, threshold: float, run_threshold: float, layer_id: int | None) -> None:
    """Points on the other side of the threshold than in the run."""
    st.subheader("Points that change sides", anchor=False)
    if threshold == run_threshold:
        st.text("None: this is the run's own threshold. Move the slider.")
        return
    rows = queries.points_that_change_sides(view.store, view.network.network_id, threshold, layer_id)
    if rows.empty:
        st.text("None: no cosine lies between the two thresholds.")
        return
    verb = "struck that the run kept" if threshold < run_threshold else "kept that the run struck"
    st.caption(f"Points {verb}, those of most neurons first. A row opens its first neuron.")
    chosen = lists.leading_table(
        pd.DataFrame(
            {
                "neuron": rows["layer"] + "#" + rows["position"].astype(str),
                "point": rows["point"],
                "nearest low point": rows["low_point"],
                "cosine": rows["similarity"],
                "neurons": rows["neurons"],
            }
        ).join(rows[["layer", "position"]]),
        f"changed_{threshold}_{layer_id}",
        "Points that change sides; a row opens a neuron that has it",
        {
            "neuron": st.column_config.TextColumn("first neuron", width="medium"),
            "point": st.column_config.TextColumn(width="medium"),
            "nearest low point": st.column_config.TextColumn(width="medium"),
            "cosine": st.column_config.NumberColumn(format="%.3f"),
            "neurons": st.column_config.NumberColumn(help="In how many neurons it changes sides"),
            "layer": None,
            "position": None,
        },
    )
    if chosen is not None:
        links.open_neuron(view, str(chosen["layer"]), int(chosen["position"]))


def most_struck(view: View) -> None:
    """The sentences that the run strikes most often, and the neurons behind one of them."""
    st.subheader("Sentences struck most often", anchor=False)
    rows = queries.most_struck_points(view.store, view.network.network_id)
    if rows.empty:
        st.text("No point was struck at the run's threshold.")
        return
    st.caption("At the run's own threshold. A row shows the neurons in which the sentence was struck.")
    lists.leading_table(
        rows,
        "most_struck",
        "Sentences struck most often, with the low point that struck them; a row shows their neurons below",
        {
            "point": st.column_config.TextColumn("sentence", width="large"),
            "struck": st.column_config.NumberColumn("neurons where struck"),
            "said": st.column_config.NumberColumn("neurons that say it"),
            "low_point": st.column_config.TextColumn("struck by the low point", width="large"),
            "similarity": st.column_config.NumberColumn("highest cosine", format="%.2f"),
        },
        write={"sentence": "point"},
    )
    sentence = pickers.asked_for("sentence")
    if sentence:
        ids = queries.neurons_with_point_struck(view.store, view.network.network_id, sentence)
        lists.neurons_behind(view, f"Neurons in which “{sentence}” was struck", ids, key=f"struck_{sentence}")


main()
