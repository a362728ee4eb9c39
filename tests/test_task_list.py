"""The left menu and the rows of the list: what they stand for, and what they show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from lib import people, queue
from lib.models import Person, Role, Status, TaskFilter, TaskRow, TaskType, Turn
from lib.store.database import Connection, Store
from lib.ui import filters, session, task_list
from tests.conftest import Cast
from tests.given import add_payer, add_task, add_task_of_charge, add_tasks
from tests.pages import Visit

NOW = datetime.now(UTC)
ROW = TaskRow(
    id=5, title="Diagnosis is missing", type=TaskType.CODING, patient_name="Ray, Ida",
    payer_name="Blue Shield", date_of_service=None, amount=Decimal("1240.5"), created_at=NOW,
    completed_at=None, due_on=None, status=Status.OPEN, turn=Turn.PRACTICE, assignee_name=None,
)  # fmt: skip
NOTHING = dict.fromkeys(filters.KEYS)


@pytest.mark.parametrize("view", [view for view, _ in task_list._MENU])
def test_each_entry_of_the_menu_is_marked_where_its_filters_are_set(view: str) -> None:
    says = {**NOTHING, **task_list.view_filters(view)}

    assert task_list.current_view(says) == view


def test_no_entry_is_marked_where_the_filters_are_of_none() -> None:
    assert task_list.current_view({**NOTHING, "status": "Open"}) is None
    assert task_list.current_view({**NOTHING, "type": "Coding", "assignee": "Me"}) is None


def test_a_filter_the_menu_does_not_know_leaves_its_entry_marked() -> None:
    assert task_list.current_view({**NOTHING, "payer": "Blue Shield"}) == "all"


def test_every_type_has_an_entry_in_the_order_of_the_types() -> None:
    entries = [view for view, _ in task_list._MENU]

    assert [view for view in entries if view in set(TaskType)] == list(TaskType)


def test_the_billers_side_has_its_questions_to_answer(store: Store, cast: Cast) -> None:
    con = store.connection()
    waiting = add_task_of_charge(con, cast.practice, turn=Turn.BILLER)
    answered = add_task_of_charge(con, cast.practice, is_answered=True)

    with Visit(store, cast.dora) as visit:
        visit.page("tasks", status="Waiting on biller")
        assert [row["id"] for row in visit.listed()] == [waiting]
        assert ("waiting", "Questions to answer", "1") in visit.menu()
        assert not {"mine", "unassigned", "answered"} & {view for view, *_ in visit.menu()}
    with Visit(store, cast.ana) as visit:
        visit.page("tasks", status="Answered")
        assert [row["id"] for row in visit.listed()] == [answered]
        assert visit.listed()[0]["status"] == "Answered"
        assert ("waiting", "Waiting on biller", "1") in visit.menu()
        assert ("answered", "Answered", "1") in visit.menu()


def test_only_people_of_several_practices_have_a_column_for_them(store: Store, cast: Cast) -> None:
    con = store.connection()
    add_task(con, cast.practice)
    south = add_task(con, cast.other_practice)
    roles = {cast.practice: Role.BILLER, cast.other_practice: Role.BILLER}
    both = people.add_person(con, "Eli", "eli@example.org", roles, is_sample=True, now=NOW)

    with Visit(store, cast.ana) as visit:
        visit.page("tasks")
        assert "Practice" not in visit.columns()
        assert "practice" not in visit.listed()[0]
    with Visit(store, people.person(con, both)) as visit:
        visit.page("tasks", sort="-practice")
        assert "Practice" in visit.columns()
        names = [row["practice"] for row in visit.listed()]
        assert names == sorted(names, reverse=True)
        assert {row["id"]: row["practice"] for row in visit.listed()}[south] == names[0]


def test_every_column_can_be_ordered_by() -> None:
    assert {each.name for each in task_list.COLUMNS} <= set(queue.ORDERS)


def shown(row: TaskRow, cast: Cast) -> dict[str, object]:
    return task_list._row(replace(row, practice_id=cast.practice), cast.ana)


def test_a_row_says_what_people_read_and_nothing_where_there_is_nothing(cast: Cast) -> None:
    row = shown(ROW, cast)

    assert (row["id"], row["title"], row["type"]) == (5, "Diagnosis is missing", "Coding")
    assert (row["amount"], row["age"]) == ("1,240.50", "0 d")
    assert (row["service"], row["due"], row["assignee"]) == ("", "", "")


def test_a_row_is_late_from_the_day_after_it_was_due_until_it_is_completed(cast: Cast) -> None:
    today = session.today(cast.ana)
    yesterday = replace(ROW, due_on=today - timedelta(days=1))

    assert shown(yesterday, cast)["late"] is True
    assert shown(replace(ROW, due_on=today), cast)["late"] is False
    assert shown(ROW, cast)["late"] is False
    assert shown(replace(yesterday, completed_at=NOW), cast)["late"] is False


def test_a_row_that_waits_for_the_biller_says_so(cast: Cast) -> None:
    row = shown(replace(ROW, turn=Turn.BILLER), cast)

    assert (row["status"], row["state"]) == ("Waiting on biller", "biller")


def test_the_age_counts_days_by_the_calendar_of_the_practice() -> None:
    late_evening = datetime(2025, 3, 4, 3, tzinfo=UTC)  # still Monday the 3rd in Chicago
    (age,) = (each for each in task_list.COLUMNS if each.name == "age")

    row = replace(ROW, created_at=late_evening)
    today = datetime(2025, 3, 4).date()

    assert age.text(row, today, ZoneInfo("America/Chicago")) == "1 d"
    assert age.text(row, today, ZoneInfo("UTC")) == "0 d"


@pytest.mark.usefixtures("served")
def test_colleagues_are_those_of_all_practices_by_name_and_nobody_elses(cast: Cast) -> None:
    assert [each.name for each in task_list.colleagues_of(cast.ana)] == ["Ana", "Ben"]
    assert [each.name for each in task_list.colleagues_of(cast.carla)] == ["Carla"]


@pytest.mark.usefixtures("served")
def test_payers_and_providers_to_choose_from_are_those_of_ones_own_practices(
    con: Connection, cast: Cast
) -> None:
    add_payer(con, cast.practice, "Blue Shield")
    add_task(con, cast.practice, provider_name="Moreno, Ida")
    add_payer(con, cast.other_practice, "Theirs")

    assert task_list.choices(cast.ana) == (["Blue Shield"], ["Moreno, Ida"])
    assert task_list.choices(cast.carla) == (["Theirs"], [])


def test_the_list_and_the_menu_show_ones_own_tasks_only(store: Store, cast: Cast) -> None:
    con = store.connection()
    mine = add_task_of_charge(con, cast.practice, assignee_id=cast.ana.id)
    other = add_task_of_charge(con, cast.practice, type=TaskType.PATIENT)
    add_task(con, cast.other_practice)

    with Visit(store, cast.ana) as visit:
        visit.page("tasks")
        assert {row["id"] for row in visit.listed()} == {mine, other}
        assert ("all", "All tasks", "2") in visit.menu()
        assert ("mine", "My tasks", "1") in visit.menu()
        visit.page("tasks", type="Coding", assignee="Me")
        assert [row["id"] for row in visit.listed()] == [mine]


@pytest.mark.parametrize("is_analyst_first", [True, False])
def test_an_analyst_sees_no_patient_and_a_manager_does_whoever_looked_before(
    store: Store, cast: Cast, *, is_analyst_first: bool
) -> None:
    add_task_of_charge(store.connection(), cast.practice)
    seen = {}
    for person in (cast.alan, cast.ana) if is_analyst_first else (cast.ana, cast.alan):
        with Visit(store, person) as visit:
            visit.page("tasks")
        with Visit(store, person) as visit:  # signing in is over: nothing is written meanwhile
            visit.page("tasks")
            [row] = visit.listed()
            seen[person.name] = row.get("patient"), row.get("service")

    assert seen[cast.alan.name] == (None, None)  # nor a column that is always empty
    assert all(seen[cast.ana.name])


@pytest.mark.parametrize(
    ("sort", "first"),
    [("amount", "1.00"), ("-amount", "9.00"), ("nonsense", "9.00"), ("", "9.00")],
)
def test_the_order_is_what_the_address_says_else_what_is_due_first(
    store: Store, cast: Cast, sort: str, first: str
) -> None:
    con = store.connection()
    today = session.today(cast.ana)
    add_task(con, cast.practice, amount=Decimal(9), due_on=today)
    add_task(con, cast.practice, amount=Decimal(1), due_on=today + timedelta(days=1))

    with Visit(store, cast.ana) as visit:
        visit.page("tasks", **({"sort": sort} if sort else {}))
        assert visit.listed()[0]["amount"] == first


def test_a_page_beyond_the_last_is_the_last(store: Store, cast: Cast) -> None:
    con = store.connection()
    for _ in range(queue.PAGE_SIZE + 1):
        add_task(con, cast.practice)

    with Visit(store, cast.ana) as visit:
        visit.page("tasks", page="99")
        assert len(visit.listed()) == 1
        visit.page("tasks", page="-3")
        assert len(visit.listed()) == queue.PAGE_SIZE


@pytest.mark.parametrize("order", sorted(queue.OF_PATIENT))
def test_the_order_of_an_analysts_list_says_nothing_of_patients(
    con: Connection, cast: Cast, order: str
) -> None:
    rows = [
        {"title": name, "patient_name": f"{name}, Ida", "date_of_service": date(2025, 1, day)}
        for name, day in (("Moss", 20), ("Abel", 10), ("Zorn", 30))
    ]
    add_tasks(con, cast.practice, rows)

    def listed(actor: Person, *, descending: bool) -> list[int]:
        found = queue.find(con, TaskFilter(), actor=actor, order=order, descending=descending)
        return [row.id for row in found.rows]

    ids = sorted(listed(cast.ana, descending=False))
    assert listed(cast.ana, descending=False) == [ids[1], ids[0], ids[2]]
    assert listed(cast.ana, descending=True) == [ids[2], ids[0], ids[1]]
    assert listed(cast.alan, descending=False) == ids
    assert listed(cast.alan, descending=True) == ids[::-1]
