"""When a neuron fired: strips under the exemplars, and the map that the live network draws."""

import base64
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from librosa import hz_to_mel
from streamlit.testing.v1 import AppTest

from and_core.algorithms.spectrum import MEL_FMAX_HZ
from and_core.algorithms.token_traces import restore
from and_core.store import queries
from and_core.store.connection import Store, open_store
from pages.components import token_chart
from pages.components.live_network import TokenMap
from pages.components.time_trace import HEIGHT, WIDTH, TimeTrace, hertz, scale_of, strip_svg
from precompute.stages import spectrogram

OpenPage = Callable[..., AppTest]
LAYER, NEURON = "layer2_output", "7"


def trace(*activations: float, bands: list[float] | None = None) -> TimeTrace:
    """Steps of one second, two bands."""
    start = np.arange(len(activations), dtype=np.float32)
    numbers = np.array(activations, dtype=np.float32)
    profile = None if bands is None else np.array(bands, dtype=np.float32)
    low, high = np.array([20, 900], np.float32), np.array([900, 8000], np.float32)
    return TimeTrace(numbers, profile, start, start + 1, low, high)


def points(svg: str) -> list[list[float]]:
    """The line of a strip."""
    found = re.search(r'polyline points="([^"]+)"', svg)
    assert found
    return [[float(number) for number in point.split(",")] for point in found.group(1).split()]


def test_a_strip_is_as_long_as_the_clip_and_as_high_as_the_scale() -> None:
    line = points(strip_svg(trace(0, 4, 2, 2), seconds=4, heard_s=4, scale=(0, 4)))
    across, down = zip(*line, strict=True)
    assert across == (0, *(np.array([0.5, 1.5, 2.5, 3.5]) * WIDTH / 4), WIDTH)
    assert down[1] == HEIGHT - 2  # the lowest
    assert down[2] == 3  # the highest
    assert down[3] == down[4] == down[5] == pytest.approx((HEIGHT + 1) / 2)


def test_what_the_network_did_not_hear_is_hatched() -> None:
    svg = strip_svg(trace(1, 2), seconds=8, heard_s=2, scale=(1, 2))
    assert points(svg)[-1][0] == WIDTH / 4
    assert f'<rect x="{WIDTH / 4:.1f}" width="{WIDTH * 3 / 4:.1f}"' in svg
    assert 'width="0.0"' in strip_svg(trace(1, 2), seconds=2, heard_s=2, scale=(1, 2))


def test_a_neuron_that_never_changes_has_a_flat_strip() -> None:
    flat = trace(3, 3)
    assert {down for _, down in points(strip_svg(flat, 2, 2, scale_of([flat])))} == {HEIGHT - 2}


def test_the_peak_is_told_in_seconds_and_hertz() -> None:
    assert trace(0, 4, 2, bands=[4, 1]).peak == "1.5 s, 20–900 Hz"
    assert trace(0, 4, 2, bands=[1, 4]).peak == "1.5 s, 0.9–8.0 kHz"
    assert trace(0, 4, 2).peak == "1.5 s"
    assert hertz(900, 1000) == "0.9–1.0 kHz"


def test_all_strips_of_a_neuron_have_one_scale() -> None:
    assert scale_of([trace(0, 4), trace(-3, 1)]) == (-3, 4)


def test_overlapping_steps_meet_in_the_middle_of_what_they_share() -> None:
    start = np.array([0.0, 1.0, 2.0])
    assert token_chart.edges(start, start + 1.5).tolist() == [0, 1.25, 2.25, 3.5]


def test_the_figure_has_the_axes_of_the_stored_spectrograms() -> None:
    assert token_chart.SPECTROGRAM_TOP_HZ == MEL_FMAX_HZ
    assert token_chart.SPECTROGRAM_BINS == spectrogram.HEIGHT
    hz = np.array([0, 20, 999, 1000, 1001, 4000, 11000])
    np.testing.assert_allclose(token_chart.mel(hz), hz_to_mel(hz), rtol=1e-6)


def test_a_map_of_one_band_hears_all_frequencies(tmp_path: Path) -> None:
    picture = tmp_path / "spectrogram.png"
    picture.write_bytes(b"png")
    seconds = np.arange(3, dtype=np.float32)
    tokens = TokenMap(np.array([[1, 5, 2]], np.float32), seconds, seconds + 1, None, None)
    drawn = token_chart.figure(tokens, 3.0, 16000, picture)
    heat = drawn.data[-1]
    assert list(heat.y) == [0, pytest.approx(float(hz_to_mel(8000)))]
    assert [list(row) for row in heat.text] == [
        [f"{start:.2f}–{start + 1:.2f} s, all frequencies" for start in range(3)]
    ]
    assert token_chart.table(tokens)["all frequencies"].tolist() == [1, 5, 2]


@pytest.fixture
def store(tiny_store: Path) -> Store:
    return open_store(tiny_store)


def said(app: AppTest) -> str:
    assert not app.exception, [error.message for error in app.exception]
    return "\n".join(element.value for element in (*app.text, *app.markdown, *app.caption))


def strips(app: AppTest) -> list[str]:
    """The SVG of every strip of a page."""
    urls = [picture.url for element in app.get("image") for picture in element.proto.imgs]
    return [base64.b64decode(url.partition(",")[2]).decode() for url in urls if url.startswith("data:image/svg")]


def where_buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button if button.label.startswith("Where")]


def test_every_exemplar_shows_when_the_neuron_fired(open_page: OpenPage, tiny_store: Path, store: Store) -> None:
    app = open_page(tiny_store, "neuron", layer=LAYER, neuron=NEURON)
    assert "how strongly the neuron fired at each moment" in said(app)
    neuron = queries.find_neuron(store, 0, LAYER, int(NEURON))
    assert neuron
    rows = queries.token_traces(store, neuron.neuron_id)
    assert len(strips(app)) == len(where_buttons(app)) == len(rows) == 10
    high = rows.iloc[0]
    peak = (high["start_s"] + high["end_s"])[high["trace"].argmax()] / 2
    assert where_buttons(app)[0] == f"Where: {peak:.1f} s"


def test_pictures_have_words(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "neuron", layer=LAYER, neuron=NEURON)
    words = [picture.alt for element in app.get("image") for picture in element.proto.imgs]
    assert len(words) == 20 and all(words)
    assert any(re.fullmatch(r"When it fired: strongest at \d\.\d s, .*Hz", text) for text in words)


def test_the_head_says_why_there_is_no_moment(open_page: OpenPage, tiny_store: Path) -> None:
    app = open_page(tiny_store, "neuron", layer="fc", neuron="0")
    assert "answers once a clip" in said(app)
    assert strips(app) == where_buttons(app) == []


def test_a_network_whose_tokens_have_no_places_says_so(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    app = open_page(altered("DELETE FROM token_trace"), "neuron", layer=LAYER, neuron=NEURON)
    assert "Nobody can say when a neuron of" in said(app)
    assert strips(app) == where_buttons(app) == []


def test_a_card_says_how_much_of_its_clip_the_network_heard(
    open_page: OpenPage, tiny_store: Path, altered: Callable[[str], Path]
) -> None:
    assert "heard only" not in said(open_page(tiny_store, "neuron", layer=LAYER, neuron=NEURON))
    app = open_page(altered("UPDATE network SET longest_s = 2.5"), "neuron", layer=LAYER, neuron=NEURON)
    assert said(app).count("The network heard only the first 2.5 s of 4.0 s.") == 10
    assert all(f'<rect x="{WIDTH * 2.5 / 4:.1f}"' in svg for svg in strips(app))


def test_strips_need_no_torch(open_page: OpenPage, tiny_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = [name for name in sys.modules if name.partition(".")[0] in ("torch", "transformers", "librosa")]
    for module in {"torch", "transformers", "librosa", *loaded}:
        monkeypatch.setitem(sys.modules, module, None)  # an import would raise
    assert len(strips(open_page(tiny_store, "neuron", layer=LAYER, neuron=NEURON))) == 10


def test_where_plays_the_clip_to_the_network_and_agrees_with_the_store(
    open_page: OpenPage, tiny_store: Path, store: Store
) -> None:
    app = open_page(tiny_store, "neuron", layer=LAYER, neuron=NEURON)
    app.button(key="where_high_2").click().run(timeout=240)
    assert re.search(r"Strongest at \d\.\d\d–\d\.\d\d s, .*Hz: ", said(app))
    table = next(element.value for element in app.dataframe if "from (s)" in element.value.columns)
    neuron = queries.find_neuron(store, 0, LAYER, int(NEURON))
    assert neuron
    row = queries.token_traces(store, neuron.neuron_id).iloc[1]
    live = table.drop(columns=["from (s)", "to (s)"]).to_numpy()
    kept = restore(row["trace"], row["lowest"], row["highest"])
    np.testing.assert_allclose(live.max(axis=1), kept, atol=(row["highest"] - row["lowest"]) / 255)
    assert live.shape == (len(row["trace"]), len(row["bands"]))


def test_where_says_what_is_missing(open_page: OpenPage, altered: Callable[[str], Path]) -> None:
    folder = altered("""UPDATE network SET settings = '{"path": "/nowhere/at/all"}'""")
    app = open_page(folder, "neuron", layer=LAYER, neuron=NEURON)
    app.button(key="where_low_1").click().run(timeout=240)
    assert "/nowhere/at/all" in said(app)
    assert app.error
