from __future__ import annotations

import pytest

from lib import (
    accounts,
    audit_log_queries,
    invitations,
    membership_offers,
    memberships,
    people,
    practices,
    sessions,
)
from lib.errors import (
    AccountDeactivated,
    AlsoElsewhere,
    LastAdministrator,
    NoSuchPerson,
    NotAllowed,
    NotSignedIn,
    WrongLink,
    WrongSignIn,
)
from lib.models import Person, Role
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.given import minutes
from tests.test_invitations import PASSWORD, administrator, invited


@pytest.fixture
def ada(con: Connection, cast: Cast) -> Person:
    return administrator(con, cast.practice)


@pytest.fixture
def bea(con: Connection, cast: Cast) -> Person:
    return administrator(con, cast.other_practice, "bea@example.com")


def invite(con: Connection, practice: int, role: Role, actor: Person) -> str:
    return invitations.invite(
        con, "carl@example.com", "Carl", {practice: role}, actor=actor, now=NOON
    )


def accept(con: Connection, token: str, password: str = PASSWORD) -> int:
    return membership_offers.accept(con, token, password, address="10.0.0.1", now=minutes(2))


def roles(con: Connection, person_id: int) -> dict[int, Role]:
    found = people.person(con, person_id)
    return {m.practice.id: m.role for m in found.memberships} if found else {}


def test_who_invited_an_address_first_gets_into_no_practice_that_invites_it_later(
    con: Connection, cast: Cast, ada: Person, bea: Person
) -> None:
    kept = invite(con, cast.practice, Role.STAFF, ada)
    later = invite(con, cast.other_practice, Role.ADMINISTRATOR, bea)

    with pytest.raises(WrongLink):
        invitations.accept(con, kept, "known to the first one", now=minutes(1))
    carl = invitations.accept(con, later, PASSWORD, now=minutes(1))

    assert roles(con, carl) == {cast.other_practice: Role.ADMINISTRATOR}
    assert [
        m.is_offered for m in memberships.of_practice(con, cast.practice, actor=ada) if m.id == carl
    ] == [True]


def test_nor_where_they_used_their_link_before(
    con: Connection, cast: Cast, ada: Person, bea: Person
) -> None:
    first = invite(con, cast.practice, Role.STAFF, ada)
    carl = invitations.accept(con, first, PASSWORD, now=NOON)
    token = invite(con, cast.other_practice, Role.ADMINISTRATOR, bea)

    assert roles(con, carl) == {cast.practice: Role.STAFF}
    with pytest.raises(WrongSignIn):
        accept(con, token, "another good password")
    assert accept(con, token) == carl
    assert roles(con, carl)[cast.other_practice] is Role.ADMINISTRATOR
    with pytest.raises(WrongLink):
        accept(con, token)


def test_what_is_offered_binds_nobody(
    con: Connection, cast: Cast, ada: Person, bea: Person
) -> None:
    eva = invitations.accept(con, invited(con, cast.practice), PASSWORD, now=NOON)
    offer = {cast.other_practice: Role.STAFF}
    token = invitations.invite(con, "eva@example.com", "x", offer, actor=bea, now=NOON)
    with pytest.raises(NoSuchPerson):
        memberships.change(con, cast.other_practice, eva, away=(None, None), actor=bea, now=NOON)
    (seen,) = [
        m for m in memberships.of_practice(con, cast.other_practice, actor=bea) if m.id == eva
    ]
    assert (seen.name, seen.is_set_up, seen.last_seen_at) == ("x", False, None)

    again = invitations.invite_again(con, cast.other_practice, eva, actor=bea, now=NOON)
    with pytest.raises(WrongLink):
        accept(con, token)
    accounts.deactivate(con, eva, actor=ada, now=minutes(1))
    with pytest.raises(WrongLink):
        accept(con, again)
    for verb in (invitations.invite_again,):
        with pytest.raises(AccountDeactivated):
            verb(con, cast.other_practice, eva, actor=bea, now=NOON)


def test_who_is_in_a_practice_of_their_own_is_removed_from_this_one_at_once(
    con: Connection, cast: Cast, ada: Person
) -> None:
    carl = invitations.accept(
        con, invite(con, cast.practice, Role.ADMINISTRATOR, ada), PASSWORD, now=NOON
    )
    session = sessions.sign_in(con, carl, now=NOON)
    person = people.person(con, carl)
    own = practices.Details("My own", "America/New_York")
    practice = practices.add(con, own, actor=person, now=NOON)
    kept = invitations.invite(
        con, "fay@example.com", "Fay", {cast.practice: Role.ADMINISTRATOR}, actor=person, now=NOON
    )
    accounts.set_password(con, ada.id, "argon2", now=NOON)
    with pytest.raises(AlsoElsewhere, match="Remove them from your practice"):
        accounts.deactivate(con, carl, actor=ada, now=minutes(1))
    with pytest.raises(NotAllowed):
        memberships.remove(con, cast.practice, carl, actor=cast.ana, now=minutes(1))

    memberships.remove(con, cast.practice, carl, actor=ada, now=minutes(1))

    assert sessions.who(con, session, now=minutes(1)).practice_ids == [practice]
    with pytest.raises(WrongLink):
        invitations.accept(con, kept, PASSWORD, now=minutes(2))
    with pytest.raises(LastAdministrator):
        memberships.remove(con, practice, carl, actor=people.person(con, carl), now=minutes(2))
    accounts.deactivate(con, carl, actor=None, now=minutes(2))
    with pytest.raises(NotSignedIn):
        sessions.who(con, session, now=minutes(3))


def test_an_administrator_who_cannot_sign_in_is_none(
    con: Connection, cast: Cast, ada: Person
) -> None:
    accounts.set_password(con, ada.id, "argon2", now=NOON)
    token = invite(con, cast.practice, Role.ADMINISTRATOR, ada)
    with pytest.raises(LastAdministrator):
        memberships.change(con, cast.practice, ada.id, role=Role.STAFF, actor=ada, now=NOON)

    invitations.accept(con, token, PASSWORD, now=NOON)
    memberships.change(con, cast.practice, ada.id, role=Role.STAFF, actor=ada, now=NOON)


def test_days_away_are_of_one_practice(
    con: Connection, cast: Cast, ada: Person, bea: Person
) -> None:
    eva = invitations.accept(con, invited(con, cast.practice), PASSWORD, now=NOON)
    offer = {cast.other_practice: Role.STAFF}
    accept(con, invitations.invite(con, "eva@example.com", "Eva", offer, actor=bea, now=NOON))
    day = NOON.date()
    memberships.change(con, cast.other_practice, eva, away=(day, day), actor=bea, now=NOON)

    def away(practice: int, actor: Person) -> list[object]:
        members = memberships.of_practice(con, practice, actor=actor)
        return [m.away_from for m in members if m.id == eva]

    assert (away(cast.practice, ada), away(cast.other_practice, bea)) == ([None], [day])


def test_the_activity_of_a_practice_names_nobody_of_another(
    con: Connection, cast: Cast, ada: Person, bea: Person
) -> None:
    eva = invitations.accept(con, invited(con, cast.other_practice), PASSWORD, now=NOON)
    con.execute(
        "INSERT INTO membership (practice_id, person_id, role) VALUES ($p, $b, 'staff')",
        p=cast.practice, b=bea.id,
    )  # fmt: skip
    accounts.deactivate(con, eva, actor=bea, now=minutes(1))

    lines = audit_log_queries.find(con, audit_log_queries.Wanted(), actor=ada)

    assert "Eva Sand" not in {line.person for line in lines}
