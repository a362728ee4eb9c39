"""Widgets whose value lives in the URL.

The URL is authoritative: a widget is set from it before it is drawn, and changes it when it
changes, so a copied link, a reload and the back button show the same. Streamlit's own `bind=` would
do the same on one page, but it leaves no steps to go back by, and keeps a page from being left with
parameters.

A change counts at once. Telling Streamlit's frontend makes it draw the whole page anew, for which
the list need not wait: so the list itself sets the browser's address (`address`), and the frontend
is told once the list had time to be painted.

Search words are the exception: they are patients' names, and an address is kept in the browser's
history, in links and in logs. It only has the id that `search_url_token` gives them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlencode

import streamlit as st

from lib.ui import search_url_token, session, session_state
from lib.ui.session_state import Kept, KeptOrNew

_TAKEN = KeptOrNew[set[str]]("keys_from_url", set)  # widgets that this page has set from the URL
# Changes that the frontend has yet to be told; None removes a parameter.
_CHANGES = KeptOrNew[dict[str, str | None]]("url_changes", dict)
# Parameters that hold on every page, also where its address does not say so.
_STANDING = KeptOrNew[dict[str, str]]("standing_parameters", dict)
# The page a finished verb leads to, with its changes, for the page that is drawn next.
LEAVING = Kept[tuple[str, dict[str, str | None]]]("leave_to")
MAX_PAGES = 10_000_000
PAINTED = 0.06  # seconds the browser has to paint what was drawn


def arrive(page: str) -> bool:
    """Note which page is drawn. Return True if another one was before. The same key on another page
    is another widget, which does not know what this one said, so every widget is then set from the
    URL again."""
    is_new = session.PAGE.get() != page
    if is_new:
        for key in _TAKEN.take() or ():
            session_state.forget_widget(key)
        session.forget_files()  # no form that holds one outlives its page
        session.REFUSED.take()
        # from a verb on a page that the person left on their own
        LEAVING.take()
        session.PAGE.put(page)
    for key in search_url_token.KEYS:
        # The server was restarted, and the tab still has the words.
        if is_forgotten(key) and (typed := session_state.widget(key)):
            change({key: typed})
    return is_new


def stand(values: Mapping[str, str]) -> None:
    """Have these parameters hold on every page, instead of those that did."""
    _STANDING.put(dict(values))


def is_forgotten(key: str) -> bool:
    """Return True if the address refers to search words that are not this person's, or are gone."""
    says_now = st.query_params.get(key, "")
    is_changed = key in (_CHANGES.get() or {})
    return search_url_token.is_id(says_now) and not is_changed and _meant({key: says_now}) == {}


def bind(key: str, options: Sequence[str] | None = None, *, default: str | None = None) -> None:
    """Set the widget `key` from the URL: to one of `options`, or to any text without them."""
    _TAKEN.ensure().add(key)
    wanted = get(key)
    text = wanted or default or ""
    value = text if options is None else wanted if wanted in options else default
    if session_state.widget(key) != value:
        session_state.set_widget(key, value)


def save(key: str, *, default: str | None = None) -> None:
    """Write the widget's value to the URL, from its callback, and return to the first page."""
    if not session_state.has_widget(key):  # a field on a page that was left meanwhile
        return
    value = session_state.widget(key)
    filter_by({key: value if value != default else None})


def filter_by(values: Mapping[str, str | None]) -> None:
    """Set parameters that decide what is listed, and return to the first page."""
    change({**values, "page": None})


def change(values: Mapping[str, str | None]) -> None:
    """Set parameters, as one step of the browser's history; None removes one."""
    _CHANGES.ensure().update(values)


def get(key: str) -> str | None:
    """Return the value of a parameter, or None."""
    return everything().get(key)


def number(key: str) -> int | None:
    """Return the value of a parameter as a number that can be an id, or None."""
    text = get(key) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def page() -> int:
    """Return the page of a list that the address asks for; the first if it asks for none."""
    return max(1, min(number("page") or 1, MAX_PAGES))


def everything() -> dict[str, str]:
    """Return every parameter that has a value."""
    wanted = {**_STANDING.ensure(), **_said()}
    return {key: value for key, value in wanted.items() if value}


def said(key: str) -> str | None:
    """Return what the address itself says of a parameter, or None."""
    return _said().get(key)


def _said() -> dict[str, str | None]:
    return {**_meant(st.query_params.to_dict()), **(_CHANGES.get() or {})}


def adopt_browser_url(action: Mapping[str, object]) -> None:
    """Take the parameters from the browser's address, which our components send with each click
    (`search`): right after a change the frontend still says what it knew before.

    Where both say the same, what changed since has not reached the browser yet, and is kept:
    clicking a row while typing in the search keeps both the text and the click.
    """
    query = action.get("search")
    if not isinstance(query, str):
        return
    found = _meant({key: said[-1] for key, said in parse_qs(query.removeprefix("?")).items()})
    if found not in (everything(), _meant(st.query_params.to_dict())):
        _CHANGES.take()
        change({**dict.fromkeys(st.query_params.to_dict()), **found})


def address() -> str | None:
    """Return the query that the browser's address is to have, or None if it stays as it is."""
    return f"?{urlencode(hidden(everything()))}" if _CHANGES.get() else None


def yield_to_browser() -> None:
    """Give the browser time to paint what was drawn so far, if parameters changed."""
    if _CHANGES.get():
        time.sleep(PAINTED)


def write() -> None:
    """Tell the frontend what changed."""
    if not _CHANGES.get():
        return
    wanted = hidden(everything())
    _CHANGES.take()
    if wanted != st.query_params.to_dict():
        st.query_params.from_dict(wanted)


def hidden(values: Mapping[str, str]) -> dict[str, str]:
    """Return parameters as an address has them: with an id in place of search words."""
    person_id = session.PERSON_ID.require()
    return {
        key: search_url_token.keep(person_id, value) if key in search_url_token.KEYS else value
        for key, value in values.items()
    }


def _meant(values: Mapping[str, str]) -> dict[str, str]:
    """Return parameters with the search words behind their ids, without those that are gone."""
    person_id = session.PERSON_ID.require()
    found = {
        key: search_url_token.find(person_id, value) if key in search_url_token.KEYS else value
        for key, value in values.items()
    }
    return {key: value for key, value in found.items() if value is not None}
