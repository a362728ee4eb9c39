"""How a practice mapped the columns of its tables, saved for the next table of that kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lib import access
from lib.access import Verb
from lib.errors import NotAllowed
from lib.intake.tables import columns
from lib.intake.tables.cells import DateOrder
from lib.intake.tables.columns import ColumnMapping, Field, Table
from lib.models import Person, TaskType
from lib.store import writer_scope
from lib.store.database import Connection, transaction


@dataclass(frozen=True, slots=True)
class Saved:
    """All mappings that a practice has saved, by the columns of their tables."""

    plans: Mapping[str, ColumnMapping]  # by signature

    def __call__(self, grid: Table) -> ColumnMapping:
        """Return the mapping saved for tables with these columns, else the one their names
        suggest."""
        plan = self.find(grid)
        return columns.as_shown_by(plan, grid) if plan else columns.guess(grid)

    def find(self, grid: Table) -> ColumnMapping | None:
        """Return the mapping saved for tables with these columns, or None."""
        plan = self.plans.get(columns.signature(grid.columns))
        return plan if plan and plan.fits(grid) else None


def saved(con: Connection, practice_id: int) -> Saved:
    """Return all mappings of a practice, for code that cannot reach the store."""
    rows = con.rows(
        """
        SELECT signature, mapping FROM intake_mapping
        WHERE practice_id = $practice_id
        ORDER BY id
        """,
        practice_id=practice_id,
    )
    return Saved({signature: _from_json(text) for signature, text in rows})


def plan_for(con: Connection, practice_id: int, grid: Table) -> ColumnMapping:
    """Return the mapping the practice saved for tables with these columns, else the one their names
    suggest."""
    return saved(con, practice_id)(grid)


def find(con: Connection, practice_id: int, grid: Table) -> ColumnMapping | None:
    """Return the mapping the practice saved for tables with these columns, or None."""
    return saved(con, practice_id).find(grid)


def save(
    con: Connection,
    practice_id: int,
    grid: Table,
    plan: ColumnMapping,
    *,
    actor: Person,
    now: datetime,
) -> None:
    """Save the mapping for every later table with the same columns, replacing the one before."""
    access.require(actor, Verb.IMPORT, practice_id, NotAllowed(Verb.IMPORT.value))
    signature = columns.signature(grid.columns)
    with transaction(con, of=writer_scope.of_practice(practice_id)):
        con.execute(
            """
            DELETE FROM intake_mapping
            WHERE practice_id = $practice_id AND signature = $signature
            """,
            practice_id=practice_id,
            signature=signature,
        )
        con.execute(
            """
            INSERT INTO intake_mapping (practice_id, signature, mapping, saved_at)
            VALUES ($practice_id, $signature, $mapping, $now)
            """,
            practice_id=practice_id,
            signature=signature,
            mapping=_to_json(plan),
            now=now,
        )


def _to_json(plan: ColumnMapping) -> str:
    """Return the mapping without what belongs to this file alone: the sheet, and whether hidden
    rows come in."""
    return json.dumps({
        "columns": dict(plan.columns), "orders": dict(plan.orders), "codes": list(plan.codes),
        "type": plan.type,
    })  # fmt: skip


def _from_json(text: str) -> ColumnMapping:
    """Return the mapping; fields that no longer exist are left out."""
    held = json.loads(text)
    known = {field.value for field in Field}
    types = {each.value for each in TaskType}
    return ColumnMapping(
        {Field(name): column for name, column in held["columns"].items() if name in known},
        {Field(name): DateOrder(order) for name, order in held["orders"].items() if name in known},
        codes=tuple(held.get("codes", ())),
        type=TaskType(held["type"]) if held.get("type") in types else None,
    )
