"""The frame around every page: choice of run and network, the go-to box, the pages, and where it all comes from."""

import streamlit as st

from and_core.store import queries
from pages.components import links
from pages.components.store import View

GROUPS = {
    "Explore": {"Overview": links.OVERVIEW, "Neuron": links.NEURON, "Search": links.SEARCH},
    "Modules": {
        "A closed concept": links.CLOSED_CONCEPT,
        "B calibration": links.CALIBRATION,
        "C open concept": links.OPEN_CONCEPT,
    },
    "Findings": {
        "Adjectives": links.ADJECTIVES,
        "Interpretability": links.INTERPRETABILITY,
        "Clusters": links.CLUSTERS,
        "Acoustics": links.ACOUSTICS,
        "Training strategy": links.TRAINING,
        "Last layer": links.LAST_LAYER,
        "Importance": links.IMPORTANCE,
        "Unlearning": links.UNLEARNING,
    },
    "Act": {"Pruning": links.PRUNING},
}
ICONS = {
    links.OVERVIEW: ":material/grid_view:",
    links.NEURON: ":material/graphic_eq:",
    links.SEARCH: ":material/search:",
    links.CLOSED_CONCEPT: ":material/label:",
    links.CALIBRATION: ":material/balance:",
    links.OPEN_CONCEPT: ":material/format_quote:",
    links.ADJECTIVES: ":material/sell:",
    links.ACOUSTICS: ":material/equalizer:",
    links.TRAINING: ":material/school:",
    links.INTERPRETABILITY: ":material/lightbulb:",
    links.CLUSTERS: ":material/bubble_chart:",
    links.LAST_LAYER: ":material/checklist:",
    links.IMPORTANCE: ":material/trending_down:",
    links.UNLEARNING: ":material/psychology_alt:",
    links.PRUNING: ":material/content_cut:",
}


def draw(view: View) -> None:
    """Draw the sidebar."""
    # A link to the page that is already open changes what the page sees, but not what the browser shows: say it again.
    st.query_params.from_dict(st.query_params.to_dict())
    with st.sidebar:
        st.markdown("### :material/hearing: Audio Network Dissection")
        choice("run", view.runs, view.run)
        choice("network", [network.name for network in view.networks], view.network.name)
        go_to_box(view)
        for group, pages in GROUPS.items():
            st.caption(group)
            for title, page in pages.items():
                query = {**view.query, "network": view.network.name} if len(view.networks) > 1 else view.query
                st.page_link(page, label=title, icon=ICONS[page], query_params=query)
        st.space("small")
        provenance(view)


def choice(parameter: str, names: list[str], chosen: str) -> None:
    """A select box, where there is a choice."""
    if len(names) < 2:
        return

    def remember() -> None:
        st.query_params.clear()
        st.query_params[parameter] = st.session_state[key]

    key = f"sidebar_{parameter}"
    st.session_state[key] = chosen
    st.selectbox(parameter.capitalize(), names, key=key, on_change=remember)


def go_to_box(view: View) -> None:
    """`layer3_output#42` opens the neuron, `layer3_output` the layer; anything else is searched for."""

    def take() -> None:
        st.session_state["go_to_target"] = st.session_state["go_to"].strip()
        st.session_state["go_to"] = ""

    st.text_input("Go to", key="go_to", placeholder=f"{_example(view)} or words", on_change=take)
    target = st.session_state.pop("go_to_target", "")
    if not target:
        return
    layer, hash_sign, position = target.rpartition("#")
    if hash_sign and position.strip().isdecimal():
        links.open_neuron(view, layer.strip(), int(position))
    if target in queries.layer_names(view.store, view.network.network_id):
        st.switch_page(links.OVERVIEW, query_params={**view.query, "network": view.network.name, "layer": target})
    st.switch_page(links.SEARCH, query_params={**view.query, "network": view.network.name, "words": target})


def _example(view: View) -> str:
    names = queries.layer_names(view.store, view.network.network_id)
    return f"{names[len(names) // 2]}#4"


def provenance(view: View) -> None:
    """Who captioned, who summarized, how activations were pooled; a demo-quality backend says that it is one."""
    said = queries.meta(view.store)
    parts = [said.get(who, f"The store does not say who the {who} was.") for who in ("captioner", "summarizer")]
    st.caption(links.plain(f"{' '.join(parts)} Activations pooled: {view.network.pool}."))
