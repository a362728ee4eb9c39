"""Backlog: how much is pending and completed, over time, by type, by assignee, by age."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import streamlit as st

from lib import backlog, people
from lib.backlog import Bar, Week
from lib.models import Status, TaskType
from lib.ui import charts, filters, session, url
from lib.ui.task_list import choices, colleagues_of

WEEKS = {"13 weeks": 13, "26 weeks": 26, "52 weeks": 52}


def over_time(found: list[Week]) -> None:
    """Draw two charts over the same weeks, and their table."""
    frame = pd.DataFrame(
        {
            "Week of": [week.begins_on for week in found],
            "Until": [week.ends_on for week in found],
            "Arrived": [week.arrived for week in found],
            "Completed": [week.completed for week in found],
            "Pending at its end": [week.pending for week in found],
        }
    )
    with st.container(key="weekly"):
        left, right = st.columns(2, gap="medium")
    with left:
        charts.section(
            "How many tasks were pending at the end of each week?",
            "A task is pending from the moment it arrives until its last completion. One that was "
            "reopened counts as pending all along.",
        )
        if picked := charts.weekly(frame, ["Pending at its end"], key="weeks_pending"):
            charts.open_list(pending_on=_until(found, picked[0]), status=None)
    with right:
        charts.section(
            "Do we complete as many as arrive?",
            "Arrived: by the day the request came in. Completed: by the day of the task's last "
            "completion. Days are those of the practice's time zone; weeks begin on Monday.",
        )
        if picked := charts.weekly(frame, ["Arrived", "Completed"], key="weeks_flow"):
            name = "created" if picked[1] == "Arrived" else "completed"
            charts.open_list(
                **{f"{name}_since": picked[0], f"{name}_until": _until(found, picked[0])},
                status=None,
            )
    charts.evidence(frame, backlog.WEEKS_SQL)


def _until(found: list[Week], begins_on: str) -> str:
    return next(
        week.ends_on.isoformat() for week in found if week.begins_on.isoformat() == begins_on
    )


def shares(
    question: str, definition: str, found: list[Bar], sql: str, key: str,
    parameter: Callable[[str], dict[str, str | None]],
) -> None:  # fmt: skip
    """Draw one bar a share; a click opens the list with exactly those tasks."""
    charts.section(question, definition)
    frame = pd.DataFrame(
        {
            "Name": [share.name for share in found],
            "Tasks": [share.count for share in found],
            "Amount": [float(share.amount) for share in found],
        }
    )
    if picked := charts.bars(frame, key=key):
        charts.open_list(**parameter(picked))
    charts.evidence(frame.assign(Amount=[f"{share.amount:,.2f}" for share in found]), sql)


actor = session.person()
colleagues = colleagues_of(actor)
desk = filters.Desk(actor, colleagues, choices)
known = filters.options(desk)
filters.choose_practice(known)
filters.choose(known)
says = filters.state(known) | dict.fromkeys(filters.DAY_KEYS)  # a bar sets its own days
wanted, problems = filters.read(says, desk)
for problem in problems:
    st.warning(session.escape_markdown(problem))
con, today, zone = session.connection(), session.today(actor), session.zone(actor)
with st.container(horizontal=True, horizontal_alignment="right"):
    url.bind("weeks", list(WEEKS), default="26 weeks")
    span = st.segmented_control(
        "Weeks", list(WEEKS), key="weeks", required=True, label_visibility="collapsed",
        on_change=url.save, args=("weeks",), kwargs={"default": "26 weeks"},
    )  # fmt: skip
everything = filters.with_statuses(wanted, tuple(Status))
over_time(
    backlog.weeks(
        con, everything, actor=actor, today=today, zone=zone, count=WEEKS.get(span or "", 26)
    )
)
state = (says["status"] or "Pending").lower()
names = people.display_names(colleagues)
left, middle, right = st.columns(3, gap="medium")


def named(found: list[Bar], name: Callable[[Bar], str]) -> list[Bar]:
    """Return the bars under names for people."""
    return [replace(share, name=name(share)) for share in found]


with left:
    shares(
        "What is asked for?", f"Tasks ({state}) by type.",
        named(backlog.by_type(con, wanted, actor=actor), lambda share: TaskType(share.name).label),
        backlog.TYPE_SQL, "types", lambda name: {"type": name},
    )  # fmt: skip
with middle:
    shares(
        "Who has them?", f"Tasks ({state}) by the person they are assigned to.",
        named(
            backlog.by_assignee(con, wanted, actor=actor),
            lambda share: names.get(share.person_id or 0, share.name) or filters.NOBODY,
        ),
        backlog.ASSIGNEE_SQL, "assignees",
        lambda name: {"assignee": filters.ME if name == names.get(actor.id) else name},
    )  # fmt: skip
with right:
    shares(
        "How long have they waited?",
        f"Tasks ({state}) by days since they arrived, until today.",
        backlog.by_age(con, wanted, actor=actor, today=today, zone=zone, ages=filters.AGES),
        backlog.AGE_SQL, "ages", lambda name: {"age": name},
    )  # fmt: skip
