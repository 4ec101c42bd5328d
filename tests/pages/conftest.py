"""The app, run page by page without a browser."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

OpenPage = Callable[..., AppTest]


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
