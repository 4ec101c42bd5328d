"""Every chart and table of modules A, B, C and of Last layer that leads somewhere, clicked in a real Chromium."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

Serve = Callable[[str, Path, float], AbstractContextManager[str]]
pytestmark = pytest.mark.browser
SLOW_MS = 120_000
ATTEMPTS, NOTICED_MS = 3, 20_000
ROW_PIXELS = 35
"""Of a table, its head too."""
BAR, DOT = ".barlayer path", ".scatterlayer path.point"
CHARTS = (
    ("a_closed_concept", "concept_bars", BAR, "Neurons whose best concept is", "concept"),
    ("a_closed_concept", "concept_squares", DOT, "Neurons whose best concept is", "layer"),
    ("a_closed_concept", "agreement_squares", DOT, "Neurons to which", "other"),
    ("a_closed_concept", "certainty", BAR, "Neurons whose pick by", "certainty"),
    ("b_calibration", "struck_by_layer", DOT, "Neurons left without a point", "layer"),
    ("c_open_concept", "kind_bars", BAR, "neurons with the adjective", "word"),
    ("c_open_concept", "lengths", BAR, "Neurons described in", "length"),
    ("last_layer", "confusion", DOT, "fc#", "neuron"),
)
"""Page, key of the chart, its marks; a heading that a click brings, and what the address then says."""
TABLES = (
    ("a_closed_concept", "concept_table", "Neurons whose best concept is", "concept"),
    ("a_closed_concept", "concept_layer_table", "Neurons whose best concept is", "layer"),
    ("a_closed_concept", "agreement_table", "Neurons to which", "other"),
    ("a_closed_concept", "certainty_table", "Neurons whose pick by", "certainty"),
    ("b_calibration", "struck_by_layer_table", "Neurons left without a point", "layer"),
    ("b_calibration", "most_struck", "Neurons in which", "sentence"),
    ("b_calibration?t=0.3", "changed_0-3_None", "#", "neuron"),
    ("c_open_concept", "kind_table_adjective", "neurons with the adjective", "word"),
    ("c_open_concept", "words_by_layer", "Neurons of layer1", "layer"),
    ("c_open_concept", "length_table", "Neurons described in", "length"),
    ("c_open_concept", "audit", "was kept", "candidate"),
    ("c_open_concept?word=loud", "of_adjective_loud", "#", "neuron"),
    ("last_layer", "last_layer_scores", "What is picked for each class", "by"),
    ("last_layer", "confusion_table", "fc#", "neuron"),
)
"""Page, key of the table; a heading that a click on its first row brings, and what the address then says."""


@pytest.fixture(scope="module")
def address(serve: Serve, project: Path, tiny_store: Path) -> Iterator[str]:
    """The running app."""
    with serve(f"'{sys.executable}' -m streamlit run app.py -- --store '{tiny_store}'", project, 60) as url:
        yield url


def opened(page: Page, address: str, where: str) -> None:
    """The page with every expander open, once it has settled."""
    page.goto(f"{address}/{where}")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW_MS)
    settled(page)
    for summary in page.locator("[data-testid=stExpander] summary").all():
        summary.click()
    settled(page)


def address_says(parameter: str) -> re.Pattern[str]:
    return re.compile(rf"[?&]{parameter}=")


def settled(page: Page) -> None:
    expect(page.locator("[data-testid=stApp][data-test-script-state=notRunning]")).to_be_attached(timeout=SLOW_MS)


def click(page: Page, mark: Locator, said: str, down: float | None = None) -> None:
    """In the middle of a mark, or `down` pixels below the top of a table; again where the browser was too busy to
    notice, as a person would."""
    for _ in range(ATTEMPTS):
        click_once(page, mark, down)
        with suppress(NotInTime):
            page.wait_for_url(address_says(said), timeout=NOTICED_MS)
            return


def click_once(page: Page, mark: Locator, down: float | None) -> None:
    mark.scroll_into_view_if_needed(timeout=SLOW_MS)
    before, box = None, mark.bounding_box()
    while box != before:  # what is above may still grow
        page.wait_for_timeout(1000)
        before, box = box, mark.bounding_box()
    assert box
    across = box["width"] / 2 if down is None else min(150, box["width"] / 2)
    x, y = box["x"] + across, box["y"] + (box["height"] / 2 if down is None else down)
    page.mouse.move(x, y)
    page.wait_for_timeout(300)
    page.mouse.click(x, y)


def largest(marks: Locator) -> Locator:
    """A bar of few neurons may be too low to be clicked."""
    expect(marks.first).to_be_attached(timeout=SLOW_MS)
    areas = marks.evaluate_all("all => all.map(m => m.getBoundingClientRect()).map(box => box.width * box.height)")
    return marks.nth(areas.index(max(areas)))


def leads_to(page: Page, heading: str, said: str) -> None:
    expect(page.get_by_role("heading", name=heading).first).to_be_visible(timeout=SLOW_MS)
    assert address_says(said).search(page.url)
    settled(page)
    expect(page.get_by_text("This cannot be shown")).to_have_count(0)


@pytest.mark.parametrize(("where", "key", "mark", "heading", "said"), CHARTS)
def test_a_mark_of_a_chart_leads_to_its_neurons(
    page: Page, address: str, where: str, key: str, mark: str, heading: str, said: str
) -> None:
    opened(page, address, where)
    click(page, largest(page.locator(f".st-key-{key} {mark}")), said)
    leads_to(page, heading, said)


@pytest.mark.parametrize(("where", "key", "heading", "said"), TABLES)
def test_a_row_of_a_table_leads_to_its_neurons(
    page: Page, address: str, where: str, key: str, heading: str, said: str
) -> None:
    opened(page, address, where)
    click(page, page.locator(f".st-key-{key} [data-testid=stDataFrame] canvas").first, said, 1.5 * ROW_PIXELS)
    leads_to(page, heading, said)
