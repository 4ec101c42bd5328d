"""The app, run page by page without a browser."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.components import live_bench

OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def nothing_is_left_loading() -> Iterator[None]:
    """Pages that prune begin to load a network in a thread: another test might load one besides."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith(live_bench.THREAD):
            thread.join()


@pytest.fixture
def open_page(project: Path, monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """`open_page(store, "neuron", layer="fc", neuron="3")`: what the page shows at that address."""

    def run(store: Path, page: str = "overview", **query: str) -> AppTest:
        monkeypatch.setattr(sys, "argv", ["app.py", "--store", str(store)])
        app = AppTest.from_file(str(project / "app.py"), default_timeout=60)
        if page != "overview":
            app.switch_page(f"pages/views/{page}.py")
        for name, value in query.items():
            app.query_params[name] = value
        return app.run()

    return run
