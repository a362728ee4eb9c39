"""Which parts of a split claim (MA15) a task's remittances deny now.

It is read from the keys of what was said of the task: each ends with the part that it is about. A
part that is denied twice is the same money; of what was said of one, the latest day counts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from lib.intake.x12.denial_requests_835 import held_part
from lib.store.database import Connection

if TYPE_CHECKING:
    from lib.intake.records import Request

NOTHING = Decimal(0)


def amount_change(
    con: Connection, task_id: int, request: Request, amount: Decimal | None
) -> Decimal:
    """Return the US dollars by which an answer about a part, which is not kept yet, changes what an
    open task asks for, which is `amount` now. The last part that is taken back leaves the amount as
    it is; one that is denied after it counts alone."""
    if not request.part:
        return NOTHING
    keys = _keys(con, task_id)
    key, part = _as_held(request, keys)
    before, after = _denied(keys), _denied([*keys, key])
    if request.takes_back:
        is_news = part in before and part not in after and bool(after)
        return -request.taken_back if is_news else NOTHING
    if part not in after or part in before:
        return NOTHING
    were_denied = any(is_denied for _, is_denied, _ in filter(None, map(_said, keys)))
    of_others = amount if were_denied and not before else NOTHING
    return (request.amount or NOTHING) - (of_others or NOTHING)


def is_settled(con: Connection, task_id: int, request: Request) -> bool:
    """Return True if what an answer denies of a part, which is not kept yet, was taken back or paid
    on a later day."""
    if not request.part or request.takes_back or request.is_history:
        return False
    keys = _keys(con, task_id)
    key, part = _as_held(request, keys)
    return part not in _denied([*keys, key])


def leaves_others(con: Connection, task_id: int, reversal: Request) -> bool:
    """Return True if another part is denied than the one that is taken back."""
    if not reversal.part:
        return False
    keys = _keys(con, task_id)
    return bool(_denied(keys) - {_as_held(reversal, keys)[1]})


def _as_held(request: Request, keys: list[str]) -> tuple[str, str]:
    """Return the key of an answer and the part it is about, as the task knows that part."""
    part = held_part(request.part, {said[2] for said in map(_said, keys) if said})
    return request.key.removesuffix(request.part) + part, part


def _keys(con: Connection, task_id: int) -> list[str]:
    rows = con.rows(
        """
        SELECT request_key FROM task WHERE id = $id
        UNION ALL
        SELECT answer_key FROM task_answer WHERE task_id = $id
        """,
        id=task_id,
    )
    return [row[0] for row in rows if row[0]]


def _denied(keys: list[str]) -> set[str]:
    """Return the parts that are denied; a denial stands beside a reversal of its day."""
    said = sorted(filter(None, map(_said, keys)))
    last = {part: is_denied for _, is_denied, part in said}
    return {part for part, is_denied in last.items() if is_denied}


def _said(key: str) -> tuple[str, bool, str] | None:
    """Return the day of what a key of a remittance's answer says, if that denies, and which part;
    None for what settles nothing."""
    source, *fields = key.split("|")
    if source != "835" or len(fields) < 4:
        return None
    if fields[0] == "reversal":
        is_denied, day = False, fields[2]
    elif fields[0] in {"lines", "part"}:
        is_denied, day = True, fields[2]
    elif fields[0] == "paid":
        is_denied, day = False, fields[4]
    else:
        is_denied, day = True, fields[1]
    is_day = day == "None" or (day[:1].isdigit() and day.count("-") == 2)
    return (day, is_denied, "|".join(fields[-2:])) if is_day else None
