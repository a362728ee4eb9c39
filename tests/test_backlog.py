"""Every figure of the Backlog pages is counted once more, plainly, from random histories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import pytest

from lib import charges, notes, queue, tasks, workflow
from lib.backlog import completions_by_person, flow, forecast, payer_denials, pending_tasks, times
from lib.backlog.calendar_periods import (
    Preset,
    Unit,
    before,
    ends_on,
    hours_of_one_day,
    period,
    unit_for,
)
from lib.backlog.report_scope import Table, View, as_known
from lib.backlog.sql_literals import literal
from lib.models import Person, Resolution, Status, TaskFilter, TaskType
from lib.store.database import Connection, transaction
from tests.conftest import NOON, Cast, everybody
from tests.given import add_charge, add_task_of_charge, minutes
from tests.histories import World, events, live, opened, told, view, world
from tests.test_import import bring
from tests.x12_texts import answer, file_835

pytestmark = pytest.mark.duckdb  # reports count in its own SQL

SPRING, AUTUMN = date(2025, 3, 25), date(2025, 11, 5)  # after the clocks of Chicago changed
SEPTEMBER = date(2025, 9, 20)  # after those of Santiago did
# One for `make check`, the others when there is time.
ENDS = [SPRING, *(pytest.param(day, marks=pytest.mark.slow) for day in (SEPTEMBER, AUTUMN))]


@pytest.fixture(scope="module", params=ENDS, ids=str)
def lived(
    empty: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[World, date]]:
    """Seven weeks of work that end on a day after some clock changed, for tests that only count."""
    today: date = request.param
    with opened(empty, tmp_path_factory.mktemp("lived") / "data") as store:
        con = store.connection()
        where = world(con, everybody(con), seed=today.toordinal())
        live(where, today - timedelta(days=48), today, 200)
        yield where, today


@pytest.fixture(scope="module")
def copied(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Path]]:
    """Yield a month of work and a denial, for tests that only count, and a copy of its database."""
    folder = tmp_path_factory.mktemp("copied")
    with opened(empty, folder / "data") as store:
        con = store.connection()
        cast = everybody(con)
        where = world(con, cast)
        live(where, SPRING - timedelta(days=30), SPRING, 120)
        bring(con, cast, file_835(answer("N-1001", codes=("CAS*CO*16*100",))))
    with opened(folder / "data", folder / "again") as store:
        yield replace(where, con=store.connection()), folder / "data" / "billing.duckdb"


NUMBERS: dict[str, Callable[[Connection, View], Table]] = {
    "over time": flow.over_time,
    "asked for": flow.asked_for,
    "cumulative": flow.cumulative,
    "summary": pending_tasks.summary,
    "by type": pending_tasks.by_type,
    "by payer": pending_tasks.by_payer,
    "by assignee": pending_tasks.by_assignee,
    "by age": pending_tasks.by_age,
    "by due": pending_tasks.by_due,
    "by filing": pending_tasks.by_filing,
    "waiting": pending_tasks.waiting,
    "oldest": pending_tasks.oldest,
    "lead and cycle": times.lead_and_cycle,
    "handoffs": times.handoffs_and_reopens,
    "first response": times.first_response,
    "on each side": times.on_each_side,
    "denials": payer_denials.denials,
    "recovered": payer_denials.recovered_after_tasks,
    "causes": payer_denials.causes,
    "completions": completions_by_person.completions,
    "resolutions": completions_by_person.resolutions,
}


@pytest.mark.cases(1)
def test_each_day_is_what_a_plain_count_says(lived: tuple[World, date]) -> None:
    where, today = lived
    frame = events(where)

    found = flow.bars(flow.over_time(where.con, view(where, today)))

    for bar in found:
        of_day = Counter(frame[frame["day"] == bar.begins_on]["kind"])
        assert (bar.received, bar.completed, bar.reopened) == (
            of_day["created"], of_day["completed"], of_day["reopened"],
        )  # fmt: skip
        assert bar.pending == sum(one.is_pending for one in told(frame, bar.begins_on))
    assert sum(bar.reopened for bar in found) > 0


@pytest.mark.parametrize("unit", Unit)
def test_pending_is_what_was_before_and_what_came_less_what_left(
    lived: tuple[World, date], unit: Unit
) -> None:
    where, today = lived
    asked = view(where, today, unit=unit)

    found = flow.bars(flow.over_time(where.con, asked))

    previous = flow.bars(
        flow.over_time(where.con, replace(asked, since=asked.since - timedelta(1), unit=Unit.DAY))
    )[0].pending
    for bar in found:
        assert bar.pending == previous + bar.received + bar.reopened - bar.completed
        previous = bar.pending
    assert found[0].begins_on == asked.since
    assert found[-1].ends_on == today
    assert found[-1].is_unfinished is (ends_on(today, unit) > today)


def test_who_had_the_pending_tasks_on_a_past_day(lived: tuple[World, date]) -> None:
    where, today = lived
    frame = events(where)
    for back in (0, 5, 20):
        day = today - timedelta(days=back)
        expected = Counter(one.person for one in told(frame, day) if one.is_pending)

        table = pending_tasks.by_assignee(where.con, view(where, day))

        assert dict(zip(table.column("Person"), table.column("Tasks"), strict=True)) == expected
        for person, count in expected.items():
            one = {"unassigned": True} if person is None else {"person_id": person}
            bars = flow.bars(flow.over_time(where.con, view(where, day, **one)))
            assert bars[-1].pending == count
            assert (
                pending_tasks.sums(pending_tasks.summary(where.con, view(where, day, **one))).tasks
                == count
            )


def test_ages_sides_and_sums_of_a_past_day(lived: tuple[World, date]) -> None:
    where, today = lived
    frame = events(where)
    facts = {
        row[0]: row[1:]
        for row in where.con.rows(
            "SELECT id, practice_id, created_at, requested_on, due_on, amount, charge_id FROM task"
        )
    }
    for day in (today, today - timedelta(days=9)):
        open_ones = [one for one in told(frame, day) if one.is_pending]
        ages = []
        for one in open_ones:
            practice, created, requested, *_ = facts[one.task]
            came = created.replace(tzinfo=UTC).astimezone(where.practices[practice]).date()
            ages.append((day - (requested or came)).days)

        found = pending_tasks.sums(pending_tasks.summary(where.con, view(where, day)))

        assert (found.tasks, found.oldest) == (len(open_ones), max(ages))
        assert found.with_biller == sum(one.with_biller for one in open_ones)
        due = [facts[one.task][3] for one in open_ones]
        assert found.overdue == sum(each < day for each in due)
        assert found.due_soon == sum(day <= each <= day + timedelta(days=7) for each in due)
        assert found.requested == sum(facts[one.task][4] for one in open_ones)
        charges_held = {facts[one.task][5] for one in open_ones}
        assert found.held == Decimal("240.00") * len(charges_held)
        table = pending_tasks.by_age(where.con, view(where, day))
        assert dict(zip(table.column("Age"), table.column("Tasks"), strict=True)) == Counter(
            next(n for n, (low, high) in pending_tasks.AGES.items() if low <= age <= (high or 9999))
            for age in ages
        )


def test_lead_cycle_handoffs_and_sides_are_what_pandas_says(lived: tuple[World, date]) -> None:
    where, today = lived
    frame = events(where)
    asked = view(where, today, days=30)
    rows = []
    for one in told(frame, today):
        if one.completed_on is None or not asked.since <= one.completed_on <= today:
            continue
        own = frame[(frame["task"] == one.task) & (frame["day"] <= today)]
        practice, created, requested = where.con.rows(
            "SELECT practice_id, created_at, requested_on FROM task WHERE id = $id", id=one.task
        )[0]
        came = created.replace(tzinfo=UTC).astimezone(where.practices[practice]).date()
        done_at = own[own["kind"] == "completed"]["at"].max()
        started = started_at(own)
        first = requested or came
        rows.append(
            {
                "lead": (one.completed_on - first).days,
                "business": weekdays_between(first, one.completed_on),
                "cycle": (done_at - started) / timedelta(days=1),
                "handoffs": int(_is_handed_over(own).sum()),
                "reopened": bool((own["kind"] == "reopened").any()),
                "biller": _days_after(own, "asked"),
                "all": (done_at - own["at"].min()) / timedelta(days=1)
                - _days_after(own, "completed"),
            }
        )  # fmt: skip
    plain = pd.DataFrame(rows)

    table = times.lead_and_cycle(where.con, asked)

    every = dict(zip(table.names, table.rows[0], strict=True))
    assert (every["Type"], every["Completed tasks"]) == ("All", len(plain))
    for percent in (50, 85, 95):
        share = percent / 100
        assert every[f"Lead, days P{percent}"] == nearest(plain["lead"], share)
        assert every[f"Lead, business days P{percent}"] == nearest(plain["business"], share)
        cycle = nearest(plain["cycle"].dropna(), share)
        assert every[f"Cycle, days P{percent}"] == round(cycle, 1)
    again = times.handoffs_and_reopens(where.con, asked).dicts()[0]
    assert again["Handoffs a task"] == pytest.approx(plain["handoffs"].mean(), abs=0.006)
    assert again["Reopened at least once"] == plain["reopened"].sum()
    sides = {row["Waited on"]: row for row in times.on_each_side(where.con, asked).dicts()}
    waited = plain["biller"][plain["biller"] > 0]
    assert ("biller" in sides) is bool(len(waited))
    if len(waited):
        assert sides["biller"]["Tasks"] == len(waited)
        assert sides["biller"]["Days P85"] == round(nearest(waited, 0.85), 1)
    own_days = plain["all"] - plain["biller"]
    assert sides["practice"]["Tasks"] == len(plain)
    assert sides["practice"]["Days P85"] == pytest.approx(nearest(own_days, 0.85), abs=0.051)


def started_at(own: pd.DataFrame) -> datetime:
    """Return the first start that was not undone, else the first completion."""
    kinds, moments = list(own["kind"]), list(own["at"])
    starts = [
        at
        for place, (kind, at) in enumerate(zip(kinds, moments, strict=True))
        if kind == "started" and kinds[place + 1 : place + 2] != ["start undone"]
    ]
    first: datetime = min(starts, default=min(own[own["kind"] == "completed"]["at"]))
    return first


def weekdays_between(first: date, last: date) -> int:
    """Mondays to Fridays after the first day, up to the last."""
    return int(np.busday_count(first + timedelta(1), last + timedelta(1)))


def nearest(values: pd.Series[Any], share: float) -> Any:
    """Return the smallest value that at least this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(int(np.ceil(len(ordered) * share)) - 1, 0)]


def _is_handed_over(own: pd.DataFrame) -> pd.Series[bool]:
    """Return which events gave the task from one person to another."""
    return (own["kind"] == "assigned") & own["was"].notna() & own["to"].notna()


def _days_after(own: pd.DataFrame, what: str) -> float:
    """Days from each line of that kind to the next one that says whose move it is."""
    total, since = timedelta(), None
    for kind, at in zip(own["kind"], own["at"], strict=True):
        if kind not in ("created", "asked", "answered", "completed", "reopened"):
            continue
        if since is not None:
            total += at - since
        since = at if kind == what else None
    return total / timedelta(days=1)


def test_the_rows_of_pending_tasks_say_now_what_their_history_does(
    lived: tuple[World, date],
) -> None:
    where, today = lived
    for more in ({}, {"person_id": where.workers[min(where.practices)][0].id}):
        asked = view(where, today, closes_day=False, **more)
        plainer = as_known(where.con, asked)
        assert not plainer.has_later_events
        for name in ("summary", "by type", "by assignee", "by filing", "waiting", "oldest"):
            assert NUMBERS[name](where.con, plainer).rows == NUMBERS[name](where.con, asked).rows


def test_people_and_resolutions_are_what_pandas_says(lived: tuple[World, date]) -> None:
    where, today = lived
    frame = events(where)
    asked = view(where, today, days=30)
    done = frame[(frame["kind"] == "completed") & (frame["day"].between(asked.since, today))]

    table = completions_by_person.completions(where.con, asked)

    by_person = Counter(done["to"])
    assert dict(zip(table.column("Person"), table.column("Completions"), strict=True)) == by_person
    kinds: dict[int, str] = dict(where.con.rows("SELECT id, type FROM task"))
    for row in table.dicts():
        own = Counter(kinds[task] for task in done[done["to"] == row["Person"]]["task"])
        assert {kind: row[kind.label] for kind in TaskType} == {
            kind: own[kind.value] for kind in TaskType
        }
    assert table.column("Name") == sorted(table.column("Name"))
    ended = completions_by_person.resolutions(where.con, asked)
    assert sum(ended.column("Completions")) == len(done)
    assert set(ended.column("Resolution")) <= {each.value for each in Resolution}


@pytest.mark.parametrize(
    "zone", ["America/Chicago", "America/Santiago", "Asia/Kolkata", "Pacific/Apia", "UTC"]
)
def test_the_date_of_utc_is_taken_only_where_it_is_that_of_the_zone(zone: str) -> None:
    first, last = hours_of_one_day((zone,))
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    moments = [begin + timedelta(hours=n) - timedelta(microseconds=n % 2) for n in range(8760)]
    differ = [at for at in moments if at.astimezone(ZoneInfo(zone)).date() != at.date()]

    assert [at for at in differ if first <= at.hour <= last] == []
    assert (first, last) == (0, 23) if zone == "UTC" else differ


@pytest.mark.slow
@pytest.mark.parametrize("name", NUMBERS)
def test_the_text_that_is_shown_gives_the_same_table_on_a_copy(
    copied: tuple[World, Path], name: str
) -> None:
    where, database = copied
    worker = next(iter(where.workers.values()))[0]
    asked = {"types": tuple(TaskType), "amount_from": Decimal("1.00"), "payer": "Blue Shield"}
    tables = [
        NUMBERS[name](where.con, view(where, SPRING, **more))
        for more in ({}, asked, {"person_id": worker.id}, {"closes_day": False})
    ]

    with duckdb.connect(str(database), read_only=True) as copy:
        for table in tables:
            assert "$" not in table.sql
            assert "ANY([])" not in table.sql
            found = copy.execute(table.sql)
            names = tuple(column[0] for column in found.description)
            assert (names, tuple(found.fetchall())) == (table.names, table.rows)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("O'Hara", "'O''Hara'"), (None, "NULL"), (date(2025, 1, 2), "DATE '2025-01-02'"),
        ([1, 2], "[1, 2]"), (Decimal("1.50"), "1.50"), (TaskType.CODING, "'coding'"),
        (NOON, "TIMESTAMP '2025-03-03 18:00:00'"), (True, "True"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_sql_writes_it(value: object, text: str) -> None:
    assert literal(value) == text
    con = duckdb.connect()
    assert con.execute(f"SELECT {text}").fetchall()


@pytest.mark.cases(1)
@pytest.mark.slow
def test_a_click_opens_exactly_the_tasks_a_bar_counted(lived: tuple[World, date]) -> None:
    where, today = lived
    con, gus, asked = where.con, where.gus, view(where, today)

    def listed(**more: Any) -> tuple[int, Decimal]:
        page = queue.find(con, TaskFilter(**more), actor=gus)
        return page.count, page.amount

    for day in (today, today - timedelta(days=6)):
        at = view(where, day)
        found = pending_tasks.sums(pending_tasks.summary(con, at))
        assert listed(selection=pending_tasks.among(at)) == (found.tasks, found.requested)
        for name, key, text in (
            (pending_tasks.by_age, "age", "Age"),
            (pending_tasks.by_due, "due", "Due"),
            (pending_tasks.by_filing, "filing", "Filing"),
            (pending_tasks.waiting, "side", "Waiting on"),
        ):
            for row in name(con, at).dicts():
                picked = pending_tasks.among(at, **{key: row[text]})
                assert listed(selection=picked) == (row["Tasks"], row["Requested"])
        for row in pending_tasks.by_assignee(con, at).dicts():
            one = {"person_id": row["Person"]} if row["Person"] else {"unassigned": True}
            assert listed(selection=pending_tasks.among(replace(at, **one)))[0] == row["Tasks"]
    frame = events(where)
    for bar in flow.bars(flow.over_time(con, asked)):
        of_day = frame[frame["day"] == bar.begins_on]
        for what, kind in (
            ("received", "created"),
            ("completed", "completed"),
            ("reopened", "reopened"),
        ):
            picked = flow.happened(asked, what, bar.begins_on, bar.ends_on)
            assert listed(selection=picked)[0] == of_day[of_day["kind"] == kind]["task"].nunique()


def test_another_practice_counts_nothing_of_it(con: Connection, cast: Cast) -> None:
    where = world(con, cast)
    live(where, SPRING - timedelta(days=20), SPRING, 80)
    asked = view(where, SPRING, practice_ids=())

    for name, number in NUMBERS.items():
        rows = number(con, asked).rows
        assert name in ("over time", "asked for", "cumulative") or all(
            value in (None, 0, "", "All") for row in rows for value in row
        ), name
    assert not any(bar.pending for bar in flow.bars(flow.over_time(con, asked)))


def test_reopening_today_leaves_a_june_task_pending_only_from_today(
    con: Connection, cast: Cast
) -> None:
    june, today = datetime(2025, 6, 2, 15, tzinfo=UTC), datetime(2025, 11, 20, 15, tzinfo=UTC)
    charge = add_charge(con, cast.practice)
    task = tasks.create(
        con, practice_id=cast.practice, type=TaskType.CODING, title="Q", instructions="Q",
        charge_id=charge, token="t", actor=cast.dora, now=june,
    )  # fmt: skip
    complete(con, task, cast.ana, june + timedelta(days=3))
    workflow.reopen(con, task, reason="Again", actor=cast.dora, now=today)

    where = View(
        practice_ids=(cast.practice,), as_of=today, today=today.date(), since=date(2025, 6, 1),
        until=today.date(),
    )  # fmt: skip
    found = flow.bars(flow.over_time(con, where))

    assert [bar.pending for bar in found if bar.pending] == [1]
    assert found[-1].pending == found[-1].reopened == 1
    assert sum(bar.completed for bar in found) == 1


def test_reassigning_today_moves_no_past_week(con: Connection, cast: Cast) -> None:
    june = datetime(2025, 6, 2, 15, tzinfo=UTC)
    task = tasks.create(
        con, practice_id=cast.practice, type=TaskType.CODING, title="Q", instructions="Q",
        charge_id=add_charge(con, cast.practice), token="t", actor=cast.dora, now=june,
    )  # fmt: skip
    workflow.start(con, task, actor=cast.ana, now=june + timedelta(days=1))
    today = june + timedelta(days=100)
    workflow.assign(con, task, to=cast.ben.id, seen=cast.ana.id, actor=cast.ana, now=today)

    def weeks(person: Person) -> list[int]:
        asked = View(
            practice_ids=(cast.practice,), as_of=today, today=today.date(),
            since=date(2025, 6, 2), until=today.date(), person_id=person.id,
        )  # fmt: skip
        return [bar.pending for bar in flow.bars(flow.over_time(con, asked))]

    assert weeks(cast.ana) == [1] * 14 + [0]
    assert weeks(cast.ben) == [0] * 14 + [1]


def complete(con: Connection, task_id: int, actor: Person, now: datetime) -> None:
    workflow.start(con, task_id, actor=actor, now=now - timedelta(hours=1))
    task = tasks.get(con, task_id, actor=actor)
    assert task.charge_id is not None
    opened = charges.get(con, task.charge_id, actor=actor)
    charges.save_and_complete(
        con, task_id, opened, opened=opened, note="", token=f"{task_id}{now}", actor=actor, now=now
    )


def test_an_old_remittance_imported_today_is_as_old_as_it_is(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_835(answer("A1", codes=("CAS*CO*16*100",)), paid_on="20250102"))
    assert con.rows("SELECT requested_on FROM task") == [(date(2025, 1, 2),)]

    now = View(
        practice_ids=(cast.practice,), as_of=NOON, today=NOON.date(), since=NOON.date(),
        until=NOON.date(),
    )  # fmt: skip
    assert pending_tasks.by_age(con, now).column("Age") == ["31–60 days"]


def test_dollars_are_summed_as_requested_and_as_held(con: Connection, cast: Cast) -> None:
    charge = add_charge(con, cast.practice)  # 240.00
    for token in "ab":
        tasks.create(
            con, practice_id=cast.practice, type=TaskType.CODING, title="Q", instructions="Q",
            charge_id=charge, token=token, actor=cast.dora, now=NOON,
        )  # fmt: skip
    opened = charges.get(con, charge, actor=cast.ana)
    task = con.value("SELECT min(id) FROM task")
    workflow.start(con, task, actor=cast.ana, now=minutes(1))
    line = replace(opened.lines[0], unit_charge=Decimal("90.00"), total=Decimal("90.00"))
    charges.save(
        con, task, replace(opened, lines=(line,)), opened=opened, note="", token="e",
        actor=cast.ana, now=minutes(60 * 24),
    )  # fmt: skip

    def sums(day: date, as_of: datetime) -> tuple[Decimal, Decimal]:
        asked = View(practice_ids=(cast.practice,), as_of=as_of, today=day, since=day, until=day)
        found = pending_tasks.sums(pending_tasks.summary(con, asked))
        return found.requested, found.held

    assert sums(date(2025, 3, 5), minutes(60 * 48)) == (Decimal("480.00"), Decimal("90.00"))
    assert sums(date(2025, 3, 3), minutes(5)) == (Decimal("480.00"), Decimal("240.00"))


def test_denials_overturned_and_money_recovered(con: Connection, cast: Cast) -> None:
    denied = ("CAS*CO*16*100",)
    bring(con, cast, file_835(answer("A1", codes=denied), paid_on="20250201"))
    bring(con, cast, file_835(answer("A2", codes=denied), answer("A3", status="1", paid="80"),
                              paid_on="20250202", control="000000002"))  # fmt: skip
    bring(con, cast, file_835(answer("A1", status="1", paid="70"), paid_on="20250220",
                              control="000000003"))  # fmt: skip
    bring(con, cast, file_835(answer("A1", status="1", paid="70"), paid_on="20250220",
                              control="000000004"))  # the same answer once more  # fmt: skip
    asked = View(
        practice_ids=(cast.practice,), as_of=NOON, today=NOON.date(), since=date(2025, 1, 1),
        until=NOON.date(),
    )  # fmt: skip

    [row] = payer_denials.denials(con, asked).dicts()

    assert (row["Claims answered"], row["Denied"], row["Denial rate, %"]) == (4, 2, 50.0)
    assert (row["Overturned"], row["Overturned, %"], row["Recovered"]) == (
        1,
        50.0,
        Decimal("70.00"),
    )


def test_a_forecast_of_steady_days_is_what_arithmetic_says() -> None:
    days = [forecast.PastDay(SPRING, 1, 3, 10) for _ in range(91)]

    assert forecast.clearing(days, 10) == forecast.Clearing(10, 5, 5, 5)
    assert forecast.clearing(days, 10, arrivals=False) == forecast.Clearing(10, 4, 4, 4)
    assert forecast.completed_within(days, 14) == (42, 42, 42)
    assert forecast.clearing(days, 0).p95 == 0
    growing = [forecast.PastDay(SPRING, 3, 1, 10) for _ in range(91)]
    assert forecast.clearing(growing, 10).p50 is None


def test_a_forecast_is_the_same_each_time_and_holds_about_as_often_as_it_says(
    con: Connection, cast: Cast
) -> None:
    chance = np.random.default_rng(3)
    days = [
        forecast.PastDay(SPRING + timedelta(days=n), 2, int(chance.integers(0, 6)), 50)
        for n in range(900)
    ]

    found = forecast.clearing(days[:91], 40, arrivals=False)

    assert found == forecast.clearing(days[:91], 40, arrivals=False)
    assert found.p50 is not None and found.p85 is not None and found.p95 is not None
    assert found.p50 <= found.p85 <= found.p95
    tested = forecast.backtest(days)
    assert tested.rate is not None
    assert tested.tried > 90 and 0.7 < tested.rate < 0.97


def test_littles_law_says_when_it_may_not_be_used(lived: tuple[World, date]) -> None:
    where, today = lived

    found = flow.littles_law(where.con, view(where, today, days=14))

    assert not found.is_steady
    assert "fewer than 28 whole days" in found.failed


@pytest.mark.slow
def test_littles_law_holds_on_a_steady_practice(con: Connection, cast: Cast) -> None:
    first = datetime(2025, 1, 6, 15, tzinfo=UTC)
    rows = []
    for n in range(60):
        rows.append((n, "created", first + timedelta(days=n)))
        rows.append((n, "completed", first + timedelta(days=n + 5)))
    ids = [
        add_task_of_charge(
            con,
            cast.practice,
            created_at=first + timedelta(days=n),
            status=Status.COMPLETED,
            started_at=first + timedelta(days=n),
            completed_at=first + timedelta(days=n + 5),
        )
        for n in range(60)
    ]
    with transaction(con):
        con.insert(
            "event",
            [
                {"practice_id": cast.practice, "task_id": ids[n], "kind": kind, "happened_at": at}
                for n, kind, at in sorted(rows, key=lambda row: row[2])
            ],
        )
    day = date(2025, 3, 2)
    asked = View(
        practice_ids=(cast.practice,), as_of=first + timedelta(days=58), today=day,
        since=date(2025, 1, 16), until=day, closes_day=True,
    )  # fmt: skip

    found = flow.littles_law(con, asked)

    assert found.is_steady
    assert found.days == pytest.approx(found.measured, rel=0.05)


@pytest.mark.parametrize(
    ("preset", "since"), [(Preset.FOUR_WEEKS, date(2025, 3, 3)), (Preset.HALF, date(2024, 9, 30))]
)
def test_a_preset_is_whole_weeks_from_monday(preset: Preset, since: date) -> None:
    assert period(preset, SPRING) == (since, SPRING)
    assert before(date(2025, 3, 3), date(2025, 3, 9)) == (date(2025, 2, 24), date(2025, 3, 2))
    assert unit_for(date(2015, 1, 1), date(2025, 1, 1), Unit.DAY) is Unit.MONTH
    assert unit_for(date(2024, 1, 1), date(2025, 12, 1), Unit.DAY) is Unit.WEEK
    assert ends_on(date(2024, 2, 3), Unit.MONTH) == date(2024, 2, 29)


def test_a_completed_task_stops_ageing_on_the_list_too(con: Connection, cast: Cast) -> None:
    add_task_of_charge(
        con, cast.practice, created_at=NOON - timedelta(days=200),
        status=Status.COMPLETED, completed_at=NOON - timedelta(days=195),
    )  # fmt: skip
    waits = add_task_of_charge(con, cast.practice, created_at=NOON - timedelta(days=200))

    def listed(low: int, high: int | None) -> list[int]:
        asked = TaskFilter(age_from=low, age_to=high, as_of=NOON)
        return [row.id for row in queue.find(con, asked, actor=cast.ana).rows]

    assert listed(91, None) == [waits]
    assert len(listed(0, 7)) == 1


def test_a_question_is_waiting_on_the_biller_until_it_is_answered(
    con: Connection, cast: Cast
) -> None:
    task = tasks.create(
        con, practice_id=cast.practice, type=TaskType.CODING, title="Q", instructions="Q",
        charge_id=add_charge(con, cast.practice), token="t", actor=cast.dora, now=NOON,
    )  # fmt: skip
    notes.ask(con, task, "Which?", token="q", actor=cast.ana, now=minutes(10))
    notes.answer(con, task, "This", token="a", actor=cast.dora, now=minutes(60 * 30))

    def with_biller(now: datetime) -> int:
        day = now.astimezone(ZoneInfo("America/Chicago")).date()
        asked = View(practice_ids=(cast.practice,), as_of=now, today=day, since=day, until=day)
        return pending_tasks.sums(pending_tasks.summary(con, asked)).with_biller

    assert [with_biller(minutes(at)) for at in (5, 15, 60 * 31)] == [0, 1, 0]
