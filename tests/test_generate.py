from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lib import charges, generate, people, scrubber
from lib.errors import WrongDataFolder
from lib.models import Person, Role, TaskType
from lib.store.database import Connection
from lib.store.duckdb.store import DuckDBStore
from lib.store.search_match import claim_shape

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
COUNT = 2000


def silent(_: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    store = DuckDBStore(tmp_path_factory.mktemp("generated"))
    con = store.connection()
    generate.generate(con, COUNT, now=NOW, say=silent)
    yield con
    store.close()


def ana(con: Connection) -> Person:
    return next(person for person in people.sample_people(con) if person.name == "Ana Ruiz")


def test_every_task_has_its_charge_with_lines_and_history(filled: Connection) -> None:
    tasks, charges_, lines, created = filled.rows(
        """
        SELECT (SELECT count(*) FROM task), (SELECT count(*) FROM charge),
               (SELECT count(*) FROM service_line),
               (SELECT count(*) FROM event WHERE kind = 'created')
        """
    )[0]

    assert (tasks, charges_, created) == (COUNT, COUNT, COUNT)
    assert COUNT < lines <= 4 * COUNT


@pytest.mark.parametrize(
    ("table", "column", "parent"),
    [
        ("task", "charge_id", "charge"),
        ("task", "patient_id", "patient"),
        ("task", "payer_id", "payer"),
        ("task", "assignee_id", "person"),
        ("task", "completed_by", "person"),
        ("charge", "patient_id", "patient"),
        ("charge", "payer_id", "payer"),
        ("service_line", "charge_id", "charge"),
        ("event", "task_id", "task"),
        ("event", "actor_id", "person"),
        ("note", "task_id", "task"),
        ("note", "author_id", "person"),
    ],
)
def test_every_reference_leads_somewhere(
    filled: Connection, table: str, column: str, parent: str
) -> None:
    orphans = filled.value(
        f"""
        SELECT count(*) FROM {table}
        WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM {parent})
        """
    )

    assert orphans == 0


def test_the_history_of_a_task_says_what_its_columns_say(filled: Connection) -> None:
    different = filled.value(
        """
        WITH told AS (
            SELECT task_id,
                   max(happened_at) FILTER (WHERE kind = 'created') AS created_at,
                   max(happened_at) FILTER (WHERE kind = 'started') AS started_at,
                   max(happened_at) FILTER (WHERE kind = 'completed') AS completed_at,
                   count(*) FILTER (WHERE kind = 'assigned') AS times_assigned
            FROM event GROUP BY task_id
        )
        SELECT count(*) FROM task JOIN told ON told.task_id = task.id
        WHERE told.created_at <> task.created_at
           OR told.started_at IS DISTINCT FROM task.started_at
           OR told.completed_at IS DISTINCT FROM task.completed_at
           OR times_assigned <> (task.assignee_id IS NOT NULL)::INTEGER
           OR task.status <> CASE
                  WHEN told.completed_at IS NOT NULL THEN 'completed'
                  WHEN told.started_at IS NOT NULL THEN 'in_progress'
                  ELSE 'open' END
           OR is_open <> (told.completed_at IS NULL)
        """
    )

    assert different == 0


def test_a_few_completed_tasks_came_back_before_and_the_practice_has_holidays(
    filled: Connection,
) -> None:
    completed, reopened, twice = filled.rows(
        """
        SELECT count(*) FILTER (WHERE completions > 0), sum(reopened),
               count(*) FILTER (WHERE completions = 2)
        FROM (
            SELECT count(*) FILTER (WHERE kind = 'completed') AS completions,
                   count(*) FILTER (WHERE kind = 'reopened') AS reopened
            FROM event GROUP BY task_id
        )
        """
    )[0]

    assert 0.02 < reopened / completed < 0.04
    assert reopened == twice
    assert filled.value("SELECT count(*) FROM holiday WHERE day > $day", day=NOW.date()) > 5


def test_history_is_in_order_and_never_in_the_future(filled: Connection) -> None:
    wrong = filled.value(
        """
        SELECT count(*) FROM (
            SELECT happened_at, lag(happened_at) OVER (PARTITION BY task_id ORDER BY id) AS before
            FROM event
        ) WHERE before > happened_at OR happened_at > $now
        """,
        now=NOW,
    )

    assert wrong == 0


def test_ids_ascend_with_time_over_two_years(filled: Connection) -> None:
    days = [row[0] for row in filled.rows("SELECT created_at FROM task ORDER BY id")]

    assert days == sorted(days)
    assert days[0].date() == date(2024, 3, 4)
    assert days[-1].date() == date(2026, 3, 3)


def test_about_a_twelfth_is_pending_mostly_of_the_last_months(filled: Connection) -> None:
    pending, young = filled.rows(
        """
        SELECT count(*), count(*) FILTER (WHERE created_at > $now - INTERVAL 120 DAYS)
        FROM task WHERE is_open
        """,
        now=NOW,
    )[0]

    assert 0.06 < pending / COUNT < 0.11
    assert young > 0.9 * pending


def test_all_types_payers_and_many_providers_come_up(filled: Connection) -> None:
    types, payers, providers = filled.rows(
        "SELECT count(DISTINCT type), count(DISTINCT payer_id), count(DISTINCT provider_name) "
        "FROM task"
    )[0]

    assert types == len(TaskType)
    assert payers == 25
    assert providers == 15


def test_the_shape_of_a_claim_number_is_made_as_everywhere(filled: Connection) -> None:
    rows = filled.rows("SELECT DISTINCT claim_shape, claim_number FROM task")

    assert all(stored == claim_shape(number) for stored, number in rows)


def test_the_charges_are_clean_and_add_up(filled: Connection) -> None:
    for charge_id in range(1, COUNT, 97):
        charge = charges.get(filled, charge_id, actor=ana(filled))

        assert scrubber.check_charge(charge, today=NOW.date()) == []
        assert not scrubber.total_differs(charge)


def test_the_people_can_sign_in_and_the_store_goes_on_counting(filled: Connection) -> None:
    roles = [person.memberships[0].role for person in people.sample_people(filled)]

    assert len(roles) == 8
    assert {Role.MANAGER, Role.STAFF, Role.BILLER} <= set(roles)
    for table in ("patient", "charge", "service_line", "task", "event", "note"):
        highest = filled.value(f"SELECT max(id) FROM {table}")
        assert filled.next_ids(table, 1)[0] > highest


def test_the_same_moment_gives_the_same_practice(filled: Connection, tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    again = store.connection()
    generate.generate(again, COUNT, now=NOW, say=silent)

    for table in ("patient", "charge", "service_line", "task", "event", "note"):
        print_of = f"SELECT count(*), bit_xor(hash({table}::VARCHAR)) FROM {table}"
        assert again.rows(print_of) == filled.rows(print_of)
    store.close()


def test_a_store_that_holds_a_practice_is_refused(filled: Connection) -> None:
    with pytest.raises(WrongDataFolder, match="already holds a practice"):
        generate.generate(filled, 10, now=NOW, say=silent)
