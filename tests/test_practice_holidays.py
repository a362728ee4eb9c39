from __future__ import annotations

from datetime import date, timedelta

import pytest

from lib import practice_holidays, workflow
from lib.backlog import pending_tasks, times
from lib.backlog.report_scope import View
from lib.errors import NoSuchPractice, NotAllowed, WrongInput
from lib.practice_holidays import Holiday
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.given import add_task, administrator

EVE = Holiday(date(2026, 12, 24), "Christmas Eve")


def test_the_federal_holidays_of_a_year_are_added_once(con: Connection, cast: Cast) -> None:
    ada = administrator(con, cast.practice)
    federal = practice_holidays.federal(2026)
    assert practice_holidays.add(con, cast.practice, [EVE], actor=ada, now=NOON) == 1
    assert practice_holidays.add(con, cast.practice, federal, actor=ada, now=NOON) == 12
    assert practice_holidays.add(con, cast.practice, federal, actor=ada, now=NOON) == 0

    held = {each.day: each.name for each in practice_holidays.find(con, cast.practice, actor=ada)}
    assert held[date(2026, 11, 26)] == "Thanksgiving Day"
    assert held[date(2026, 7, 3)] == "Independence Day (observed)"  # the 4th is a Saturday
    assert held[EVE.day] == EVE.name
    assert practice_holidays.find(con, cast.other_practice, actor=None) == []
    said = con.value("SELECT detail FROM activity ORDER BY id LIMIT 1")
    assert said == "holidays added: 2026-12-24 Christmas Eve"


def test_a_holiday_is_removed_and_only_one_that_is_there(con: Connection, cast: Cast) -> None:
    ada = administrator(con, cast.practice)
    practice_holidays.add(con, cast.practice, [EVE], actor=ada, now=NOON)

    practice_holidays.remove(con, cast.practice, EVE.day, actor=ada, now=NOON)

    assert practice_holidays.find(con, cast.practice, actor=ada) == []
    with pytest.raises(WrongInput, match="is no holiday"):
        practice_holidays.remove(con, cast.practice, EVE.day, actor=ada, now=NOON)


def test_only_an_administrator_of_the_practice_changes_them(con: Connection, cast: Cast) -> None:
    for actor, refusal in ((cast.ana, NotAllowed), (cast.carla, NoSuchPractice)):
        with pytest.raises(refusal):
            practice_holidays.add(con, cast.practice, [EVE], actor=actor, now=NOON)
        with pytest.raises(refusal):
            practice_holidays.remove(con, cast.practice, EVE.day, actor=actor, now=NOON)


@pytest.mark.duckdb  # counts in its own SQL
def test_a_holiday_is_no_business_day_of_the_backlog(con: Connection, cast: Cast) -> None:
    done = add_task(con, cast.practice)
    add_task(con, cast.practice, title="Still pending")
    later = NOON + timedelta(days=7)  # from one Monday to the next
    workflow.start(con, done, actor=cast.ana, now=NOON)
    workflow.complete(con, done, note="Done.", token="t", actor=cast.ana, now=later)
    view = View(
        practice_ids=(cast.practice,), zone="America/Chicago", as_of=later, today=later.date(),
        since=NOON.date(), until=later.date(),
    )  # fmt: skip

    def business() -> tuple[object, ...]:
        lead = times.lead_and_cycle(con, view).dicts()[0]
        oldest = pending_tasks.oldest(con, view).dicts()[0]
        return (
            lead["Lead, business days P50"], lead["Cycle, business days P50"],
            oldest["Business days"],
        )  # fmt: skip

    before = business()
    days = [date(2025, 3, 5), date(2025, 3, 8), date(2025, 3, 12)]  # within, a Saturday, after
    for practice_id in (cast.practice, cast.other_practice):
        closed = [Holiday(day, "Closed") for day in days]
        practice_holidays.add(con, practice_id, closed, actor=None, now=NOON)

    assert before == (5, 5, 5)
    assert business() == (4, 4, 4)


@pytest.mark.parametrize("wrong", [Holiday(EVE.day, " "), Holiday(date(1999, 1, 1), "Old")])
def test_what_is_no_holiday_is_refused_and_nothing_of_it_kept(
    con: Connection, cast: Cast, wrong: Holiday
) -> None:
    with pytest.raises(WrongInput):
        practice_holidays.add(con, cast.practice, [EVE, wrong], actor=None, now=NOON)
    with pytest.raises(WrongInput, match="a year from 2000"):
        practice_holidays.federal(1999)

    assert practice_holidays.find(con, cast.practice, actor=None) == []
