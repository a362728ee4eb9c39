"""Figures of `lib.backlog` counted once more, plainly: first response, causes, filing limits,
denials, money recovered, and what undone starts and tasks given back change."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from lib import tasks, workflow
from lib.backlog import flow, payer_denials, pending_tasks, times
from lib.backlog.calendar_periods import Unit
from lib.earlier_zones import counts_from
from lib.models import EarlierZone, TaskType
from lib.store import search_index
from lib.store.database import Connection, transaction
from tests.conftest import NOON, Cast
from tests.given import add_charge, minutes
from tests.histories import World, events, live, told, view, world
from tests.test_backlog import AUTUMN, NUMBERS, nearest

pytestmark = pytest.mark.slow  # weeks of work are lived, and counted once more
FILING = {"past": -1, "week": 7, "month": 30, "quarter": 90, "more": 99_999}


@pytest.fixture
def lived(con: Connection, cast: Cast) -> World:
    """Weeks of work whose tasks have payers with limits, codes, and answers of their payers."""
    where = world(con, cast, seed=5)
    live(where, AUTUMN - timedelta(days=60), AUTUMN, 170)
    chance = where.chance
    with transaction(con):
        for (task,) in con.rows("SELECT id FROM task ORDER BY id"):
            con.execute(
                "UPDATE task SET codes = $codes, payer_name = $payer, date_of_service = $day "
                "WHERE id = $id",
                codes=chance.choice(["", "CO-16", "CO-16, N290", "CO-16,CO-16", "CO-29"]),
                payer=chance.choice(["Blue Shield", "PLAINS"]), id=task,
                day=AUTUMN - timedelta(days=chance.randint(0, 150)),
            )  # fmt: skip
        search_index.index(con, [task for (task,) in con.rows("SELECT id FROM task")])
        con.execute("UPDATE payer SET filing_days = 90 WHERE id % 2 = 1")
        con.insert("claim_answer", [_answer(where) for _ in range(120)])
    return where


def _answer(where: World) -> dict[str, Any]:
    chance = where.chance
    kind = chance.choice(["paid", "denied", "denied", "reversed", "pended"])
    paid = {"paid": 80, "reversed": -80}.get(kind, 0) * chance.randint(0, 2)
    number, visit = f"C{chance.randint(1, 6)}", chance.randint(1, 2)
    day = AUTUMN - timedelta(days=chance.randint(0, 60))
    return {
        "practice_id": chance.choice(list(where.practices)), "intake_file_id": 1,
        "segment_number": 1, "answer_key": where.token(), "charge_id": None,
        "payer_name": chance.choice(["Blue Shield", "PLAINS"]), "payer_claim_number": "",
        "claim_number": number, "claim_key": f"{number}|2025-10-0{visit}",
        "status": chance.choice(["1", "2", "4", "22"]), "charged": Decimal(100),
        "decision": kind, "is_denied_in_part": kind == "paid" and chance.random() < 0.3,
        "paid": Decimal(paid), "patient_responsibility": None, "answered_on": day,
        "recorded_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
    }  # fmt: skip


@pytest.mark.duckdb
def test_first_response_causes_and_filing_are_what_a_plain_count_says(lived: World) -> None:
    con, day = lived.con, AUTUMN - timedelta(days=3)
    asked = view(lived, day, days=30)
    frame = events(lived)
    frame = frame[frame["day"] <= day]
    facts = {
        row[0]: row[1:]
        for row in con.rows(
            "SELECT task.id, codes, payer_name, amount, date_of_service, filing_days FROM task "
            "LEFT JOIN payer ON payer.id = payer_id"
        )
    }
    hours, came = [], []
    for task, own in frame.groupby("task"):
        [begin] = own[own["kind"] == "created"]["at"]
        if own[own["kind"] == "created"]["day"].iloc[0] >= asked.since:
            came.append(task)
            taken = own[own["kind"].isin(["assigned", "started", "asked"])]["at"]
            hours += [(min(taken) - begin) / timedelta(hours=1)] if len(taken) else []

    [row] = times.first_response(con, asked).dicts()
    assert (row["Came in"], row["Taken up"]) == (len(came), len(hours))
    for percent in (50, 85, 95):
        shown = row[f"Hours P{percent}"]
        assert shown == pytest.approx(nearest(pd.Series(hours), percent / 100), abs=0.051)

    counts: Counter[tuple[str, str]] = Counter()
    dollars: Counter[tuple[str, str]] = Counter()
    for task in came:
        codes, payer, amount, *_ = facts[task]
        for code in {each.strip() for each in codes.split(",")} - {""}:
            counts[payer, code] += 1
            dollars[payer, code] += amount
    found = payer_denials.causes(con, asked).dicts()
    assert {(r["Payer"], r["Code"]): (r["Tasks"], r["Requested"]) for r in found} == {
        key: (count, dollars[key]) for key, count in counts.items()
    }

    left: Counter[str] = Counter()
    for one in told(frame, day):
        if one.is_pending:
            *_, service, limit = facts[one.task]
            days = None if limit is None else (service + timedelta(days=limit) - day).days
            left[
                "unknown" if days is None else next(k for k, most in FILING.items() if days <= most)
            ] += 1
    assert len(left) > 2
    table = pending_tasks.by_filing(con, asked)
    assert dict(zip(table.column("Filing"), table.column("Tasks"), strict=True)) == left


@pytest.mark.duckdb
def test_denials_and_what_came_back_are_what_a_plain_count_says(lived: World) -> None:
    con, day = lived.con, AUTUMN - timedelta(days=5)
    asked = view(lived, day, days=40)
    answers = con.rows(
        "SELECT practice_id, claim_key, payer_name, decision, paid, answered_on, id, "
        "is_denied_in_part "
        "FROM claim_answer WHERE answered_on <= $day ORDER BY answered_on, id", day=day,
    )  # fmt: skip
    inside = [a for a in answers if a[5] >= asked.since and a[3] not in {"reversed", "pended"}]
    last: dict[Any, Any] = {a[:3]: a for a in inside if a[3] == "denied"}
    money: Counter[Any] = Counter()
    for a in answers:
        if (denial := last.get(a[:3])) and (a[5], a[6]) > (denial[5], denial[6]):
            money[a[:3]] += a[4]
    won = {claim: paid for claim, paid in money.items() if paid > 0}
    assert won

    for row in payer_denials.denials(con, asked).dicts():
        of_payer = [a for a in inside if a[2] == row["Payer"]]
        denied = [a for a in of_payer if a[3] == "denied"]
        assert row["Denied in part"] == sum(a[7] for a in of_payer)
        claims = [claim for claim, a in last.items() if a[2] == row["Payer"]]
        assert (row["Claims answered"], row["Denied"]) == (len(of_payer), len(denied))
        assert row["Claims denied"] == len(claims)
        assert row["Overturned"] == sum(claim in won for claim in claims)
        assert row["Recovered"] == sum(won.get(claim, 0) for claim in claims)


@pytest.mark.duckdb
def test_an_undone_start_and_a_given_back_task_count_as_what_they_are(
    con: Connection, cast: Cast
) -> None:
    where = world(con, cast)
    task = tasks.create(
        con, practice_id=cast.practice, type=TaskType.CODING, title="Q", instructions="Q",
        charge_id=add_charge(con, cast.practice), token="t", actor=cast.dora, now=NOON,
    )  # fmt: skip
    workflow.start(con, task, actor=cast.ana, now=minutes(1))
    workflow.undo_start(con, task, actor=cast.ana, now=minutes(2))
    day = 24 * 60
    workflow.start(con, task, actor=cast.ben, now=minutes(day))
    workflow.assign(con, task, to=None, seen=cast.ben.id, actor=cast.ana, now=minutes(2 * day))

    def bars(**who: Any) -> list[tuple[int, int, int]]:
        asked = view(where, date(2025, 3, 6), days=4, unit=Unit.DAY, **who)
        return [
            (bar.received, bar.handed_on, bar.pending)
            for bar in flow.bars(flow.over_time(con, asked))
        ]

    assert bars() == [(1, 0, 1), (0, 0, 1), (0, 0, 1), (0, 0, 1)]
    assert bars(person_id=cast.ana.id) == [(1, 1, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)]
    assert bars(person_id=cast.ben.id) == [(0, 0, 0), (1, 0, 1), (0, 1, 0), (0, 0, 0)]
    assert bars(unassigned=True) == [(2, 1, 1), (0, 1, 0), (1, 0, 1), (0, 0, 1)]

    workflow.start(con, task, actor=cast.ben, now=minutes(3 * day))
    with transaction(con):
        con.execute("UPDATE task SET charge_id = NULL WHERE id = $id", id=task)
    workflow.complete(con, task, note="Done", token="c", actor=cast.ben, now=minutes(4 * day))
    [every, _] = times.lead_and_cycle(con, view(where, date(2025, 3, 8), days=10)).dicts()
    assert every["Cycle, days P50"] == 3.0  # from Ben's start, which nobody undid


def test_a_later_request_leaves_the_day_of_the_first(con: Connection, cast: Cast) -> None:
    task = tasks.create(
        con, practice_id=cast.practice, type=TaskType.CODING, title="Q", instructions="Q",
        charge_id=add_charge(con, cast.practice), token="t", actor=cast.dora, now=NOON,
    )  # fmt: skip
    with transaction(con):
        tasks.revise_request(
            con, task, type="coding", title="Q", instructions="More", codes="", due_on=None,
            due_rule="", label=None, amount=None, asked_on=date(2025, 3, 9), now=NOON,
        )  # fmt: skip

    assert con.rows("SELECT requested_on, asked_on FROM task") == [
        (date(2025, 3, 3), date(2025, 3, 9))
    ]


@pytest.mark.duckdb
@pytest.mark.parametrize("before", [(), ("Asia/Tokyo", "Pacific/Honolulu")])
def test_a_practice_counts_the_same_by_its_own_clock_as_beside_others(
    lived: World, before: tuple[str, ...]
) -> None:
    for practice, zone in lived.practices.items():
        zones, earlier = (zone.key, *before), earlier_zones_of(practice, (*before, zone.key))
        for back in (0, 20):
            several = view(
                lived, AUTUMN - timedelta(days=back), practice_ids=(practice,),
                earlier_zones=earlier,
            )  # fmt: skip
            one, known = replace(several, zone=zone.key), replace(several, zones=zones)
            for name, number in NUMBERS.items():
                tables = [number(lived.con, each).rows for each in (several, one, known)]
                assert tables[0] == tables[1] == tables[2], (name, zone.key, back)


def earlier_zones_of(practice: int, zones: tuple[str, ...]) -> tuple[EarlierZone, ...]:
    """Return a move from each zone to the next, a fortnight apart, in the middle of the period."""
    moved = datetime(AUTUMN.year, AUTUMN.month, AUTUMN.day, 15, 7, tzinfo=UTC) - timedelta(days=28)
    return tuple(
        EarlierZone(
            practice,
            one,
            counts_from(ZoneInfo(one), ZoneInfo(other), moved + timedelta(days=14 * place)),
        )
        for place, (one, other) in enumerate(pairwise(zones))
    )
