"""What Edit Charge keeps between two runs: the charge as it was opened, and what is typed."""

from __future__ import annotations

import copy
import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from lib import charge_form, charges, drafts
from lib.charge_form import FIELD_LABELS
from lib.drafts import Draft
from lib.errors import BillingError
from lib.models import Charge, FieldChange, Person, Task
from lib.store.idempotency import new_token
from lib.ui import session
from lib.ui.session_state import KeptEach


@dataclass
class Editing:
    """One open form. `stamp` changes when its content comes from the code and not from the
    person."""

    opened: Charge
    form: dict[str, Any]
    payers: tuple[str, ...] = ()  # those the practice knows, as `charge_form` writes them
    note: str = ""
    token: str = field(default_factory=new_token)
    stamp: str = field(default_factory=new_token)
    writer: str = field(default_factory=new_token)  # the name of its draft
    is_checked: bool = False
    refusal: str = ""
    changes: tuple[FieldChange, ...] = ()
    changed_by: str = ""  # who made them; empty if it was the same person
    kept: str = ""  # the draft as the store has it, as text, which does not change with the form
    seen: Draft | None = None  # the draft the form was filled from
    others: tuple[Draft, ...] = ()  # what the same person typed in other tabs
    not_kept: str = ""  # why what is typed could not be stored
    unsaid: list[tuple[int, str]] = field(default_factory=list)  # refusals, by task
    is_asked: bool = False  # whether the page asks to complete although nothing was changed

    def content(self) -> dict[str, Any]:
        """Return what a draft stores: a copy, since the form goes on changing."""
        return {
            "form": copy.deepcopy(self.form),
            "note": self.note,
            "opened": charge_form.to_form(self.opened),
            "version": self.opened.version,
        }

    @property
    def text(self) -> str:
        """Return the content as text for comparison, which cannot change afterwards."""
        return json.dumps(self.content(), sort_keys=True)

    @property
    def is_changed(self) -> bool:
        """Return True if the form or the note has anything typed in it."""
        return bool(self.note.strip()) or self.form != charge_form.to_form(self.opened)

    @property
    def is_kept(self) -> bool:
        """Return True if the store has what is typed."""
        return self.is_changed and self.text == self.kept

    @property
    def drafts_sent(self) -> list[str]:
        """Return the drafts that are submitted with this form."""
        return [self.writer, *([self.seen.writer] if self.seen else [])]


_EDITING = KeptEach[Editing]("editing")


def editing(task: Task, charge: Charge, actor: Person) -> Editing:
    """Return the open form of this task, filled from its draft if there is one.

    If nothing was typed yet, the form never shows a charge that somebody has changed since.
    """
    kept = _EDITING.of(task.id)
    found = kept.get()
    if found is None or (found.opened.version != charge.version and not found.is_changed):
        found = _opened(task, charge, actor)
        kept.put(found)
    found.unsaid = session.unsaid()
    return found


def forget(task_id: int) -> None:
    """Close the form: on arrival from another page the charge is read anew."""
    _EDITING.of(task_id).take()


def keep(state: Editing, task: Task, actor: Person) -> None:
    """Save what is typed as a draft, if it differs from what is stored; `not_kept` says why if that
    failed."""
    text = state.text
    if text == state.kept or (not state.is_changed and not state.kept):
        return
    con = session.connection()
    try:
        if state.is_changed:
            drafts.keep(
                con, task.id, json.loads(text), writer=state.writer, seen=state.seen, actor=actor,
                now=session.now(),
            )  # fmt: skip
            state.kept = text
        else:
            drafts.drop(con, task.id, writers=state.drafts_sent, actor=actor)
            state.kept = ""
    except BillingError as problem:
        state.not_kept = str(problem)
        return
    state.seen, state.not_kept = None, ""


def sent(state: Editing, task: Task, actor: Person) -> None:
    """Continue with the saved charge after what was typed was saved."""
    state.note, state.kept, state.seen, state.token = "", "", None, new_token()
    reread(state, task, actor, form=None)


def reread(state: Editing, task: Task, actor: Person, *, form: dict[str, Any] | None) -> None:
    """Take the charge as it is now as the opened one; keep `form`, or start over from the
    charge."""
    assert task.charge_id is not None
    state.opened = charges.get(session.connection(), task.charge_id, actor=actor)
    state.form = form or charge_form.to_form(state.opened)
    state.stamp = new_token()
    state.changes, state.refusal, state.is_asked = (), "", False


def discard(state: Editing, task: Task, actor: Person) -> None:
    """Discard what was typed, here and in the store."""
    drafts.drop(session.connection(), task.id, writers=state.drafts_sent, actor=actor)
    sent(state, task, actor)


def take_up(state: Editing, task: Task, charge: Charge, draft: Draft, actor: Person) -> None:
    """Show what was typed in another tab; what is typed here stays a draft of its own."""
    keep(state, task, actor)
    mine = [d for d in _readable(task, charge, actor) if d.writer != draft.writer]
    _fill(state, charge, draft)
    state.writer, state.token, state.stamp = new_token(), new_token(), new_token()
    state.others, state.changes, state.refusal = tuple(mine), (), ""


def _opened(task: Task, charge: Charge, actor: Person) -> Editing:
    state = Editing(charge, charge_form.to_form(charge), known_payers(charge, actor))
    found = _readable(task, charge, actor)
    if found:
        _fill(state, charge, found[0])
        state.others = tuple(found[1:])
    return state


def known_payers(charge: Charge, actor: Person) -> tuple[str, ...]:
    """Return the payers of the practice as the form shows them."""
    con = session.connection()
    found: tuple[str, ...] = con.store.cached(
        ("payers", charge.practice_id),
        lambda: tuple(charges.payers(con, charge.practice_id, actor=actor)),
    )
    return found


def _readable(task: Task, charge: Charge, actor: Person) -> list[Draft]:
    """Return the drafts of this charge, newest first, that have the fields it has now."""
    fields = {*FIELD_LABELS, "diagnoses", "lines"}
    found = drafts.kept(session.connection(), task.id, actor=actor)
    for draft in found:  # kept before the payer could be typed
        for form in (draft.content["form"], draft.content["opened"]):
            form.setdefault("payer", charge.payer)
    return [draft for draft in found if set(draft.content["form"]) == fields]


def _fill(state: Editing, charge: Charge, draft: Draft) -> None:
    """Put the draft into the form: a copy, since the form goes on changing."""
    content = copy.deepcopy(draft.content)
    state.opened = charge
    if content["version"] != charge.version:
        state.opened = dataclasses.replace(
            charge_form.from_form(content["opened"], charge)[0], version=content["version"]
        )
    state.form, state.note = content["form"], content["note"]
    state.seen, state.kept = draft, state.text
