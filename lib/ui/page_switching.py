"""Go from page to page without losing the filters and the task in the URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import streamlit as st

from lib.store.process_store import ROOT
from lib.ui import streamlit_patches, url_widgets
from lib.ui.session_state import Kept


@dataclass(frozen=True, slots=True)
class Assigning:
    """Somebody chosen in the Assign menu, until Finish Assigning is pressed or the panel shows
    another task."""

    task_id: int
    to: int | None  # None: unassigned
    seen: int | None  # whom the task was assigned to then
    name: str


ASSIGNING = Kept[Assigning]("assigning")


def task_in_url() -> int | None:
    """Return the id of the task in the address, or None."""
    return url_widgets.number("task")


def go(page: str, /, **changes: str | None) -> NoReturn:
    """Open `pages/<page>.py`, keeping the URL's parameters except for `changes` (None removes
    one)."""
    url_widgets.write()
    kept = {key: value for key, value in st.query_params.to_dict().items() if key not in changes}
    wanted = {key: value for key, value in changes.items() if value is not None}
    streamlit_patches.lead_elsewhere()
    st.switch_page(ROOT / "pages" / f"{page}.py", query_params=kept | url_widgets.hidden(wanted))


def close_task() -> None:
    """Close the panel, from a callback."""
    url_widgets.change({"task": None})
    url_widgets.write()
    ASSIGNING.take()
    st.rerun("details")
