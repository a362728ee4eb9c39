"""Days that are over stay as they are: whatever somebody does, or a message says, afterwards."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lib import (
    charges,
    earlier_zones,
    memberships,
    practice_holidays,
    practice_settings,
    queue,
    tasks,
    timely_filing,
    workflow,
)
from lib.backlog import flow, payer_denials, pending_tasks
from lib.backlog.calendar_periods import Unit
from lib.backlog.report_scope import View, as_known
from lib.intake import imports
from lib.models import TaskFilter, TaskType
from lib.practice_holidays import Holiday
from lib.store import migrations
from lib.store.database import Connection, transaction
from lib.timely_filing import FilingLimit
from tests.conftest import NOON, Cast
from tests.given import add_charge, minutes
from tests.histories import World, act, live, view, world
from tests.test_backlog import NUMBERS, SPRING
from tests.test_fhir import task as fhir_task
from tests.test_later_messages import of
from tests.test_transaction_reader import document_request
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = pytest.mark.duckdb  # days are counted in its own SQL
PRESIDENTS = Holiday(date(2025, 2, 17), "Presidents' Day")
BEFORE, AFTER = date(2025, 3, 5), date(2025, 3, 20)
CHANGED_AT = datetime(2025, 3, 12, 18, tzinfo=UTC)


def bring(con: Connection, cast: Cast, raw: bytes, name: str, now: datetime) -> None:
    report = imports.apply(con, name, raw, actor=cast.ana, practice_id=cast.practice, now=now)
    assert report.refused is None


def closed(cast: Cast, day: date, **more: Any) -> View:
    """All of a day of one practice, nothing that came later."""
    return View(
        practice_ids=(cast.practice,), as_of=datetime(day.year, day.month, day.day, tzinfo=UTC)
        + timedelta(days=2), today=day, since=day - timedelta(days=30), until=day,
        closes_day=True, zone="America/Chicago", **more,
    )  # fmt: skip


def question(con: Connection, cast: Cast, number: int = 0) -> int:
    return tasks.create(
        con, practice_id=cast.practice, type=TaskType.CODING, title="Q", instructions="Q",
        charge_id=add_charge(con, cast.practice), due_on=date(2025, 3, 25), token=f"t{number}",
        actor=cast.dora, now=NOON,
    )  # fmt: skip


def revise(con: Connection, task_id: int, now: datetime = CHANGED_AT, **changes: Any) -> None:
    asked: dict[str, Any] = {
        "type": "coding", "title": "Q", "instructions": "Q", "codes": "", "due_rule": "",
        "due_on": date(2025, 3, 25), "label": None, "amount": Decimal("240.00"), "asked_on": None,
    }  # fmt: skip
    with transaction(con):
        tasks.revise_request(con, task_id, now=now, **(asked | changes))


def test_what_a_payer_asks_later_is_asked_from_then_on(con: Connection, cast: Cast) -> None:
    task_id = question(con, cast)
    revise(
        con, task_id, type="documents", due_on=date(2025, 3, 6), amount=Decimal("99.00"),
        codes="CO-16",
    )  # fmt: skip

    def on(day: date) -> tuple[list[str], Decimal, int]:
        found = pending_tasks.sums(pending_tasks.summary(con, closed(cast, day)))
        kinds = pending_tasks.by_type(con, closed(cast, day)).column("Type")
        return kinds, found.requested, found.overdue

    assert on(BEFORE) == (["coding"], Decimal("240.00"), 0)
    assert on(AFTER) == (["documents"], Decimal("99.00"), 1)
    assert payer_denials.causes(con, closed(cast, BEFORE)).rows == ()
    assert payer_denials.causes(con, closed(cast, AFTER)).column("Code") == ["CO-16"]
    for day, kind in ((BEFORE, TaskType.CODING), (AFTER, TaskType.DOCUMENTS)):
        other = TaskType.DOCUMENTS if kind is TaskType.CODING else TaskType.CODING
        for each, count in ((kind, 1), (other, 0)):
            bars = flow.bars(flow.over_time(con, closed(cast, day, types=(each,))))
            assert bars[-1].pending == sum(bar.received for bar in bars) == count


def test_what_was_asked_on_a_day_is_what_somebody_wrote_down(con: Connection, cast: Cast) -> None:
    """Random changes, many at the very edges of days, written down beside."""
    chance, zone = random.Random(14), ZoneInfo("America/Chicago")
    told: dict[int, list[tuple[datetime, str, Decimal, date]]] = {}
    for number in range(8):
        task_id = question(con, cast, number)
        told[task_id] = [(NOON, "coding", Decimal("240.00"), date(2025, 3, 25))]
    edges = (timedelta(0), timedelta(microseconds=-1), timedelta(hours=13))
    days = sorted(date(2025, 3, 4) + timedelta(days=chance.randrange(12)) for _ in range(40))
    for day in days:  # the clocks of Chicago change on the 9th
        now = datetime(day.year, day.month, day.day, tzinfo=zone) + chance.choice(edges)
        task_id, kind = chance.choice(list(told)), chance.choice(["coding", "documents"])
        amount, due = Decimal(chance.randrange(1, 900)), day + timedelta(chance.randrange(-3, 9))
        now = max(now.astimezone(UTC), told[task_id][-1][0] + timedelta(microseconds=1))
        revise(con, task_id, now, type=kind, amount=amount, due_on=due)
        told[task_id].append((now, kind, amount, due))

    for day in sorted({NOON.date(), *days}):
        end = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)
        known = [[each for each in lines if each[0] < end][-1] for lines in told.values()]
        kinds = pending_tasks.by_type(con, closed(cast, day)).dicts()
        assert {row["Type"]: (row["Tasks"], row["Requested"]) for row in kinds} == {
            kind: (len(of_kind), sum(of_kind))
            for kind in {each[1] for each in known}
            if (of_kind := [each[2] for each in known if each[1] == kind])
        }, day
        sums = pending_tasks.sums(pending_tasks.summary(con, closed(cast, day)))
        late = [each[2] for each in known if each[3] < day]
        assert (sums.overdue, sums.overdue_dollars) == (len(late), sum(late)), day


@pytest.mark.parametrize(("day", "amount"), [(BEFORE, "240.00"), (AFTER, "99.00")])
def test_a_click_lists_what_was_asked_then(
    con: Connection, cast: Cast, day: date, amount: str
) -> None:
    revise(con, question(con, cast), amount=Decimal("99.00"))

    for picked in (
        pending_tasks.among(closed(cast, day, amount_from=Decimal(amount))),
        flow.happened(closed(cast, day, amount_to=Decimal(amount)), "received", NOON.date(), day),
    ):
        page = queue.find(con, TaskFilter(selection=picked), actor=cast.ana, order="amount")
        assert (page.count, page.amount, page.rows[0].amount) == (1, *[Decimal(amount)] * 2)
    nothing = pending_tasks.among(closed(cast, day, amount_from=Decimal("300.00")))
    assert queue.find(con, TaskFilter(selection=nothing), actor=cast.ana).count == 0


def test_a_filing_limit_counts_from_when_it_is_written(con: Connection, cast: Cast) -> None:
    question(con, cast)
    [payer] = timely_filing.filing_limits(con, cast.practice, actor=cast.ana)
    timely_filing.set_filing_limit(
        con, cast.practice, payer.payer_id, FilingLimit(95, "Manual", date(2025, 3, 1)),
        seen=payer.limit, actor=cast.ana, now=CHANGED_AT,
    )  # fmt: skip

    keys = [
        pending_tasks.by_filing(con, closed(cast, day)).column("Filing") for day in (BEFORE, AFTER)
    ]
    assert keys[0] == ["unknown"] != keys[1]


def test_the_plainer_text_is_taken_only_where_nothing_was_changed_since(
    con: Connection, cast: Cast
) -> None:
    task_id = question(con, cast)
    before = as_known(con, closed(cast, BEFORE))
    assert not before.is_changed_since
    assert not before.has_later_events
    workflow.start(con, task_id, actor=cast.ana, now=CHANGED_AT)
    assert as_known(con, closed(cast, BEFORE)).has_later_events
    revise(con, task_id, amount=Decimal("99.00"))

    assert as_known(con, closed(cast, BEFORE)).is_changed_since
    after = as_known(con, closed(cast, AFTER))
    assert not after.is_changed_since
    assert not after.has_later_events
    for number in NUMBERS.values():
        assert number(con, after).rows == number(con, closed(cast, AFTER)).rows


def test_an_old_remittance_that_comes_in_today_changes_no_link_of_last_month(
    con: Connection, cast: Cast
) -> None:
    question(con, cast)
    asked = [
        closed(cast, BEFORE),
        replace(closed(cast, BEFORE), closes_day=False, as_of=minutes(9)),
    ]
    before = [number(con, each).rows for number in NUMBERS.values() for each in asked]

    bring(con, cast, file_835(answer("A1"), paid_on="20250228"), "old.835", CHANGED_AT)

    after = [number(con, each).rows for number in NUMBERS.values() for each in asked]
    assert after == before
    asked_for = flow.asked_for(con, closed(cast, AFTER, unit=Unit.DAY)).dicts()
    assert [row["Asked for"] for row in asked_for if row["From"] == date(2025, 2, 28)] == [1]
    assert sum(row["Asked for"] for row in asked_for) == 2
    assert pending_tasks.summary(con, closed(cast, AFTER)).rows[0][0] == 2


def test_an_old_store_learns_from_its_history_what_was_asked(con: Connection, cast: Cast) -> None:
    task_id = question(con, cast)
    revise(con, task_id, type="documents", due_on=None, amount=Decimal("1250.00"), codes="CO-16")
    kept = con.rows("SELECT * EXCLUDE id FROM task_before")
    with transaction(con):
        for field, old in (
            ("Type", "coding"), ("Due", "03/25/2025"), ("Amount", "240.00"),
            ("Denial codes (CARC/RARC)", None),
        ):  # fmt: skip
            con.execute(
                "INSERT INTO event (practice_id, task_id, kind, field, old_value, happened_at) "
                "VALUES ($practice, $task, 'request changed', $field, $old, $now)",
                practice=cast.practice, task=task_id, field=field, old=old, now=CHANGED_AT,
            )  # fmt: skip
        for name in ("task_before", "filing_limit_before"):
            con.execute(f"DROP TABLE {name}")
            con.execute(f"DROP SEQUENCE {name}_id")
        con.execute((migrations.SCHEMA / "170_earlier_tasks.sql").read_text(encoding="utf-8"))

    assert con.rows("SELECT * EXCLUDE id FROM task_before") == kept


def every_number(where: World, day: date) -> dict[str, object]:
    """All tables of a closed day, for all, by type and by person."""
    found: dict[str, object] = {}
    zones = earlier_zones.of_practices(where.con, list(where.practices))
    views: list[dict[str, Any]] = [{}, {"types": (TaskType.CODING,)}, {"unassigned": True}]
    views += [{"person_id": where.workers[min(where.practices)][0].id}]
    for more in views:
        asked = view(where, day, **more, earlier_zones=zones)
        for name, number in NUMBERS.items():
            table = number(where.con, asked)
            found[f"{name} {more}"] = (table.names, table.rows)
    return found


def asked_before(con: Connection, cast: Cast) -> None:
    """Bring what payers asked before the days that are compared."""
    now = datetime(2025, 2, 20, 18, tzinfo=UTC)
    for name, raw in {
        "claims": file_837(claim("A9"), claim("B9", amount="250")),
        "denials": file_835(
            answer("A9", codes=("CAS*CO*16*200",)), answer("D1", codes=("CAS*CO*197*200",)),
            answer("D2", codes=("CAS*CO*197*200",)), paid_on="20250210",
        ),
        "rfai": document_request(),
        "fhir": json.dumps(fhir_task()).encode(),
    }.items():  # fmt: skip
        bring(con, cast, raw, name, now)


def asked_later(con: Connection, cast: Cast, now: datetime) -> None:
    """Bring later messages: other codes, types and due dates, a reversal, a withdrawal, a claim
    that was waited for, a replacement and a void, an old remittance."""
    back = answer("D1", status="22", amount="-200", codes=("CAS*CO*197*-200",))
    second = {
        "again": file_835(answer("A9", control="P2", codes=("CAS*CO*11*200",)), paid_on="20250320",
                          control="000000002"),
        "reversal": file_835(back, paid_on="20250321", control="000000003"),
        "another": file_835(answer("D2", control="P2", codes=("CAS*CO*16*200", "LQ*HE*N290")),
                            paid_on="20250322", control="000000004"),
        "claim": file_837(claim("D2"), control="000000005"),
        "replacement": file_837(of(claim("B9", amount="300"), "7"), control="000000006"),
        "void": file_837(of(claim("A9"), "8"), control="000000007"),
        "due": document_request(control="000000008").replace(b"D8*20250301", b"D8*20250415")
        .replace(b"REF2*20250120", b"REF3*20250121"),
        "fhir": json.dumps(
            fhir_task(lastModified="2025-03-20T10:00:00Z",
                      restriction={"period": {"end": "2025-04-20"}})
        ).encode(),
        "over": json.dumps(
            fhir_task(status="cancelled", lastModified="2025-03-21T10:00:00Z")
        ).encode(),
        "old": file_835(answer("Z1"), paid_on="20240210", control="000000009"),
    }  # fmt: skip
    for name, raw in second.items():
        bring(con, cast, raw, f"{name}.txt", now)
    with transaction(con):  # as where a payer gives back a part of what it took
        tasks.revise(con, con.value("SELECT min(id) FROM task"), amount=Decimal("12.00"), now=now)


def settings_changed(con: Connection, cast: Cast, now: datetime) -> None:
    held = practice_settings.read(con, cast.practice, actor=cast.ana)
    practice_settings.change(
        con, cast.practice, replace(held, due_days=7), seen=held, actor=cast.ana, now=now
    )
    for payer in timely_filing.filing_limits(con, cast.practice, actor=cast.ana):
        timely_filing.set_filing_limit(
            con, cast.practice, payer.payer_id, FilingLimit(30, "Manual", date(2025, 3, 1)),
            seen=payer.limit, actor=cast.ana, now=now,
        )  # fmt: skip


def zones_changed(where: World, cast: Cast, now: datetime) -> None:
    """Move one practice far to the east and the other far to the west, and that one once more."""
    for actor, practice, zone, later in (
        (cast.ana, cast.practice, "Asia/Tokyo", 0),
        (where.gus, cast.other_practice, "Pacific/Honolulu", 0),
        (where.gus, cast.other_practice, "America/New_York", 30),
    ):  # fmt: skip
        practice_settings.set_timezone(
            where.con, practice, zone, actor=actor, now=now + timedelta(hours=later)
        )


def charge_edited(where: World, cast: Cast, now: datetime) -> None:
    """Save a charge with another amount, payer, provider and day: its pending tasks follow it."""
    con = where.con
    edited = charges.get(con, where.charges[cast.practice][0], actor=where.gus)
    task_id = con.value(
        "SELECT id FROM task WHERE charge_id = $id AND is_open AND type <> 'documents' LIMIT 1",
        id=edited.id,
    )
    holder = tasks.get(con, task_id, actor=where.gus).assignee_id
    workflow.assign(con, task_id, to=cast.ana.id, seen=holder, actor=where.gus, now=now)
    line = replace(
        edited.lines[0], unit_charge=Decimal("90.00"), total=Decimal("90.00"),
        date_from=date(2024, 12, 2), date_to=date(2024, 12, 2),
    )  # fmt: skip
    wanted = replace(edited, lines=(line,), payer="Moved Payer (MP1)", rendering_name="Reed, Ada")
    charges.save(
        con, task_id, wanted, opened=edited, note="", token="edit", actor=cast.ana, now=now
    )


def worked_on(where: World, _: Cast, now: datetime) -> None:
    for minute in range(60):
        act(where, now + timedelta(minutes=minute))


def holidays_changed(where: World, cast: Cast, now: datetime) -> None:
    """Write down some days that are over, and take one away again."""
    for practice in where.practices:
        days = [Holiday(SPRING - timedelta(days=back), "Storm") for back in (1, 5, 12, 26, 33)]
        practice_holidays.add(where.con, practice, days, actor=None, now=now)
    practice_holidays.remove(where.con, cast.practice, PRESIDENTS.day, actor=None, now=now)


def somebody_leaves(where: World, cast: Cast, now: datetime) -> None:
    """Take somebody's membership away, who has tasks and completed some."""
    memberships.remove(where.con, cast.practice, cast.ben.id, actor=None, now=now)


LATER: dict[str, Callable[[World, Cast, datetime], None]] = {
    "verbs": worked_on,
    "messages": lambda where, cast, now: asked_later(where.con, cast, now),
    "settings": lambda where, cast, now: settings_changed(where.con, cast, now),
    "an edited charge": charge_edited,
    "another time zone": zones_changed,
    "holidays": holidays_changed,
    "somebody leaves": somebody_leaves,
}


@pytest.mark.slow
@pytest.mark.cases(1)
@pytest.mark.parametrize("looked_at", [("somebody leaves",), tuple(LATER)], ids=["last", "each"])
def test_whatever_happens_today_changes_no_closed_day(
    con: Connection, cast: Cast, looked_at: tuple[str, ...]
) -> None:
    """Compared once all of it has happened, or after each."""
    today = SPRING
    where = world(con, cast)
    asked_before(con, cast)
    practice_holidays.add(
        con, cast.practice, [PRESIDENTS], actor=None, now=datetime(2025, 2, 1, tzinfo=UTC)
    )
    live(where, today - timedelta(days=40), today, 160)
    days = [today - timedelta(days=back) for back in (0, 25)]
    told = {day: every_number(where, day) for day in days}
    now = datetime(2025, 3, 26, 20, tzinfo=UTC)  # that day is over in both practices
    rows = con.rows("SELECT id, type, codes, amount, due_on, payer_name FROM task ORDER BY id")

    for name, happen in LATER.items():
        happen(where, cast, now)
        for day in days if name in looked_at else ():
            found = every_number(where, day)
            for number, table in found.items():
                assert table == told[day][number], (name, day, number)
    later = con.rows("SELECT id, type, codes, amount, due_on, payer_name FROM task ORDER BY id")
    for place in range(1, 6):  # each of them was changed in some task
        assert [r[place] for r in rows] != [r[place] for r in later[: len(rows)]], place
    assert len(later) > len(rows)
