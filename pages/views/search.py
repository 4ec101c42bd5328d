"""Search: words in adjectives, concepts and kept points; a row opens the neuron."""

import streamlit as st

from and_core.store import queries
from pages.components import pickers
from pages.components.store import View, current_view

LIMIT = 100


def main() -> None:
    view = current_view()
    st.title("Search")
    st.session_state["search_words"] = pickers.asked_for("words")
    words = st.text_input(
        "Words that must all stand in a neuron's adjectives, concept or kept points",
        key="search_words",
        placeholder="loud",
        on_change=pickers.write_to_address("search_words", "words"),
    )
    if words.strip():
        results(view, words)
    else:
        st.text("Write a word, for example one that many neurons speak of:")
        pickers.word_suggestions(view)


def results(view: View, words: str) -> None:
    found = queries.search(view.store, view.network.network_id, words.split(), LIMIT)
    if found.empty:
        st.text(f"No neuron of {view.network.name} speaks of {words!r}. Try fewer words, or a shorter form of one.")
        pickers.word_suggestions(view)
        return
    places = found["place"].value_counts()
    counted = ", ".join(f"{count} in their {place}s" for place, count in places.items())
    first = "the first " if len(found) == LIMIT else ""
    st.text(f"{first}{len(found)} neurons: {counted}.".capitalize())
    pickers.neuron_table(view, queries.neurons(view.store, found["neuron_id"].tolist()), key="search_results")


main()
