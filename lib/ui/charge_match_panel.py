"""The part of Task Details that says why a task has its charge, and lets people choose another."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from lib.access import Verb, may
from lib.intake.charges import task_charge_choice
from lib.intake.charges.task_charge_choice import Basis, Option
from lib.intake.matching.claim_matcher import NUMBER, PAYER, Agreement, Comparison
from lib.models import Person, Task
from lib.ui import html, lossless_widgets, session


def charge_basis(task: Task, actor: Person) -> None:
    """Say why this charge was chosen; if none is certain, offer those that are possible."""
    found = task_charge_choice.basis(session.connection(), task)
    if found.earlier or found.comparison:
        st.html(
            html.render(
                "charge_basis", earlier=found.earlier, comparison=found.comparison,
                agreeing=agreeing(found.comparison) if found.comparison else "",
                chosen_by=found.chosen_by, chosen_at=found.chosen_at,
                zone=session.zone(actor, task.practice_id),
            )
        )  # fmt: skip
    if found.options:
        _choices(task, found, actor)


def agreeing(comparison: Comparison) -> str:
    """Return sentences, such as "Agree: claim number A1; patient DOE, JANE. Not compared: member
    ID."."""
    agree, silent, illegible = [], [], []
    for fact in comparison.facts:
        name = f"{fact.name[:1].lower()}{fact.name[1:]}"
        if fact.agreement > Agreement.NOT_STATED:
            agree.append(f"{name} {fact.stated}")
        elif fact.name == NUMBER and comparison.lacks_separators:
            agree.append(f"{name} {fact.stated}, but for separators")
        elif fact.name == PAYER and fact.agreement is Agreement.NOT_STATED and fact.stated:
            illegible.append(f"{name} {fact.stated}")
        elif fact.agreement is Agreement.NOT_STATED:
            silent.append(name)
        elif fact.agreement is Agreement.ILLEGIBLE:
            illegible.append(f"{name} {fact.stated}")
    said = [f"Agree: {'; '.join(agree)}."] if agree else []
    said += [f"Can be another's, too: {'; '.join(illegible)}."] if illegible else []
    said += [f"Not compared: {', '.join(silent)}."] if silent else []
    return " ".join(said)


def _choices(task: Task, found: Basis, actor: Person) -> None:
    """Draw each charge that could be meant, with one button."""
    agreeing_ones = sum(each.comparison.agrees for each in found.options)
    if found.comparison and not found.comparison.doubts:
        head = f"The file leaves the {_said(found.lacking)} open. Confirm the charge to export it"
    elif task.charge_id is not None:
        head = "Charges it could be about"
    elif agreeing_ones > 1:
        head = "Several charges agree with what the file says. Choose the charge"
    elif agreeing_ones:
        head = "A charge agrees with what the file says. Choose it, if it is the one meant"
    elif any(not each.comparison.disagreements for each in found.options):
        head = "The file says too little to be certain. Choose the charge, if it is the one meant"
    else:
        head = "No charge agrees with all that the file says. Choose the charge, if it is held"
    st.html(html.heading(head))
    is_allowed = may(actor, Verb.CHOOSE_CHARGE, task.practice_id)
    for option in found.options:
        st.html(
            html.render(
                "charge_option",
                line=option.line,
                content=option.content,
                difference=_difference(option),
            )
        )
        if is_allowed:
            lossless_widgets.button(
                "Confirm this charge" if option.is_present else "Choose this charge",
                partial(_choose, task, option),
                key=f"choose_{task.id}_{task.charge_id}_{option.charge_id}", actor=actor,
            )  # fmt: skip


def _said(lacking: Sequence[str]) -> str:
    words = [f"{each[:1].lower()}{each[1:]}" for each in lacking]
    return " and the ".join([", the ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _difference(option: Option) -> str:
    against = [
        f"{fact.name} differs: the file says {fact.stated}"
        for fact in option.comparison.disagreements
    ]
    return "; ".join(against) if against else agreeing(option.comparison)


def _choose(task: Task, option: Option, actor: Person) -> str:
    task_charge_choice.choose(
        session.connection(), task.id, option.charge_id, seen=task.charge_id,
        token=f"charge of {task.id} at {task.version}", actor=actor, now=session.now(),
    )  # fmt: skip
    return "Confirmed." if option.is_present else "The task is about this charge now."
