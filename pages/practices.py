"""Practices: what they are called and their numbers, for administrators; and new ones."""

from __future__ import annotations

from dataclasses import astuple
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from lib import practice_settings, practices
from lib.access import Verb, may_anywhere
from lib.models import Person
from lib.practices import Details
from lib.store.idempotency import new_token
from lib.ui import html, lossless_widgets, practice_switch, session, session_state
from lib.ui.session_state import KeptOrNewEach

# By practice and what the form showed: a sent form shows what is there under a new key.
FORM = KeptOrNewEach("practice_form", new_token)
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


def form(shown: Details, practice_id: int | None, actor: Person) -> None:
    """Draw what is said of a practice, to be saved; of a new one, to be added."""
    kept = FORM.of(practice_id, *astuple(shown))
    token = kept.ensure()
    zones = practice_settings.zones()

    def do(now: Person) -> str:
        says = session_state.typed()
        wanted = Details(
            says[f"name_{token}"], says[f"zone_{token}"] or "", says[f"npi_{token}"],
            says[f"tax_{token}"], int(says[f"idle_{token}"]), says[f"second_{token}"],
        )  # fmt: skip
        said = save(wanted, practice_id, now)
        kept.take()
        return said

    with st.form(f"practice_{token}", width=640):
        st.text_input("Name", shown.name, max_chars=practices.LONGEST_NAME, key=f"name_{token}")
        place = zones.index(shown.timezone) if shown.timezone in zones else None
        st.selectbox("Time zone", zones, index=place, width=320, key=f"zone_{token}")
        st.text_input(
            "NPI, as on its claims (NM1*85)", shown.npi, max_chars=10, width=320,
            key=f"npi_{token}",
        )  # fmt: skip
        st.text_input(
            "Tax ID, as on its claims (REF*EI)", shown.tax_id, max_chars=10, width=320,
            key=f"tax_{token}",
        )  # fmt: skip
        st.number_input(
            "Minutes after which an unused session ends", practices.IDLE_MINUTES.start,
            practices.IDLE_MINUTES.stop - 1, shown.idle_minutes, width=320, key=f"idle_{token}",
        )  # fmt: skip
        st.checkbox(
            "Require a second factor to sign in", shown.needs_second_factor, key=f"second_{token}"
        )
        label = "Add practice" if practice_id is None else "Save practice"
        lossless_widgets.submit(label, do, key=f"practice_{token}", actor=actor, type="primary")


def save(wanted: Details, practice_id: int | None, actor: Person) -> str:
    """Write it, and return what is then said."""
    con = session.connection()
    if practice_id is None:
        practices.add(con, wanted, actor=actor, now=session.now())
        return f"{wanted.name} was added. You administer it."
    practices.change(con, practice_id, wanted, actor=actor, now=session.now())
    return "Practice saved."


actor = session.person()
st.html(html.window("Practices", "What they are called, where they are, their numbers on claims."))
ids = may_anywhere(actor, Verb.MANAGE_PRACTICE)
con = session.connection()
known = {id_: practices.details(con, id_, actor=actor) for id_ in ids}
table(known)
options: list[int | None] = [*ids, None]
here = practice_switch.chosen()
chosen = st.selectbox(
    "Practice", options, ids.index(here) if here in ids else 0, width=320,
    key=f"practice_to_change_{here}",
    format_func=lambda id_: known[id_].name if id_ in known else NEW,
)  # fmt: skip
if chosen is None:
    shown = Details("", session.zone(actor).key)
else:
    shown = known[chosen]
    st.html(
        html.paragraph(
            html.link(
                f"/settings?{urlencode({'practice': session.practice_of(actor, chosen).name})}",
                "Due days, remittances and payers’ filing limits",
            )
        )
    )
form(shown, chosen, actor)
