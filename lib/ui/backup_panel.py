"""The backup section of the Settings page: when the last one was made, and a button to make one."""

from __future__ import annotations

import streamlit as st

from lib import us_formats
from lib.access import Verb, may
from lib.errors import BillingError
from lib.models import Person
from lib.store import process_store
from lib.ui import html, session
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
    if st.button("Back up now", key="back_up"):
        _make(practice_id, actor)


def _make(practice_id: int, actor: Person) -> None:
    messages = session.toasts()
    try:
        with st.spinner("Backing up …"):
            done = backup.make_by_hand(
                session.connection(), practice_id, process_store.backup_folder(), actor=actor,
                now=session.now(),
            )  # fmt: skip
    except BillingError as problem:
        messages.append(("error", str(problem)))
    else:
        messages.append(("success", f"The backup {done.folder.name} was made."))
        messages.extend(("error", finding) for finding in done.findings)
    st.rerun()
