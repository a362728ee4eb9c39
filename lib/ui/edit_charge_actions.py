"""What can be done with the charge on screen: save it, complete its task, check it, settle a
conflict."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st
from markupsafe import Markup

from lib import charge_form, charges, drafts, us_formats
from lib.drafts import Draft
from lib.errors import BillingError, ChargeChanged, ChargeProblems, NothingChanged, WrongInput
from lib.models import Charge, FieldChange, Person, Resolution, Task
from lib.scrubber import dotted
from lib.ui import adjacent_tasks, html, lossless_widgets, session
from lib.ui.adjacent_tasks import View
from lib.ui.edit_charge_form import found_in, take_typed
from lib.ui.edit_charge_state import Editing, keep, reread, sent, take_up
from lib.ui.resolution import choose_resolution, chosen_resolution

Do = Callable[[Editing, Task, View, Person], str]


def actions(state: Editing, task: Task, actor: Person) -> None:
    """Draw the bar at the foot of the window, which keeps its place whatever is said above it."""
    view = adjacent_tasks.view(actor)
    with st.container(horizontal=True, key="actions", gap="xsmall"):
        for label, key, verb, look in (
            ("Save and Complete", "complete", partial(_attempt, complete), {"type": "primary"}),
            ("Complete and next", "next", partial(_attempt, complete_and_next), _NEXT),
            ("Save", "save", partial(_attempt, save), {}),
            ("Check codes", "check", check, {}),
        ):
            do = partial(verb, state, task, view)
            lossless_widgets.button(label, do, key=f"{key}_{task.id}", actor=actor, **look)
            if key == "next":  # beside the buttons that complete the task
                choose_resolution(Resolution.CORRECTED, f"resolution_{task.id}")
        st.html(html.status(_what_is_kept(state), asks=state.is_asked))


def _what_is_kept(state: Editing) -> str:
    if state.is_asked:
        return "Nothing was changed and there is no note to the biller. Complete it all the same?"
    if state.not_kept:
        return f"What you typed is not kept as a draft: {state.not_kept}"
    return "What you typed is kept as a draft." if state.is_kept else ""


def conflict(state: Editing, task: Task, actor: Person) -> None:
    """Say why the last attempt was refused, and show what was saved meanwhile, field by field: as
    it was when the form was opened, as it is saved now, as it is typed here."""
    if state.refusal:
        st.error(session.escape_markdown(state.refusal))
    if not state.changes:
        return
    mine = {change.label: change.now for change in typed_changes(state)}
    saved = f"Saved by {state.changed_by}" if state.changed_by else "Saved in another tab"
    rows = [
        (change.label, change.before, change.now, mine.get(change.label, change.before))
        for change in state.changes
    ]
    st.html(table(("Field", "When you opened it", saved, "Yours"), rows))

    def merge(now: Person) -> str:
        assert task.charge_id is not None
        current = charges.get(session.connection(), task.charge_id, actor=now)
        take_typed(state, task)
        reread(state, task, now, form=charge_form.merge(state.form, state.opened, current))
        keep(state, task, now)
        return ""

    def take_theirs(now: Person) -> str:
        reread(state, task, now, form=None)
        keep(state, task, now)
        return ""

    with st.container(horizontal=True, gap="xsmall"):
        lossless_widgets.button(
            "Keep what I typed, take the rest from them", merge, key=f"merge_{task.id}",
            actor=actor, type="primary",
        )  # fmt: skip
        lossless_widgets.button(
            "Take theirs, drop what I typed", take_theirs, key=f"theirs_{task.id}", actor=actor
        )


def look_again(state: Editing, actor: Person) -> None:
    """Show what somebody saved meanwhile, if something is typed here too. Called when the person
    asks for it."""
    problem = charges.changed_since(session.connection(), state.opened, actor=actor)
    if problem and state.is_changed:
        state.refusal, state.changes = str(problem), problem.changes
        state.changed_by = problem.who


def typed_changes(state: Editing) -> list[FieldChange]:
    """Return what was typed into the form, field by field; unreadable values as typed."""
    typed, unreadable = charge_form.from_form(state.form, state.opened, payers=state.payers)
    found = charges.differences(state.opened, typed)
    before = charge_form.to_form(state.opened)
    raw = {problem.field for problem in unreadable if problem.field in charge_form.FIELD_LABELS}
    found += [
        FieldChange(name, charge_form.FIELD_LABELS[name], before[name], state.form[name])
        for name in raw
    ]
    filled = [line for line in state.form["lines"] if not charge_form.is_blank(line)]
    as_typed = {
        f"Service line {int(problem.field.split('.')[1]) + 1}": int(problem.field.split(".")[1])
        for problem in unreadable
        if problem.field.startswith("lines.") and problem.field.count(".") == 2
    }
    found = [
        dataclasses.replace(change, now=_line_as_typed(filled[as_typed[change.label]]))
        if change.label in as_typed
        else change
        for change in found
    ]
    known = {change.label for change in found}
    for place, line in enumerate(state.form["lines"]):
        label = f"Service line {place + 1}"
        if label not in known and line not in before["lines"] and not charge_form.is_blank(line):
            found.append(FieldChange("lines", label, "", _line_as_typed(line)))
    return found


def _line_as_typed(line: dict[str, str]) -> str:
    return " ".join(filter(None, line.values()))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    """Return values side by side, as they are written on screen."""
    return html.table(
        heads,
        [[value or "–" for value in (label, *shown(label, values))] for label, *values in rows],
    )


def shown(label: str, values: Sequence[str]) -> list[str]:
    """Return values as people write them: diagnoses with their dot."""
    if label != "Diagnoses":
        return list(values)
    return [" ".join(map(dotted, value.split())) for value in values]


def other_drafts(state: Editing, task: Task, charge: Charge, actor: Person) -> None:
    """Show what the same person typed in another tab: neither tab overwrites the other."""
    zone = session.zone(actor, task.practice_id)
    for draft in state.others:
        when = us_formats.moment(draft.saved_at, zone)
        st.warning(
            "You also typed into this charge in another tab, last on "
            f"{session.escape_markdown(when)}. It is kept beside what is here."
        )
        with st.container(horizontal=True, gap="xsmall"):
            lossless_widgets.button(
                "Show that one", partial(_show_other, state, task, charge, draft),
                key=f"show_{task.id}_{draft.writer}", actor=actor,
            )  # fmt: skip
            lossless_widgets.button(
                "Discard that one", partial(_discard_other, state, task, draft),
                key=f"discard_{task.id}_{draft.writer}", actor=actor,
            )  # fmt: skip


def _show_other(state: Editing, task: Task, charge: Charge, draft: Draft, now: Person) -> str:
    take_up(state, task, charge, draft, now)
    return ""


def _discard_other(state: Editing, task: Task, draft: Draft, now: Person) -> str:
    drafts.drop(session.connection(), task.id, writers=[draft.writer], actor=now)
    state.others = tuple(other for other in state.others if other.writer != draft.writer)
    return "That draft is discarded."


def check(state: Editing, task: Task, _view: View, actor: Person) -> str:
    """Show beside its fields what would stop the charge."""
    take_typed(state, task)
    state.is_checked, state.refusal = True, ""
    stopping = [p for p in found_in(state, task, actor)[1] if p.is_blocking]
    if stopping:
        many = us_formats.plural(len(stopping), "problem")
        raise WrongInput(f"{many} to correct before the task can be completed.")
    return "Nothing stops this charge."


def save(state: Editing, task: Task, _view: View, actor: Person) -> str:
    """Save work that is not finished."""
    charges.save(
        session.connection(), task.id, _charge(state, task, actor), opened=state.opened,
        note=state.note, token=state.token, drafts_sent=state.drafts_sent, actor=actor,
        now=session.now(),
    )  # fmt: skip
    state.is_checked = True
    sent(state, task, actor)
    return "Saved."


def complete(state: Editing, task: Task, _view: View, actor: Person) -> str:
    """Save and complete, then go back to the list."""
    _complete(state, task, actor)
    lossless_widgets.leave("tasks")
    return "Task completed."


def complete_and_next(state: Editing, task: Task, view: View, actor: Person) -> str:
    """Save and complete, then go to the next task of the view, or to the list after the last
    one."""
    return adjacent_tasks.go_on(view, task.id, actor, lambda: _complete(state, task, actor))


def _complete(state: Editing, task: Task, actor: Person) -> None:
    con, charge = session.connection(), _charge(state, task, actor)
    is_worked_on = state.is_changed or charges.has_work(con, task.id, actor=actor)
    if not (is_worked_on or state.is_asked):
        raise NothingChanged
    resolution = chosen_resolution(Resolution.CORRECTED, f"resolution_{task.id}")
    charges.save_and_complete(
        con, task.id, charge, opened=state.opened, note=state.note, resolution=resolution,
        token=state.token, actor=actor, now=session.now(),
    )  # fmt: skip


def _charge(state: Editing, task: Task, actor: Person) -> Charge:
    charge, unreadable = charge_form.from_form(state.form, state.opened, payers=state.payers)
    if unreadable:
        state.is_checked = True
        raise ChargeProblems([p for p in found_in(state, task, actor)[1] if p.is_blocking])
    return charge


def _attempt(do: Do, state: Editing, task: Task, view: View, actor: Person) -> str:
    """Do it. A refusal is said beside the form, or wherever the person went meanwhile."""
    take_typed(state, task)
    state.refusal, state.changes = "", ()
    try:
        return do(state, task, view, actor)
    except BillingError as problem:
        state.unsaid.append((task.id, f"“{task.title}” was not saved. {problem}"))
        match problem:
            case NothingChanged():
                state.is_asked = True
                return ""
            case ChargeProblems():
                state.is_checked = True
            case ChargeChanged():
                state.changes, state.changed_by = problem.changes, problem.who
        state.refusal = str(problem)
    return ""


_NEXT = {"help": "Complete this task and open the next one of the list"}
