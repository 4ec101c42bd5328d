"""The report: one file, opened offline in a real Chromium, with what strangers wrote shown as text."""

import base64
import io
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page, expect

from and_core.findings import clusters, interpretability
from and_core.findings.unlearning import stored_table
from and_core.findings.unlearning_sentences import stored_sentence
from and_core.store import queries
from and_core.store.connection import open_store
from precompute.__main__ import main
from precompute.report.media import sound_uri
from precompute.report.page import write_report

MEGABYTE = 1_000_000
HOSTILE = '<img src=https://evil.example/x onerror="window.hacked=1"></script><script>window.hacked=2</script>'


@pytest.fixture(scope="module")
def report(tiny_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "deep" / "report.html"
    size = write_report(tiny_store, file)
    assert size == file.stat().st_size
    return file


def opened(page: Page, file: Path) -> tuple[list[str], list[str]]:
    """What the page asks for besides itself, and what goes wrong in it, once its figures are drawn."""
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(file.as_uri())
    for figure in page.locator(".figure").all():
        expect(figure.locator("svg").first).to_be_attached()
    return [url for url in asked if url != file.as_uri() and not url.startswith(("data:", "blob:"))], wrong


@pytest.mark.browser
def test_it_opens_offline_asks_for_nothing_and_plays(page: Page, report: Path) -> None:
    page.context.set_offline(True)
    asked, wrong = opened(page, report)
    assert asked == []
    assert wrong == []
    assert page.locator(".figure").count() >= 5
    played = page.locator("audio").first.evaluate(
        """async sound => {
            await sound.play();
            for (let i = 0; i < 100 && sound.currentTime === 0; i++) await new Promise(done => setTimeout(done, 50));
            return [sound.currentTime, sound.duration];
        }"""
    )
    assert played[0] > 0
    assert played[1] == pytest.approx(4, abs=0.2)
    broken = page.locator("img").evaluate_all("pictures => pictures.filter(p => !p.naturalWidth).length")
    assert broken == 0


@pytest.mark.browser
def test_what_a_stranger_wrote_is_shown_as_text(page: Page, altered: Callable[[str], Path], tmp_path: Path) -> None:
    text = HOSTILE.replace("'", "''")
    folder = altered(
        f"""UPDATE summary_point SET point = '{text}'; UPDATE caption SET caption = '{text}';
        UPDATE open_concept SET word = word || '{text}'; UPDATE store_meta SET value = '{text}'
        WHERE name = 'captioner';
        UPDATE network SET name = '{text}'; UPDATE class SET name = '{text}' || class_id"""
    )
    file = tmp_path / "report.html"
    write_report(folder, file)
    asked, wrong = opened(page, file)
    assert asked == []
    assert wrong == []
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src*=evil]").count() == 0
    assert HOSTILE in page.locator(".said").first.inner_text()


def test_it_is_small_and_names_no_address_that_it_would_load(report: Path) -> None:
    assert report.stat().st_size < 20 * MEGABYTE
    html = report.read_text(encoding="utf-8")
    page = re.sub(r"<script[^>]*>.*?</script>", "", html, flags=re.DOTALL)
    assert re.findall(r"""(?:src|href)=(?!["']?(?:data:|#))""", page) == []
    assert "default-src 'none'" in page


def test_it_says_what_was_found_and_where_it_comes_from(report: Path) -> None:
    html = report.read_text(encoding="utf-8")
    for said in ("Figure 8", "section 4.5", "demo quality", "described worst", "What was computed"):
        assert said in html


def test_it_has_every_evaluation_that_the_run_holds(report: Path, tiny_store: Path) -> None:
    html = unescape(report.read_text(encoding="utf-8"))
    store = open_store(tiny_store)
    [network] = queries.networks(store)
    counts = interpretability.counts(store, [network])
    pruned = stored_table(queries.ablation_deltas(store, network.network_id))
    for said in (
        interpretability.headline(counts, network.name, *queries.run_criterion(store)),
        clusters.headline(clusters.with_neurons(store, network), network.name),
        "output neurons of ast-foley get the name of their class",
        f"ast-foley: {stored_sentence(pruned)}",
    ):
        assert said in html
    assert html.count('alt="Word cloud of cluster') == queries.clusters(store)["cloud"].count()


def test_what_a_run_did_not_do_is_said(altered: Callable[[str], Path], tmp_path: Path) -> None:
    tables = ("ablation", "ablation_neuron", "ablation_result", "cluster", "cluster_elbow", "interpretability")
    folder = altered("; ".join(f"DELETE FROM {table}" for table in (*tables, "closed_concept")))
    write_report(folder, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    for said in ("pruned nothing", "has no clusters", "did not judge its neurons", "the run had no concepts"):
        assert said in html


def test_the_command_writes_beside_the_run_and_refuses_a_run_that_is_not_there(
    tiny_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.html"
    with pytest.raises(SystemExit) as stop:
        main(["report", "demo", "--runs", str(tiny_store.parent.parent), "--out", str(out)])
    assert not stop.value.code
    assert out.is_file()
    assert "MB" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main(["report", "nobody", "--runs", str(tmp_path)])
    assert stop.value.code == 1
    assert "There is no store" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.html"]


def test_sound_is_cut_after_ten_seconds_and_brought_to_a_rate_that_mp3_has(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.flac", np.zeros(96_000 * 12, np.float32) + 0.1, 96_000)
    kind, _, content = sound_uri(tmp_path / "long.flac").partition(";base64,")
    assert kind == "data:audio/mpeg"
    waveform, rate = soundfile.read(io.BytesIO(base64.b64decode(content)))
    assert rate == 48_000
    assert len(waveform) / rate == pytest.approx(10, abs=0.1)
