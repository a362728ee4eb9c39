from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from lib import people
from lib.errors import NotSignedIn
from lib.models import Membership, Practice, Role
from lib.store.database import Connection, transaction
from tests.conftest import NOON, Cast
from tests.given import minutes


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
    with pytest.raises(Exception, match="CHECK"):
        people.add_practice(con, "Hasty", due_days=0, now=NOON)

    assert people.practices(con) == []


def test_a_task_can_be_given_to_managers_and_staff_of_its_practice_only(
    con: Connection, cast: Cast
) -> None:
    assert [c.name for c in people.colleagues(con, cast.practice)] == ["Ana", "Ben"]
    assert [c.name for c in people.colleagues(con, cast.other_practice)] == ["Carla"]


def test_two_of_one_name_are_told_apart_by_their_address(con: Connection, cast: Cast) -> None:
    roles = {cast.practice: Role.STAFF}
    people.add_person(con, "Ben", "other@example.com", roles, is_sample=True, now=NOON)

    names = people.display_names(people.colleagues(con, cast.practice))

    assert sorted(names.values()) == ["Ana", "Ben (ben@example.com)", "Ben (other@example.com)"]


def test_only_invented_people_are_offered_at_sign_in(con: Connection, cast: Cast) -> None:
    roles = {cast.practice: Role.MANAGER}
    people.add_person(con, "Real", "real@example.com", roles, is_sample=False, now=NOON)

    assert [p.name for p in people.sample_people(con)] == ["Ana", "Ben", "Dora", "Alan", "Carla"]


def test_a_session_says_who_is_there(con: Connection, cast: Cast) -> None:
    ana = people.sign_in(con, cast.ana.id, now=NOON)
    ben = people.sign_in(con, cast.ben.id, now=NOON)

    assert people.who(con, ana, now=minutes(1)) == cast.ana
    assert people.who(con, ben, now=minutes(1)) == cast.ben
    assert people.session_of(con, ben, now=minutes(1)) == cast.ben.id


def test_the_store_keeps_only_the_hash_of_a_token(con: Connection, cast: Cast) -> None:
    token = people.sign_in(con, cast.ana.id, now=NOON)

    (row,) = con.rows("SELECT * FROM session")

    assert len(token) >= 43  # 256 bits
    assert token not in [str(value) for value in row]
    assert row[0] == hashlib.sha256(token.encode()).hexdigest()


def test_every_sign_in_has_a_token_of_its_own(con: Connection, cast: Cast) -> None:
    assert people.sign_in(con, cast.ana.id, now=NOON) != people.sign_in(con, cast.ana.id, now=NOON)


@pytest.mark.parametrize("token", [None, "", "guessed", "' OR true --"])
def test_any_other_token_opens_nothing(con: Connection, cast: Cast, token: str | None) -> None:
    people.sign_in(con, cast.ana.id, now=NOON)

    with pytest.raises(NotSignedIn, match="You are signed out"):
        people.who(con, token, now=NOON)


def test_the_stored_hash_is_no_token(con: Connection, cast: Cast) -> None:
    token = people.sign_in(con, cast.ana.id, now=NOON)

    with pytest.raises(NotSignedIn):
        people.who(con, hashlib.sha256(token.encode()).hexdigest(), now=NOON)


def test_signing_out_ends_this_session_and_no_other_and_twice_is_once(
    con: Connection, cast: Cast
) -> None:
    token = people.sign_in(con, cast.ana.id, now=NOON)
    elsewhere = people.sign_in(con, cast.ana.id, now=NOON)

    people.sign_out(con, token, now=minutes(1))
    people.sign_out(con, token, now=minutes(9))

    with pytest.raises(NotSignedIn):
        people.who(con, token, now=minutes(2))
    assert people.who(con, elsewhere, now=minutes(2)) == cast.ana
    ended = con.value("SELECT ended_at FROM session WHERE ended_at IS NOT NULL")
    assert ended == minutes(1).replace(tzinfo=None)


def test_a_session_nobody_used_for_twelve_hours_has_ended(con: Connection, cast: Cast) -> None:
    token = people.sign_in(con, cast.ana.id, now=NOON)

    with pytest.raises(NotSignedIn):
        people.who(con, token, now=NOON + people.IDLE + timedelta(seconds=1))


def test_a_session_in_use_goes_on_for_a_day_and_no_longer(con: Connection, cast: Cast) -> None:
    token = people.sign_in(con, cast.ana.id, now=NOON)

    for hours in (11, 22, 24):
        assert people.who(con, token, now=NOON + timedelta(hours=hours)) == cast.ana
    with pytest.raises(NotSignedIn):
        people.who(con, token, now=NOON + people.LONGEST + timedelta(seconds=1))


def test_a_session_ends_at_the_same_moment_in_every_zone(con: Connection, cast: Cast) -> None:
    token = people.sign_in(con, cast.ana.id, now=NOON)
    too_late = NOON + people.IDLE + timedelta(minutes=1)

    for zone in ("America/Chicago", "Asia/Tokyo"):
        with pytest.raises(NotSignedIn):
            people.who(con, token, now=too_late.astimezone(ZoneInfo(zone)))
        assert people.who(con, token, now=minutes(1).astimezone(ZoneInfo(zone))) == cast.ana


def test_the_last_use_is_written_at_most_every_five_minutes(con: Connection, cast: Cast) -> None:
    token = people.sign_in(con, cast.ana.id, now=NOON)

    people.who(con, token, now=minutes(4))
    first = con.value("SELECT last_used_at FROM session")
    people.who(con, token, now=minutes(6))
    second = con.value("SELECT last_used_at FROM session")

    assert (first, second) == (NOON.replace(tzinfo=None), minutes(6).replace(tzinfo=None))


def test_a_session_does_not_wait_for_somebody_who_writes(con: Connection, cast: Cast) -> None:
    """A large import holds the writers' lock for minutes; every click asks for the session."""
    token = people.sign_in(con, cast.ana.id, now=NOON)

    with ThreadPoolExecutor(1) as other, transaction(con.store.connection()):
        asked = other.submit(people.session_of, con, token, now=minutes(6))
        assert asked.result(timeout=5) == cast.ana.id

    assert con.value("SELECT max(last_used_at) FROM session") == NOON.replace(tzinfo=None)
    people.session_of(con, token, now=minutes(7))
    assert con.value("SELECT max(last_used_at) FROM session") == minutes(7).replace(tzinfo=None)


def test_somebody_who_belongs_to_no_practice_is_not_signed_in(con: Connection) -> None:
    stray = people.add_person(con, "Stray", "s@example.com", {}, is_sample=True, now=NOON)
    token = people.sign_in(con, stray, now=NOON)

    with pytest.raises(NotSignedIn):
        people.who(con, token, now=NOON)
    assert people.sample_people(con) == []
