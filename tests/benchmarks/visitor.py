"""A visitor of the running app: what a browser says to the server, and how long the answer takes, without drawing it.

Streamlit answers a slider inside a fragment by running the fragment alone, which its test harness cannot do. A real
browser can, but shares the machine's cores with the server that is timed.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from websockets.sync.client import connect

PATIENCE_S = 120
Watch = Callable[[Delta, float], object]
FAILED = ("exception", "alert")
"""Elements that a page in order does not have."""


class Visitor:
    """One page, open in one browser tab."""

    def __init__(
        self, address: str, page: str = "", query: str = "", watch: Watch = lambda delta, seconds: None
    ) -> None:
        """Opens a page.

        Args:
            query: of its address.
            watch: told of everything the page shows, and after how many seconds of the run.
        """
        self.page, self.query, self.watch = page, query, watch
        self.deltas: dict[tuple[int, ...], Delta] = {}
        """What the page shows, by place."""
        self.moved: dict[str, float] = {}
        """Where the visitor left each slider."""
        stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
        self.socket = connect(stream, subprotocols=["streamlit"], max_size=None, open_timeout=PATIENCE_S)  # type: ignore[list-item]
        self.run("")

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def sliders(self) -> dict[str, tuple[Slider, str]]:
        """Label -> what the page says of the slider, and the fragment that it reruns; empty for the whole page."""
        return {
            delta.new_element.slider.label: (delta.new_element.slider, delta.fragment_id)
            for delta in self.deltas.values()
            if delta.new_element.WhichOneof("type") == "slider"
        }

    def move(self, label: str, value: float) -> float:
        """Move a slider to a value; returns the seconds until all is answered."""
        slider, fragment = self.sliders()[label]
        self.moved[slider.id] = value
        return self.run(fragment)

    def run(self, fragment: str) -> float:
        """Ask for the page, or one fragment of it; returns the seconds until all is answered."""
        asked = BackMsg()
        state = asked.rerun_script
        state.query_string, state.page_name, state.fragment_id = self.query, self.page, fragment
        for name, value in self.moved.items():
            state.widget_states.widgets.add(id=name).double_array_value.data.append(value)
        started = time.perf_counter()
        self.socket.send(asked.SerializeToString())
        while True:
            said = ForwardMsg.FromString(self.socket.recv(timeout=PATIENCE_S))  # type: ignore[arg-type]
            kind = said.WhichOneof("type")
            if kind == "script_finished":
                return time.perf_counter() - started
            if kind == "page_info_changed":
                self.query = said.page_info_changed.query_string
            if kind == "delta":
                self.deltas[tuple(said.metadata.delta_path)] = said.delta
                self.watch(said.delta, time.perf_counter() - started)
                if said.delta.new_element.WhichOneof("type") in FAILED:
                    raise SystemExit(f"The page {self.page} failed: {said.delta.new_element}")


@contextmanager
def running_app(project: Path, store: Path) -> Iterator[str]:
    """The app over a store, in a process of its own; gives its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.headless", "true", "--", "--store", str(store.resolve())]
    environment = {**os.environ, "PYTHONPATH": str(project)}
    process = subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the app answers."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise SystemExit("The app did not start.")
