from __future__ import annotations

from dataclasses import replace

import pytest

from lib import (
    accounts,
    invitations,
    membership_offers,
    openid_accounts,
    passkeys,
    people,
    sessions,
    sign_in_limits,
)
from lib.authentication_methods import OpenedBy, Proof
from lib.errors import (
    NotOnTheList,
    NotSignedIn,
    TooManyAttempts,
    UnverifiedEmail,
    WrongLink,
    WrongSignIn,
)
from lib.models import Role
from lib.openid_accounts import Identity
from lib.passkeys import Site
from lib.sign_in_limits import FREE
from lib.store.database import Connection
from tests.authenticator import Authenticator
from tests.conftest import NOON, Cast
from tests.given import minutes
from tests.test_invitations import PASSWORD, administrator, invited

pytestmark = pytest.mark.slow  # a provider that answers over HTTP

EMAIL = "eva@example.com"
EVA = Identity("https://login.example", "eva-1", EMAIL, is_verified=True)


def sign_in(con: Connection, identity: Identity = EVA) -> int:
    return openid_accounts.sign_in(con, identity, address="10.0.0.1", now=minutes(1))


@pytest.fixture
def eva(con: Connection, cast: Cast) -> int:
    """Return Eva's id, who is on the list and set no password."""
    invited(con, cast.practice)
    found = accounts.find(con, EMAIL)
    assert found
    return found


def test_who_is_on_the_list_by_a_verified_address_signs_in_and_stays_known(
    con: Connection, eva: int
) -> None:
    assert sign_in(con) == eva
    moved = replace(EVA, email="eva.sand@elsewhere.example", is_verified=False)
    assert sign_in(con, moved) == eva
    (line,) = con.rows("SELECT kind, person_id, detail FROM activity WHERE kind = 'credential set'")
    assert line == ("credential set", eva, "account at the OpenID provider")


def test_another_account_with_the_same_address_is_not_hers(con: Connection, eva: int) -> None:
    assert sign_in(con) == eva

    with pytest.raises(NotOnTheList):
        sign_in(con, replace(EVA, subject="eva-2"))
    assert sign_in(con, replace(EVA, issuer="https://other.example", subject="7")) == eva


def test_whoever_gets_somebodys_address_there_does_not_get_their_account(
    con: Connection, cast: Cast, eva: int
) -> None:
    sign_in(con)
    invited(con, cast.practice, "max@example.com")
    mallory = replace(EVA, subject="mallory", email="max@example.com")
    max_id = sign_in(con, mallory)

    assert max_id != eva
    assert sign_in(con, replace(mallory, email=EMAIL)) == max_id


def test_everybody_else_is_refused_in_the_same_words(con: Connection, cast: Cast) -> None:
    administrator(con, cast.practice)
    gone = invitations.accept(
        con, invited(con, cast.practice, "gone@example.com"), PASSWORD, now=NOON
    )
    accounts.deactivate(con, gone, actor=None, now=NOON)
    nowhere = people.add_person(con, "No", "no@example.com", {}, is_sample=False, now=NOON)
    assert nowhere
    known = replace(EVA, subject="left", email="left@example.com")
    invited(con, cast.practice, "left@example.com")
    accounts.deactivate(con, sign_in(con, known), actor=None, now=minutes(2))

    said = set()
    for identity in (
        known, *(replace(EVA, subject=email, email=email) for email in (
            "nobody@example.com", "gone@example.com", "no@example.com", "ana@example.com", "",
        )),
    ):  # fmt: skip
        with pytest.raises(NotOnTheList) as refused:
            sign_in(con, identity)
        said.add(str(refused.value))

    assert len(said) == 1
    assert "ask an administrator" in said.pop()
    details = con.rows("SELECT detail, person_id FROM activity WHERE kind = 'sign-in refused'")
    assert {detail for detail, _ in details} == {"OpenID: not on the list"}
    assert "nobody@" not in str(details)


def test_an_address_that_is_not_verified_is_nobodys_whether_on_the_list_or_not(
    con: Connection, eva: int
) -> None:
    said = set()
    for email in (EMAIL, "nobody@example.com"):
        with pytest.raises(UnverifiedEmail) as refused:
            sign_in(con, replace(EVA, email=email, is_verified=False))
        said.add(str(refused.value))

    assert len(said) == 1
    assert accounts.openid_since(con, eva) is None


def test_the_first_time_ends_what_somebody_else_may_hold_of_the_account(
    con: Connection, cast: Cast
) -> None:
    """Who invites somebody can use their link, and keep a password and a passkey."""
    person_id = invitations.accept(con, invited(con, cast.practice), PASSWORD, now=NOON)
    person = people.person(con, person_id)
    assert person
    site, challenge = Site("billing.example.com", "https://billing.example.com"), b"c" * 32
    passkeys.add(
        con, Authenticator(site).make(challenge), name="", site=site, challenge=challenge,
        proof=Proof(OpenedBy.PASSWORD, accounts.password_since(con, person_id)), actor=person,
        now=NOON,
    )  # fmt: skip
    token = sessions.sign_in(con, person_id, now=NOON)
    link = invitations.link(con, person_id, actor=None, now=NOON)

    assert sign_in(con) == person_id

    with pytest.raises(WrongSignIn):
        accounts.check_password(con, EMAIL, PASSWORD, address="", now=minutes(2))
    with pytest.raises(NotSignedIn):
        sessions.who(con, token, now=minutes(2))
    with pytest.raises(WrongLink):
        invitations.whose(con, link, now=minutes(2))
    assert passkeys.of(con, person_id) == []


def test_a_new_link_begins_anew(con: Connection, eva: int) -> None:
    sign_in(con)
    link = invitations.link(con, eva, actor=None, now=minutes(2))
    assert sign_in(con) == eva  # the link alone changes nothing
    invitations.accept(con, link, PASSWORD, now=minutes(3))

    assert sign_in(con, replace(EVA, subject="eva-2")) == eva


def test_an_account_of_a_provider_is_set_up_and_ends_the_choosing(
    con: Connection, cast: Cast
) -> None:
    ada = administrator(con, cast.practice)
    administrator(con, cast.practice, "bea@example.com")
    assert not accounts.are_there_any(con)

    bea = sign_in(con, replace(EVA, email="bea@example.com"))

    assert accounts.are_there_any(con)
    assert {each.id: each.is_set_up for each in accounts.listed(con, actor=None)}[bea]
    accounts.require_another_administrator(con, ada.id)  # Bea can sign in


def test_what_the_provider_opened_ends_with_its_account(con: Connection, eva: int) -> None:
    sign_in(con)
    proof = Proof(OpenedBy.OPENID, accounts.openid_since(con, eva))
    assert accounts.is_good(con, eva, proof)
    assert not accounts.is_good(con, eva, Proof(OpenedBy.PASSWORD, proof.since))

    accounts.deactivate(con, eva, actor=None, now=minutes(2))

    assert not accounts.is_good(con, eva, proof)


def test_the_record_is_not_filled_by_refusals(con: Connection) -> None:
    for counts in (True, False):
        for _ in range(FREE["address"] + 5):
            openid_accounts.refuse(con, "x", address="10.0.0.1", now=NOON, counts=counts)

    assert con.value("SELECT count(*) FROM activity") == 2 * FREE["address"]


def test_an_address_waits_for_what_its_browsers_brought_and_not_for_a_provider_that_is_down(
    con: Connection,
) -> None:
    def refuse(*, counts: bool) -> None:
        for _ in range(FREE["address"]):
            openid_accounts.refuse(con, "x", address="10.0.0.1", now=NOON, counts=counts)
        sign_in_limits.require_room(con, address="10.0.0.1", now=NOON)

    refuse(counts=False)
    with pytest.raises(TooManyAttempts):
        refuse(counts=True)


def test_an_offer_is_accepted_by_its_link_and_a_session_that_the_provider_opened(
    con: Connection, cast: Cast, eva: int
) -> None:
    sign_in(con)
    offer = invitations.invite(
        con, EMAIL, "Eva", {cast.other_practice: Role.STAFF}, actor=None, now=minutes(2)
    )
    person = people.person(con, eva)
    assert person
    assert person.role_in(cast.other_practice) is None
    by_password = sessions.sign_in(con, eva, by=OpenedBy.PASSWORD, now=minutes(2))
    of_ana = sessions.sign_in(con, cast.ana.id, by=OpenedBy.OPENID, now=minutes(2))
    for session in (by_password, of_ana, "guessed", None):
        with pytest.raises(NotSignedIn):
            membership_offers.accept_signed_in(con, offer, session, now=minutes(3))
    session = sessions.sign_in(con, eva, by=OpenedBy.OPENID, now=minutes(2))

    membership_offers.accept_signed_in(con, offer, session, now=minutes(3))

    joined = people.person(con, eva)
    assert joined
    assert joined.role_in(cast.other_practice) is Role.STAFF
    with pytest.raises(WrongLink):
        membership_offers.accept_signed_in(con, offer, session, now=minutes(3))


def test_a_link_is_opened_for_the_provider_instead_of_a_password(
    con: Connection, cast: Cast
) -> None:
    eva = invitations.accept(con, invited(con, cast.practice), PASSWORD, now=NOON)
    token = sessions.sign_in(con, eva, now=NOON)
    link = invitations.link(con, eva, actor=None, now=NOON)

    invitations.accept_for_openid(con, link, now=minutes(1))

    assert accounts.password_since(con, eva) is None
    with pytest.raises(NotSignedIn):
        sessions.who(con, token, now=minutes(2))
    with pytest.raises(WrongLink):
        invitations.accept_for_openid(con, link, now=minutes(2))
    assert sign_in(con) == eva
