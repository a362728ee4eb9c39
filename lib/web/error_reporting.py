"""How a bug is reported: to people a sentence and a reference, to the log the places."""

from __future__ import annotations

import secrets

import streamlit as st

from lib.errors import BillingError, StoreClosing, StoreMoved, StoreStopped
from lib.store.files import FilesUnreachable
from lib.ui import session
from lib.web.logs import LOG, places

UNAVAILABLE = (StoreMoved, StoreClosing, StoreStopped, FilesUnreachable)  # may recover later


def status_of(problem: Exception, otherwise: int) -> int:
    """Return the HTTP status of what is asked in vain: 503 where it may be there again soon."""
    return 503 if isinstance(problem, UNAVAILABLE) else otherwise


def show_script_error(problem: Exception) -> bool:
    """Show that a page failed, in view wherever it ended. Return True, so that Streamlit shows
    nothing of its own."""
    with st.container(key="page_failed"):
        st.error(session.escape_markdown(told(problem)))
    return True


def told(problem: Exception) -> str:
    """Log an error and return what people are told: its own sentence, else the one for a bug."""
    reference = report(problem)
    return str(problem) if isinstance(problem, BillingError) else sentence(reference)


def report(problem: Exception) -> str:
    """Write the bug to the log and return its reference number."""
    reference = secrets.token_hex(4)
    LOG.error("reference %s: %s", reference, places(problem))
    return reference


def sentence(reference: str) -> str:
    """Return the sentence that people see for a bug."""
    return (
        "Something went wrong on our side. Look whether your last change is there before you "
        f"repeat it. Reference {reference}."
    )
