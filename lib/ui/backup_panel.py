"""The backup section of the Settings page: when the last one was made, and a button to make one."""

from __future__ import annotations

from functools import partial

import streamlit as st

from lib import us_formats
from lib.access import Verb, may
from lib.models import Person
from lib.store import process_store
from lib.ui import html, lossless_widgets, session
from lib.upkeep import backup


def show(practice_id: int, actor: Person) -> None:
    """Draw the section, for people who may make a backup."""
    if not may(actor, Verb.BACK_UP, practice_id):
        return
    to = process_store.backup_folder()
    made = backup.last_made(to)
    zone = session.zone(actor, practice_id)
    said = f"Last backup: {us_formats.moment(made, zone)}." if made else "There is no backup yet."
    st.html(html.heading("Backup") + html.quiet(f"{said} It holds all practices."))
    lossless_widgets.button("Back up now", partial(_make, practice_id), key="back_up", actor=actor)


def _make(practice_id: int, actor: Person) -> str:
    st.toast("Backing up …", icon=":material/hourglass_empty:")
    made = backup.make_by_hand(
        session.connection(), practice_id, process_store.backup_folder(), actor=actor,
        now=session.now(),
    )  # fmt: skip
    session.toasts().extend(("error", finding) for finding in made.findings)
    return f"The backup {made.folder.name} was made."
