"""The pages Interpretability and Clusters, over a store made by the real pipeline."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from and_core.findings import interpretability
from and_core.store import queries
from and_core.store.connection import Store, open_store

OpenPage = Callable[..., AppTest]


@pytest.fixture
def store(tiny_store: Path) -> Store:
    return open_store(tiny_store)


def said(app: AppTest) -> str:
    assert not app.exception, [error.message for error in app.exception]
    assert not app.error
    shown = (*app.title, *app.subheader, *app.text, *app.caption, *app.warning)
    return "\n".join(element.value for element in shown).replace("\\", "").replace("\u2060", "")


def test_interpretability_opens_with_its_finding_in_numbers(
    open_page: OpenPage, tiny_store: Path, store: Store
) -> None:
    [network] = queries.networks(store)
    counts = interpretability.counts(store, [network])
    share = interpretability.share_of(counts, network.name, 5, 4)
    chance = interpretability.by_chance(counts, 5, 4)
    text = said(open_page(tiny_store, "interpretability"))
    assert f"{share:.0%} of {network.name}'s" in text
    assert f"Of clips drawn by chance, {chance:.0%} of draws" in text
    assert all(figure in text for figure in ("Figure 6", "Figure 11", "Figure 12", "Figure 13"))


def test_every_k_and_tau_is_answered_by_the_sliders(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    [network] = queries.networks(store)
    counts = interpretability.counts(store, [network])
    app = open_page(tiny_store, "interpretability")
    app.slider(key="judge_tau").set_value(5).run()
    assert f"at tau = 5 of 5, {interpretability.share_of(counts, network.name, 5, 5):.1%}" in said(app)
    app.segmented_control(key="judge_k").set_value(20).run()
    assert f"at tau = 16 of 20, {interpretability.share_of(counts, network.name, 20, 16):.1%}" in said(app)
    app.selectbox(key="judge_reading").set_value("sentences").run()
    assert "by kind of layer, K = 20, tau = 16" in said(app)


def test_a_permalink_opens_its_criterion_and_nonsense_the_runs_own(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "interpretability", k="10", tau="7", reading="intersection")
    assert (app.slider(key="judge_tau").value, app.segmented_control(key="judge_k").value) == (7, 10)
    assert "by kind of layer, K = 10, tau = 7" in said(app)
    for nonsense in ({"k": "11"}, {"tau": "6"}, {"reading": "tea"}):
        assert "by kind of layer, K = 5, tau = 4" in said(open_page(tiny_store, "interpretability", **nonsense))


def test_a_threshold_that_nobody_reaches_says_so(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    folder = altered("UPDATE interpretability SET shared_clips = 1")
    app = open_page(folder, "interpretability")
    app.segmented_control(key="judged_verdict").set_value("interpretable").run()
    assert "No neuron of all layers is interpretable at tau = 4 of 5." in said(app)


def test_a_run_that_did_not_judge_says_so(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    folder = altered("DELETE FROM interpretability; DELETE FROM interpretability_by_chance")
    assert "did not judge its neurons" in said(open_page(folder, "interpretability"))
    text = said(open_page(folder, "clusters"))
    assert "is interpretable." in text
    assert "shares it at the run's K and tau" in text


def test_a_cluster_opens_with_its_clips_sentences_and_neurons(
    open_page: OpenPage, tiny_store: Path, store: Store
) -> None:
    clusters = queries.clusters(store)
    app = open_page(tiny_store, "clusters", cluster=str(clusters["cluster_id"].iloc[1]))
    text = said(app)
    assert f"Cluster {clusters['cluster_id'].iloc[1]}\n" in text
    assert ", ".join(clusters["words"].iloc[1]) in text
    assert "this run has 40, as its configuration says" in text
    assert 1 <= len(app.get("audio")) <= 12


def test_every_word_cloud_is_a_picture_with_its_words_for_who_cannot_see(
    open_page: OpenPage, tiny_store: Path, store: Store
) -> None:
    clouds = queries.clusters(store)["cloud"]
    assert all(store.file(cloud).read_bytes().startswith(b"\x89PNG") for cloud in clouds)
    shown = [picture.proto.imgs[0].alt for picture in open_page(tiny_store, "clusters").get("image")]
    described = [alt for alt in shown if alt.startswith("Word cloud of cluster")]
    assert len(described) == len(clouds)
    assert all("most telling: " in alt for alt in described)


def test_a_cluster_that_does_not_exist_is_named(open_page: OpenPage, tiny_store: Path) -> None:
    assert "'99' is not one of 0, 1, 2" in said(open_page(tiny_store, "clusters", cluster="99"))


def test_a_neuron_leads_to_the_cluster_that_its_clips_share(
    open_page: OpenPage, tiny_store: Path, store: Store
) -> None:
    neuron = queries.neuron(store, queries.most_interpretable(store, 0)[0])
    found = queries.interpretability(store, neuron.neuron_id)
    assert found is not None
    page = open_page(tiny_store, "neuron", layer=neuron.layer, neuron=str(neuron.position))
    assert f"{found.shared_clips} of {found.k} share cluster {found.cluster_id}: interpretable." in said(page)
    [link] = [link.proto for link in page.get("page_link") if re.match(r"Cluster \d+", link.proto.label)]
    assert (link.page, dict(parse_qsl(link.query_string))["cluster"]) == ("clusters", str(found.cluster_id))
    assert f"Cluster {found.cluster_id}\n" in said(open_page(tiny_store, "clusters", cluster=str(found.cluster_id)))


def test_a_neuron_whose_clips_share_no_sentence_leads_to_no_cluster(
    open_page: OpenPage, altered: Callable[[str], Path]
) -> None:
    page = open_page(altered("UPDATE interpretability SET cluster_id = NULL, shared_clips = 0"), "neuron")
    assert "0 of 5 share a cluster of sentences: not interpretable." in said(page)
    assert [link for link in page.get("page_link") if re.match(r"Cluster \d+", link.proto.label)] == []
