from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from lib import people, practices, sessions
from lib.authentication_methods import OpenedBy
from lib.errors import NotSignedIn
from lib.models import Role
from lib.store.database import Connection, transaction
from tests.conftest import NOON, Cast
from tests.given import minutes


def test_a_session_says_who_is_there(con: Connection, cast: Cast) -> None:
    ana = sessions.sign_in(con, cast.ana.id, now=NOON)
    ben = sessions.sign_in(con, cast.ben.id, now=NOON)

    assert sessions.who(con, ana, now=minutes(1)) == cast.ana
    assert sessions.who(con, ben, now=minutes(1)) == cast.ben
    assert sessions.session_of(con, ben, now=minutes(1)) == cast.ben.id


def test_the_store_keeps_only_the_hash_of_a_token(con: Connection, cast: Cast) -> None:
    token = sessions.sign_in(con, cast.ana.id, now=NOON)

    (row,) = con.rows("SELECT * FROM session")

    assert len(token) >= 43  # 256 bits
    assert token not in [str(value) for value in row]
    assert row[0] == hashlib.sha256(token.encode()).hexdigest()


def test_every_sign_in_has_a_token_of_its_own(con: Connection, cast: Cast) -> None:
    assert sessions.sign_in(con, cast.ana.id, now=NOON) != sessions.sign_in(
        con, cast.ana.id, now=NOON
    )


@pytest.mark.parametrize("token", [None, "", "guessed", "' OR true --"])
def test_any_other_token_opens_nothing(con: Connection, cast: Cast, token: str | None) -> None:
    sessions.sign_in(con, cast.ana.id, now=NOON)

    with pytest.raises(NotSignedIn, match="You are signed out"):
        sessions.who(con, token, now=NOON)


def test_the_stored_hash_is_no_token(con: Connection, cast: Cast) -> None:
    token = sessions.sign_in(con, cast.ana.id, now=NOON)

    with pytest.raises(NotSignedIn):
        sessions.who(con, hashlib.sha256(token.encode()).hexdigest(), now=NOON)


def test_signing_out_ends_this_session_and_no_other_and_twice_is_once(
    con: Connection, cast: Cast
) -> None:
    token = sessions.sign_in(con, cast.ana.id, now=NOON)
    elsewhere = sessions.sign_in(con, cast.ana.id, now=NOON)

    sessions.sign_out(con, token, now=minutes(1))
    sessions.sign_out(con, token, now=minutes(9))

    with pytest.raises(NotSignedIn):
        sessions.who(con, token, now=minutes(2))
    assert sessions.who(con, elsewhere, now=minutes(2)) == cast.ana
    ended = con.value("SELECT ended_at FROM session WHERE ended_at IS NOT NULL")
    assert ended == minutes(1).replace(tzinfo=None)


def test_a_session_of_invented_people_that_nobody_used_for_half_a_day_has_ended(
    con: Connection, cast: Cast
) -> None:
    token = sessions.sign_in(con, cast.ana.id, now=NOON)

    with pytest.raises(NotSignedIn):
        sessions.who(con, token, now=NOON + sessions.SAMPLE_IDLE + timedelta(seconds=1))


def test_a_session_in_use_goes_on_for_half_a_day_and_no_longer(con: Connection, cast: Cast) -> None:
    token = sessions.sign_in(con, cast.ana.id, now=NOON)

    for hours in (6, 11, 12):
        assert sessions.who(con, token, now=NOON + timedelta(hours=hours)) == cast.ana
    with pytest.raises(NotSignedIn):
        sessions.who(con, token, now=NOON + sessions.LONGEST + timedelta(seconds=1))


def test_a_session_ends_at_the_same_moment_in_every_zone(con: Connection, cast: Cast) -> None:
    token = sessions.sign_in(con, cast.ana.id, now=NOON)
    too_late = NOON + sessions.SAMPLE_IDLE + timedelta(minutes=1)

    for zone in ("America/Chicago", "Asia/Tokyo"):
        with pytest.raises(NotSignedIn):
            sessions.who(con, token, now=too_late.astimezone(ZoneInfo(zone)))
        assert sessions.who(con, token, now=minutes(1).astimezone(ZoneInfo(zone))) == cast.ana


def test_the_last_use_is_written_at_most_every_minute(con: Connection, cast: Cast) -> None:
    token = sessions.sign_in(con, cast.ana.id, now=NOON)

    sessions.who(con, token, now=minutes(1))
    first = con.value("SELECT last_used_at FROM session")
    sessions.who(con, token, now=minutes(6))
    second = con.value("SELECT last_used_at FROM session")

    assert (first, second) == (NOON.replace(tzinfo=None), minutes(6).replace(tzinfo=None))


def test_a_session_does_not_wait_for_somebody_who_writes(con: Connection, cast: Cast) -> None:
    """A large import holds the writers' lock for minutes; every click asks for the session."""
    token = sessions.sign_in(con, cast.ana.id, now=NOON)

    with ThreadPoolExecutor(1) as other, transaction(con.store.connection()):
        asked = other.submit(sessions.session_of, con, token, now=minutes(6))
        assert asked.result(timeout=5) == cast.ana.id

    assert con.value("SELECT max(last_used_at) FROM session") == NOON.replace(tzinfo=None)
    sessions.session_of(con, token, now=minutes(7))
    assert con.value("SELECT max(last_used_at) FROM session") == minutes(7).replace(tzinfo=None)


def test_who_is_at_work_while_nothing_can_be_written_stays_signed_in(
    con: Connection, cast: Cast
) -> None:
    """A large import can take longer than the minutes after which an unused session ends."""
    eva = real_person(con, cast.practice)
    at_work, away = (sessions.sign_in(con, eva, now=NOON) for _ in range(2))
    longer = sessions.IDLE // timedelta(minutes=1) + 5

    def asked(token: str, after: int, *, is_use: bool = True) -> int:
        return sessions.session_of(con, token, now=minutes(after), is_use=is_use)

    with ThreadPoolExecutor(1) as other, transaction(con.store.connection()):
        assert other.submit(asked, at_work, 10).result(timeout=5) == eva
        assert other.submit(asked, at_work, longer).result(timeout=5) == eva

    assert asked(at_work, longer + 1, is_use=False) == eva
    assert asked(at_work, longer + 2) == eva
    written = con.value("SELECT max(last_used_at) FROM session")
    assert written == minutes(longer + 2).replace(tzinfo=None)
    assert con.store.unwritten_uses == {}
    with pytest.raises(NotSignedIn):
        asked(away, longer)


def test_somebody_who_belongs_to_no_practice_is_not_signed_in(con: Connection) -> None:
    stray = people.add_person(con, "Stray", "s@example.com", {}, is_sample=True, now=NOON)
    token = sessions.sign_in(con, stray, now=NOON)

    with pytest.raises(NotSignedIn):
        sessions.who(con, token, now=NOON)
    assert people.sample_people(con) == []


def real_person(con: Connection, practice: int) -> int:
    roles = {practice: Role.STAFF}
    return people.add_person(con, "Eva", "eva@example.com", roles, is_sample=False, now=NOON)


def require_two(con: Connection, practice: int) -> None:
    told = practices.details(con, practice, actor=None)
    wanted = replace(told, timezone="America/Chicago", needs_second_factor=True)
    practices.change(con, practice, wanted, actor=None, now=minutes(1))


def is_open(con: Connection, token: str) -> bool:
    try:
        sessions.session_of(con, token, now=minutes(2))
    except NotSignedIn:
        return False
    return True


def test_a_practice_that_begins_to_require_two_factors_ends_the_sessions_of_one(
    con: Connection, cast: Cast
) -> None:
    eva = real_person(con, cast.practice)
    tokens = {by: sessions.sign_in(con, eva, by=by, now=NOON) for by in OpenedBy}
    chosen = sessions.sign_in(con, cast.ana.id, by=OpenedBy.CHOICE, now=NOON)
    assert all(is_open(con, token) for token in tokens.values())

    require_two(con, cast.practice)

    assert {by for by, token in tokens.items() if is_open(con, token)} == {
        OpenedBy.PASSKEY, OpenedBy.PASSWORD_AND_PASSKEY, OpenedBy.OPENID_AND_PASSKEY,
        OpenedBy.OPENID_BY_TWO,
    }  # fmt: skip
    assert is_open(con, chosen)  # of the sample, where nobody has a second factor


def test_joining_a_practice_that_requires_two_factors_ends_the_sessions_of_one(
    con: Connection, cast: Cast
) -> None:
    eva = real_person(con, cast.practice)
    token = sessions.sign_in(con, eva, by=OpenedBy.PASSWORD, now=NOON)
    require_two(con, cast.other_practice)
    assert is_open(con, token)

    with transaction(con):
        people.join(con, eva, cast.other_practice, Role.STAFF)

    assert not is_open(con, token)


def test_a_session_of_before_this_was_kept_counts_as_one_factor(
    con: Connection, cast: Cast
) -> None:
    eva = real_person(con, cast.practice)
    token = sessions.sign_in(con, eva, by=OpenedBy.PASSKEY, now=NOON)
    with transaction(con):
        con.execute("UPDATE session SET opened_by = NULL")
    assert is_open(con, token)

    require_two(con, cast.practice)

    assert not is_open(con, token)
