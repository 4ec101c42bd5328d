"""Clusters: what the sentences of the captions are about, and which neurons share what (paper, Table 8)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from and_core.findings.clusters import elbow_sentence, headline, with_neurons
from and_core.store import queries
from pages.components import clip_card, links, pickers, share_charts
from pages.components.store import View, current_view
from pages.components.table_twin import twin

IN_A_ROW = 4
EXAMPLES = 10
"""Players on a page: each costs memory of the server."""
STATIC = {"displayModeBar": False}


def main() -> None:
    view = current_view()
    st.title("Clusters")
    clusters = with_neurons(view.store, view.network)
    st.text(headline(clusters, view.network.name))
    chosen = asked_cluster(clusters)
    clouds(view, clusters)
    if chosen is not None:
        cluster_page(view, clusters[clusters["cluster_id"] == chosen].iloc[0])
    elbow(view, clusters)


def asked_cluster(clusters: pd.DataFrame) -> int | None:
    """The cluster in the address, the largest where it names none; None and a word where there is no such cluster."""
    ids = clusters["cluster_id"].tolist()
    asked = pickers.asked_for("cluster", str(ids[0]))
    if asked not in map(str, ids):
        st.warning("There is no cluster of that number.", icon=":material/search_off:")
        st.text(f"{asked!r} is not one of {', '.join(map(str, sorted(ids)))}.")
        return None
    return int(asked)


def clouds(view: View, clusters: pd.DataFrame) -> None:
    """Table 8: a word cloud a cluster, with its captions and sentences."""
    st.subheader("Word clouds (Table 8)")
    st.caption(
        "The more often a word stands in a cluster's sentences, the larger it is. In brackets: captions / sentences."
    )
    rows = clusters.to_dict("records")
    # Many clusters scroll, so that the chosen one stays near.
    with st.container(height=620 if len(rows) > 3 * IN_A_ROW else "content", border=False):
        for start in range(0, len(rows), IN_A_ROW):
            for column, row in zip(st.columns(IN_A_ROW), rows[start : start + IN_A_ROW], strict=False):
                with column:
                    card(view, row)
    table = clusters.drop(columns="cloud").assign(words=[", ".join(words) for words in clusters["words"]])
    twin(table, "clusters", "Clusters with their captions, sentences, telling words and neurons")


def card(view: View, row: Mapping[Any, Any]) -> None:
    """One word cloud, which leads to its cluster."""
    with st.container(border=True, gap="small"):
        label = f"Cluster {row['cluster_id']} ({row['clip_count']:,} / {row['sentence_count']:,})"
        links.cluster_link(view, row["cluster_id"], label)
        cloud(view, row["cluster_id"], row["cloud"], row["words"])
        st.caption(f"{row['neurons']:,} interpretable neurons share it")


def cloud(view: View, cluster_id: int, file: object, words: list[str]) -> None:
    if not isinstance(file, str):
        st.text("Its sentences have no words but stop words.")
        return
    described = f"Word cloud of cluster {cluster_id}; most telling: {', '.join(words)}"
    st.image(view.store.file(file), width="stretch", alt=described)


def cluster_page(view: View, cluster: pd.Series) -> None:
    """One cluster: how it sounds, what is said there, and who shares it."""
    cluster_id = int(cluster["cluster_id"])
    st.subheader(f"Cluster {cluster_id}")
    st.text(f"Told from the others by: {', '.join(cluster['words'])}.")
    st.markdown("##### Example clips")
    clips = queries.cluster_clips(view.store, cluster_id, EXAMPLES)
    clip_card.clip_row(view, clips)
    st.caption("The clips with the sentences nearest to the cluster's centre, each different sentence first.")
    said, words = st.columns([3, 1], gap="medium")
    with said:
        st.markdown("##### Sentences")
        st.dataframe(
            queries.cluster_sentences(view.store, cluster_id),
            hide_index=True,
            key=f"sentences_{cluster_id}",
            column_config={
                "sentence": st.column_config.TextColumn(width="large"),
                "distance": st.column_config.NumberColumn(format="%.3f", help="To the cluster's centre"),
            },
            alt="The cluster's different sentences, the nearest to its centre first",
        )
    with words:
        st.markdown("##### Words")
        counted = queries.cluster_words(view.store, cluster_id)
        st.dataframe(counted, hide_index=True, key=f"words_{cluster_id}", alt="What the word cloud draws")
    st.markdown("##### Neurons whose top clips share it")
    found = queries.neurons_of_cluster(view.store, view.network.network_id, cluster_id)
    if not found:
        st.text(f"No interpretable neuron of {view.network.name} shares it at the run's K and tau.")
        return
    pickers.neuron_table(view, queries.neurons(view.store, found), key=f"of_cluster_{cluster_id}")
    st.caption(f"{min(len(found), cluster['neurons']):,} of {cluster['neurons']:,}, those that share most clips first.")


def elbow(view: View, clusters: pd.DataFrame) -> None:
    """How the number of clusters was found, or would have been."""
    st.subheader("How many clusters")
    curve = queries.elbow_curve(view.store)
    st.text(elbow_sentence(curve, len(clusters)))
    if curve.empty:
        return
    figure = share_charts.elbow(curve, len(clusters))
    st.plotly_chart(figure, key="elbow", config=STATIC, alt="Inertia by number of clusters; the numbers are below")
    twin(curve, "elbow", "Inertia by number of clusters")
    st.caption(
        "The elbow is the point farthest below the line between the curve's ends, both axes scaled alike; a curve that "
        "goes further has it further right. The paper has 11 clusters, by the elbow of a curve that it does not show."
    )


main()
