"""`python -m lib people` and `python -m lib practice`, also while the app runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lib import (
    accounts,
    command_options,
    invitations,
    memberships,
    people,
    practice_holidays,
    practice_settings,
    practices,
    timely_filing,
    us_formats,
)
from lib.errors import NoSuchPerson, WrongInput
from lib.models import Practice, Role, TaskOptions
from lib.practice_holidays import Holiday
from lib.store import process_store
from lib.store.database import Connection, transaction
from lib.terminal import Parser
from lib.timely_filing import FilingLimit, PayerLimit

USUAL_DUE_DAYS = 30  # of a practice that never chose
# What a remittance says beside denials, as --tasks-of names it: "partial-denials".
_OPTIONS = {
    practice_settings.OPTION_LABELS[name].lower().replace(" ", "-"): name
    for name in TaskOptions.__dataclass_fields__
}


def people_parser() -> Parser:
    """Return what `people` understands."""
    parser = Parser(
        prog="python -m lib people",
        description="The people who sign in. add and link print a one-time link by which the "
        "person sets a password, or accepts with the one they have; it is good for "
        f"{invitations.VALID.days} days.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="list everybody, with their practices and when they were seen")
    add = verbs.add_parser("add", help="put somebody on the list")
    add.add_argument("email", metavar="EMAIL")
    add.add_argument("--name", required=True)
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument("--practice", metavar="NAME", help="needed only where there are several")
    for verb, told in (
        ("link", "print a new one-time link for somebody who lost theirs or the password"),
        ("deactivate", "end somebody's sessions; they sign in no more"),
        ("reactivate", "let somebody sign in again"),
    ):
        verbs.add_parser(verb, help=told).add_argument("email", metavar="EMAIL")
    remove = verbs.add_parser("remove", help="take somebody out of a practice, at once")
    remove.add_argument("email", metavar="EMAIL")
    remove.add_argument("--practice", metavar="NAME", help="needed only where there are several")
    return parser


def practice_parser() -> Parser:
    """Return what `practice` understands."""
    parser = Parser(
        prog="python -m lib practice", description="List the practices, add one, or change one."
    )
    parser.add_argument("--name", help="which practice; needed only where there are several")
    parser.add_argument(
        "--time-zone", "--timezone", metavar="ZONE", help="its zone, such as America/New_York"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    for verb, told in (("add", "make a practice"), ("set", "change a practice")):
        details = verbs.add_parser(verb, help=told)
        details.add_argument("practice", metavar="NAME")
        details.add_argument("--time-zone", "--timezone", dest="zone", metavar="ZONE",
                             required=verb == "add")  # fmt: skip
        details.add_argument("--npi", help="as it stands on its claims")
        details.add_argument("--tax-id", help="as it stands on its claims")
        details.add_argument(
            "--idle-minutes", type=int, metavar="N", help="until a session nobody uses ends"
        )
        details.add_argument(
            "--second-factor", choices=["required", "optional"],
            help="whether a password alone is enough",
        )  # fmt: skip
        if verb == "set":
            details.add_argument("--new-name", metavar="NAME")
            details.add_argument(
                "--holiday", metavar="DAY=NAME", type=_holiday, action="append", default=[],
                help="a day on which it is closed: 2026-12-24=Christmas Eve",
            )  # fmt: skip
            details.add_argument(
                "--us-holidays", metavar="YEAR", type=int, action="append", default=[],
                help="the federal holidays of the United States in that year",
            )  # fmt: skip
            details.add_argument(
                "--no-holiday", metavar="DAY", type=command_options.day, action="append",
                default=[], help="a day on which it is open after all",
            )  # fmt: skip
            details.add_argument(
                "--due-days", type=int, metavar="N",
                help="days to answer a request that names no date",
            )  # fmt: skip
            for option, makes in (("--tasks-of", "makes"), ("--no-tasks-of", "makes no")):
                details.add_argument(
                    option, choices=_OPTIONS, action="append", default=[], metavar="WHAT",
                    help=f"what of a remittance {makes} tasks: {', '.join(_OPTIONS)}",
                )  # fmt: skip
    payers = verbs.add_parser("payers", help="list a practice's payers with their filing limits")
    payers.add_argument("practice", metavar="NAME")
    limit = verbs.add_parser("payer-limit", help="say how long a payer takes claims")
    limit.add_argument("practice", metavar="NAME")
    limit.add_argument("payer", metavar="PAYER", help="its name, or its ID where two have one name")
    known = limit.add_mutually_exclusive_group(required=True)
    known.add_argument("--days", type=int, metavar="N", help="from the first day of service")
    known.add_argument(
        "--not-known", action="store_true", help="nobody knows; take back what was said"
    )
    limit.add_argument("--source", default="", metavar="TEXT", help="where that is written")
    limit.add_argument(
        "--verified", type=command_options.day, metavar="DAY", help="when somebody looked there"
    )
    return parser


def do_people(con: Connection, arguments: Sequence[str], *, now: datetime) -> tuple[list[str], int]:
    """Do what `people` was asked. Raises BillingError."""
    asked = people_parser().parse_args(list(arguments))
    if asked.verb == "list":
        return _lines(con), 0
    if asked.verb == "add":
        practice = _practice(con, asked.practice)
        token = invitations.invite(
            con, asked.email, asked.name, {practice.id: Role(asked.role)}, actor=None, now=now
        )
        who = f"{asked.name} is invited as {Role(asked.role).label.lower()} of {practice.name}."
        return [f"{who} Hand over this link:", _link(token)], 0
    person_id = accounts.find(con, asked.email)
    if person_id is None:
        named = accounts.tidy(asked.email)
        if any(each.email == named for each in accounts.listed(con, actor=None)):
            raise WrongInput(f"{named} is of the sample: nobody of it has an account to change.")
        raise NoSuchPerson
    if asked.verb == "link":
        token = invitations.link(con, person_id, actor=None, now=now)
        return ["Hand over this link; earlier ones no longer work:", _link(token)], 0
    if asked.verb == "remove":
        practice = _practice(con, asked.practice)
        memberships.remove(con, practice.id, person_id, actor=None, now=now)
        return [f"{asked.email} is in {practice.name} no more.", *_alone(con)], 0
    if asked.verb == "deactivate":
        accounts.deactivate(con, person_id, actor=None, now=now)
        return [f"{asked.email} is signed out and signs in no more.", *_alone(con)], 0
    accounts.reactivate(con, person_id, actor=None, now=now)
    return [f"{asked.email} may sign in again."], 0


def do_practice(
    con: Connection, arguments: Sequence[str], *, now: datetime
) -> tuple[list[str], int]:
    """Do what `practice` was asked. Raises BillingError."""
    asked = practice_parser().parse_args(list(arguments))
    if asked.verb is None:
        practice = _practice(con, asked.name) if asked.name or asked.time_zone is not None else None
        if practice and asked.time_zone is not None:
            practice_settings.set_timezone(con, practice.id, asked.time_zone, actor=None, now=now)
        elif practice:
            return _practice_lines(con, practice.id), 0
    elif asked.verb == "add":
        practices.add(con, _details(asked, practices.Details(asked.practice, asked.zone)),
                      actor=None, now=now)  # fmt: skip
    elif asked.verb in ("payers", "payer-limit"):
        practice = _practice(con, asked.practice)
        if asked.verb == "payer-limit":
            _set_limit(con, practice.id, asked, now)
        return _payer_lines(con, practice.id), 0
    else:
        with transaction(con):  # all of what is asked, or nothing
            _set(con, _practice(con, asked.practice).id, asked, now)
    return _practice_lines(con), 0


def _set(con: Connection, practice_id: int, asked: argparse.Namespace, now: datetime) -> None:
    """Write what `practice set` was asked; what was not named stays. Raises WrongInput."""
    held = practice_settings.read(con, practice_id, actor=None)
    made = {_OPTIONS[what]: True for what in asked.tasks_of}
    made |= {_OPTIONS[what]: False for what in asked.no_tasks_of}
    days = held.due_days if asked.due_days is None else asked.due_days
    rules = practice_settings.Settings(days, replace(held.options, **made))
    practice_settings.write(con, practice_id, rules, actor_id=None, now=now)
    known = practices.details(con, practice_id, actor=None)
    if asked.new_name is not None:
        known = replace(known, name=asked.new_name)
    wanted = _details(asked, known)
    practices.write(con, practice_id, wanted, by=None, now=now)
    if asked.zone is not None:  # also the one that was only assumed
        practice_settings.write_timezone(con, practice_id, asked.zone, actor_id=None, now=now)
    closed = [*asked.holiday]
    for year in asked.us_holidays:
        closed += practice_holidays.federal(year)
    practice_holidays.write_added(con, practice_id, closed, actor_id=None, now=now)
    for day in asked.no_holiday:
        practice_holidays.write_removed(con, practice_id, day, actor_id=None, now=now)


def _set_limit(con: Connection, practice_id: int, asked: argparse.Namespace, now: datetime) -> None:
    held = timely_filing.filing_limits(con, practice_id, actor=None)
    named = [each for each in held if asked.payer in (each.name, each.code)]
    if len(named) != 1:
        names = "; ".join(_payer(each) for each in named or held)
        raise WrongInput(f"Name one payer: {names or 'there is none yet'}.")
    timely_filing.set_filing_limit(
        con, practice_id, named[0].payer_id,
        FilingLimit(asked.days, asked.source, asked.verified), seen=named[0].limit, actor=None,
        now=now,
    )  # fmt: skip


def _details(asked: argparse.Namespace, known: practices.Details) -> practices.Details:
    said = {
        "timezone": asked.zone,
        "npi": asked.npi,
        "tax_id": asked.tax_id,
        "idle_minutes": asked.idle_minutes,
        "needs_second_factor": asked.second_factor and asked.second_factor == "required",
    }
    return replace(known, **{name: value for name, value in said.items() if value is not None})


def _practice(con: Connection, name: str | None) -> Practice:
    held = people.practices(con)
    named = [practice for practice in held if name is None or practice.name == name]
    if len(named) != 1:
        names = "; ".join(practice.name for practice in held) or "there is none yet"
        raise WrongInput(f"Name one practice: {names}.")
    return named[0]


def _alone(con: Connection) -> list[str]:
    """Return a line for each practice that nobody administers."""
    return [
        f"{name} has no administrator now: add one by `python -m lib people add`."
        for (name,) in con.rows(
            """
            SELECT name FROM practice WHERE NOT EXISTS (
                SELECT 1 FROM membership JOIN person ON person.id = person_id
                WHERE practice_id = practice.id AND role = $role AND deactivated_at IS NULL)
            ORDER BY name
            """,
            role=Role.ADMINISTRATOR,
        )
    ]


def _link(token: str) -> str:
    return f"{process_store.address()}{invitations.PATH}#{token}"


def _lines(con: Connection) -> list[str]:
    lines = []
    for account in accounts.listed(con, actor=None):
        known = people.person(con, account.id)
        roles = "; ".join(
            f"{held.role.label} of {held.practice.name}"
            for held in (known.memberships if known else ())
        )
        seen = f"seen {account.last_seen_at:%Y-%m-%d %H:%M} UTC" if account.last_seen_at else None
        notes = [
            roles or "in no practice",
            "sample" if account.is_sample else None,
            None if account.is_active else "deactivated",
            None if account.is_set_up or account.is_sample else "not set up yet",
            seen,
        ]
        lines.append(f"{account.email}: {account.name}, {', '.join(n for n in notes if n)}")
    return lines or ["Nobody is on the list yet."]


def _holiday(text: str) -> Holiday:
    day, _, name = text.partition("=")
    return Holiday(command_options.day(day), name)


def _practice_lines(con: Connection, practice_id: int | None = None) -> list[str]:
    """Return a line for each practice, or for one."""
    lines = []
    for practice in people.practices(con):
        if practice_id not in (None, practice.id):
            continue
        assumed = practice_settings.is_timezone_assumed(con, practice.id)
        note = " (assumed: set it with --time-zone)" if assumed else ""
        count = len(practice_holidays.find(con, practice.id, actor=None))
        closed = f", {count} holidays" if count else ""
        settings = practice_settings.read(con, practice.id, actor=None)
        also = [what for what, name in _OPTIONS.items() if getattr(settings.options, name)]
        tasks = f", tasks of {', '.join(also)}" if also else ""
        is_usual = settings.due_days == USUAL_DUE_DAYS
        days = "" if is_usual else f", {us_formats.plural(settings.due_days, 'day')} to answer"
        lines.append(f"{practice.name}: {practice.timezone}{note}{days}{closed}{tasks}")
    return lines or ["There is no practice yet."]


def _payer_lines(con: Connection, practice_id: int) -> list[str]:
    held = timely_filing.filing_limits(con, practice_id, actor=None)
    return [f"{_payer(each)}: {each.limit}" for each in held] or ["There is no payer yet."]


def _payer(each: PayerLimit) -> str:
    return f"{each.name} ({each.code})" if each.code else each.name
