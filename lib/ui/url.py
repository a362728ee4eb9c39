"""Widgets whose value lives in the URL.

The URL is the truth: a widget is set from it before it is drawn, and changes it when it changes, so
a copied link, a reload and the back button show the same. Streamlit's own `bind=` would do the same
on one page, but it does not let a page be left with the parameters kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

_TAKEN = "keys_from_url"  # of the widgets that this page has set from the URL


def arrive(page: str) -> None:
    """Note which page is drawn. The same key on another page is another widget, which does not
    know what this one said: then every widget is set from the URL again."""
    if st.session_state.get("page_drawn") != page:
        for key in st.session_state.pop(_TAKEN, ()):
            st.session_state.pop(key, None)
        st.session_state["page_drawn"] = page


def take(key: str, options: Sequence[str] | None = None, *, default: str | None = None) -> None:
    """Set the widget `key` from the URL: one of `options`, or any text where there are none."""
    st.session_state.setdefault(_TAKEN, set()).add(key)
    wanted = st.query_params.get(key)
    text = wanted or default or ""
    value = text if options is None else wanted if wanted in options else default
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def put(key: str, *, default: str | None = None) -> None:
    """Write the widget's value to the URL, from its callback. The first page comes again."""
    filter_by({key: st.session_state[key] if st.session_state[key] != default else None})


def filter_by(values: Mapping[str, str | None]) -> None:
    """Set parameters that say what is listed: the first page comes again."""
    change({**values, "page": None})


def change(values: Mapping[str, str | None]) -> None:
    """Set parameters, as one step of the browser's history; None takes one away."""
    before = st.query_params.to_dict()
    wanted = {key: value for key, value in {**before, **values}.items() if value}
    if wanted != before:
        st.query_params.from_dict(wanted)
