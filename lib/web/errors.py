"""A bug, as people see it (a sentence and a reference) and as the log has it (the places)."""

from __future__ import annotations

import secrets

import streamlit as st

from lib.errors import BillingError
from lib.ui import session
from lib.web.logs import LOG, places


def show_script_error(problem: Exception) -> bool:
    """Show what a page that failed looks like; True: Streamlit shows nothing of its own."""
    st.error(session.escape_markdown(told(problem)))
    return True


def told(problem: Exception) -> str:
    """What people are told of it, once it is in the log: its own sentence where it has one."""
    reference = report(problem)
    return str(problem) if isinstance(problem, BillingError) else sentence(reference)


def report(problem: Exception) -> str:
    """Write the bug to the log and return its reference number."""
    reference = secrets.token_hex(4)
    LOG.error("reference %s: %s", reference, places(problem))
    return reference


def sentence(reference: str) -> str:
    return (
        "Something went wrong on our side. Look whether your last change is there before you "
        f"repeat it. Reference {reference}."
    )
