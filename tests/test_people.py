from __future__ import annotations

import pytest

from lib import accounts, people
from lib.models import Membership, Practice, Role
from lib.store.database import Connection
from tests.conftest import NOON, Cast


def test_a_person_comes_with_every_practice_and_the_role_in_it(con: Connection, cast: Cast) -> None:
    both = people.add_person(
        con, "Eva", "eva@example.com",
        {cast.other_practice: Role.STAFF, cast.practice: Role.BILLER}, is_sample=False, now=NOON,
    )  # fmt: skip

    eva = people.person(con, both)

    assert eva is not None
    assert (eva.id, eva.name, eva.email) == (both, "Eva", "eva@example.com")
    assert eva.memberships == (
        Membership(Practice(cast.practice, "Northside Clinic", "America/Chicago", 30), Role.BILLER),
        Membership(
            Practice(cast.other_practice, "Southside Clinic", "America/Chicago", 30), Role.STAFF
        ),
    )
    assert eva.role_in(cast.practice) is Role.BILLER
    assert eva.role_in(999) is None


def test_nobody_is_found_under_an_unknown_id(con: Connection, cast: Cast) -> None:
    assert people.person(con, 999) is None


def test_practices_are_listed_by_name(con: Connection) -> None:
    people.add_practice(con, "West", timezone="America/Denver", due_days=10, now=NOON)
    people.add_practice(con, "East", now=NOON)

    found = people.practices(con)

    assert [(p.name, p.timezone, p.due_days) for p in found] == [
        ("East", "America/Chicago", 30),
        ("West", "America/Denver", 10),
    ]


def test_a_practice_that_gives_itself_no_days_is_refused_whole(con: Connection) -> None:
    with pytest.raises(Exception, match=r"(?i)check"):
        people.add_practice(con, "Hasty", due_days=0, now=NOON)

    assert people.practices(con) == []


def test_a_task_can_be_given_to_managers_and_staff_of_its_practice_only(
    con: Connection, cast: Cast
) -> None:
    assert [c.name for c in people.colleagues(con, cast.practice)] == ["Ana", "Ben"]
    assert [c.name for c in people.colleagues(con, cast.other_practice)] == ["Carla"]


def test_who_was_deactivated_keeps_their_name_and_is_given_nothing(
    con: Connection, cast: Cast
) -> None:
    accounts.deactivate(con, cast.ben.id, actor=None, now=NOON)

    assert [(c.name, c.is_active) for c in people.colleagues(con, cast.practice)] == [
        ("Ana", True), ("Ben", False),
    ]  # fmt: skip
    assert [c.name for c in people.takers(con, cast.practice)] == ["Ana"]


def test_two_of_one_name_are_told_apart_by_their_address(con: Connection, cast: Cast) -> None:
    roles = {cast.practice: Role.STAFF}
    people.add_person(con, "Ben", "other@example.com", roles, is_sample=True, now=NOON)

    names = people.display_names(people.colleagues(con, cast.practice))

    assert sorted(names.values()) == ["Ana", "Ben (ben@example.com)", "Ben (other@example.com)"]


def test_two_practices_of_one_name_have_two_names_for_who_belongs_to_both(con: Connection) -> None:
    ids = [people.add_practice(con, name, now=NOON) for name in ("North", "North", "West")]
    roles = dict.fromkeys(ids, Role.STAFF)
    person_id = people.add_person(con, "Eve", "eve@example.com", roles, is_sample=True, now=NOON)

    eve = people.person(con, person_id)

    assert eve and [m.practice.name for m in eve.memberships] == [
        "North",
        f"North ({ids[1]})",
        "West",
    ]
    assert eve.at(ids[1]).practice_ids == [ids[1]]
    assert eve.at(None) == eve.at(0) == eve


def test_only_invented_people_are_offered_at_sign_in(con: Connection, cast: Cast) -> None:
    roles = {cast.practice: Role.MANAGER}
    people.add_person(con, "Real", "real@example.com", roles, is_sample=False, now=NOON)

    assert [p.name for p in people.sample_people(con)] == ["Ana", "Ben", "Dora", "Alan", "Carla"]
