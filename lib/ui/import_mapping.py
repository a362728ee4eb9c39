"""Which column of a table of tasks holds what: shown as it was found, corrected, saved."""

from __future__ import annotations

import hashlib

import streamlit as st

from lib.errors import BillingError
from lib.intake import imports, parsed_file, saved_mappings
from lib.intake.tables import columns, task_rows
from lib.intake.tables.cells import DateOrder, order_of
from lib.intake.tables.columns import DATES, ColumnMapping, Field
from lib.intake.tables.table import REASON, Grid
from lib.models import Person
from lib.ui import session

NEEDED = {Field.TYPE: " (needed)"}
ORDERS = {DateOrder.MONTH_FIRST: "Month first: 01/31", DateOrder.DAY_FIRST: "Day first: 31/01"}


@st.cache_resource(max_entries=4, ttl=900, show_spinner="Reading the table …")
def _table(_content: bytes, sha256: str, sheet: str | None) -> Grid | None:
    """The table in a file; its content is named by its SHA-256."""
    return task_rows.open_table("The file", _content, sheet)


def choose(
    name: str, content: bytes, *, practice_id: int, actor: Person, key: str
) -> ColumnMapping | None:
    """How the table is to be read, as somebody has it on the screen; None for other files."""
    if parsed_file.is_x12(content):
        return None
    sha256 = hashlib.sha256(content).hexdigest()
    if imports.is_known(session.connection(), sha256, practice_id):
        return None
    try:
        grid = _table(content, sha256, st.session_state.get(f"sheet_{key}"))
    except BillingError:
        return None  # the preview says why
    if grid is None:
        return None
    saved = saved_mappings.find(session.connection(), practice_id, grid)
    start = columns.with_orders(saved, grid) if saved else columns.guess(grid)
    with st.expander(f"Columns of {session.escape_markdown(name)}", expanded=saved is None):
        plan = _editor(grid, start, key)
        missing = task_rows.missing_columns(plan)  # the report says so
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Save this mapping", key=f"save_{key}", disabled=bool(missing)):
                _save(practice_id, grid, plan, actor)
            if saved and (plan.columns, plan.orders) == (start.columns, start.orders):
                st.caption("This is the mapping saved for tables with these columns.")
    return plan


def _editor(grid: Grid, start: ColumnMapping, key: str) -> ColumnMapping:
    """A select for each field; every option says what stands in the column."""
    if len(grid.sheets) > 1:
        st.selectbox("Sheet", grid.sheets, grid.sheets.index(grid.sheet), key=f"sheet_{key}")
    options = [None, *(name for name in grid.columns if name != REASON)]
    said = {name: _described(grid, name) for name in options if name is not None}
    found: dict[Field, str] = {}
    sides = st.columns(2)
    fields = list(Field)
    for place, which in enumerate(fields):
        with sides[place * 2 // len(fields)]:
            chosen = st.selectbox(
                which.label + NEEDED.get(which, ""), options,
                options.index(start.columns.get(which)), key=f"map_{key}_{grid.sheet}_{which}",
                format_func=lambda name: said[name] if name else "—",
            )  # fmt: skip
            if chosen is not None:
                found[which] = chosen
    return columns.with_orders(
        ColumnMapping(found, _orders(grid, found, start, key), grid.sheet or None), grid
    )


def _orders(
    grid: Grid, found: dict[Field, str], start: ColumnMapping, key: str
) -> dict[Field, DateOrder]:
    """The order of the dates, asked for only where the column itself does not say it."""
    orders = {}
    for which in DATES:
        if which not in found:
            continue
        seen = order_of(grid.column(found[which]))
        if seen.is_sure or not (seen.example or seen.is_mixed):
            continue
        is_same = start.columns.get(which) == found[which]
        before = start.orders.get(which, seen.order) if is_same else seen.order
        example = f": {seen.example}" if seen.example else ""
        orders[which] = DateOrder(
            st.segmented_control(
                "Dates in " + session.escape_markdown(f"{found[which]}{example}"),
                list(ORDERS), default=before, format_func=lambda order: ORDERS[order],
                key=f"order_{key}_{which}_{found[which]}", required=True,
            )
        )  # fmt: skip
    return orders


def _described(grid: Grid, name: str) -> str:
    cells = grid.column(name)
    return " · ".join([name, columns.kind(cells), *columns.samples(cells)])


def _save(practice_id: int, grid: Grid, plan: ColumnMapping, actor: Person) -> None:
    said = session.toasts()
    saved_mappings.save(
        session.connection(), practice_id, grid, plan, actor=actor, now=session.now()
    )
    said.append(("success", "Mapping saved for tables with these columns."))
    st.rerun()
