"""What people change while an import is open under DuckDB leaves little behind until it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from lib import charges, document_details, documents, drafts, notes, sessions, workflow
from lib.store import long_transaction
from lib.store.database import Connection, Store
from tests.conftest import NOON, Cast
from tests.given import ABOUT, add_charge, add_task, pdf
from tests.test_long_transaction import line

pytestmark = pytest.mark.duckdb
TIMES, MOST = 20, 32  # KB of each change; an upsert of a draft had left 200

Step = Callable[[Connection, Cast, int, int], None]


def note(con: Connection, cast: Cast, task_id: int, turn: int) -> None:
    notes.comment(
        con, task_id, f"Called {turn}", token=uuid4().hex, actor=cast.ana, now=NOON
    )  # fmt: skip


def edit(con: Connection, cast: Cast, task_id: int, turn: int) -> None:
    [[charge_id]] = con.rows("SELECT charge_id FROM task WHERE id = $id", id=task_id)
    opened = charges.get(con, charge_id, actor=cast.ana)
    charges.save(
        con, task_id, replace(opened, location=f"Room {turn}"), opened=opened, note="",
        token=uuid4().hex, actor=cast.ana, now=NOON,
    )  # fmt: skip


def draft(con: Connection, cast: Cast, task_id: int, turn: int) -> None:
    drafts.keep(con, task_id, {"location": f"Room {turn}"}, actor=cast.ana, now=NOON)


def sign_in(con: Connection, cast: Cast, task_id: int, turn: int) -> None:
    sessions.sign_in(con, cast.ana.id, now=NOON)


def undo(con: Connection, cast: Cast, task_id: int, turn: int) -> None:
    workflow.undo_start(con, task_id, actor=cast.ana, now=NOON)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)


def hand_over(con: Connection, cast: Cast, task_id: int, turn: int) -> None:
    to, seen = (cast.ben, cast.ana) if turn % 2 else (cast.ana, cast.ben)
    workflow.assign(con, task_id, to=to.id, seen=seen.id, actor=cast.ana, now=NOON)


def ask(con: Connection, cast: Cast, task_id: int, turn: int) -> None:
    text, token = f"Which {turn}", uuid4().hex
    notes.ask(con, task_id, text, token=token, actor=cast.ana, now=NOON)


def complete(con: Connection, cast: Cast, task_id: int, turn: int) -> None:
    [[charge_id]] = con.rows("SELECT charge_id FROM task WHERE id = $id", id=task_id)
    opened = charges.get(con, charge_id, actor=cast.ana)
    charges.save_and_complete(
        con, task_id, opened, opened=opened, note=f"Done {turn}", token=uuid4().hex,
        actor=cast.ana, now=NOON,
    )  # fmt: skip
    workflow.reopen(con, task_id, reason="Again", actor=cast.ana, now=NOON)


def keep_document(con: Connection, cast: Cast, task_id: int, turn: int) -> None:
    document_id = documents.upload(
        con, pdf(f"{turn}"), "scan.pdf", practice_id=cast.practice, patient_id=None,
        token=uuid4().hex, actor=cast.ana, now=NOON, details=ABOUT,
    )  # fmt: skip
    seen = documents.get(con, document_id, actor=cast.ana)
    document_details.change(
        con, document_id, details=replace(ABOUT, name=f"Letter {turn}"), seen=seen,
        actor=cast.ana, now=NOON,
    )  # fmt: skip


def use(con: Connection, cast: Cast, task_id: int, turn: int) -> None:
    """Use a session of one's own now and two minutes later, which is written."""
    token = sessions.sign_in(con, cast.ana.id, now=NOON)
    sessions.who(con, token, now=NOON + timedelta(minutes=2))


STEPS = [note, edit, draft, sign_in, undo, hand_over, ask, complete, keep_document, use]


@pytest.mark.parametrize("step", STEPS, ids=lambda it: it.__name__)
def test_a_change_beside_an_import_leaves_little_in_memory(
    con: Connection, store: Store, cast: Cast, step: Step
) -> None:
    task_id = add_task(con, cast.practice, charge_id=add_charge(con, cast.practice))
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    other = store.connection()

    def held() -> int:
        return int(
            other.value(
                "SELECT memory_usage_bytes // 1024 FROM duckdb_memory() WHERE tag = 'TRANSACTION'"
            )
        )

    def attempt() -> int:
        line(con, "comes in")
        before = held()
        for turn in range(1, TIMES + 1):
            step(other, cast, task_id, turn)
        return held() - before

    assert long_transaction.kept(con, attempt, doing="an import") <= MOST * TIMES
