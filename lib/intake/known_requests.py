"""Which requests and payer updates we had already, also by the keys that older stores used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol

from lib.intake import task_updates
from lib.store.database import Connection

if TYPE_CHECKING:
    from lib.intake.records import Request


class Keyed(Protocol):
    """Something a message says that has a key by which it is recognized."""

    @property
    def key(self) -> str:
        """Return the key of this request or update."""

    @property
    def earlier_keys(self) -> tuple[str, ...]:
        """Return the keys under which older stores keep it."""


def find(con: Connection, practice_id: int, said: Sequence[Keyed]) -> dict[str, int]:
    """Return by key the task of each of these that we had already.

    An earlier key does not say which answer its request stands in, so its task must name the day.
    """
    owners: dict[str, list[Keyed]] = {}
    for each in said:
        for key in (each.key, *each.earlier_keys):
            owners.setdefault(key, []).append(each)
    found: dict[str, int] = {}
    for key, task_id, texts in con.rows(
        """
        SELECT request_key, id, instructions FROM task
        WHERE practice_id = $practice_id
          AND request_key IN (SELECT unnest($wanted::VARCHAR[]))
        UNION ALL
        SELECT answer_key, task_id, coalesce(string_agg(event.detail, ' '), '') FROM task_answer
        LEFT JOIN event USING (task_id)
        WHERE task_answer.practice_id = $practice_id
          AND answer_key IN (SELECT unnest($wanted::VARCHAR[]))
        GROUP BY answer_key, task_id
        ORDER BY 2
        """,
        practice_id=practice_id,
        wanted=list(owners),
    ):
        for each in owners[key]:
            if key == each.key or _names(texts, getattr(each, "asked_on", None)):
                found[each.key] = task_id
    return found


def _names(text: str, day: date | None) -> bool:
    return day is None or f"{day:%m/%d/%Y}" in text


def asks_otherwise(con: Connection, request: Request, task_id: int) -> bool:
    """Return True if an open task shows another due date or other documents than its request asks
    for now, and what the request asks for now is new."""
    if not request.due_on:
        return False
    row = con.row(
        """
        SELECT due_on, codes, document_label FROM task
        WHERE id = $id AND is_open AND source = $source AND due_on IS NOT NULL
        """,
        id=task_id,
        source=request.source,
    )
    if not row or row == (request.due_on, request.codes, request.document_label):
        return False
    return not con.value(
        "SELECT count(*) FROM request_state WHERE task_id = $id AND state_key = $key",
        id=task_id,
        key=task_updates.state_key(request),
    )
