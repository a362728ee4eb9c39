from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from lib.models import Status
from lib.store import database
from lib.store.database import Connection, Store, money, transaction

pytestmark = pytest.mark.stores
ROOT = Path(__file__).parents[1]
ADD = "INSERT INTO practice (name, timezone, due_days, created_at) VALUES ($name, 'UTC', 1, now())"


class Stopped(BaseException):
    """What Streamlit throws into a run that is no longer wanted is no Exception."""


def practices(con: Connection) -> list[str]:
    return [name for (name,) in con.rows("SELECT name FROM practice ORDER BY name")]


@pytest.mark.parametrize("problem", [ValueError, KeyboardInterrupt, Stopped])
def test_whatever_stops_a_transaction_takes_all_of_it_back(
    con: Connection, problem: type[BaseException]
) -> None:
    with pytest.raises(problem), transaction(con):
        con.execute(ADD, name="half")
        raise problem

    assert practices(con) == []
    with transaction(con):
        con.execute(ADD, name="whole")
    assert practices(con) == ["whole"]


def test_a_statement_that_fails_takes_the_ones_before_it_back(con: Connection) -> None:
    with pytest.raises(Exception, match=r"(?i)check"), transaction(con):
        con.execute(ADD, name="half")
        con.execute(ADD.replace("1,", "0,"), name="due in no days")

    assert practices(con) == []


def test_a_failure_that_was_swallowed_is_not_taken_for_a_commit(con: Connection) -> None:
    """DuckDB itself rolls back at COMMIT then, and says nothing."""
    before = con.store.revision

    with pytest.raises(Exception, match="aborted"), transaction(con):
        con.execute(ADD, name="half")
        with suppress(Exception):
            con.execute(ADD.replace("1,", "0,"), name="due in no days")

    assert practices(con) == []
    assert con.store.revision == before
    with transaction(con):
        con.execute(ADD, name="whole")
    assert practices(con) == ["whole"]


def test_a_transaction_in_a_transaction_is_refused_and_nothing_is_kept(con: Connection) -> None:
    with pytest.raises(RuntimeError, match="only public verbs"), transaction(con):
        con.execute(ADD, name="outer")
        with transaction(con):
            con.execute(ADD, name="inner")

    assert practices(con) == []


def test_another_connection_of_the_same_thread_cannot_nest_either(store: Store) -> None:
    with (
        pytest.raises(RuntimeError, match="only public verbs"),
        transaction(store.connection()),
        transaction(store.connection()),
    ):
        pass


def test_what_is_not_committed_is_seen_by_nobody_else(store: Store) -> None:
    writer, reader = store.connection(), store.connection()

    with transaction(writer):
        writer.execute(ADD, name="soon")
        before = practices(reader)

    assert before == []
    assert practices(reader) == ["soon"]


def test_writers_of_many_threads_come_one_after_another(store: Store) -> None:
    setup = store.connection()
    with transaction(setup):
        setup.execute(ADD, name="shared")
    problems: list[BaseException] = []

    def count() -> None:
        con = store.connection()
        try:
            for _ in range(20):
                with transaction(con):
                    days = con.value("SELECT due_days FROM practice")
                    con.execute("UPDATE practice SET due_days = $days", days=days + 1)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=count) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert setup.value("SELECT due_days FROM practice") == 101


def test_the_revision_grows_with_commits_only(store: Store) -> None:
    con = store.connection()
    before = store.revision
    with pytest.raises(ValueError), transaction(con):
        con.execute(ADD, name="half")
        raise ValueError
    after_rollback = store.revision
    with transaction(con):
        con.execute(ADD, name="whole")

    assert (after_rollback, store.revision) == (before, before + 1)


def test_what_is_remembered_is_read_again_after_a_commit(store: Store) -> None:
    con, reads = store.connection(), []

    def count() -> int:
        reads.append(1)
        return int(con.value("SELECT count(*) FROM practice"))

    assert [store.cached("practices", count) for _ in range(3)] == [0, 0, 0]
    with transaction(con):
        con.execute(ADD, name="new")
    assert [store.cached("practices", count) for _ in range(3)] == [1, 1, 1]
    assert len(reads) == 2


def test_a_write_of_what_nobody_remembers_forgets_nothing(store: Store) -> None:
    con, answers = store.connection(), iter((1, 2))

    assert store.cached("tasks", lambda: next(answers)) == 1
    with transaction(con, invalidates_cache=False):
        con.execute(ADD, name="new")
    assert store.cached("tasks", lambda: next(answers)) == 1


def test_what_is_not_there_is_looked_for_again(store: Store) -> None:
    assert store.cached("nobody", lambda: None) is None
    assert store.cached("nobody", lambda: 7) == 7


def test_what_is_remembered_has_an_end(store: Store) -> None:
    for number in range(database.MAX_CACHED + 1):
        store.cached(number, lambda: "first")

    last = database.MAX_CACHED
    assert store.cached(last, lambda: "again") == "first"
    assert store.cached(0, lambda: "again") == "again"


def test_a_time_without_a_zone_is_refused(con: Connection) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        con.execute("SELECT $now", now=datetime(2025, 3, 3, 12, 0))
    with pytest.raises(ValueError, match="without a zone"):
        con.execute("SELECT $days", days=[datetime(2025, 3, 3, 12, 0)])


@dataclass(frozen=True, slots=True)
class Moment:
    moment: datetime
    status: Status
    codes: tuple[str, ...]
    end: datetime | None


def test_times_are_kept_in_utc_and_come_back_aware_in_records(con: Connection) -> None:
    noon_in_chicago = datetime(2025, 3, 3, 12, 0, tzinfo=timezone(timedelta(hours=-6)))

    sql = "SELECT $m::TIMESTAMP AS moment, $s AS status, $c::VARCHAR[] AS codes, NULL AS end"
    parameters = {"m": noon_in_chicago, "s": Status.OPEN, "c": ("a", "b")}

    assert con.row(sql, **parameters) == (datetime(2025, 3, 3, 18, 0), "open", ["a", "b"], None)
    (record,) = con.records(Moment, sql, **parameters)
    assert record == Moment(datetime(2025, 3, 3, 18, 0, tzinfo=UTC), Status.OPEN, ("a", "b"), None)
    assert record.moment.tzinfo is UTC


def test_many_rows_at_once_keep_decimals_lists_and_nothing(con: Connection) -> None:
    line = {
        "practice_id": 1,
        "charge_id": 1,
        "position": 1,
        "date_from": None,
        "date_to": date(2025, 2, 3),
        "procedure": "99213",
        "modifiers": ("25", "59"),
        "pointers": (),
        "units": Decimal("2.5"),
        "unit_charge": Decimal("9999999999.99"),
        "total": Decimal("-0.1"),
    }

    with transaction(con):
        con.insert("service_line", [line, {**line, "position": 2, "date_to": None}])
        con.insert("service_line", [])

    assert con.rows(
        "SELECT date_from, date_to, modifiers, pointers, units, unit_charge, total "
        "FROM service_line ORDER BY position"
    ) == [
        (
            None, day, ["25", "59"], [], Decimal("2.500"), Decimal("9999999999.99"),
            Decimal("-0.10"),
        )
        for day in (date(2025, 2, 3), None)
    ]  # fmt: skip


def test_many_rows_at_once_are_taken_back_with_their_transaction(con: Connection) -> None:
    row = {"practice_id": 1, "code": "PH-7", "name": "Plains Health"}

    with pytest.raises(Stopped), transaction(con):
        con.insert("payer", [row, row])
        raise Stopped

    assert con.rows("SELECT * FROM payer") == []


def test_new_ids_ascend_and_never_come_twice(con: Connection) -> None:
    first, second = con.next_ids("task", 3), con.next_ids("task", 2)

    assert first == sorted(first)
    assert len({*first, *second}) == 5
    assert min(second) > max(first)


def test_money_has_two_decimals_and_nothing_is_zero() -> None:
    assert [str(money(value)) for value in (None, Decimal(0), Decimal("12.5"))] == [
        "0.00", "0.00", "12.50",
    ]  # fmt: skip


@pytest.mark.parametrize("units", [Decimal("1.00005"), 1.5, "2"])
def test_many_rows_round_no_number(con: Connection, units: object) -> None:
    with pytest.raises(ValueError, match="decimal places"):
        con.insert("service_line", [{"units": units}])
    with pytest.raises(ValueError, match="whole numbers"):
        con.insert("service_line", [{"charge_id": units}])
