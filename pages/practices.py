"""Practices: what they are called and their numbers, for administrators; and new ones."""

from __future__ import annotations

from dataclasses import astuple
from datetime import date
from functools import partial
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from lib import practice_holidays, practice_settings, practices, us_formats
from lib.access import Verb, may_anywhere
from lib.errors import WrongInput
from lib.models import Person
from lib.practice_holidays import Holiday
from lib.practices import Details
from lib.store.idempotency import new_token
from lib.ui import html, lossless_widgets, navigation, practice_switch, session, session_state
from lib.ui.session_state import KeptOrNewEach

# By practice and what the form showed: a sent form shows what is there under a new key.
FORM = KeptOrNewEach("practice_form", new_token)
HOLIDAY = KeptOrNewEach("holiday_form", new_token)  # by practice and how many it has
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


def closed_days(practice_id: int, actor: Person) -> None:
    """Draw the holidays of the practice, and ways to add and remove some."""
    con = session.connection()
    held = practice_holidays.find(con, practice_id, actor=actor)
    st.html(
        html.heading("Holidays", is_apart=True)
        + html.quiet("Like Saturdays and Sundays, they are no business days in the Backlog.")
    )
    if held:
        rows = [(us_formats.day(each.day), f"{each.day:%A}", each.name) for each in held]
        st.dataframe(
            pd.DataFrame(rows, columns=["Day", "Weekday", "Holiday"]), hide_index=True, width=640,
            alt="Holidays", height=navigation.table_height(len(rows)),
        )  # fmt: skip
    year = session.today(actor, practice_id).year
    with st.container(horizontal=True, gap="small"):
        for each in (year, year + 1):
            label = f"Add the US federal holidays of {each}"
            lossless_widgets.button(
                label, partial(add_federal, practice_id, each),
                key=f"federal_{practice_id}_{each}", actor=actor,
            )  # fmt: skip
    token = HOLIDAY.of(practice_id, len(held)).ensure()

    def add(now: Person) -> str:
        says = session_state.typed()
        day, name = says[f"day_{token}"], says[f"holiday_{token}"]
        if day is None:
            raise WrongInput("Choose the day.")
        count = practice_holidays.add(
            session.connection(), practice_id, [Holiday(day, name)], actor=now, now=session.now()
        )
        return "Holiday added." if count else "That day is a holiday already."

    with (
        st.form(f"holiday_{token}", width=640),
        st.container(horizontal=True, gap="small", vertical_alignment="bottom"),
    ):
        st.date_input("Day", None, format="MM/DD/YYYY", width=160, key=f"day_{token}")
        st.text_input(
            "Holiday", max_chars=practice_holidays.LONGEST_NAME, width=280, key=f"holiday_{token}"
        )
        lossless_widgets.submit("Add holiday", add, key=f"holiday_{token}", actor=actor)
    if held:
        names = {each.day: f"{us_formats.day(each.day)} {each.name}" for each in held}
        open_again = st.selectbox(
            "Holiday to remove", list(names), index=None, width=320, key=f"remove_{token}",
            format_func=names.__getitem__,
        )  # fmt: skip
        if open_again is not None:
            lossless_widgets.button(
                "Remove holiday", partial(remove_holiday, practice_id, open_again),
                key=f"remove_holiday_{token}", actor=actor,
            )  # fmt: skip


def add_federal(practice_id: int, year: int, actor: Person) -> str:
    """Add the federal holidays of a year, and return how many were new."""
    count = practice_holidays.add(
        session.connection(), practice_id, practice_holidays.federal(year), actor=actor,
        now=session.now(),
    )  # fmt: skip
    return f"{us_formats.plural(count, 'holiday')} added."


def remove_holiday(practice_id: int, day: date, actor: Person) -> str:
    """Make a business day of a holiday."""
    practice_holidays.remove(session.connection(), practice_id, day, actor=actor, now=session.now())
    return "Holiday removed."


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
if chosen is not None:
    closed_days(chosen, actor)
