from __future__ import annotations

from datetime import timedelta

import pytest

from lib import accounts, invitations, membership_offers, people, sessions
from lib.errors import (
    AlsoElsewhere,
    NoSuchPerson,
    NoSuchPractice,
    NotAllowed,
    NotSignedIn,
    WrongInput,
    WrongLink,
)
from lib.models import Person, Role
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.given import minutes

PASSWORD = "correct horse battery"


def administrator(con: Connection, practice: int, email: str = "ada@example.com") -> Person:
    person_id = people.add_person(
        con, "Ada", email, {practice: Role.ADMINISTRATOR}, is_sample=False, now=NOON
    )
    found = people.person(con, person_id)
    assert found
    return found


def invited(con: Connection, practice: int, email: str = "eva@example.com") -> str:
    token = invitations.invite(con, email, "Eva Sand", {practice: Role.STAFF}, actor=None, now=NOON)
    assert token
    return token


def test_a_link_sets_a_password_once(con: Connection, cast: Cast) -> None:
    token = invited(con, cast.practice, " Eva@Example.com ")

    person = invitations.whose(con, token, now=minutes(1))
    eva = invitations.accept(con, token, PASSWORD, now=minutes(2))

    assert (person.id, person.email, person.role_in(cast.practice)) == (
        eva, "eva@example.com", Role.STAFF,
    )  # fmt: skip
    found = accounts.check_password(
        con, "EVA@example.com", PASSWORD, address="10.0.0.1", now=minutes(3)
    )
    assert found == eva
    with pytest.raises(WrongLink):
        invitations.accept(con, token, "another good password", now=minutes(4))


def test_the_store_keeps_neither_link_nor_password(con: Connection, cast: Cast) -> None:
    token = invited(con, cast.practice)
    invitations.accept(con, token, PASSWORD, now=minutes(1))

    kept = str(con.rows("SELECT * FROM invitation") + con.rows("SELECT * FROM password"))
    assert token not in kept
    assert PASSWORD not in kept


def test_a_link_ends_with_a_newer_one_with_time_and_with_the_account(
    con: Connection, cast: Cast
) -> None:
    first = invited(con, cast.practice)
    eva = invitations.whose(con, first, now=NOON).id
    second = invitations.link(con, eva, actor=None, now=minutes(1))
    for token, now in (
        (first, minutes(2)),
        (second, minutes(2) + invitations.VALID),
        ("guessed", minutes(2)),
    ):
        with pytest.raises(WrongLink):
            invitations.whose(con, token, now=now)
    assert invitations.whose(con, second, now=minutes(2)).id == eva

    accounts.deactivate(con, eva, actor=None, now=minutes(3))
    with pytest.raises(WrongLink):
        invitations.whose(con, second, now=minutes(4))


def test_a_weak_password_leaves_the_link_good(con: Connection, cast: Cast) -> None:
    token = invited(con, cast.practice)

    with pytest.raises(WrongInput, match="at least 12"):
        invitations.accept(con, token, "short", now=NOON)

    assert invitations.accept(con, token, PASSWORD, now=NOON)


def test_setting_a_password_anew_ends_the_sessions(con: Connection, cast: Cast) -> None:
    eva = invitations.accept(con, invited(con, cast.practice), PASSWORD, now=NOON)
    session = sessions.sign_in(con, eva, now=NOON)

    again = invitations.link(con, eva, actor=None, now=minutes(1))
    invitations.accept(con, again, "another good password", now=minutes(2))

    with pytest.raises(NotSignedIn):
        sessions.who(con, session, now=minutes(3))


def test_only_an_administrator_of_the_practice_invites(con: Connection, cast: Cast) -> None:
    ada = administrator(con, cast.practice)
    for actor, practice, refusal in (
        (cast.ana, cast.practice, NotAllowed),
        (cast.ben, cast.practice, NotAllowed),
        (ada, cast.other_practice, NoSuchPractice),
        (cast.carla, cast.practice, NoSuchPractice),
    ):
        with pytest.raises(refusal):
            invitations.invite(
                con, "eva@example.com", "Eva", {practice: Role.STAFF}, actor=actor, now=NOON
            )
    assert accounts.find(con, "eva@example.com") is None


def test_nobody_gets_a_link_for_an_account_that_others_manage_too(
    con: Connection, cast: Cast
) -> None:
    """A link sets the password of all practices: it would be a way into the other one."""
    ada = administrator(con, cast.practice)
    eva = invitations.accept(con, invited(con, cast.other_practice), PASSWORD, now=NOON)
    with pytest.raises(NoSuchPerson):
        invitations.link(con, eva, actor=ada, now=NOON)

    token = invitations.invite(
        con, "eva@example.com", "Eva", {cast.practice: Role.BILLER}, actor=ada, now=NOON
    )

    membership_offers.accept(con, token, PASSWORD, address="10.0.0.1", now=NOON)
    for verb in (invitations.link, accounts.deactivate):
        with pytest.raises(AlsoElsewhere):
            verb(con, eva, actor=ada, now=NOON)
    both = people.person(con, eva)
    assert both
    assert both.role_in(cast.practice) is Role.BILLER
    assert both.role_in(cast.other_practice) is Role.STAFF


@pytest.mark.parametrize("email", ["", "eva", "eva@", "@x.org", "eva@x", "e va@x.org", "<e@x.org>"])
def test_what_is_no_email_address_is_refused(con: Connection, cast: Cast, email: str) -> None:
    with pytest.raises(WrongInput, match="e-mail address"):
        invited(con, cast.practice, email)


def test_a_link_is_good_for_a_week(con: Connection, cast: Cast) -> None:
    token = invited(con, cast.practice)

    assert invitations.whose(con, token, now=NOON + timedelta(days=6, hours=23))


def test_the_first_password_ends_the_sessions_of_the_sample(con: Connection, cast: Cast) -> None:
    ana = sessions.sign_in(con, cast.ana.id, now=NOON)

    token = invited(con, cast.practice)

    assert sessions.who(con, ana, now=minutes(1)) == cast.ana
    assert not accounts.are_there_any(con)
    invitations.accept(con, token, PASSWORD, now=minutes(2))
    assert accounts.are_there_any(con)
    with pytest.raises(NotSignedIn):
        sessions.who(con, ana, now=minutes(3))
    assert not accounts.has_one(con, cast.ana.id)


def test_the_sample_invites_an_administrator_first(con: Connection, cast: Cast) -> None:
    gina = people.person(
        con,
        people.add_person(
            con, "Gina", "g@example.com", {cast.practice: Role.ADMINISTRATOR}, is_sample=True,
            now=NOON,
        ),
    )  # fmt: skip

    def invite(email: str, role: Role) -> None:
        invitations.invite(con, email, "Eva Sand", {cast.practice: role}, actor=gina, now=NOON)

    with pytest.raises(WrongInput, match="administrator first"):
        invite("staff@example.com", Role.STAFF)
    invite("admin@example.com", Role.ADMINISTRATOR)
    invite("staff@example.com", Role.STAFF)
