"""Tasks as paper: all rows of a list, or one task with its charge, and no menus.

Each sheet says at its foot that it has patients on it, who printed it and when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import streamlit as st

from lib import (
    charge_form,
    charges,
    documents,
    history,
    notes,
    queue,
    scrubber,
    tasks,
    us_formats,
)
from lib.audit_log import Activity
from lib.models import Channel, Person, TaskFilter, TaskPage, TaskRow
from lib.ui import components, html, page_view_audit, session, task_list
from lib.ui.filters import (
    DAY_KEYS,
    FILTERS,
    PRACTICE,
    Desk,
    FilterOptions,
    bar_words,
    read_for_store,
    state,
)

MOST = 2000  # tasks of a printed list: some sixty sheets


def task_address(task_id: int) -> str:
    """Return the address of a task on paper."""
    return f"/print_task?task={task_id}"


def print_list(desk: Desk, known: FilterOptions) -> None:
    """Draw the tasks that the filters in the address ask for, in their order."""
    says = state(known)
    wanted, problems = read_for_store(says, desk)
    for problem in problems:
        st.warning(session.escape_markdown(problem))
    order, descending, _ = task_list.place(says)
    found = _find(wanted, order, descending, desk.actor)
    for practice_id, count in Counter(row.practice_id for row in found.rows).items():
        page_view_audit.at_list(practice_id, count, desk.actor)
    components.print_button()
    st.html(
        html.render(
            "paper_list", about=_about(says, desk), count=found.count,
            amount=found.amount, heads=[each.label for each in task_list.columns(desk.actor)],
            rows=[_row(row, desk.actor) for row in found.rows],
            is_cut=found.count > len(found.rows), foot=_foot(desk.actor),
        )
    )  # fmt: skip


def print_task(task_id: int, actor: Person) -> None:
    """Draw a task: what it asks for, its charge, what was written about it, and its history."""
    con = session.connection()
    task = tasks.get(con, task_id, actor=actor)
    page_view_audit.at_task(task, actor, Activity.PRINTED_TASK)
    zone = session.zone(actor, task.practice_id)
    charge = charges.get(con, task.charge_id, actor=actor) if task.charge_id else None
    form = charge_form.to_form(charge) if charge else None
    written = notes.notes(con, task.id, actor=actor)
    threads = [
        (name, html.thread([note for note in written if note.channel is channel], zone))
        for name, channel in (
            ("Questions & Comments", Channel.QUESTION),
            ("Notes to Biller", Channel.TO_BILLER),
            ("Notes from Biller", Channel.FROM_BILLER),
        )
    ]
    components.print_button()
    st.html(
        html.render(
            "paper_task", task=task, badge=html.badge(task),
            facts=html.task_facts(task, session.today(actor, task.practice_id), zone),
            documents=[each.name for each in documents.attached(con, task.id, actor=actor)],
            fields=html.facts(
                (label, _said(name, form[name])) for name, label in charge_form.FIELD_LABELS.items()
            ) if form else "",
            diagnoses=form["diagnoses"] if form else [], lines=form["lines"] if form else [],
            totals=[us_formats.dollars(line.total) for line in charge.lines] if charge else [],
            total=us_formats.dollars(charge.total) if charge else "",
            threads=[(name, thread) for name, thread in threads if thread],
            story=html.story(history.of_task(con, task.id, actor=actor), zone, is_open=True),
            foot=_foot(actor, task.practice_id),
        )
    )  # fmt: skip


def _said(name: str, value: str) -> str:
    """Return a field's value as its form shows it: a place of service with its name."""
    if name != "place_of_service":
        return value
    return f"{value} {scrubber.places_of_service().get(value, '')}".strip()


def _about(says: Mapping[str, str | None], desk: Desk) -> str:
    """Return in words which tasks these are: what a bar stood for, and the filters."""
    bar = bar_words(says, desk)
    parts = [f"Only tasks {', '.join(bar)}"] if bar else []
    parts += [f"{each.label}: {says[each.key]}" for each in (*FILTERS, PRACTICE) if says[each.key]]
    if not says["status"] and not any(says[key] for key in DAY_KEYS):
        parts.insert(0, "Pending")
    return " · ".join(parts)


def _find(wanted: TaskFilter, order: str, descending: bool, actor: Person) -> TaskPage:
    return queue.find(
        session.connection(), wanted, actor=actor, order=order, descending=descending, size=MOST
    )


def _row(row: TaskRow, actor: Person) -> list[str]:
    zone = session.zone(actor, row.practice_id)
    today = session.today(actor, row.practice_id)
    return [each.text(row, today, zone) for each in task_list.COLUMNS if each.is_for(actor)]


def _foot(actor: Person, practice_id: int | None = None) -> str:
    zone = session.zone(actor, practice_id)
    now = session.now()
    when = f"{us_formats.moment(now, zone)} {now.astimezone(zone):%Z}"
    places = [
        m.practice.name
        for m in actor.memberships
        if practice_id is None or m.practice.id == practice_id
    ]
    return (
        f"Contains patient data: keep it safe, shred it afterwards. Printed by {actor.name} on "
        f"{when} · {' · '.join(places)}"
    )
