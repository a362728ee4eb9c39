"""`python -m lib sample`: two invented practices with their people and a year of history.

The claims and remittances are X12 files that are written here and imported like any other; the rest
is done by the ordinary verbs. The same day gives the same practices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from lib import people, timely_filing
from lib.errors import StoreInUse, WrongDataFolder
from lib.models import Person, Role, TaskType
from lib.samples import working_hours
from lib.samples.claim_scenario import SEED, weighted
from lib.samples.files import SampleFile, files
from lib.samples.history import Year
from lib.samples.value_lists import Request, SampleLimit, SamplePerson, SamplePractice, read
from lib.store import durable_files as store_files
from lib.store import interruption, process_store
from lib.store.database import Connection
from lib.terminal import Parser, complain, say
from lib.timely_filing import FilingLimit

YEAR = timedelta(days=364)
BY_HAND = {"harbor": 46, "lakeside": 9}  # tasks that the biller types
MAIL = {"harbor": 20, "lakeside": 7}  # documents that arrive without being asked for
MAIL_LABELS = ("Insurance card", "Referral", "Lab results", "Authorization", "Office notes")


def write_files(folder: Path, today: date) -> list[SampleFile]:
    """Write the X12 files of both practices to `folder`/samples/x12 and return them."""
    made = files(today)
    place = folder / "samples" / "x12"
    for file in made:
        store_files.write(place / file.name, file.content)
    return made


def load(con: Connection, folder: Path, *, now: datetime) -> bool:
    """Fill the store as it would be at `now`. Return False if it already holds a practice.

    The X12 files are left in `folder`/samples/x12.
    """
    if people.practices(con):
        return False
    interruption.if_stopped(
        f"Stopped: a part of the practices may be in {folder}, and is of no use. Name an empty "
        "folder next time."
    )
    made = write_files(folder, now.date())
    practices = read("practices", SamplePractice)
    began = now - YEAR - timedelta(days=60)
    ids = {
        practice.key: people.add_practice(con, practice.name, timezone=practice.timezone, now=began)
        for practice in practices
    }
    everyone = _hire(con, ids, began)
    for practice in practices:
        here = {
            person.name: person
            for person in everyone
            if person.role_in(ids[practice.key]) is not None
        }
        year = Year(con, practice, ids[practice.key], here, now)
        for file in made:
            if file.practice == practice.key:
                year.plan(working_hours.morning(file.day, practice.timezone), year.receive(file))
        _plan_requests(year, practice, now)
        year.live()
        if practice is practices[-1]:
            interruption.hold()  # what is left takes a moment
        _look_up_limits(con, ids[practice.key], year.manager, now)
    con.execute("CHECKPOINT")
    return True


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Run the command. Return 0 if the data folder holds a practice, 1 if it cannot be used, 2 for
    wrong usage."""
    Parser(
        prog="python -m lib sample",
        description="Fill an empty data folder with two sample practices and a year of history.",
    ).parse_args(arguments)
    try:
        store = process_store.open_store()
        con = store.connection()
        if not load(con, store.folder, now=now):
            say(f"{store.folder} already holds a practice: nothing was changed.")
            return 0
        charges, tasks = con.rows(
            "SELECT (SELECT count(*) FROM charge), (SELECT count(*) FROM task)"
        )[0]
        say(f"{store.folder}: two sample practices with {charges} charges and {tasks} tasks")
    except (StoreInUse, WrongDataFolder) as problem:
        complain(str(problem))
        return 1
    finally:
        process_store.close_stores()
    return 0


def _hire(con: Connection, practices: dict[str, int], began: datetime) -> list[Person]:
    """Insert the people of the sample practices, each once, with all their roles."""
    roles: dict[tuple[str, str], dict[int, Role]] = {}
    for one in read("people", SamplePerson):
        if one.practice in practices:
            roles.setdefault((one.name, one.email), {})[practices[one.practice]] = one.role
    for (name, email), held in roles.items():
        people.add_person(con, name, email, held, is_sample=True, now=began)
    return people.sample_people(con)


def _look_up_limits(con: Connection, practice_id: int, manager: Person, now: datetime) -> None:
    """Write down the filing limits of some payers, as the manager did two months ago."""
    codes: dict[int, str] = dict(
        con.rows("SELECT id, code FROM payer WHERE practice_id = $id", id=practice_id)
    )
    limits = {limit.code: limit for limit in read("filing_limits", SampleLimit)}
    at = now - timedelta(days=60)
    for payer in timely_filing.filing_limits(con, practice_id, actor=manager):
        if found := limits.get(codes[payer.payer_id]):
            wanted = FilingLimit(found.days, found.source, at.date())
            timely_filing.set_filing_limit(
                con, practice_id, payer.payer_id, wanted, seen=payer.limit, actor=manager, now=at
            )


def _plan_requests(year: Year, practice: SamplePractice, now: datetime) -> None:
    """Plan what the biller asks by hand, of every type and more of it lately, and what comes by
    mail."""
    chance = Random(f"{SEED} by hand {practice.key} {now.date()}")
    requests = read("requests", Request)
    for n, at in _moments(BY_HAND[practice.key], practice, now, chance):
        kind = list(TaskType)[n % len(TaskType)]
        of_kind = [request for request in requests if request.type is kind]
        year.plan(at, year.ask_by_hand(weighted(of_kind, chance)))
    for n, at in _moments(MAIL[practice.key], practice, now, chance):
        year.plan(at, year.file_letter(MAIL_LABELS[n % len(MAIL_LABELS)]))


def _moments(
    count: int, practice: SamplePractice, now: datetime, chance: Random
) -> Iterator[tuple[int, datetime]]:
    """Yield numbered moments of working days over the year, closer together towards its end."""
    for n in range(count):
        ago = YEAR * (1 - n / count) ** 1.6
        yield n, working_hours.later(now - ago, 0, practice.timezone, chance)
