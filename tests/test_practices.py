from __future__ import annotations

from dataclasses import replace

import pytest

from lib import accounts, people, practices
from lib.errors import NoSuchPractice, NotAllowed, WrongInput
from lib.models import Role
from lib.practices import Administrator, Details
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_invitations import PASSWORD, administrator

GOOD = Details("My practice", "America/New_York", "1234567893", "12-3456789", 20, True)
ADA = Administrator("Ada Lovell", "Ada@example.com", PASSWORD)


def test_an_empty_store_is_set_up_once(con: Connection) -> None:
    ada = practices.set_up(con, GOOD, ADA, now=NOON)

    person = people.person(con, ada)
    assert person
    assert (person.name, person.email) == ("Ada Lovell", "ada@example.com")
    (membership,) = person.memberships
    assert membership.role is Role.ADMINISTRATOR
    found = practices.details(con, membership.practice.id, actor=person)
    assert found == replace(GOOD, tax_id="123456789")
    assert accounts.check_password(con, "ada@example.com", PASSWORD, address="", now=NOON) == ada
    with pytest.raises(WrongInput, match="set up already"):
        practices.set_up(con, replace(GOOD, name="Another"), ADA, now=NOON)


def test_practices_that_came_in_by_files_get_the_first_administrator(con: Connection) -> None:
    held = people.add_practice(con, "From a file", now=NOON)

    ada = practices.set_up(con, None, ADA, now=NOON)

    person = people.person(con, ada)
    assert person
    assert person.practice_ids == [held]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "name of the practice"),
        ({"timezone": "Mars"}, "time zone"),
        ({"npi": "1234567890"}, "NPI"),
        ({"tax_id": "12"}, "tax ID"),
        ({"idle_minutes": 0}, "unused for 5 to 720"),
    ],
)
def test_what_cannot_be_of_a_practice_is_refused_and_nothing_is_kept(
    con: Connection, wrong: dict[str, str], said: str
) -> None:
    with pytest.raises(WrongInput, match=said):
        practices.set_up(con, replace(GOOD, **wrong), ADA, now=NOON)  # type: ignore[arg-type]

    assert accounts.is_empty(con)
    assert people.practices(con) == []


@pytest.mark.parametrize("wrong", [{"name": ""}, {"email": "ada"}, {"password": "short"}])
def test_what_cannot_be_of_an_administrator_is_refused(
    con: Connection, wrong: dict[str, str]
) -> None:
    with pytest.raises(WrongInput):
        practices.set_up(con, GOOD, replace(ADA, **wrong), now=NOON)

    assert accounts.is_empty(con)


def test_only_an_administrator_changes_a_practice(con: Connection, cast: Cast) -> None:
    ada = administrator(con, cast.practice)
    for actor, refusal in ((cast.ana, NotAllowed), (cast.carla, NoSuchPractice)):
        with pytest.raises(refusal):
            practices.change(con, cast.practice, GOOD, actor=actor, now=NOON)

    practices.change(con, cast.practice, GOOD, actor=ada, now=NOON)

    assert practices.details(con, cast.practice, actor=ada) == replace(GOOD, tax_id="123456789")


def test_an_administrator_adds_a_practice_and_looks_after_it(con: Connection, cast: Cast) -> None:
    ada = administrator(con, cast.practice)
    with pytest.raises(NotAllowed):
        practices.add(con, GOOD, actor=cast.ben, now=NOON)
    with pytest.raises(WrongInput, match="Northside Clinic already"):
        practices.add(con, replace(GOOD, name="Northside Clinic"), actor=ada, now=NOON)

    made = practices.add(con, GOOD, actor=ada, now=NOON)

    again = people.person(con, ada.id)
    assert again
    assert again.role_in(made) is Role.ADMINISTRATOR


def test_the_name_of_somebody_elses_practice_is_free_and_the_command_line_tells_both_apart(
    con: Connection, cast: Cast
) -> None:
    ada = administrator(con, cast.practice)
    made = practices.add(con, replace(GOOD, name="Southside Clinic"), actor=ada, now=NOON)

    assert [(p.id, p.name) for p in people.practices(con)] == [
        (cast.practice, "Northside Clinic"), (cast.other_practice, "Southside Clinic"),
        (made, f"Southside Clinic ({made})"),
    ]  # fmt: skip
    again = people.person(con, ada.id)
    assert again and [m.practice.name for m in again.memberships] == [
        "Northside Clinic", "Southside Clinic",
    ]  # fmt: skip
    with pytest.raises(WrongInput, match="Southside Clinic already"):
        practices.add(con, replace(GOOD, name="Southside Clinic"), actor=None, now=NOON)


def test_of_a_change_that_cannot_be_nothing_is_kept(con: Connection, cast: Cast) -> None:
    ada = administrator(con, cast.practice)
    before = practices.details(con, cast.practice, actor=ada)
    with pytest.raises(WrongInput, match="NPI"):
        practices.change(
            con, cast.practice, replace(before, timezone="America/Denver", npi="123"), actor=ada,
            now=NOON,
        )  # fmt: skip

    assert practices.details(con, cast.practice, actor=ada) == before


def test_a_practice_is_changed_in_one_transaction(con: Connection, cast: Cast) -> None:
    ada = administrator(con, cast.practice)
    before = practices.details(con, cast.practice, actor=ada)
    wanted = replace(before, timezone="America/Denver", npi="1234567893")
    revision = con.store.connection().store.revision

    practices.change(con, cast.practice, wanted, actor=ada, now=NOON)

    assert practices.details(con, cast.practice, actor=ada) == wanted
    assert con.store.revision == revision + 1
