"""The app as a user meets it: started from the command line and driven in a real Chromium."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from and_core.algorithms.ablation.choose import choose
from and_core.algorithms.ablation.selection import Term
from and_core.store import queries
from and_core.store.connection import Store, open_store

Serve = Callable[[str, Path, float], AbstractContextManager[str]]
pytestmark = pytest.mark.browser
SLOW_MS = 120_000
"""For what loads a network, on a busy machine."""
ROW_PIXELS = 35
"""Of a table."""


@pytest.fixture(scope="module")
def address(serve: Serve, project: Path, tiny_store: Path) -> Iterator[str]:
    """The running app."""
    command = f"'{sys.executable}' -m streamlit run app.py -- --store '{tiny_store}'"
    with serve(command, project, 60) as url:
        yield url


@pytest.fixture(scope="module")
def keep(project: Path) -> Callable[[Page, str], None]:
    """Keeps a picture of the page under tests/screenshots."""
    folder = project / "tests" / "screenshots"
    folder.mkdir(exist_ok=True)
    return lambda page, name: page.screenshot(path=folder / f"{name}.png") and None


def dots(page: Page) -> Locator:
    """The before/after chart: a dot a class as it was, then a dot a class as it is."""
    return page.get_by_test_id("stPlotlyChart").first.locator(".scatterlayer path.point")


def forgettable(store: Store) -> str:
    """The class that the most hidden neurons speak of."""
    names, evidence = queries.class_outputs(store, 0)["name"], queries.evidence(store, 0)
    return str(max(names, key=lambda name: len(choose(Term("open_concept", name), evidence))))


def test_a_neuron_opens_by_its_permalink_and_its_clip_plays(
    page: Page, address: str, keep: Callable[[Page, str], None]
) -> None:
    page.goto(f"{address}/neuron?layer=layer1_output&neuron=3")
    expect(page.get_by_role("heading", name="layer1_output#3")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_text("Activations over all clips")).to_be_visible()
    expect(page.locator("audio").first).to_be_visible()
    played = page.locator("audio").first.evaluate(
        """async sound => {
            await sound.play();
            for (let i = 0; i < 100 && sound.currentTime === 0; i++) await new Promise(done => setTimeout(done, 50));
            return sound.currentTime;
        }"""
    )
    assert played > 0
    keep(page, "neuron")


def test_a_click_on_a_dot_plays_its_clip(page: Page, address: str) -> None:
    page.goto(f"{address}/neuron?layer=layer1_output&neuron=3")
    dot = page.get_by_test_id("stPlotlyChart").locator("path.point").first
    dot.scroll_into_view_if_needed(timeout=SLOW_MS)
    box = dot.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("[...document.querySelectorAll('audio')].some(sound => sound.currentTime > 0)")


def test_an_exemplar_shows_when_and_where_its_neuron_fired(
    page: Page, address: str, keep: Callable[[Page, str], None]
) -> None:
    page.goto(f"{address}/neuron?layer=layer1_output&neuron=3")
    spectrogram, strip = page.get_by_alt_text("Mel spectrogram of").first, page.get_by_alt_text("When it fired").first
    strip.scroll_into_view_if_needed(timeout=SLOW_MS)
    above, below = spectrogram.bounding_box(), strip.bounding_box()
    assert above and below
    assert (above["x"], above["width"]) == (below["x"], below["width"]), "they share their axis of time"
    assert above["y"] + above["height"] == pytest.approx(below["y"], abs=2)
    page.get_by_role("button", name="Where").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Strongest at")).to_be_visible(timeout=SLOW_MS)
    expect(dialog.locator(".heatmaplayer image")).to_be_visible()
    expect(dialog.locator(".imagelayer image")).to_be_visible()
    keep(page, "where")


def test_a_permalink_is_right_for_the_first_visitor_after_a_start(
    page: Page, serve: Serve, project: Path, tiny_store: Path
) -> None:
    with serve(f"'{sys.executable}' -m streamlit run app.py -- --store '{tiny_store}'", project, 60) as url:
        page.goto(f"{url}/neuron?layer=layer1_output&neuron=3")
        page.get_by_role("link", name="Next").click()  # a dialog over the page would catch this
        expect(page.get_by_role("heading", name="layer1_output#4")).to_be_visible()
        expect(page.get_by_text("Page not found")).to_have_count(0)


def test_a_cell_of_the_overview_opens_its_layer_and_the_go_to_box_a_neuron(
    page: Page, address: str, keep: Callable[[Page, str], None]
) -> None:
    page.goto(address)
    cell = page.get_by_test_id("stPlotlyChart").locator(".barlayer path").last
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    expect(page.get_by_role("heading", name="Neurons of fc")).to_be_visible()
    keep(page, "overview")
    page.get_by_label("Go to").fill("fc#1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="fc#1")).to_be_visible()
    assert "layer=fc&neuron=1" in page.url


def test_the_next_neuron_has_an_address_of_its_own(page: Page, address: str) -> None:
    page.goto(f"{address}/neuron?layer=layer1_output&neuron=3")
    expect(page.get_by_role("heading", name="layer1_output#3")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", name="layer1_output#4")).to_be_visible()
    page.wait_for_url("**neuron=4")


def test_pruning_a_class_moves_its_bar_and_undo_takes_it_back(
    page: Page, address: str, keep: Callable[[Page, str], None], tiny_store: Path
) -> None:
    target = forgettable(open_store(tiny_store))
    page.goto(f"{address}/pruning?class={target}")
    expect(page.get_by_text("Nothing is pruned")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="Prune", exact=True).click()
    expect(page.get_by_text("Before and after, while it runs")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_text("Clips that changed their answer")).to_be_visible(timeout=SLOW_MS)
    assert target.replace("_", " ") in page.get_by_text("Without ").inner_text()
    expect(page.get_by_text("random neurons of the same layers")).to_be_visible()
    places = dots(page).evaluate_all("dots => dots.map(dot => dot.getBoundingClientRect().x)")
    before, after = places[: len(places) // 2], places[len(places) // 2 :]
    assert len(before) > 1
    assert any(abs(was - now) > 5 for was, now in zip(before, after, strict=True))
    keep(page, "pruning")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Nothing is pruned")).to_be_visible()
    expect(page.get_by_text("random neurons of the same layers")).to_have_count(0)


def test_a_link_prunes_again_and_a_clip_of_ones_own_is_heard_by_both_networks(
    page: Page, address: str, keep: Callable[[Page, str], None], tiny_store: Path
) -> None:
    target = forgettable(open_store(tiny_store))
    page.goto(f"{address}/pruning?class={target}&prune=open_concept:{target}&clips=2&controls=1&name=Mine")
    expect(page.get_by_text("Mine").first).to_be_visible(timeout=SLOW_MS)
    page.get_by_text("A clip of your own").click()
    page.locator("input[type=file]").first.set_input_files(next((tiny_store / "audio").glob("*.flac")))
    expect(page.get_by_text("The network hears")).to_be_visible(timeout=SLOW_MS)
    page.get_by_role("button", name="Take home").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Experiment (JSON)").click()
    kept = json.loads(download.value.path().read_text())
    assert (kept["name"], kept["concept"]) == ("Mine", target)
    keep(page, "pruning_linked")


def test_a_row_of_the_runs_own_experiments_opens_its_class_on_the_page_pruning(
    page: Page, address: str, keep: Callable[[Page, str], None], tiny_store: Path
) -> None:
    second = queries.ablation_deltas(open_store(tiny_store), 0)["class_name"][1]
    page.goto(f"{address}/unlearning")
    page.get_by_text("Class by class, as a table").click()
    table = page.get_by_test_id("stDataFrame").nth(1)
    expect(table).to_be_visible()
    keep(page, "unlearning")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 3, box["y"] + 2.5 * ROW_PIXELS)
    expect(page.get_by_role("heading", name="Pruning")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_text(f"to forget {second.replace('_', ' ')}")).to_be_visible()
    assert f"class={second}" in page.evaluate("location.href")


def test_the_app_asks_nothing_of_the_network(page: Page, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    expect(page.get_by_text("Choose a row to open the neuron.")).to_be_visible(timeout=SLOW_MS)
    page.wait_for_timeout(1000)
    outside = [url for url in asked if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))]
    assert outside == []
