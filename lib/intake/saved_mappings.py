"""How a practice matched the columns of its tables, kept for the next table of that kind."""

from __future__ import annotations

import json
from datetime import datetime

from lib import access
from lib.access import Verb
from lib.errors import NotAllowed
from lib.intake.tables import columns
from lib.intake.tables.cells import DateOrder
from lib.intake.tables.columns import ColumnMapping, Field
from lib.intake.tables.table import Grid
from lib.models import Person
from lib.store.database import Connection, transaction


def plan_for(con: Connection, practice_id: int, grid: Grid) -> ColumnMapping:
    """The plan the practice has saved for tables with these columns, else what their names say."""
    saved = find(con, practice_id, grid)
    return columns.with_orders(saved, grid) if saved else columns.guess(grid)


def find(con: Connection, practice_id: int, grid: Grid) -> ColumnMapping | None:
    """The plan the practice has saved for tables with these columns, or None."""
    text = con.value(
        """
        SELECT mapping FROM intake_mapping
        WHERE practice_id = $practice_id AND signature = $signature
        ORDER BY id DESC LIMIT 1
        """,
        practice_id=practice_id,
        signature=columns.signature(grid.columns),
    )
    plan = _from_json(text) if text else None
    return plan if plan and plan.fits(grid) else None


def save(
    con: Connection,
    practice_id: int,
    grid: Grid,
    plan: ColumnMapping,
    *,
    actor: Person,
    now: datetime,
) -> None:
    """Keep the plan for every later table with the same columns; the one before is forgotten."""
    access.require(actor, Verb.IMPORT, practice_id, NotAllowed(Verb.IMPORT.value))
    signature = columns.signature(grid.columns)
    with transaction(con):
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
    return json.dumps({"columns": dict(plan.columns), "orders": dict(plan.orders)})


def _from_json(text: str) -> ColumnMapping:
    """The plan; fields that are no longer known are left out."""
    held = json.loads(text)
    known = {field.value for field in Field}
    return ColumnMapping(
        {Field(name): column for name, column in held["columns"].items() if name in known},
        {Field(name): DateOrder(order) for name, order in held["orders"].items() if name in known},
    )
