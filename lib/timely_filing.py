"""What a practice knows of its payers: how long after the service each takes a claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from lib import access, history
from lib.access import Verb
from lib.errors import NoSuchPractice, SettingsChanged, WrongInput
from lib.history_event_kinds import EventKind
from lib.models import Person
from lib.store.database import Connection, transaction
from lib.tasks_before_changes import keep_filing_limit

DAYS = range(1, 1096)  # three years are the longest known


@dataclass(frozen=True, slots=True)
class FilingLimit:
    """A payer's timely-filing limit, with where it is written and when somebody looked there."""

    days: int | None  # from the first day of service; None: not recorded
    source: str
    verified_on: date | None

    def __str__(self) -> str:
        """Return it in words."""
        if self.days is None:
            return "not recorded"
        return f"{self.days} days ({self.source}, verified {self.verified_on})"


@dataclass(frozen=True, slots=True)
class PayerLimit:
    """A payer and how long it takes claims, with who says so and when that was verified."""

    payer_id: int
    name: str
    code: str
    days: int | None
    source: str
    verified_on: date | None

    @property
    def limit(self) -> FilingLimit:
        """Return the filing limit as its own record."""
        return FilingLimit(self.days, self.source, self.verified_on)


def filing_limits(con: Connection, practice_id: int, *, actor: Person | None) -> list[PayerLimit]:
    """Return every payer of the practice with its limit, by name; `actor` is None on the command
    line."""
    if actor is not None:
        access.require(actor, Verb.SEE, practice_id, NoSuchPractice())
    return con.records(
        PayerLimit,
        """
        SELECT id AS payer_id, name, code, filing_days AS days,
               coalesce(filing_source, '') AS source, filing_verified_on AS verified_on
        FROM payer WHERE practice_id = $practice_id ORDER BY name, id
        """,
        practice_id=practice_id,
    )


def names(limits: Sequence[PayerLimit]) -> dict[int, str]:
    """Return the payers' names by their ids; of several with one name each with its payer ID."""
    count = Counter(each.name for each in limits)
    return {
        each.payer_id: each.name
        if count[each.name] == 1
        else f"{each.name} ({each.code or 'no payer ID'})"
        for each in limits
    }


def set_filing_limit(
    con: Connection, practice_id: int, payer_id: int, wanted: FilingLimit, *, seen: FilingLimit,
    actor: Person | None, now: datetime,
) -> None:  # fmt: skip
    """Write a payer's limit, with its history; `actor` is None on the command line.

    Raises SettingsChanged where it is not `seen` any more, WrongInput for a limit without a source
    and a day on which it was verified, NotAllowed or NoSuchPractice.
    """
    if actor is not None:
        access.require(actor, Verb.CHANGE_SETTINGS, practice_id, NoSuchPractice())
    wanted = replace(wanted, source=" ".join(wanted.source.split()))
    if wanted.days is not None:
        if wanted.days not in DAYS:
            raise WrongInput("Choose between 1 and 1,095 days, or none where it is not known.")
        if not wanted.source or wanted.verified_on is None:
            raise WrongInput("Say where the limit is written and on which day you looked there.")
        if wanted.verified_on > now.date():
            raise WrongInput("The day you looked cannot be after today.")
    with transaction(con):
        held = next(
            (p for p in filing_limits(con, practice_id, actor=actor) if p.payer_id == payer_id),
            None,
        )
        if held is None:
            raise WrongInput("There is no such payer.")
        if held.limit != seen:
            raise SettingsChanged
        if held.limit == wanted:
            return
        keep_filing_limit(con, payer_id, now=now)
        con.execute(
            """
            UPDATE payer SET filing_days = $days, filing_source = $source,
                filing_verified_on = $verified_on
            WHERE id = $payer_id
            """,
            days=wanted.days,
            source=wanted.source or None,
            verified_on=wanted.verified_on,
            payer_id=payer_id,
        )
        history.record(
            con, EventKind.SETTING_CHANGED, practice_id=practice_id,
            actor_id=actor.id if actor else None, now=now, field=f"Filing limit of {held.name}",
            old=str(held.limit), new=str(wanted),
        )  # fmt: skip
