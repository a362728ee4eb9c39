from __future__ import annotations

import re
from pathlib import Path

import pytest

from lib import accounts, invitations
from lib.store.database import Store
from lib.upkeep import people_and_practice_commands
from tests.conftest import NOON
from tests.server import running
from tests.test_command import run_command

LINK = re.compile(r"http://127\.0\.0\.1:\d+/invitation#([\w-]{43})")


@pytest.mark.slow
def test_people_are_put_on_the_list_while_the_app_is_stopped_and_while_it_runs(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    made = run_command(data, "practice", "add", "My practice", "--time-zone", "America/New_York")
    assert (made.returncode, made.stdout) == (0, "My practice: America/New_York\n")
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
    assert "There is no such person." in again.stdout
    assert "My practice has no administrator now" in last.stdout
    assert listed.stdout == (
        "ada@example.com: Ada Lovell, Administrator of My practice, not set up yet\n"
        "bea@example.com: Ada Lovell, Administrator of My practice, deactivated, not set up yet\n"
    )
    assert "#" not in server.log.read_text()


def test_holidays_are_set_by_command(store: Store) -> None:
    con = store.connection()
    added = ["add", "My practice", "--time-zone", "America/New_York"]
    people_and_practice_commands.do_practice(con, added, now=NOON)
    asked = ["set", "My practice", "--us-holidays", "2026", "--holiday", "2026-12-24=Christmas Eve"]
    lines, _ = people_and_practice_commands.do_practice(con, asked, now=NOON)
    fewer, _ = people_and_practice_commands.do_practice(
        con, ["set", "My practice", "--no-holiday", "2026-10-12"], now=NOON
    )

    assert lines == ["My practice: America/New_York, 13 holidays"]
    assert fewer == ["My practice: America/New_York, 12 holidays"]


def test_a_new_link_replaces_the_earlier_one(store: Store) -> None:
    con = store.connection()
    people_and_practice_commands.do_practice(
        con, ["add", "My practice", "--time-zone", "America/New_York"], now=NOON
    )
    asked = ["add", "eva@example.com", "--name", "Eva", "--role", "staff"]
    first, _ = people_and_practice_commands.do_people(con, asked, now=NOON)
    assert first[0] == "Eva is invited as practice staff of My practice. Hand over this link:"
    second, _ = people_and_practice_commands.do_people(con, ["link", "Eva@example.com"], now=NOON)

    found = LINK.fullmatch(second[1])
    assert found
    eva = accounts.find(con, "eva@example.com")
    assert invitations.whose(con, found[1], now=NOON).id == eva
