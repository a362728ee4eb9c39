from __future__ import annotations

import re
from pathlib import Path

import pytest

from lib import accounts, invitations, practice_settings, timely_filing
from lib.errors import NoSuchPerson, WrongInput
from lib.models import TaskOptions
from lib.practice_settings import Settings
from lib.store.database import Connection, Store
from lib.upkeep.people_and_practice_commands import do_people, do_practice
from tests.conftest import NOON, Cast
from tests.given import add_payer
from tests.server import running
from tests.test_command import run_command

LINK = re.compile(r"http://127\.0\.0\.1:\d+/invitation#([\w-]{43})")


@pytest.mark.slow
def test_people_are_put_on_the_list_while_the_app_is_stopped_and_while_it_runs(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    made = run_command(data, "practice", "add", "My practice", "--time-zone", "America/New_York")
    assert (made.returncode, made.stdout) == (
        0,
        "My practice: America/New_York\n",
    )
    add = ("people", "add", "--role", "administrator", "--name", "Ada Lovell")
    first = run_command(data, *add, "ada@example.com")
    assert first.returncode == 0
    assert LINK.search(first.stdout)

    with running(data) as server:
        second = run_command(data, *add, "bea@example.com")
        assert (second.returncode, second.stderr) == (0, "")
        assert f"{server.address}/invitation#" in second.stdout
        zone = run_command(data, "practice", "set", "My practice", "--idle-minutes", "30")
        assert zone.returncode == 0
        gone = run_command(data, "people", "deactivate", "bea@example.com")
        again = run_command(data, "people", "deactivate", "nobody@example.com")
        listed = run_command(data, "people", "list")
        last = run_command(data, "people", "deactivate", "ada@example.com")

    assert gone.returncode == 0
    assert (again.returncode, last.returncode) == (1, 0)
    assert (again.stdout, again.stderr) == ("", "There is no such person.\n")
    assert "My practice has no administrator now" in last.stdout
    assert listed.stdout == (
        "ada@example.com: Ada Lovell, Administrator of My practice, not set up yet\n"
        "bea@example.com: Ada Lovell, Administrator of My practice, deactivated, not set up yet\n"
    )
    assert "#" not in server.log.read_text()


def test_holidays_are_set_by_command(store: Store) -> None:
    con = store.connection()
    added = ["add", "My practice", "--time-zone", "America/New_York"]
    do_practice(con, added, now=NOON)
    asked = ["set", "My practice", "--us-holidays", "2026", "--holiday", "2026-12-24=Christmas Eve"]
    lines, _ = do_practice(con, asked, now=NOON)
    fewer, _ = do_practice(con, ["set", "My practice", "--no-holiday", "2026-10-12"], now=NOON)

    assert lines == ["My practice: America/New_York, 13 holidays"]
    assert fewer == ["My practice: America/New_York, 12 holidays"]


def test_due_days_and_what_makes_tasks_are_set_by_command(con: Connection, cast: Cast) -> None:
    asked = ["set", "Northside Clinic", "--due-days", "14", "--tasks-of", "partial-denials",
             "--tasks-of", "recoupments"]  # fmt: skip
    lines, _ = do_practice(con, asked, now=NOON)
    fewer, _ = do_practice(
        con,
        ["set", "Northside Clinic", "--no-tasks-of", "recoupments", "--idle-minutes", "20"],
        now=NOON,
    )
    with pytest.raises(WrongInput, match="between 1 and 365"):
        do_practice(con, ["set", "Northside Clinic", "--due-days", "0"], now=NOON)

    zone = "America/Chicago (assumed: set it with --time-zone)"  # nobody has said it yet
    also = "14 days to answer, tasks of partial-denials, recoupments"
    assert lines[0] == f"Northside Clinic: {zone}, {also}"
    assert fewer[0] == f"Northside Clinic: {zone}, 14 days to answer, tasks of partial-denials"
    held = practice_settings.read(con, cast.practice, actor=cast.ana)
    assert held == Settings(14, TaskOptions(partial_denials=True))
    story = practice_settings.changes(con, cast.practice, actor=cast.ana)
    assert [(event.field, event.new, event.actor) for event in story] == [
        ("Recoupments", "off", None),
        ("Recoupments", "on", None),
        ("Partial denials", "on", None),
        ("Days to answer", "14", None),
    ]


def test_how_long_a_payer_takes_claims_is_set_by_command(con: Connection, cast: Cast) -> None:
    add_payer(con, cast.practice)
    [payer] = timely_filing.filing_limits(con, cast.practice, actor=cast.ana)
    limit = ["payer-limit", "Northside Clinic", payer.name]
    said = ["--days", "180", "--source", "Provider manual, p. 12", "--verified", "2025-02-01"]
    set_, _ = do_practice(con, [*limit, *said], now=NOON)
    again, _ = do_practice(con, [*limit, *said], now=NOON)
    listed, _ = do_practice(con, ["payers", "Northside Clinic"], now=NOON)
    with pytest.raises(WrongInput, match="where the limit is written"):
        do_practice(con, [*limit, "--days", "90"], now=NOON)
    with pytest.raises(WrongInput, match=f"Name one payer: {payer.name}"):
        do_practice(con, ["payer-limit", "Northside Clinic", "Nobody", "--not-known"], now=NOON)
    with pytest.raises(SystemExit):  # nothing said erases nothing
        do_practice(con, limit, now=NOON)
    gone, _ = do_practice(con, [*limit, "--not-known"], now=NOON)

    who = f"{payer.name} ({payer.code})"
    kept = f"{who}: 180 days (Provider manual, p. 12, verified 2025-02-01)"
    assert set_ == again == listed == [kept]
    assert gone == [f"{who}: not recorded"]
    story = practice_settings.changes(con, cast.practice, actor=cast.ana)
    assert [(event.field, event.new, event.actor) for event in story] == [
        (f"Filing limit of {payer.name}", "not recorded", None),
        (
            f"Filing limit of {payer.name}",
            "180 days (Provider manual, p. 12, verified 2025-02-01)",
            None,
        ),
    ]


def test_a_new_link_replaces_the_earlier_one(store: Store) -> None:
    con = store.connection()
    do_practice(con, ["add", "My practice", "--time-zone", "America/New_York"], now=NOON)
    asked = ["add", "eva@example.com", "--name", "Eva", "--role", "staff"]
    first, _ = do_people(con, asked, now=NOON)
    assert first[0] == "Eva is invited as practice staff of My practice. Hand over this link:"
    second, _ = do_people(con, ["link", "Eva@example.com"], now=NOON)

    found = LINK.fullmatch(second[1])
    assert found
    eva = accounts.find(con, "eva@example.com")
    assert invitations.whose(con, found[1], now=NOON).id == eva


@pytest.mark.parametrize("wrong", [
    ["--due-days", "12", "--npi", "123"],
    ["--tasks-of", "reversals", "--us-holidays", "1999"],
    ["--idle-minutes", "20", "--time-zone", "Mars/Olympus"],
    ["--new-name", "Southside", "--holiday", "2026-12-24=Eve", "--no-holiday", "2026-01-05"],
], ids=" ".join)  # fmt: skip
def test_of_what_is_set_together_all_is_written_or_nothing(
    con: Connection, cast: Cast, wrong: list[str]
) -> None:
    before, _ = do_practice(con, [], now=NOON)
    with pytest.raises(WrongInput):
        do_practice(con, ["set", "Northside Clinic", *wrong], now=NOON)

    assert do_practice(con, [], now=NOON) == (before, 0)
    assert practice_settings.changes(con, cast.practice, actor=cast.ana) == []
    assert con.value("SELECT idle_minutes FROM practice WHERE id = $id", id=cast.practice) == 15


@pytest.mark.parametrize("verb", ["link", "deactivate", "reactivate", "remove"])
def test_somebody_of_the_sample_is_said_to_be_that(verb: str, con: Connection, cast: Cast) -> None:
    [email] = {each.email for each in accounts.listed(con, actor=None) if each.id == cast.ana.id}
    con.execute("UPDATE person SET is_sample = true WHERE id = $id", id=cast.ana.id)

    with pytest.raises(WrongInput, match=f"{email} is of the sample: nobody of it has an account"):
        do_people(con, [verb, email], now=NOON)
    with pytest.raises(NoSuchPerson):
        do_people(con, [verb, "nobody@example.com"], now=NOON)
