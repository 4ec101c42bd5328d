"""Fetches one file over HTTP: goes on where it was broken off, tries again what may pass, and checks what came."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import requests
import tenacity

from and_core.errors import DatasetError, DownloadError

Advance = Callable[[str, int, int | None], None]
"""Takes what is under way, how many bytes of it are done, and of how many, where that is known."""

ATTEMPTS = 5
LONGEST_PAUSE_S = 30.0
TIMEOUTS_S = (10.0, 60.0)
"""To connect, and between two pieces of an answer."""
CHUNK_BYTES = 1 << 16
"""What a break costs at most: a piece is kept when it is whole."""


def fetch(url: str, part: Path, advance: Advance, pause_s: float = 1.0) -> None:
    """Make `part` hold all that `url` serves, beginning after what it holds already.

    A server that cannot begin in the middle is asked for everything.

    Args:
        pause_s: before the second attempt; twice as long before every further one.

    Raises:
        DownloadError: no connection, or an answer that is no file. What came is kept.
        DatasetError: the disk takes nothing more.
    """
    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception(may_pass),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_exponential(multiplier=pause_s, max=LONGEST_PAUSE_S),
        reraise=True,
    )
    try:
        attempts(_go_on, url, part, advance)
    except requests.RequestException as error:
        raise DownloadError(f"{url} cannot be fetched: {_reason(error)}.") from error
    except OSError as error:
        raise DatasetError(
            f"{part} cannot be written: {error.strerror}.", "Free some space, then run again."
        ) from error


def may_pass(error: BaseException) -> bool:
    """Whether trying again may help: the connection broke, or the server is busy or out of order."""
    if isinstance(error, requests.HTTPError):
        return error.response.status_code in (408, 429) or error.response.status_code >= 500
    passing = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, passing)


def _go_on(url: str, part: Path, advance: Advance) -> None:
    done = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={done}-"} if done else {})}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUTS_S) as answer:
        first, total = _content_range(answer)
        if answer.status_code == requests.codes.requested_range_not_satisfiable and total == done:
            return
        if answer.status_code == requests.codes.requested_range_not_satisfiable or first not in (None, done):
            part.unlink()
            raise requests.ConnectionError("the server does not go on where the download was broken off")
        answer.raise_for_status()
        if first is None:
            done, total = 0, int(answer.headers.get("Content-Length", 0)) or None
        with part.open("ab" if done else "wb") as file:
            for chunk in answer.iter_content(CHUNK_BYTES):
                file.write(chunk)
                done += len(chunk)
                advance("downloading", done, total)


def _content_range(answer: requests.Response) -> tuple[int | None, int | None]:
    """First byte and whole length from a header such as `bytes 5-9/10` or `bytes */10`; None where it does not say."""
    unit, _, rest = answer.headers.get("Content-Range", "").partition(" ")
    span, _, total = rest.partition("/")
    first = span.partition("-")[0]
    if unit != "bytes":
        return None, None
    return int(first) if first.isdigit() else None, int(total) if total.isdigit() else None


def _reason(error: requests.RequestException) -> str:
    """One clause for readers; requests' own texts show its inner objects."""
    if isinstance(error, requests.HTTPError):
        return f"the server answers {error.response.status_code} {error.response.reason}".rstrip()
    if isinstance(error, requests.Timeout):
        return "the server does not answer in time"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy cannot be reached"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not trusted"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"
    if isinstance(error, requests.ConnectionError):
        return "there is no connection"
    return type(error).__name__


def digest(path: Path, algorithm: str, advance: Advance) -> str:
    """The checksum of a file in hexadecimal digits, by e.g. `sha256` or `md5`."""
    total, size = hashlib.new(algorithm, usedforsecurity=False), path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            total.update(chunk)
            advance("checking", file.tell(), size)
    return total.hexdigest()
