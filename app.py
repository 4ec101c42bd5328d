"""The app: `streamlit run app.py [-- --store FOLDER]`. Lists the pages, opens the store, says what can be mended."""

from pathlib import Path

import streamlit as st

from and_core.errors import AndError
from pages.components import sidebar
from pages.components.messages import reload_if_first_visit, show_error
from pages.components.store import current_view

# A picture of our own: the browser would fetch any other icon from the network.
ICON = Path(__file__).parent / "assets" / "icon.svg"
st.set_page_config(page_title="Audio Network Dissection", page_icon=str(ICON), layout="wide")

# The sidebar draws its own menu, so that run, network and the go-to box stand above it.
page = st.navigation(
    [
        st.Page(path, title=title, default=title == "Overview")
        for pages in sidebar.GROUPS.values()
        for title, path in pages.items()
    ],
    position="hidden",
)
reload_if_first_visit()
try:
    sidebar.draw(current_view())
    page.run()
except AndError as error:
    show_error(error)
