"""How a task ends: chosen beside the button that completes it."""

from __future__ import annotations

import streamlit as st

from lib.models import Resolution
from lib.ui import lossless_widgets


def choose_resolution(default: Resolution, key: str) -> Resolution:
    """Draw the choice and return it; the usual answer stands there already."""
    every = list(Resolution)
    chosen: Resolution = st.selectbox(
        "Resolution", every, index=every.index(default), key=key, width=226,
        format_func=lambda each: each.label, label_visibility="collapsed",
    )  # fmt: skip
    return chosen


def chosen_resolution(default: Resolution, key: str) -> Resolution:
    """Return what the choice says now, in the callback of a button beside it."""
    said = lossless_widgets.typed(key)
    return Resolution(said) if said in set(Resolution) else default
