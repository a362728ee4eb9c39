"""A report by its address: the view its parameters mean, and the tasks that one bar stood for.

The same parameters give the same numbers next year where they name the moment (`as_of`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypedDict
from zoneinfo import ZoneInfo

from lib import people
from lib.backlog import completions_by_person, flow, payer_denials, pending_tasks, times
from lib.backlog.calendar_periods import MAX_DAYS, Preset, Unit, midnight, period, unit_for
from lib.backlog.report_scope import View
from lib.earlier_zones import zone_at
from lib.models import Colleague, EarlierZone, Person, Practice, Selection, TaskType
from lib.us_formats import parse_money

ME, NOBODY = "Me", "Unassigned"
PERIOD_KEYS = ("weeks", "since", "until", "unit", "as_of")
FILTER_KEYS = ("practice", "type", "assignee", "payer", "provider", "from", "to")
# What a bar or cell stood for, on the list. Its moment is `at`: the `as_of` of the report stays.
BAR_KEYS = (
    "asked_since", "asked_until", "created_since", "created_until", "completed_since",
    "completed_until", "reopened_since", "reopened_until", "left_since", "left_until",
    "done_since", "done_until", "done", "gone_on",
    "pending_on", "had_by", "waited", "days", "side", "due", "filing", "ended", "came_back",
    "taken_up", "bar_type", "bar_payer", "bar_task", "code", "at", "as_of", "told_on",
)  # fmt: skip
# Alone they say no moment.
_NARROWING = (
    "bar_type", "bar_payer", "code", "at", "as_of", "done", "ended", "came_back", "taken_up",
    "told_on",
)  # fmt: skip
STRAYS = tuple(key for key in BAR_KEYS if key != "as_of")  # they say nothing on a report
MOMENT_KEYS = tuple(key for key in BAR_KEYS if key not in _NARROWING)
NOT_NAMED = "Not named"  # of a payer
NOT_RECORDED = "not recorded"  # of a resolution
_HAPPENED = {
    "asked": "asked for", "created": "received", "completed": "completed",
    "reopened": "reopened", "left": "left_over",
}  # fmt: skip
QUARTER = timedelta(minutes=15)
ROUNDING = timedelta(milliseconds=1)

Says = Mapping[str, str | None]


class _Clock(TypedDict):
    zone: str | None
    earlier_zones: tuple[EarlierZone, ...]
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A view with what is said about it."""

    view: View
    zone: ZoneInfo  # in which its moment is said
    is_now: bool  # no moment of the past is asked for
    problems: tuple[str, ...] = ()


def read(says: Says, actor: Person, colleagues: Sequence[Colleague], now: datetime) -> Report:
    """Return the view that the parameters of an address mean for this person.

    What cannot be understood is left out, with a sentence.
    """
    problems: list[str] = []
    ids = practices(says, actor)
    place = _place(says, actor)
    as_of, today, closes_day, is_now = moment(says, place, now)
    since, until = _period(says, today, problems)
    wanted = says.get("unit")
    unit = unit_for(since, until, Unit(wanted) if wanted in set(Unit) else Unit.WEEK)
    view = View(
        practice_ids=ids, **_clock(actor, ids), as_of=as_of, today=today,
        closes_day=closes_day, since=since, until=until, unit=unit,
    )  # fmt: skip
    view = _of_person(_filtered(view, says), says.get("assignee"), actor, colleagues)
    problems += [
        f"Write “Amount {key}” in dollars, such as 150 or 1,250.00."
        for key in ("from", "to")
        if (text := says.get(key)) and parse_money(text) is None
    ]
    problems += amounts_apart(view.amount_from, view.amount_to)
    return Report(view, zone_at(place, min(as_of, now)), is_now, tuple(problems))


def amounts_apart(least: Decimal | None, most: Decimal | None) -> list[str]:
    """Return a sentence where no amount is between the two."""
    if least is None or most is None or least <= most:
        return []
    return [
        "“Amount from” is above “Amount to”, so nothing is listed. Correct or clear one of them."
    ]


def _filtered(view: View, says: Says) -> View:
    """Return the view of the tasks that pass the filters; a bar's own type and payer come first."""
    kind, payer = says.get("bar_type") or says.get("type"), says.get("bar_payer")
    amounts = {key: text for key in ("from", "to") if (text := says.get(key))}
    return replace(
        view, types=tuple(each for each in TaskType if each.label == kind),
        payer=says.get("payer") if not payer else "" if payer == NOT_NAMED else payer,
        provider=says.get("provider"),
        amount_from=parse_money(amounts.get("from", "")),
        amount_to=parse_money(amounts.get("to", "")),
    )  # fmt: skip


def practices(says: Says, actor: Person) -> tuple[int, ...]:
    """Return the practices that are asked for, of those that are the actor's."""
    named = says.get("practice")
    return tuple(m.practice.id for m in actor.memberships if not named or m.practice.name == named)


def _place(says: Says, actor: Person) -> Practice:
    """Return the practice that is asked for, else the first of this person's."""
    named = says.get("practice")
    places = [m.practice for m in actor.memberships]
    return next((p for p in places if p.name == named), places[0])


def moment(says: Says, place: Practice, now: datetime) -> tuple[datetime, date, bool, bool]:
    """Return the moment of the report, its day, whether all of that day counts, and whether it is
    now: a day as `2025-11-25`, a moment as `2025-11-25T17:30` by the clock of the practice."""
    zone = zone_at(place, now)
    today = now.astimezone(zone).date()
    text = says.get("as_of") or ""
    try:
        asked = datetime.fromisoformat(text)
        at = asked.replace(tzinfo=zone).astimezone(UTC) if asked.tzinfo is None else asked
    except (ValueError, OverflowError):
        text, at = "", now
    if not text or at > now + ROUNDING:  # the link to a moment is as exact as that
        # The end of this quarter hour: no day ends within one, in any zone.
        quarters = int(now.timestamp() // QUARTER.total_seconds()) + 1
        end = datetime.fromtimestamp(quarters * QUARTER.total_seconds(), UTC)
        return end - timedelta(microseconds=1), today, False, True
    if len(text) == 10:
        day = asked.date()
        return midnight(day + timedelta(days=2), zone), day, True, day >= today
    return at, at.astimezone(zone_at(place, at)).date(), False, False


def address_of(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as an address names it for good: by the clock of the practice, with how far
    that is from UTC, and not before anything that had happened by then."""
    local = (moment + ROUNDING).astimezone(zone)
    return local.isoformat(timespec="milliseconds")


def _period(says: Says, today: date, problems: list[str]) -> tuple[date, date]:
    preset = says.get("weeks")
    since, until = period(Preset(preset) if preset in set(Preset) else Preset.HALF, today)
    first, last = _day(says.get("since")), _day(says.get("until"))
    if first is None and last is None:
        return since, until
    until = min(last or today, today)
    since = first or until - timedelta(days=90)
    if since > until:
        problems.append("The period begins after it ends: choose an earlier first day.")
        since = until
    if (until - since).days > MAX_DAYS:
        problems.append("At most ten years are counted at once.")
        since = until - timedelta(days=MAX_DAYS)
    return since, until


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _of_person(
    view: View, name: str | None, actor: Person, colleagues: Sequence[Colleague]
) -> View:
    if not name:
        return view
    if name == NOBODY:
        return replace(view, unassigned=True)
    if name == ME:
        return replace(view, person_id=actor.id)
    names = people.display_names(colleagues)
    return replace(view, person_id=next((i for i, each in names.items() if each == name), 0))


def selections(says: Says, actor: Person, now: datetime) -> list[tuple[str, Selection]]:
    """Return what a bar stood for, in words, with the tasks it counted. Empty for a plain list.

    The filters (type, payer, amount …) are part of it: tasks are those that passed them then, or at
    the moment of the report (`told_on`), which says for a chart over time what its tasks are.
    """
    if not any(says.get(key) for key in MOMENT_KEYS):
        return []
    place = _place(says, actor)
    on = says.get("pending_on") or says.get("gone_on")
    at = on or says.get("at") or says.get("as_of")
    as_of, today, closes_day, _ = moment({"as_of": at}, place, now)
    ids = practices(says, actor)
    view = View(
        practice_ids=ids, **_clock(actor, ids), as_of=as_of, today=today,
        closes_day=closes_day, since=today, until=today,
    )  # fmt: skip
    view = _filtered(view, says)
    if told := says.get("told_on"):
        at_once, day, closes, _ = moment({"as_of": told}, place, now)
        view = replace(view, values_at=replace(view, as_of=at_once, today=day, closes_day=closes))
    who = says.get("had_by") or ""
    if who == "none":
        view = replace(view, unassigned=True)
    elif number := _number(who):
        view = replace(view, person_id=number)
    found = _over_time(says, view)
    when = f"at the end of {today:%m/%d/%Y}" if closes_day else "then" if on else "now"
    if says.get("gone_on"):
        found.append((f"completed {when}", pending_tasks.gone(view)))
    elif on or not found:
        bar = pending_tasks.among(
            view,
            age=_among(says.get("waited"), pending_tasks.AGES),
            side=_among(says.get("side"), pending_tasks.SIDES),
            due=_among(says.get("due"), pending_tasks.DUE),
            filing=_among(says.get("filing"), pending_tasks.FILING),
            days=_number(says.get("days")), task=_number(says.get("bar_task")),
        )  # fmt: skip
        found.append((f"pending {when}", bar))
    return found


def _over_time(says: Says, view: View) -> list[tuple[str, Selection]]:
    """Return what happened in the days that a bar stood for."""
    found = []
    for name, what in _HAPPENED.items():
        if period := _days(says, name):
            view = replace(view, since=period[0], until=period[1])
            words = {"left_over": "handed on"}.get(what, what)
            words = "assigned" if what == "received" and view.person_id is not None else words
            found.append((f"{words} {_span(period)}", _happened(says, view, what)))
    if period := _days(says, "done"):
        view = replace(view, since=period[0], until=period[1])
        which = says.get("done")
        which = which if which in times.DONE else "all"
        words = "" if which == "all" else f" and {which} before"
        found.append((f"completed for good {_span(period)}{words}", times.among(view, which)))
    return found


def _happened(says: Says, view: View, what: str) -> Selection:
    if what == "asked for":
        return flow.asked_among(view, view.since, view.until)
    if what == "received" and (code := says.get("code")):
        return payer_denials.caused(view, view.since, view.until, code)
    if what == "received" and says.get("taken_up"):
        return times.taken_up(view)
    if what == "completed" and (says.get("ended") or says.get("came_back")):
        ended = says.get("ended")
        return completions_by_person.among(
            view, ended="" if ended == NOT_RECORDED else ended,
            came_back=bool(says.get("came_back")),
        )  # fmt: skip
    return flow.happened(view, what, view.since, view.until)


def _days(says: Says, name: str) -> tuple[date, date] | None:
    since, until = _day(says.get(f"{name}_since")), _day(says.get(f"{name}_until"))
    return (since, until) if since and until else None


def _span(period: tuple[date, date]) -> str:
    since, until = period
    return f"{since:%m/%d/%Y} to {until:%m/%d/%Y}"


def _clock(actor: Person, practice_ids: tuple[int, ...]) -> _Clock:
    """Return the zone of all these practices, where one clock tells their days, their earlier zones
    and all zones together."""
    places = [m.practice for m in actor.memberships if m.practice.id in practice_ids]
    zones = tuple(dict.fromkeys(place.timezone for place in places))
    before = tuple(zone for place in places for zone in place.earlier_zones)
    is_one = len(zones) == 1 and (len(places) == 1 or not before)
    every = (*zones, *(each.timezone for each in before))
    return {"zone": zones[0] if is_one else None, "earlier_zones": before, "zones": every}


def _number(text: str | None) -> int | None:
    return int(text[:15]) if text and text.isascii() and text.isdigit() else None


def _among(value: str | None, known: Mapping[str, object]) -> str | None:
    return value if value in known else None
