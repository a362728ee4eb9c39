"""The part of Task Details that says why a task has its charge, and lets people choose another."""

from __future__ import annotations

from html import escape

import streamlit as st

from lib import formats
from lib.access import Verb, may
from lib.errors import BillingError
from lib.intake import charge_choice
from lib.intake.charge_choice import Basis, Option
from lib.intake.claim_matcher import Agreement, Comparison
from lib.models import Person, Task
from lib.ui import session


def charge_basis(task: Task, actor: Person) -> None:
    """Say why this charge was chosen; if none is certain, offer those that are possible."""
    found = charge_choice.basis(session.connection(), task)
    if said := _earlier(found) + _why(task, found, actor):
        st.html(said)
    if found.options:
        _choices(task, found, actor)


def _earlier(found: Basis) -> str:
    earlier = found.earlier
    if earlier is None:
        return ""
    when = f", completed {formats.day(earlier.completed_at.date())}" if earlier.completed_at else ""
    return (
        '<p class="bt-quiet">This claim had a task before: '
        f'<a href="?task={earlier.id}" target="_self">{escape(earlier.title)}</a>{when}.</p>'
    )


def _why(task: Task, found: Basis, actor: Person) -> str:
    if found.comparison is None:
        return ""
    against = "".join(
        f"<li><b>{escape(fact.name)}</b>: the file says {escape(fact.stated)}, the charge "
        f"{escape(fact.held)}</li>"
        for fact in found.comparison.disagreements
    )
    said = ""
    if found.chosen_by and found.chosen_at:
        when = formats.moment(found.chosen_at, session.zone(actor, task.practice_id))
        said = f"<p>Chosen by {escape(found.chosen_by)} {when}.</p>"
    elif against:
        said = "<p>What the file says contradicts this charge. Choose the one that is meant.</p>"
    is_open = " open" if against and not found.chosen_by else ""
    return (
        f'<details class="bt-origin"{is_open}><summary>Why this charge</summary>{said}'
        + (f'<ul class="bt-remarks">{against}</ul>' if against else "")
        + f"<p>{escape(agreeing(found.comparison))}</p></details>"
    )


def agreeing(comparison: Comparison) -> str:
    """Return a sentence: "Agree: claim number A1, patient DOE, JANE. Not stated: member ID.", for
    example."""
    agree, silent = [], []
    for fact in comparison.facts:
        name = f"{fact.name[:1].lower()}{fact.name[1:]}"
        if fact.agreement > Agreement.NOT_STATED:
            agree.append(f"{name} {fact.stated}")
        elif fact.agreement is Agreement.NOT_STATED:
            silent.append(name)
    said = [f"Agree: {'; '.join(agree)}."] if agree else []
    said += [f"Not compared: {', '.join(silent)}."] if silent else []
    return " ".join(said)


def _choices(task: Task, found: Basis, actor: Person) -> None:
    """Draw each charge that could be meant, with one button."""
    agreeing_ones = sum(each.comparison.agrees for each in found.options)
    if task.charge_id is not None:
        head = "Other charges it could be about"
    elif agreeing_ones > 1:
        head = "Several charges agree with what the file says. Choose the charge"
    else:
        head = "No charge agrees with all that the file says. Choose the charge, if it is held"
    st.html(f'<p class="bt-head">{head}</p>')
    is_allowed = may(actor, Verb.CHOOSE_CHARGE, task.practice_id)
    for option in found.options:
        st.html(f'<p class="bt-quiet">{escape(option.line)}<br>{_difference(option)}</p>')
        if is_allowed and st.button(
            "Choose this charge", key=f"choose_{task.id}_{task.charge_id}_{option.charge_id}"
        ):
            _choose(task, option, actor)


def _difference(option: Option) -> str:
    against = [
        f"{escape(fact.name)} differs: the file says {escape(fact.stated)}"
        for fact in option.comparison.disagreements
    ]
    return "; ".join(against) if against else escape(agreeing(option.comparison))


def _choose(task: Task, option: Option, actor: Person) -> None:
    said = session.toasts()
    try:
        charge_choice.choose(
            session.connection(), task.id, option.charge_id, seen=task.charge_id,
            token=f"charge of {task.id} at {task.version}", actor=actor, now=session.now(),
        )  # fmt: skip
        said.append(("success", "The task is about this charge now."))
    except BillingError as problem:
        said.append(("error", str(problem)))
    st.rerun()
