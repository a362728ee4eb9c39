from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lib import accounts, invitations, passkeys, people, sign_in_limits
from lib.authentication_methods import OpenedBy, Proof
from lib.errors import WrongPasskey
from lib.models import Person
from lib.passkeys import Site
from lib.store.database import Connection
from tests.authenticator import Authenticator
from tests.conftest import NOON, Cast
from tests.given import minutes
from tests.test_invitations import PASSWORD, administrator, invited

SITE = Site("billing.example.com", "https://billing.example.com")
CHALLENGE = b"c" * 32


@pytest.fixture
def eva(con: Connection, cast: Cast) -> Person:
    """Eva, who set a password at NOON."""
    person_id = invitations.accept(con, invited(con, cast.practice), PASSWORD, now=NOON)
    found = people.person(con, person_id)
    assert found
    return found


def add(
    con: Connection, person: Person, device: Authenticator, since: datetime | None, **more: bool
) -> None:
    passkeys.add(
        con, device.make(CHALLENGE), name="Desk", site=SITE, challenge=CHALLENGE,
        proof=Proof(OpenedBy.PASSWORD, since), actor=person, now=minutes(9), **more,
    )  # fmt: skip


def check(con: Connection, device: Authenticator, challenge: bytes = CHALLENGE) -> int:
    return passkeys.check(
        con, device.sign(challenge), of_person=None, site=SITE, challenge=CHALLENGE,
        address="10.0.0.1", now=minutes(10),
    )  # fmt: skip


def refusals(con: Connection) -> int:
    count = con.value("SELECT count(*) FROM activity WHERE kind = 'sign-in refused'")
    return int(count)


def test_the_record_is_not_filled_by_refused_passkeys_and_good_ones_still_sign_in(
    con: Connection, eva: Person
) -> None:
    device = Authenticator(SITE)
    add(con, eva, device, accounts.password_since(con, eva.id))
    most = sign_in_limits.FREE["address"]
    for _ in range(most + 20):
        with pytest.raises(WrongPasskey):
            check(con, Authenticator(SITE))

    assert refusals(con) == most
    assert check(con, device) == eva.id


def test_a_passkey_signs_its_owner_in_and_signs_no_other_challenge(
    con: Connection, eva: Person
) -> None:
    device = Authenticator(SITE)
    add(con, eva, device, accounts.password_since(con, eva.id))

    assert check(con, device) == eva.id
    with pytest.raises(WrongPasskey):
        check(con, device, b"d" * 32)
    with pytest.raises(WrongPasskey):
        check(con, Authenticator(SITE))


def test_what_a_password_opened_ends_with_the_password(con: Connection, eva: Person) -> None:
    since = accounts.password_since(con, eva.id)
    token = invitations.link(con, eva.id, actor=None, now=minutes(1))
    invitations.accept(con, token, "another good password", now=minutes(2))

    for stale in (since, None):
        with pytest.raises(WrongPasskey):
            add(con, eva, Authenticator(SITE), stale)
    add(con, eva, Authenticator(SITE), accounts.password_since(con, eva.id))


def test_a_deactivated_person_gets_no_passkey(con: Connection, cast: Cast, eva: Person) -> None:
    administrator(con, cast.practice)
    since = accounts.password_since(con, eva.id)
    accounts.deactivate(con, eva.id, actor=None, now=minutes(1))

    with pytest.raises(WrongPasskey):
        add(con, eva, Authenticator(SITE), since)


def test_the_first_passkey_is_added_once(con: Connection, eva: Person) -> None:
    since = accounts.password_since(con, eva.id)
    add(con, eva, Authenticator(SITE), since, is_first=True)

    with pytest.raises(WrongPasskey):
        add(con, eva, Authenticator(SITE), since, is_first=True)


def test_passkeys_stay_at_a_change_of_the_password_unless_they_are_to_go(
    con: Connection, eva: Person
) -> None:
    add(con, eva, Authenticator(SITE), accounts.password_since(con, eva.id))
    first, second, third = PASSWORD, "another good password", "a third good password"
    for old, new, goes in ((first, second, False), (second, third, True)):
        accounts.change_password(
            con, old, new, token="", address="", actor=eva, now=datetime.now(UTC),
            without_passkeys=goes,
        )  # fmt: skip
        assert bool(passkeys.of(con, eva.id)) is not goes
