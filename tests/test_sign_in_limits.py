from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from lib import people, sign_in_limits
from lib.errors import TooManyAttempts
from lib.models import Role
from lib.sign_in_limits import FREE, SINKS
from lib.store.database import Connection, Store, transaction
from tests.conftest import NOON, Cast

pytestmark = pytest.mark.slow  # hundreds of attempts

ANA = "ana@x.org"


def begin(
    con: Connection, email: str = ANA, address: str = "10.0.0.1", browser: str | None = None,
    now: datetime = NOON,
) -> sign_in_limits.Attempt | timedelta:  # fmt: skip
    """Return the attempt, or how long one has to wait."""
    try:
        return sign_in_limits.begin(con, email=email, address=address, browser=browser, now=now)
    except TooManyAttempts as problem:
        return problem.wait


def wait(con: Connection, **more: object) -> timedelta | None:
    """Return how long one has to wait, or None if the attempt was counted as one that failed."""
    begun = begin(con, **more)  # type: ignore[arg-type]
    return begun if isinstance(begun, timedelta) else None


def succeed(con: Connection, **more: object) -> None:
    attempt = begin(con, **more)  # type: ignore[arg-type]
    assert isinstance(attempt, sign_in_limits.Attempt), attempt
    with transaction(con):
        sign_in_limits.forget(con, attempt)


@pytest.fixture
def browser(con: Connection, cast: Cast) -> str:
    """Return the token of a browser in which Ana, who is real, signed in before."""
    roles = {cast.practice: Role.STAFF}
    person_id = people.add_person(con, "Ana", ANA, roles, is_sample=False, now=NOON)
    return sign_in_limits.remember(con, person_id, None, now=NOON)


def test_waits_grow_with_each_attempt_up_to_a_quarter_of_an_hour(con: Connection) -> None:
    assert [wait(con) for _ in range(FREE["pair"])] == [None] * FREE["pair"]
    now, waits = NOON, []
    for _ in range(8):
        needed = wait(con, now=now)
        assert needed
        waits.append(needed.total_seconds())
        assert wait(con, now=now + needed - timedelta(seconds=1))
        now += needed
        assert wait(con, now=now) is None

    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_many_guessers_make_a_strange_browser_wait(con: Connection) -> None:
    for address in range(FREE["account"] // FREE["pair"]):
        for _ in range(FREE["pair"]):
            assert wait(con, address=f"203.0.113.{address}") is None

    assert wait(con) == SINKS["account"]


def test_one_guesser_makes_nobody_wait_elsewhere(con: Connection) -> None:
    now, until = NOON, NOON + timedelta(days=1)
    while now < until:
        now += wait(con, address="203.0.113.9", now=now) or timedelta()
    succeed(con, now=now)


def test_a_browser_that_signed_in_before_has_its_own_limit(con: Connection, browser: str) -> None:
    for address in range(FREE["account"] // FREE["pair"]):
        for _ in range(FREE["pair"]):
            wait(con, address=f"203.0.113.{address}")
    assert wait(con)
    succeed(con, browser=browser)

    assert [wait(con, browser=browser) for _ in range(FREE["browser"])] == [None] * 5
    assert wait(con, browser=browser) == timedelta(seconds=30)


def test_a_known_browser_is_known_for_its_own_people_only(con: Connection, browser: str) -> None:
    for n in range(FREE["address"]):
        assert wait(con, email=f"{n}@x.org", browser=browser) is None
    assert wait(con, email="another@x.org", browser=browser)


def test_a_browser_keeps_its_token_but_none_that_somebody_gave_it(
    con: Connection, browser: str
) -> None:
    person_id = con.value("SELECT person_id FROM known_browser")

    assert sign_in_limits.remember(con, person_id, browser, now=NOON) == browser
    assert sign_in_limits.remember(con, person_id, "given", now=NOON) != "given"
    for _ in range(sign_in_limits.MOST_BROWSERS):
        sign_in_limits.remember(con, person_id, None, now=NOON + timedelta(days=1))
    assert con.value("SELECT count(*) FROM known_browser") == sign_in_limits.MOST_BROWSERS


def test_an_address_waits_whichever_accounts_it_tries(con: Connection) -> None:
    tried = [wait(con, email=f"{n}@x.org") for n in range(FREE["address"])]

    assert tried == [None] * len(tried)
    assert wait(con, email="another@x.org") == SINKS["address"]
    assert wait(con, email="another@x.org", address="10.0.0.2") is None


@pytest.mark.parametrize(
    ("addresses", "is_one"),
    [
        (("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), True),
        (("2001:db8:1:2::1", "2001:db8:1:3::1"), False),
        (("10.0.0.1", "::ffff:10.0.0.1"), True),
        (("10.0.0.1", "10.0.0.2"), False),
        (("fe80::1%eth0", "fe80::2%eth0"), True),
    ],
)
def test_an_address_is_what_one_network_can_choose_among(
    con: Connection, addresses: tuple[str, str], *, is_one: bool
) -> None:
    for n in range(FREE["address"]):
        assert wait(con, email=f"{n}@x.org", address=addresses[0]) is None

    assert (wait(con, address=addresses[1]) is not None) is is_one


def test_signing_in_forgets_the_attempts_of_the_account(con: Connection) -> None:
    for _ in range(FREE["pair"] - 1):
        wait(con)
    succeed(con)

    assert [wait(con) for _ in range(FREE["pair"])] == [None] * FREE["pair"]


@pytest.mark.slow
def test_the_slips_of_an_office_that_signs_in_daily_do_not_add_up(con: Connection) -> None:
    for day in range(3):
        now = NOON + timedelta(days=day)
        for person in range(30):
            if person < 12:
                assert wait(con, email=f"{person}@x.org", now=now) is None
            succeed(con, email=f"{person}@x.org", now=now)


def test_attempts_are_forgotten_after_a_day(con: Connection) -> None:
    for _ in range(FREE["pair"]):
        wait(con)

    assert wait(con, now=NOON + timedelta(hours=25)) is None
    assert con.value("SELECT count(*) FROM sign_in_failure") == 3


def test_what_fails_without_an_account_is_counted_and_told_until_it_is_too_much(
    con: Connection,
) -> None:
    def failed() -> bool:
        with transaction(con):
            return sign_in_limits.failed(con, address="10.0.0.1", now=NOON)

    told = [failed() for _ in range(FREE["address"] + 5)]

    assert told == [True] * FREE["address"] + [False] * 5


def test_many_attempts_at_once_are_as_many(store: Store) -> None:
    def one(_: int) -> timedelta | None:
        con = store.connection()
        try:
            return wait(con)
        finally:
            con.close()

    with ThreadPoolExecutor(8) as crowd:
        counted = list(crowd.map(one, range(30)))

    assert counted.count(None) == FREE["pair"]


def test_the_store_keeps_neither_address_nor_email_nor_token(con: Connection, browser: str) -> None:
    wait(con)
    wait(con, browser=browser)

    kept = str(con.rows("SELECT * FROM sign_in_failure")) + str(
        con.rows("SELECT * FROM known_browser")
    )
    assert not [word for word in ("ana", "10.0.0.1", browser) if word in kept]
