"""What Edit Charge knows between two runs: the charge as it was opened, and what is typed."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from lib import charge_form, charges, drafts
from lib.charge_form import FIELD_LABELS
from lib.models import Charge, FieldChange, Person, Task
from lib.store.idempotency import new_token
from lib.ui import session


@dataclass
class Editing:
    """One open form. `stamp` changes when its content comes from here and not from the person."""

    opened: Charge
    form: dict[str, Any]
    note: str = ""
    token: str = field(default_factory=new_token)
    stamp: str = field(default_factory=new_token)
    is_checked: bool = False
    refusal: str = ""
    changes: tuple[FieldChange, ...] = ()
    kept: dict[str, Any] = field(default_factory=dict)  # the draft as it is stored

    def content(self) -> dict[str, Any]:
        """What a draft stores; a copy, since the form goes on changing."""
        return {
            "form": copy.deepcopy(self.form),
            "note": self.note,
            "opened": charge_form.to_form(self.opened),
            "version": self.opened.version,
        }

    @property
    def is_changed(self) -> bool:
        return bool(self.note.strip()) or self.form != charge_form.to_form(self.opened)


def editing(task: Task, charge: Charge, actor: Person) -> Editing:
    """The open form of this task, taken up from the draft where there is one.

    Where nothing was typed yet, a form never shows a charge that somebody changed since.
    """
    key = f"editing_{task.id}"
    found: Editing | None = st.session_state.get(key)
    if found is None or (found.opened.version != charge.version and not found.is_changed):
        found = _opened(task, charge, actor)
        st.session_state[key] = found
    return found


def forget(task_id: int) -> None:
    """The form is closed: on arrival from another page the charge is read anew."""
    st.session_state.pop(f"editing_{task_id}", None)


def keep(state: Editing, task: Task, actor: Person) -> None:
    """Store what is typed as a draft, where it differs from what is stored."""
    content = state.content()
    if content == state.kept or (not state.is_changed and not state.kept):
        return
    if state.is_changed:
        drafts.keep(session.connection(), task.id, content, actor=actor, now=session.now())
    else:
        drafts.drop(session.connection(), task.id, actor=actor)
    state.kept = content


def reread(state: Editing, task: Task, actor: Person, *, form: dict[str, Any] | None) -> None:
    """Take the charge as it is now as the one that was opened; keep `form`, or start from it."""
    assert task.charge_id is not None
    state.opened = charges.get(session.connection(), task.charge_id, actor=actor)
    state.form = form or charge_form.to_form(state.opened)
    state.token, state.stamp = new_token(), new_token()
    state.changes, state.refusal = (), ""


def _opened(task: Task, charge: Charge, actor: Person) -> Editing:
    draft = drafts.find(session.connection(), task.id, actor=actor)
    if not draft or set(draft["form"]) != {*FIELD_LABELS, "diagnoses", "lines"}:
        return Editing(charge, charge_form.to_form(charge))
    opened = charge
    if draft["version"] != charge.version:
        opened = dataclasses.replace(
            charge_form.from_form(draft["opened"], charge)[0], version=draft["version"]
        )
    return Editing(opened, draft["form"], draft["note"], kept=draft)
