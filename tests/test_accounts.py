from __future__ import annotations

import pytest

from lib import accounts, invitations, people, sessions
from lib.errors import (
    LastAdministrator,
    NoSuchPerson,
    NotAllowed,
    NotSignedIn,
    TooManyAttempts,
    WrongInput,
    WrongSignIn,
)
from lib.models import Person, Role
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.given import minutes
from tests.test_invitations import PASSWORD, administrator, invited


def check(con: Connection, email: str, password: str = PASSWORD) -> int:
    return accounts.check_password(con, email, password, address="10.0.0.1", now=NOON)


def eva(con: Connection, cast: Cast) -> Person:
    person_id = invitations.accept(con, invited(con, cast.practice), PASSWORD, now=NOON)
    found = people.person(con, person_id)
    assert found
    return found


@pytest.mark.slow
def test_every_wrong_sign_in_is_answered_alike(con: Connection, cast: Cast) -> None:
    known = eva(con, cast)
    gone = invitations.accept(
        con, invited(con, cast.practice, "gone@example.com"), PASSWORD, now=NOON
    )
    accounts.deactivate(con, gone, actor=None, now=NOON)
    invited(con, cast.practice, "new@example.com")

    said = set()
    for email, password in (
        (known.email, "wrong password"), (known.email, ""), ("nobody@example.com", PASSWORD),
        ("gone@example.com", PASSWORD), ("new@example.com", PASSWORD), ("", PASSWORD),
        ("ana@example.com", PASSWORD), (known.email, PASSWORD + "x" * 3000),
    ):  # fmt: skip
        with pytest.raises(WrongSignIn) as refused:
            check(con, email, password)
        said.add(str(refused.value))

    assert len(said) == 1
    assert check(con, known.email) == known.id


@pytest.mark.slow
@pytest.mark.parametrize("email", ["eva@example.com", "nobody@example.com"])
def test_an_account_waits_after_failures_whether_there_is_one_or_not(
    con: Connection, cast: Cast, email: str
) -> None:
    eva(con, cast)
    for _ in range(5):
        with pytest.raises(WrongSignIn):
            check(con, email, "wrong password")

    with pytest.raises(TooManyAttempts, match="Wait 31 seconds"):
        check(con, email)


def test_deactivation_ends_the_next_click_and_reactivation_lets_in_again(
    con: Connection, cast: Cast
) -> None:
    ada, person = administrator(con, cast.practice), eva(con, cast)
    token = sessions.sign_in(con, person.id, now=NOON)
    assert sessions.who(con, token, now=minutes(1)) == person

    accounts.deactivate(con, person.id, actor=ada, now=minutes(2))
    with pytest.raises(NotSignedIn):
        sessions.who(con, token, now=minutes(2))
    with pytest.raises(WrongSignIn):
        check(con, person.email)
    accounts.reactivate(con, person.id, actor=ada, now=minutes(2))

    with pytest.raises(NotSignedIn):  # the session stays ended
        sessions.who(con, token, now=minutes(3))
    assert check(con, person.email) == person.id


def test_only_administrators_deactivate_and_nobody_those_of_another_practice(
    con: Connection, cast: Cast
) -> None:
    person = eva(con, cast)
    elsewhere = administrator(con, cast.other_practice)

    for actor, refusal in ((cast.ana, NotAllowed), (elsewhere, NoSuchPerson)):
        with pytest.raises(refusal):
            accounts.deactivate(con, person.id, actor=actor, now=NOON)
        with pytest.raises(refusal):
            accounts.reactivate(con, person.id, actor=actor, now=NOON)


def test_a_practice_keeps_an_administrator(con: Connection, cast: Cast) -> None:
    ada = administrator(con, cast.practice)
    with pytest.raises(LastAdministrator):
        accounts.deactivate(con, ada.id, actor=ada, now=NOON)

    bea = administrator(con, cast.practice, "bea@example.com")
    with pytest.raises(LastAdministrator):  # she cannot sign in yet
        accounts.deactivate(con, ada.id, actor=ada, now=NOON)
    accounts.set_password(con, bea.id, "argon2", now=NOON)
    accounts.deactivate(con, ada.id, actor=ada, now=NOON)
    assert [each.is_active for each in accounts.listed(con, actor=None) if each.id == ada.id] == [
        False
    ]


def test_the_list_says_who_was_seen_when_and_only_of_ones_own_practices(
    con: Connection, cast: Cast
) -> None:
    ada, person = administrator(con, cast.practice), eva(con, cast)
    sessions.sign_in(con, person.id, now=minutes(7))

    listed = {each.name: each for each in accounts.listed(con, actor=ada)}

    assert set(listed) == {"Ada", "Alan", "Ana", "Ben", "Dora", "Eva Sand"}
    assert listed["Eva Sand"].last_seen_at == minutes(7)
    assert (listed["Eva Sand"].is_set_up, listed["Ada"].is_set_up) == (True, False)
    assert listed["Ada"].last_seen_at is None
    assert accounts.listed(con, actor=cast.ana) == []


def test_a_changed_password_ends_the_other_sessions(con: Connection, cast: Cast) -> None:
    person = eva(con, cast)
    here, there = (sessions.sign_in(con, person.id, now=NOON) for _ in range(2))

    def change(old: str, new: str) -> None:
        accounts.change_password(
            con, old, new, token=here, address="10.0.0.1", actor=person, now=minutes(1)
        )

    with pytest.raises(WrongInput, match="present password"):
        change("wrong", "another good password")
    with pytest.raises(WrongInput, match="at least 12"):
        change(PASSWORD, "short")
    assert sessions.who(con, there, now=minutes(1)) == person
    change(PASSWORD, "another good password")

    assert sessions.who(con, here, now=minutes(2)) == person
    with pytest.raises(NotSignedIn):
        sessions.who(con, there, now=minutes(2))
    with pytest.raises(WrongSignIn):
        check(con, person.email)
    assert check(con, person.email, "another good password") == person.id


def test_a_real_person_ends_the_choosing(con: Connection, cast: Cast) -> None:
    assert not accounts.are_there_any(con)
    assert not accounts.is_empty(con)

    invitations.accept(con, invited(con, cast.practice), PASSWORD, now=NOON)

    assert accounts.are_there_any(con)


def test_a_person_of_the_same_address_in_the_sample_is_another(con: Connection, cast: Cast) -> None:
    assert accounts.find(con, "ana@example.com") is None
    assert cast.ana.role_in(cast.practice) is Role.MANAGER


def test_what_is_done_to_an_account_is_in_the_record_and_nothing_that_was_typed(
    con: Connection, cast: Cast
) -> None:
    ada, person = administrator(con, cast.practice), eva(con, cast)
    with pytest.raises(WrongSignIn):
        check(con, "oops my password", "wrong password")
    with pytest.raises(WrongSignIn):
        check(con, person.email, "wrong password")
    accounts.deactivate(con, person.id, actor=ada, now=minutes(1))
    accounts.reactivate(con, person.id, actor=ada, now=minutes(2))

    lines = con.rows("SELECT kind, actor_id, person_id FROM activity ORDER BY id")

    assert lines == [
        ("invited", None, person.id),
        ("link made", None, person.id),
        ("credential set", person.id, person.id),
        ("sign-in refused", None, None),
        ("sign-in refused", None, person.id),
        ("deactivated", ada.id, person.id),
        ("reactivated", ada.id, person.id),
    ]
    assert "oops" not in str(con.rows("SELECT * FROM activity"))
