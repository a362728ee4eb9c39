"""Which of their practices somebody works in now: one, or all.

Every page that shows several practices' things draws the same drop-down, and shows only the chosen
one. The choice stands in the address as `practice`, and goes along to pages whose address says
nothing of it until it is taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from lib import access
from lib.access import Verb
from lib.errors import NotAllowed
from lib.models import Person
from lib.ui import session, session_state, url_widgets
from lib.ui.session_state import Kept

KEY = "practice"
_CHOSEN = Kept[int]("practice_chosen")
# True while this page shows what another one chose: its address then says nothing of a practice.
_IS_CARRIED = Kept[bool]("practice_carried")


def arrive(actor: Person, *, is_new_page: bool) -> None:
    """Take over what the address says, once for each run of the frame. An address without a
    practice means the chosen one on a page that was just opened, and all of them on a page whose
    earlier address named one: somebody went back."""
    asked = _id_of(actor, url_widgets.said(KEY))
    if asked is not None:
        _CHOSEN.put(asked)
        _IS_CARRIED.take()
    elif is_new_page:
        _IS_CARRIED.put(True)
    elif not _IS_CARRIED.get():
        _CHOSEN.take()
    held = _name_of(actor, _CHOSEN.get())
    url_widgets.stand({KEY: held} if held else {})


def of_address(actor: Person, name: str | None) -> Person:
    """Return the person as `narrowed` does on a page that was just opened by an address."""
    return actor.at(_id_of(actor, name))


def narrowed(actor: Person) -> Person:
    """Return the person as one of the chosen practice only: their roles, colleagues, time zone and
    tasks elsewhere are left out. Without a choice it is the whole person."""
    return actor.at(_CHOSEN.get())


def chosen() -> int | None:
    """Return the id of the chosen practice, None for all."""
    return _CHOSEN.get()


def choose(
    actor: Person, *, width: int | Literal["stretch"] = 200, hint: str = "All practices",
    label: Literal["visible", "collapsed"] = "collapsed",
) -> Person:  # fmt: skip
    """Draw the drop-down for somebody of several practices; its × is the way back to all. Return
    the person narrowed to what is chosen."""
    if len(actor.memberships) > 1:
        names = [m.practice.name for m in actor.memberships]
        url_widgets.bind(KEY, names)
        st.selectbox(
            "Practice", names, index=None, key=KEY, placeholder=hint, width=width,
            label_visibility=label, on_change=_save, args=(actor,),
        )  # fmt: skip
    return narrowed(actor)


def choose_one(actor: Person, verb: Verb, otherwise: str) -> int:
    """Draw the drop-down of a page that is about one practice. Return the one that is chosen; end
    the run, saying why, where none is or its role does not allow the page. `otherwise` is said to
    who may nowhere."""
    allowed = access.may_anywhere(actor, verb)
    if not allowed:
        st.info(session.escape_markdown(otherwise))
        st.stop()
    if len(actor.memberships) == 1:
        return allowed[0]
    choose(actor, width=320, hint="Choose a practice", label="visible")
    here = chosen()
    if here not in allowed:
        st.info(session.escape_markdown(_why_not(actor, verb, here)))
        st.stop()
    return here


def _why_not(actor: Person, verb: Verb, practice_id: int | None) -> str:
    if practice_id is None:
        return "Choose a practice."
    name = session.practice_of(actor, practice_id).name
    return f"{name}: {NotAllowed(verb.value, whom=access.whom_to_ask(verb))}"


def role_and_place(actor: Person) -> tuple[str, str]:
    """Return the person's role and practice as the frame shows them: of the chosen practice, or of
    all, whose roles may differ."""
    here = narrowed(actor)
    roles = dict.fromkeys(m.role.label for m in here.memberships)
    names: Sequence[str] = [m.practice.name for m in here.memberships]
    return ", ".join(roles), names[0] if len(names) == 1 else f"{len(names)} practices"


def _save(actor: Person) -> None:
    if not session_state.has_widget(KEY):  # a drop-down on a page that was left meanwhile
        return
    name = session_state.widget(KEY)
    practice_id = _id_of(actor, name)
    _IS_CARRIED.take()
    if practice_id is None:
        _CHOSEN.take()
        url_widgets.stand({})
    else:
        _CHOSEN.put(practice_id)
    url_widgets.filter_by({KEY: name})


def _id_of(actor: Person, name: str | None) -> int | None:
    return next((m.practice.id for m in actor.memberships if m.practice.name == name), None)


def _name_of(actor: Person, practice_id: int | None) -> str | None:
    return next((m.practice.name for m in actor.memberships if m.practice.id == practice_id), None)
