"""Links between pages, and text that is shown as it stands.

Everything a model wrote goes through `st.text` or `plain`: Markdown would render a link or an image from it.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit

import streamlit as st

from pages.components.store import View

OVERVIEW = "pages/views/overview.py"
NEURON = "pages/views/neuron.py"
SEARCH = "pages/views/search.py"
CLOSED_CONCEPT = "pages/views/a_closed_concept.py"
CALIBRATION = "pages/views/b_calibration.py"
OPEN_CONCEPT = "pages/views/c_open_concept.py"
ADJECTIVES = "pages/views/adjectives.py"
ACOUSTICS = "pages/views/acoustics.py"
TRAINING = "pages/views/training.py"
INTERPRETABILITY = "pages/views/interpretability.py"
CLUSTERS = "pages/views/clusters.py"
LAST_LAYER = "pages/views/last_layer.py"
IMPORTANCE = "pages/views/importance.py"
UNLEARNING = "pages/views/unlearning.py"
PRUNING = "pages/views/pruning.py"
WORD_JOINER = "\u2060"
"""Invisible. Keeps `https:`, `www.` and `:dog:` from becoming links and pictures, which escaping alone does not."""


def plain(text: str) -> str:
    """`text` for a place that reads Markdown, so that it looks as it is written."""
    escaped = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))
    return re.sub(r"(\\:|\\@|www)", rf"\1{WORD_JOINER}", escaped, flags=re.IGNORECASE)


def network_query(view: View) -> dict[str, str]:
    """The parameters by which another page opens the same network of the same run."""
    return {**view.query, "network": view.network.name}


def neuron_query(view: View, layer: str, position: int) -> dict[str, str]:
    """The permalink's parameters."""
    return {**network_query(view), "layer": layer, "neuron": str(position)}


def open_neuron(view: View, layer: str, position: int) -> None:
    """Leave this page for the neuron's."""
    st.switch_page(NEURON, query_params=neuron_query(view, layer, position))


def permalink(page: str, query: Mapping[str, str]) -> str:
    """The whole address of a page of this server.

    Args:
        page: its path, e.g. `neuron`.
    """
    server = urlsplit(st.context.url or "http://localhost:8501/")
    return f"{server.scheme}://{server.netloc}/{page}?{urlencode(query)}"


def neuron_link(view: View, layer: str, position: int, label: str = "", icon: str | None = None) -> None:
    """`layer3_output#42`, or `label`, leading to the neuron's page."""
    name = label or f"{layer}#{position}"
    st.page_link(NEURON, label=plain(name), icon=icon, query_params=neuron_query(view, layer, position))


def cluster_link(view: View, cluster_id: int, label: str, icon: str | None = None) -> None:
    """`label`, leading to a cluster of caption sentences."""
    st.page_link(
        CLUSTERS, label=plain(label), icon=icon, query_params={**network_query(view), "cluster": str(cluster_id)}
    )


def word_chips(view: View, words: Sequence[str], part_of_speech: str = "adjective") -> None:
    """Words in a row; each leads to the neurons that speak of it."""
    page = ADJECTIVES if part_of_speech == "adjective" else OPEN_CONCEPT
    part = {} if part_of_speech == "adjective" else {"part": part_of_speech}
    with st.container(horizontal=True, gap="small"):
        for word in words:
            query = {**network_query(view), **part, "word": word}
            st.page_link(page, label=plain(word), icon=":material/sell:", query_params=query)
