"""How PostgreSQL finds what people ask most, and that it learns of many rows written at once:
`lib/store/postgres`."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lib import queue
from lib.models import Status, TaskFilter, TaskType
from lib.store import long_transaction
from lib.store.database import Connection, Store, Value, transaction
from lib.store.postgres.connection import PostgresConnection
from tests.conftest import NOON, Cast
from tests.given import add_task

pytestmark = pytest.mark.parametrize("store", ["postgres"], indirect=True)
Read = tuple[list[str], list[tuple[Value, ...]]]


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the plans of all statements about tasks that are read from now on."""
    found: list[str] = []
    read = PostgresConnection.read

    def explained(self: PostgresConnection, sql: str, parameters: Mapping[str, Value]) -> Read:
        if "FROM task" in sql:
            lines = read(self, f"EXPLAIN {sql}", parameters)[1]
            found.append("\n".join(str(line) for (line,) in lines))
        return read(self, sql, parameters)

    monkeypatch.setattr(PostgresConnection, "read", explained)
    return found


@pytest.mark.parametrize("types", [(), (TaskType.CODING,)], ids=["every type", "one type"])
def test_pending_tasks_are_counted_and_ordered_without_their_rows(
    con: Connection, cast: Cast, plans: list[str], types: tuple[TaskType, ...]
) -> None:
    """At a million tasks their rows are 100 MB in 11,000 blocks, and the index that holds what is
    asked of them 8 MB."""
    add_task(con, cast.practice)
    plans.clear()
    pending = TaskFilter(statuses=(Status.OPEN, Status.IN_PROGRESS), types=types)
    with transaction(con):
        con.execute("SET LOCAL enable_seqscan = off")
        con.execute("SET LOCAL enable_bitmapscan = off")
        con.execute("DROP INDEX task_of_practice")  # as good where there are few
        queue.find(con, pending, actor=cast.ana)
        queue.counts(con, [cast.practice], actor=cast.ana)

    wanted, _, counted, _ = plans
    assert wanted.count("Index Only Scan using task_pending") == 2
    assert counted.count("Index Only Scan using task_pending") == 1


def test_a_query_of_a_click_is_neither_compiled_nor_spread_over_cores(con: Connection) -> None:
    assert con.value("SHOW jit") == "off"
    assert con.value("SHOW max_parallel_workers_per_gather") == "0"


@pytest.mark.parametrize("many", [3, 4])
def test_a_large_import_is_learned_of_at_once(
    con: Connection, store: Store, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(long_transaction, "MANY", many)
    kept = {"practice_id": 1, "kind": "day_noted", "happened_at": NOON}

    long_transaction.kept(con, lambda: con.insert("event", [kept] * 3), doing="an import")

    known = con.value(
        "SELECT count(*) FROM pg_stats "
        "WHERE schemaname = current_schema() AND tablename = 'event' AND attname = 'kind'"
    )
    assert known == (1 if many == 3 else 0)
    assert store.wait_for_import(0) == ""


def test_a_server_that_is_away_then_is_passed_over(con: Connection, store: Store) -> None:
    store.close()
    store.note_many_rows()
