"""Activity: who did and saw what, for administrators; who saw a patient, for managers too."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from lib import audit_log_queries, us_formats
from lib.access import Verb, may_anywhere
from lib.audit_log_queries import COLUMNS, MOST, MOST_PATIENTS, Group, LogLine, Wanted
from lib.errors import BillingError
from lib.models import Person
from lib.ui import html, practice_switch, session, session_state, url_widgets

USUAL = timedelta(days=7)
ROWS_IN_VIEW = 15
WIDTHS = {"When": 140, "Who": 120, "What": 130, "Task": 60, "Patient": 150, "About": 300}  # pixels
PATIENT = "activity_patient"  # a name: it stays out of the address


def asked_patients(actor: Person) -> tuple[int, ...] | None:
    """Draw the search for a patient. Return the ids of those it finds, none where nobody has that
    name; None where no patient is asked for."""
    con = session.connection()
    linked = url_widgets.number("patient")
    name = audit_log_queries.patient_name(con, linked, actor=actor) if linked is not None else None
    if name is not None and not session_state.has_widget(PATIENT):
        session_state.set_widget(PATIENT, name)
    words = st.text_input("Patient", key=PATIENT, width=240, max_chars=100, autocomplete="off")
    if linked is not None and words == name:
        return (linked,)
    if linked is not None and name is None and not words:
        return ()
    if not words.strip():
        return None
    return tuple(id_ for id_, _ in audit_log_queries.patients(con, words, actor=actor))


def period(actor: Person, *, is_of_patient: bool) -> tuple[date | None, date | None]:
    """Draw both ends of the period, any time for a patient. Return them."""
    usual = None if is_of_patient else session.today(actor) - USUAL
    key = "all" if is_of_patient else "week"
    since = st.date_input("From", usual, format="MM/DD/YYYY", width=150, key=f"since_{key}")
    until = st.date_input("to", None, format="MM/DD/YYYY", width=150, key=f"until_{key}")
    return since, until


def person(actor: Person) -> int | None:
    """Draw the choice of a person. Return the id, or None for everybody."""
    names = dict(audit_log_queries.people(session.connection(), actor=actor))
    chosen: int | None = st.selectbox(
        "Person", list(names), index=None, format_func=names.__getitem__, width=220,
        placeholder="Everybody", key="activity_person",
    )  # fmt: skip
    return chosen


def group() -> Group | None:
    """Draw the choice of what happened. Return it, or None for everything."""
    chosen: Group | None = st.selectbox(
        "What", list(Group), index=None, width=160, placeholder="Everything", key="activity_group",
    )  # fmt: skip
    return chosen


def midnight(day: date | None, actor: Person, *, later: int = 0) -> datetime | None:
    """Return when a day begins where the actor is, or one that is `later` days later."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=later), time(), session.zone(actor))


def address(wanted: Wanted, since: date | None, until: date | None) -> str:
    """Return where all the lines are as a file. Patients are in it by their ids."""
    says = {
        "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "",
        "person": str(wanted.person_id or ""),
        "group": wanted.group or "",
        "patients": ",".join(str(id_) for id_ in wanted.patient_ids),
        "practice": str(practice_switch.chosen() or ""),
    }
    return f"/activity.csv?{urlencode({key: value for key, value in says.items() if value})}"


def table(lines: list[LogLine], actor: Person) -> None:
    """Draw the lines; a column that is empty in all of them is left out."""
    zone = session.zone(actor)
    rows = [[us_formats.moment(line.happened_at, zone), *line.cells()] for line in lines]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    shown = [name for name in COLUMNS if (frame[name] != "").any()]
    if len(actor.memberships) == 1 and "Practice" in shown:
        shown.remove("Practice")
    height: int | Literal["auto"] = 560 if len(rows) > ROWS_IN_VIEW else "auto"
    st.dataframe(
        frame[shown], hide_index=True, height=height, alt="Activity",
        column_config={
            name: st.column_config.Column(width=pixels) for name, pixels in WIDTHS.items()
        },
    )  # fmt: skip


person_here = session.person()
actor = practice_switch.narrowed(person_here)
st.html(html.window("Activity", "Who did and saw what. Every line is kept for six years."))
sees_all = bool(may_anywhere(actor, Verb.SEE_ACTIVITY))
with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
    practice_switch.choose(person_here, label="visible")
    found = asked_patients(actor)
    person_id = person(actor) if sees_all else None
    what = group() if sees_all else None
    since, until = period(actor, is_of_patient=found is not None)
if found is None and not sees_all:
    st.info("Type a patient’s name to see who looked at their tasks, charges and documents.")
    st.stop()
if found == ():
    st.info("No patient of your practices has that name.")
    st.stop()
wanted = Wanted(
    midnight(since, actor), midnight(until, actor, later=1), person_id, what, found or ()
)
try:
    lines = audit_log_queries.find(session.connection(), wanted, actor=actor)
except BillingError as problem:
    st.warning(session.escape_markdown(str(problem)))
    st.stop()
if not lines:
    st.info("Nothing was recorded that these filters ask for.")
    st.stop()
said = f"The newest {MOST}." if len(lines) == MOST else us_formats.plural(len(lines), "line") + "."
if found and len(found) > 1:
    more = " or more" if len(found) == MOST_PATIENTS else ""
    said = f"{len(found)}{more} patients have that name. {said}"
st.html(html.status(said) + html.paragraph(html.link(address(wanted, since, until), "Save as CSV")))
table(lines, actor)
