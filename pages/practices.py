"""Practices: what they are called and their numbers, for administrators; and new ones."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib import practice_settings, practices
from lib.access import Verb, may_anywhere
from lib.errors import BillingError
from lib.models import Person
from lib.practices import Details
from lib.store.idempotency import new_token
from lib.ui import html, session
from lib.ui.session_state import KeptOrNew

FORM = KeptOrNew("practice_form", new_token)  # a sent form shows what is there under a new key
NEW = "A new practice"


def table(known: dict[int, Details]) -> None:
    """Draw the practices one administers."""
    heads = ["Name", "Time zone", "NPI", "Tax ID", "Idle minutes", "Second factor"]
    rows = [
        (
            each.name, each.timezone, each.npi, each.tax_id, str(each.idle_minutes),
            "required" if each.needs_second_factor else "",
        )
        for each in known.values()
    ]  # fmt: skip
    st.dataframe(pd.DataFrame(rows, columns=heads), hide_index=True, alt="Practices")


def form(shown: Details, key: str, *, is_new: bool) -> Details | None:
    """Draw what is said of a practice. Return it when somebody saves it."""
    zones = practice_settings.zones()
    with st.form(f"practice_{key}", width=640):
        name = st.text_input("Name", shown.name, max_chars=practices.LONGEST_NAME)
        place = zones.index(shown.timezone) if shown.timezone in zones else None
        zone = st.selectbox("Time zone", zones, index=place, width=320)
        npi = st.text_input("NPI, as on its claims (NM1*85)", shown.npi, max_chars=10, width=320)
        tax_id = st.text_input(
            "Tax ID, as on its claims (REF*EI)", shown.tax_id, max_chars=10, width=320
        )
        idle = st.number_input(
            "Minutes after which an unused session ends", practices.IDLE_MINUTES.start,
            practices.IDLE_MINUTES.stop - 1, shown.idle_minutes, width=320,
        )  # fmt: skip
        second = st.checkbox("Require a second factor to sign in", shown.needs_second_factor)
        label = "Add practice" if is_new else "Save practice"
        sent = st.form_submit_button(label, type="primary")
    if not sent:
        return None
    return Details(name, zone or "", npi, tax_id, int(idle), second)


def save(wanted: Details, practice_id: int | None, actor: Person) -> None:
    """Write it, and say so."""
    con, messages = session.connection(), session.toasts()
    try:
        if practice_id is None:
            practices.add(con, wanted, actor=actor, now=session.now())
            messages.append(("success", f"{wanted.name} was added. You administer it."))
        else:
            practices.change(con, practice_id, wanted, actor=actor, now=session.now())
            messages.append(("success", "Practice saved."))
        FORM.take()
    except BillingError as problem:
        messages.append(("error", str(problem)))
    st.rerun()


actor = session.person()
st.html(html.window("Practices", "What they are called, where they are, their numbers on claims."))
ids = may_anywhere(actor, Verb.MANAGE_PRACTICE)
con = session.connection()
known = {id_: practices.details(con, id_, actor=actor) for id_ in ids}
table(known)
options: list[int | None] = [*ids, None]
chosen = st.selectbox(
    "Practice", options, width=320, key="practice_to_change",
    format_func=lambda id_: known[id_].name if id_ in known else NEW,
)  # fmt: skip
if chosen is None:
    shown = Details("", session.zone(actor).key)
else:
    shown = known[chosen]
    st.html(
        html.paragraph(
            html.link(
                f"/settings?practice={chosen}", "Due days, remittances and payers’ filing limits"
            )
        )
    )
wanted = form(shown, f"{chosen}_{FORM.ensure()}", is_new=chosen is None)
if wanted:
    save(wanted, chosen, actor)
