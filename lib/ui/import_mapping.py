"""Which column of a table of tasks holds what: shown as guessed, corrected, saved."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from lib import us_formats
from lib.errors import BillingError, WrongInput
from lib.intake import imports
from lib.intake.files import non_x12_formats, reader_process, saved_mappings
from lib.intake.tables import columns, task_table
from lib.intake.tables.cells import DateOrder
from lib.intake.tables.columns import DATES, ColumnMapping, Field, Outline
from lib.intake.tables.table import REASON
from lib.models import Person, TaskType
from lib.ui import lossless_widgets, practice_switch, session, session_state
from lib.ui.session_state import KeptOrNew, KeptOrNewEach

_CHANGES = KeptOrNewEach("mapping_changes", int)  # of its fields that were heard, by file
# By file and sheet; None for one that cannot be read.
_OUTLINES = KeptOrNew[dict[tuple[str, str | None], Outline | None]]("outlines", dict)
MAX_SEEN = 8  # tables whose columns a session remembers
NEEDED = " (needed)"  # if no denial code tells the type
ORDERS = {DateOrder.MONTH_FIRST: "Month first: 01/31", DateOrder.DAY_FIRST: "Day first: 31/01"}


def key_of(file_id: str) -> str:
    """Return what the keys of a file's fields end with, so that what they say is kept with a press
    though the page is left in the same moment (`streamlit_patches`)."""
    return hashlib.sha256(file_id.encode()).hexdigest()[:32]


def choose(
    name: str, content: bytes, *, practice_id: int, actor: Person, key: str
) -> ColumnMapping | None:
    """Return how to read the table, as somebody has it on the screen; None for other files."""
    if non_x12_formats.is_x12(content):
        return None
    sha256 = hashlib.sha256(content).hexdigest()
    if imports.is_known(session.connection(), sha256, practice_id):
        return None
    table = _outline(name, content, sha256, session_state.widget(f"sheet_{key}"))
    if table is None:
        return None  # no table, or an unreadable one: the preview says why
    saved = saved_mappings.find(session.connection(), practice_id, table)
    start = columns.as_shown_by(saved, table) if saved else columns.guess(table)
    with st.expander(f"Columns of {session.escape_markdown(name)}", expanded=saved is None):
        plan = _editor(table, start, key)
        missing = task_table.missing_columns(plan)  # the report names them
        with st.container(horizontal=True, vertical_alignment="center"):
            lossless_widgets.button(
                "Save this mapping", _saver(practice_id, table, plan, key), key=f"save_{key}",
                actor=actor, disabled=bool(missing),
            )  # fmt: skip
            if saved and _kept(plan) == _kept(start):
                st.caption("This is the mapping saved for tables with these columns.")
    return plan


def _saver(
    practice_id: int, table: Outline, plan: ColumnMapping, key: str
) -> lossless_widgets.Verb:
    """Return the verb that saves the mapping which is drawn."""
    before = drawn(key)

    def save(now: Person) -> str:
        require_as_drawn(before, key)
        saved_mappings.save(
            session.connection(), practice_id, table, plan, actor=now, now=session.now()
        )
        return "Mapping saved for tables with these columns."

    return save


def _outline(name: str, content: bytes, sha256: str, sheet: str | None) -> Outline | None:
    """Return the columns of the table, read once a session; a click meanwhile ends the reading."""
    seen = _OUTLINES.ensure()
    place = st.empty()  # also when nothing is read, so that what is below keeps its place
    if (sha256, sheet) not in seen:
        begun = time.monotonic()

        def alive() -> None:
            place.caption(
                f"Reading {session.escape_markdown(name)} … {time.monotonic() - begun:.0f} s"
            )

        try:
            found = reader_process.outline(name, content, sheet, alive)
        except BillingError:
            found = None
        place.empty()
        while len(seen) >= MAX_SEEN:
            del seen[next(iter(seen))]
        seen[sha256, sheet] = found
    return seen[sha256, sheet]


def _kept(plan: ColumnMapping) -> tuple[object, ...]:
    """Return the part of a mapping that is saved."""
    return plan.columns, plan.orders, plan.codes, plan.type


def _editor(table: Outline, start: ColumnMapping, key: str) -> ColumnMapping:
    """Draw a select for each field; every option shows samples of its column."""
    heard: dict[str, Any] = {"on_change": _note_change, "args": (key,)}
    if len(table.sheets) > 1:
        st.selectbox(
            "Sheet", table.sheets, table.sheets.index(table.sheet), key=f"sheet_{key}", **heard
        )
    sheet = _place(table)
    options = [None, *(name for name in table.columns if name != REASON)]
    said = {name: _described(table, name) for name in options if name is not None}
    found: dict[Field, str] = {}
    sides = st.columns(2)
    fields, is_needed = list(Field), not start.is_of_denials
    for place, which in enumerate(fields):
        with sides[place * 2 // len(fields)]:
            chosen = st.selectbox(
                which.label + (NEEDED if is_needed and which is Field.TYPE else ""), options,
                options.index(start.columns.get(which)), key=f"map_{sheet}_{which}_{key}",
                format_func=lambda name: said[name] if name else "—", **heard,
            )  # fmt: skip
            if chosen is not None:
                found[which] = chosen
    with sides[0]:
        codes = st.multiselect(
            "Denial codes (CARC/RARC)", options[1:], list(start.codes),
            key=f"codes_{sheet}_{key}", format_func=lambda name: said[str(name)],
            **heard,
        )  # fmt: skip
    with sides[1]:
        type_ = st.selectbox(
            "Type of every row that names none", [None, *TaskType], _place_of(start.type),
            key=f"type_{sheet}_{key}",
            format_func=lambda each: each.label if each else "— (codes or status say it)",
            **heard,
        )  # fmt: skip
    plan = ColumnMapping(
        found, _orders(table, found, start, key), table.sheet or None,
        tuple(str(name) for name in codes), type_, _with_hidden(table, key),
    )  # fmt: skip
    return columns.as_shown_by(plan, table)


def _place(table: Outline) -> int:
    """Return which of its workbook's sheets the table is."""
    return table.sheets.index(table.sheet) if table.sheet in table.sheets else 0


def _place_of(type_: TaskType | None) -> int:
    return 0 if type_ is None else list(TaskType).index(type_) + 1


def _with_hidden(table: Outline, key: str) -> bool:
    """Ask about rows that the workbook hides, if there are any."""
    if not table.hidden:
        return False
    rows = us_formats.plural(table.hidden, "row")
    return st.checkbox(
        f"Bring in {rows} hidden in the workbook or by a filter, too",
        key=f"hidden_{_place(table)}_{key}",
        on_change=_note_change,
        args=(key,),
    )


def _orders(
    table: Outline, found: dict[Field, str], start: ColumnMapping, key: str
) -> dict[Field, DateOrder]:
    """Return the order of the dates, asking only if the column itself does not show it."""
    orders = {}
    for which in DATES:
        if which not in found:
            continue
        seen = columns.order_in(table, found[which])
        if seen.is_sure or not (seen.example or seen.is_mixed):
            continue
        is_same = start.columns.get(which) == found[which]
        before = start.orders.get(which, seen.order) if is_same else seen.order
        example = f": {seen.example}" if seen.example else ""
        orders[which] = DateOrder(
            st.segmented_control(
                "Dates in " + session.escape_markdown(f"{found[which]}{example}"),
                list(ORDERS), default=before, format_func=lambda order: ORDERS[order],
                key=f"order_{which}_{table.columns.index(found[which])}_{key}", required=True,
                on_change=_note_change, args=(key,),
            )
        )  # fmt: skip
    return orders


def _described(table: Outline, name: str) -> str:
    hidden = ["hidden in the workbook"] if name in table.hidden_columns else []
    return " · ".join([name, *hidden, table.looks[name].kind, *table.looks[name].samples])


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the fields of a table's columns and the choice of a practice said when they were
    drawn."""

    fields: dict[str, object]
    changes: int  # that had been heard by then
    practice_id: int | None
    practice: object


def drawn(key: str) -> Drawn:
    """Return what is drawn now."""
    return Drawn(
        _fields(key), _CHANGES.of(key).ensure(), practice_switch.chosen(),
        session_state.widget(practice_switch.KEY),
    )  # fmt: skip


def require_as_drawn(before: Drawn, key: str) -> None:
    """Raise WrongInput if anything of what was looked at has changed. A press that is heard after
    its page was left has no fields with it, but a change of one is heard all the same."""
    now = drawn(key)
    if not now.fields:
        now = replace(now, fields=before.fields)
    if not session_state.has_widget(practice_switch.KEY):
        now = replace(now, practice=before.practice)
    if now != before:
        raise WrongInput(
            "The practice or the columns were changed in the same moment, so nothing was done. "
            "Look at the preview and press again."
        )


def _fields(key: str) -> dict[str, object]:
    """Return what the fields of a table's columns say now, by their keys."""
    says = session_state.typed()
    no_fields = ("verb_", "kept:")
    return {name: says[name] for name in says if key in name and not name.startswith(no_fields)}


def _note_change(key: str) -> None:
    changes = _CHANGES.of(key)
    changes.put(changes.ensure() + 1)
