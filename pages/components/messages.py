"""What a page says when it cannot show what was asked for."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlsplit

import streamlit as st

from and_core.errors import AndError

Arguments = ParamSpec("Arguments")


def explained(draw: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """The app's error boundary around what Streamlit runs on its own: it catches what is raised before app.py could."""

    @wraps(draw)
    def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            draw(*args, **kwargs)
        except AndError as error:
            show_error(error)

    return guarded


def fragment(draw: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """`st.fragment` with the app's error boundary."""
    return st.fragment(explained(draw))


def reload_if_first_visit() -> None:
    """Load the page once more when it is the first that this server shows, and not the overview.

    Streamlit looks for scripts in `pages/` until st.navigation has run for the first time, so the server's first
    visitor would find a dialog "Page not found" over a permalink's page. The page itself would be right.
    """
    first = _first_visit()
    is_first, first["is_now"] = first["is_now"], False
    if is_first and urlsplit(st.context.url or "").path.strip("/"):
        st.html("<script>window.location.reload()</script>", unsafe_allow_javascript=True)
        st.stop()


@st.cache_resource(show_spinner=False)
def _first_visit() -> dict[str, bool]:
    """Shared by all visitors of this server."""
    return {"is_now": True}


def show_error(error: AndError) -> None:
    """What happened and how to mend it, as plain text in a red box."""
    with st.container(border=True):
        st.error("This cannot be shown.", icon=":material/error:")
        st.text(error.what)
        if error.remedy:
            st.text(error.remedy)
