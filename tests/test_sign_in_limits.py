from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from lib import sign_in_limits
from lib.errors import TooManyAttempts
from lib.store.database import Connection, Store, transaction
from tests.conftest import NOON

FREE = sign_in_limits.FREE["account"]


def attempt(
    con: Connection, *, email: str = "ana@x.org", address: str = "10.0.0.1", now: datetime = NOON
) -> timedelta | None:
    """Return how long one has to wait, or None if the attempt was counted."""
    try:
        sign_in_limits.begin(con, email=email, address=address, now=now)
    except TooManyAttempts as problem:
        return problem.wait
    return None


def test_waits_of_an_account_grow_with_each_attempt_up_to_a_quarter_of_an_hour(
    con: Connection,
) -> None:
    assert [attempt(con) for _ in range(FREE)] == [None] * FREE
    now, waits = NOON, []
    for _ in range(8):
        wait = attempt(con, now=now)
        assert wait
        waits.append(wait.total_seconds())
        assert attempt(con, now=now + wait - timedelta(seconds=1))
        now += wait
        assert attempt(con, now=now) is None

    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_an_address_waits_whichever_accounts_it_tries(con: Connection) -> None:
    tried = [attempt(con, email=f"{n}@x.org") for n in range(sign_in_limits.FREE["address"])]

    assert tried == [None] * len(tried)
    assert attempt(con, email="another@x.org") == timedelta(seconds=30)
    assert attempt(con, email="another@x.org", address="10.0.0.2") is None


def test_signing_in_forgets_the_attempts_of_the_account(con: Connection) -> None:
    for _ in range(FREE):
        attempt(con)
    with transaction(con):
        sign_in_limits.forget(con, email="ana@x.org", address="10.0.0.1")

    assert attempt(con) is None


@pytest.mark.slow
def test_the_slips_of_an_office_that_signs_in_daily_do_not_add_up(con: Connection) -> None:
    for day in range(30):
        now = NOON + timedelta(days=day)
        for person in range(20):
            email = f"{person}@x.org"
            for _ in range(2 if person < 3 else 1):  # three of them mistype first
                assert attempt(con, email=email, now=now) is None
            with transaction(con):
                sign_in_limits.forget(con, email=email, address="10.0.0.1")


def test_attempts_are_forgotten_after_a_day(con: Connection) -> None:
    for _ in range(FREE):
        attempt(con)

    assert attempt(con, now=NOON + timedelta(hours=25)) is None
    assert con.value("SELECT count(*) FROM sign_in_attempts") == 2


def test_many_attempts_at_once_are_as_many(store: Store) -> None:
    def one(_: int) -> timedelta | None:
        con = store.connection()
        try:
            return attempt(con)
        finally:
            con.close()

    with ThreadPoolExecutor(8) as crowd:
        counted = list(crowd.map(one, range(30)))

    assert counted.count(None) == FREE


def test_the_store_keeps_neither_address_nor_email(con: Connection) -> None:
    attempt(con)

    assert "ana" not in str(con.rows("SELECT * FROM sign_in_attempts"))
    assert "10.0.0.1" not in str(con.rows("SELECT * FROM sign_in_attempts"))
