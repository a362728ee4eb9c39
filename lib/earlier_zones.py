"""The time zones in which practices counted their days before: days that are over stay as they
were counted, and the new zone counts from its change on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lib.models import EarlierZone, Practice
from lib.store.database import Connection, utc

_QUARTER = timedelta(minutes=15)  # days are counted by quarter hours


def of_practices(con: Connection, practice_ids: Sequence[int]) -> tuple[EarlierZone, ...]:
    """Return the earlier zones of these practices, of each the first one first."""
    rows = con.rows(
        """
        SELECT practice_id, timezone, until FROM earlier_zone
        WHERE practice_id = ANY($practice_ids) ORDER BY practice_id, until
        """,
        practice_ids=list(practice_ids),
    )
    return tuple(EarlierZone(row[0], row[1], utc(row[2])) for row in rows)


def zone_at(practice: Practice, moment: datetime) -> ZoneInfo:
    """Return the time zone in which the practice counted the day of that moment."""
    until = (each.timezone for each in practice.earlier_zones if moment < each.until)
    return ZoneInfo(next(until, practice.timezone))


def note(con: Connection, practice_id: int, before: str, after: str, *, now: datetime) -> None:
    """Note that the practice goes from one zone to another. The caller's verb opens the
    transaction. Where nothing was counted yet, nothing is kept."""
    if not con.value(
        """
        SELECT EXISTS (SELECT 1 FROM task WHERE practice_id = $id)
            OR EXISTS (SELECT 1 FROM claim_answer WHERE practice_id = $id)
        """,
        id=practice_id,
    ):
        return
    # A zone that has not begun to count when it is changed again never does.
    begun = con.value(
        "SELECT timezone FROM earlier_zone WHERE practice_id = $id AND until > $now",
        id=practice_id,
        now=now,
    )
    con.execute(
        "DELETE FROM earlier_zone WHERE practice_id = $id AND until > $now",
        id=practice_id,
        now=now,
    )
    if (begun or before) != after:
        con.execute(
            "INSERT INTO earlier_zone (practice_id, timezone, until) VALUES ($id, $zone, $until)",
            id=practice_id,
            zone=begun or before,
            until=counts_from(ZoneInfo(begun or before), ZoneInfo(after), now),
        )


def counts_from(before: ZoneInfo, after: ZoneInfo, now: datetime) -> datetime:
    """Return the moment from which days are counted in the new zone: the end of this quarter hour,
    or, where it is still yesterday in the new zone, its midnight. So no day comes twice."""
    quarters = int(now.timestamp() // _QUARTER.total_seconds()) + 1
    end = datetime.fromtimestamp(quarters * _QUARTER.total_seconds(), UTC)
    day = (end - timedelta(microseconds=1)).astimezone(before).date()
    if end.astimezone(after).date() >= day:
        return end
    return datetime.combine(day, time(), after).astimezone(UTC)
