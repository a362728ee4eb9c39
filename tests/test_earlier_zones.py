"""Another time zone counts from its change on: days that are over stay as they were counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from lib import earlier_zones, people, practice_settings, tasks
from lib.backlog import flow, report_url
from lib.backlog.calendar_periods import Unit, begins
from lib.backlog.report_scope import View
from lib.models import EarlierZone, Practice, TaskType
from lib.store.database import Connection
from tests.conftest import Cast
from tests.given import add_charge

LATE = datetime(
    2025, 3, 6, 5, 30, tzinfo=UTC
)  # 11:30 PM on the 5th in Chicago, where days end at 6


def come_in(con: Connection, cast: Cast, at: datetime) -> None:
    tasks.create(
        con, practice_id=cast.practice, type=TaskType.CODING, title="Q", instructions="Q",
        charge_id=add_charge(con, cast.practice), token=at.isoformat(), actor=cast.dora, now=at,
    )  # fmt: skip


def moved(con: Connection, cast: Cast, zone: str, now: datetime) -> None:
    practice_settings.set_timezone(con, cast.practice, zone, actor=cast.ana, now=now)


def place(con: Connection, cast: Cast) -> Practice:
    ana = people.person(con, cast.ana.id)
    assert ana
    return ana.memberships[0].practice


def received(con: Connection, cast: Cast) -> dict[date, int]:
    """Count what came in on each day, as the pages count it."""
    ana = people.person(con, cast.ana.id)
    assert ana
    says = {"as_of": "2025-03-10", "since": "2025-03-03", "until": "2025-03-10", "unit": "day"}
    view = report_url.read(says, ana, [], datetime(2025, 4, 1, tzinfo=UTC)).view
    return {bar.begins_on: bar.received for bar in flow.bars(flow.over_time(con, view))
            if bar.received}  # fmt: skip


@pytest.mark.duckdb
@pytest.mark.parametrize(
    ("zone", "later"),
    [("America/New_York", date(2025, 3, 6)), ("America/Los_Angeles", date(2025, 3, 5))],
)
def test_what_came_in_before_stays_on_its_day(
    con: Connection, cast: Cast, zone: str, later: date
) -> None:
    come_in(con, cast, LATE)
    moved(con, cast, zone, LATE + timedelta(minutes=5))
    assert received(con, cast) == {date(2025, 3, 5): 1}

    come_in(con, cast, LATE + timedelta(minutes=20))
    come_in(con, cast, datetime(2025, 3, 9, 4, 30, tzinfo=UTC))  # 11:30 PM on the 8th in New York
    assert sum(received(con, cast).values()) == 3
    assert received(con, cast)[later] == (2 if later.day == 5 else 1)
    assert received(con, cast)[date(2025, 3, 8)] == 1


@pytest.mark.parametrize("after", ["Asia/Tokyo", "America/Los_Angeles", "Pacific/Honolulu"])
def test_no_day_comes_twice(after: str) -> None:
    before = ZoneInfo("America/Chicago")
    for hour in range(48):
        now = datetime(2025, 3, 8, tzinfo=UTC) + timedelta(hours=hour, minutes=7)
        until = earlier_zones.counts_from(before, ZoneInfo(after), now)
        assert now < until < now + timedelta(hours=20)
        quarters = [now + timedelta(minutes=15 * n) for n in range(200)]
        days = [q.astimezone(before if q < until else ZoneInfo(after)).date() for q in quarters]
        assert all(one <= other for one, other in pairwise(days)), now


@pytest.mark.parametrize("after", ["Asia/Tokyo", "America/Los_Angeles", "Pacific/Honolulu"])
def test_a_day_begins_with_its_first_moment_by_the_clock_of_then(after: str) -> None:
    now = datetime(2025, 3, 7, 20, 7, tzinfo=UTC)  # the clocks of Chicago change on the 9th
    until = earlier_zones.counts_from(ZoneInfo("America/Chicago"), ZoneInfo(after), now)
    practice = Practice(1, "N", after, 30, (EarlierZone(1, "America/Chicago", until),))
    quarters = [datetime(2025, 3, 5, tzinfo=UTC) + timedelta(minutes=15 * n) for n in range(600)]

    for day in (date(2025, 3, 5) + timedelta(days=n) for n in range(1, 6)):
        first = next(
            each for each in quarters
            if each.astimezone(earlier_zones.zone_at(practice, each)).date() >= day
        )  # fmt: skip
        assert begins(day, after, practice.earlier_zones) == first


def test_a_zone_that_is_corrected_at_once_never_counted(con: Connection, cast: Cast) -> None:
    moved(con, cast, "America/Denver", LATE)
    assert place(con, cast).earlier_zones == ()  # nothing was counted yet
    come_in(con, cast, LATE)
    moved(con, cast, "Asia/Tokyo", LATE + timedelta(minutes=1))
    moved(con, cast, "America/New_York", LATE + timedelta(minutes=2))

    [zone] = place(con, cast).earlier_zones
    assert (zone.timezone, zone.until) == ("America/Denver", LATE + timedelta(minutes=15))
    moved(con, cast, "America/Denver", LATE + timedelta(minutes=3))
    assert place(con, cast).earlier_zones == ()


def test_a_link_means_the_day_it_was_made_on(con: Connection, cast: Cast) -> None:
    come_in(con, cast, LATE)
    text = report_url.address_of(LATE, earlier_zones.zone_at(place(con, cast), LATE))
    now = LATE + timedelta(days=30)
    told = report_url.moment({"as_of": text}, place(con, cast), now)

    moved(con, cast, "Europe/Berlin", LATE + timedelta(days=3))

    assert earlier_zones.zone_at(place(con, cast), LATE).key == "America/Chicago"
    assert report_url.moment({"as_of": text}, place(con, cast), now) == told
    assert told[1] == date(2025, 3, 5)


@pytest.mark.duckdb
def test_other_practices_count_as_before(con: Connection, cast: Cast) -> None:
    come_in(con, cast, LATE)
    moved(con, cast, "Europe/Berlin", LATE + timedelta(days=3))
    zones = earlier_zones.of_practices(con, [cast.practice, cast.other_practice])
    assert {zone.practice_id for zone in zones} == {cast.practice}
    view = View(
        practice_ids=(cast.practice, cast.other_practice), as_of=LATE + timedelta(days=9),
        today=date(2025, 3, 10), since=date(2025, 3, 3), until=date(2025, 3, 10), unit=Unit.DAY,
        earlier_zones=zones,
    )  # fmt: skip
    bars = flow.bars(flow.over_time(con, view))
    assert [bar.begins_on for bar in bars if bar.received] == [date(2025, 3, 5)]
