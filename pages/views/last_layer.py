"""Last layer: does each output neuron get the name of its class, and which names are mistaken (Tables 2 and 7)."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from and_core.algorithms.evaluation import LastLayerConcepts, LastLayerScore, last_layer_evaluation
from and_core.algorithms.last_layer_of_paper import NETWORKS, paper_scores
from and_core.findings.last_layer import headlines
from and_core.store import queries
from and_core.store.connection import Store
from pages.components import concept_functions, links, lists, module_charts, pickers
from pages.components.concept_functions import label
from pages.components.store import View, current_view

MOST_CLASSES = 60
"""Of a matrix that shows right picks too; with more classes it shows the wrong ones alone."""


def main() -> None:
    view = current_view()
    st.title("Last layer")
    answers = answers_of(view.store)
    own = [answer for answer in answers if answer.network == view.network.name]
    if not own:
        st.text(why_nothing(view))
        return
    scores = last_layer_evaluation(answers)
    st.text(headlines(scores)[view.network.name])
    st.caption(links.plain(queries.meta(view.store).get("captioner", "")))
    score_table(scores, several=len(view.networks) > 1)
    picks(view, own)


@st.cache_data(max_entries=4, show_spinner=False, hash_funcs={Store: lambda store: str(store.path)})
def answers_of(store: Store) -> list[LastLayerConcepts]:
    """Of every network of the run."""
    return queries.last_layer_concepts(store)


def why_nothing(view: View) -> str:
    if not queries.output_names(view.store, view.network.network_id):
        return f"{view.network.name} has no classification head, so that no neuron stands for a class."
    return (
        f"No output of {view.network.name} has the name of a class of the data set, or the run had no concepts. "
        "The run says at its end which names differ; id2label of the network's config.json mends them."
    )


def score_table(scores: Sequence[LastLayerScore], several: bool) -> None:
    """Table 7, ours beside the paper's; a row chooses the function below."""
    rows = pd.DataFrame(
        [
            {
                **({"network": score.network} if several else {}),
                "by": label((score.method, score.similarity)),
                "n": score.n,
                "top-1": score.top1,
                "top-1, 95 %": between(score.top1_interval),
                "top-5": score.top5,
                "top-5, 95 %": between(score.top5_interval),
                "cosine": score.cosine,
                "cosine, 95 %": "{:.2f} to {:.2f}".format(*score.cosine_interval),
                **{
                    f"paper: {name}": str(found) for name, found in paper_scores(score.method, score.similarity).items()
                },
            }
            for score in scores
        ]
    )
    lists.leading_table(
        rows,
        "last_layer_scores",
        "Top-1, top-5 and text cosine of every method and function with intervals, beside the paper's figures",
        {
            "top-1": lists.SHARE,
            "top-5": lists.SHARE,
            "cosine": st.column_config.NumberColumn(format="%.2f", help="Of the picked name with the class's name"),
        },
        write={"by": "by"} | ({"network": "network"} if several else {}),
    )
    st.caption(
        "A row chooses its function below. Intervals: bootstrap over output neurons. The paper’s figures, top-1 / "
        f"top-5 / cosine of Table 7, are of other networks ({', '.join(NETWORKS)}) on ESC-50, with captions by "
        "SALMONN and concepts embedded by CLIP. The same in a terminal: and-precompute evaluate last-layer RUN."
    )


def between(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.0%} to {interval[1]:.0%}"


def picks(view: View, own: Sequence[LastLayerConcepts]) -> None:
    """What one function picks for every class, and what all functions mistake."""
    st.subheader("What is picked for each class", anchor=False)
    functions = list(dict.fromkeys((answer.method, answer.similarity) for answer in own))
    functions.sort(key=lambda function: function != ("description_based", "cos_cubed"))
    function = concept_functions.function_choice(functions)
    chosen = [answer for answer in own if (answer.method, answer.similarity) == function]
    rows = pick_rows(chosen)
    wrong = rows[~rows["right"]]
    unanswered = sum(not answer.concepts for answer in chosen)
    without = f" {unanswered} get no answer: they answer every clip alike." if unanswered else ""
    st.text(
        f"By {label(function)} {len(wrong)} of {len(chosen)} output neurons of {view.network.name} get another name."
        f"{without}"
    )
    confusion(view, rows if len(rows) <= MOST_CLASSES else wrong)
    mistakes(view, own)


def pick_rows(answers: Sequence[LastLayerConcepts]) -> pd.DataFrame:
    """A row an output neuron that has an answer: class, picked, right, class rank, cosine, layer, position."""
    return pd.DataFrame(
        [
            {
                "class": answer.class_name,
                "picked": answer.concepts[0],
                "right": answer.class_rank == 1,
                "rank of the class": answer.class_rank,
                "cosine": answer.cosine,
                "layer": answer.layer,
                "position": answer.position,
            }
            for answer in answers
            if answer.concepts
        ],
        columns=["class", "picked", "right", "rank of the class", "cosine", "layer", "position"],
    ).astype({"right": bool})


def confusion(view: View, rows: pd.DataFrame) -> None:
    """Class by picked concept; a mark or a row opens the output neuron."""
    if rows.empty:
        return
    named = ["is right" if right else "is wrong" for right in rows["right"]]
    drawn = pd.DataFrame(
        {
            "x": rows["picked"],
            "y": rows["class"],
            "value": [0.35 if right else 1.0 for right in rows["right"]],
            "symbol": ["square" if right else "x" for right in rows["right"]],
            "key": rows["position"],
            "text": rows["class"] + " is called " + rows["picked"] + ": " + named,
        }
    )
    classes = list(dict.fromkeys(rows["class"]))
    across = [*classes, *(name for name in dict.fromkeys(rows["picked"]) if name not in set(classes))]
    st.caption("A cross is a wrong name, a square a right one. A mark or a row opens the output neuron.")
    event = st.plotly_chart(
        module_charts.squares(drawn, across, classes, x_title="picked", y_title="class"),
        key="confusion",
        on_select="rerun",
        selection_mode="points",
        config=lists.PLAIN_CHART,
        alt="Class by picked concept, wrong picks as crosses; the same is in the table below",
    )
    with st.expander("The same as a table"):
        row = lists.leading_table(
            rows.sort_values(["right", "class"]),
            "confusion_table",
            "Class and picked concept; a row opens the output neuron",
            {"cosine": st.column_config.NumberColumn(format="%.2f"), "layer": None, "position": None},
        )
    clicked = pickers.picked(event)
    if clicked is not None:
        links.open_neuron(view, str(rows["layer"].iloc[0]), int(clicked))
    if row is not None:
        links.open_neuron(view, str(row["layer"]), int(row["position"]))


def mistakes(view: View, own: Sequence[LastLayerConcepts]) -> None:
    """Wrong names by how many functions give them."""
    asked = len({(answer.method, answer.similarity) for answer in own})
    given = Counter(
        (answer.class_name, answer.concepts[0], answer.layer, answer.position)
        for answer in own
        if answer.concepts and answer.class_rank != 1
    )
    st.subheader("Wrong names that several functions give", anchor=False)
    rows = pd.DataFrame(
        [(*key, count) for key, count in given.most_common(queries.MAX_ROWS) if count > 1],
        columns=["class", "picked", "layer", "position", "functions"],
    )
    if rows.empty:
        st.text("None: no two functions make the same mistake.")
        return
    chosen = lists.leading_table(
        rows,
        "mistakes",
        "Wrong names by the number of functions that give them; a row opens the output neuron",
        {
            "functions": st.column_config.NumberColumn(f"functions, of {asked}"),
            "layer": None,
            "position": None,
        },
    )
    st.caption("A row opens the output neuron.")
    if chosen is not None:
        links.open_neuron(view, str(chosen["layer"]), int(chosen["position"]))


main()
