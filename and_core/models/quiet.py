"""Loads models one at a time, without the progress bars and reports of transformers, which would tear ours."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import transformers

_LOADING = threading.RLock()
"""While transformers loads a model it changes what holds for every thread: torch's default dtype, how torch fills new
weights, how much is said. Two at once would each put back what the other had set."""


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Inside the context, transformers is this thread's alone, and silent."""
    with _LOADING:
        log = transformers.utils.logging
        verbosity, bar = log.get_verbosity(), log.is_progress_bar_enabled()
        log.set_verbosity_error()
        log.disable_progress_bar()
        try:
            yield
        finally:
            log.set_verbosity(verbosity)
            if bar:
                log.enable_progress_bar()
