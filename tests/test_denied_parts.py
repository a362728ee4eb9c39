"""A task about a split claim (MA15) asks for the money of the parts that are denied now."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.x12_texts import answer, claim, envelope, file_837, remittance

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # many imports

controls = itertools.count(11)


def part(
    procedure: str,
    day: str,
    amount: int = 100,
    payer: str = "PLAINS HEALTH",
    service: str = "",
    paid: int = 0,
) -> bytes:
    """Return what the payer denies of claim A1 on that day, or takes back (below zero)."""
    said = answer("A1", status="22" if amount < 0 else "1", amount=f"{amount}", codes=())
    said[4:] = [f"SVC*HC:{procedure}*{amount}*{paid}**1"]
    said += [f"DTM*472*{service}"] if service else []
    said += [f"CAS*CO*{45 if paid else 97}*{amount - paid}"]
    if paid:
        said[0] = f"CLP*A1*1*{amount}*{paid}**12*PAYER1"
    said.insert(1, "MOA***MA15")
    number = next(controls)
    inside = remittance(said, paid_on=f"2025{day}", payer=payer)
    inside = [each.replace("TRACE1", f"T{number}") for each in inside]
    return envelope(inside, kind="835", version="005010X221A1", control=f"{number:09}").encode()


VISIT, TEST = part("99213", "0210"), part("87880", "0211")
TEST_BACK, VISIT_BACK = part("87880", "0220", -100), part("99213", "0221", -100)


def told_of_the_claim(con: Connection, cast: Cast, files: list[bytes]) -> list[tuple[object, ...]]:
    """Return the amount of each task, and whether its completion is proposed, once the claim and
    then these files came in."""
    bring(con, cast, file_837(claim("A1")))
    for raw in files:
        bring(con, cast, raw)
    return con.rows("SELECT amount, proposal IS NOT NULL FROM task")


@pytest.mark.parametrize(
    ("files", "amount", "is_proposed"),
    [
        ([VISIT, TEST], 200, False),
        ([VISIT, part("99213", "0310")], 100, False),
        ([VISIT, part("99213", "0210", payer="PLAINS HEALTH INC")], 100, False),
        ([VISIT, TEST, TEST_BACK], 100, False),
        ([VISIT, TEST_BACK, TEST], 100, False),
        ([VISIT, TEST, TEST_BACK, part("87880", "0222", -100)], 100, False),
        ([VISIT, TEST, TEST_BACK, part("87880", "0310")], 200, False),
        ([VISIT, part("87880", "0310"), TEST_BACK], 200, False),
        ([VISIT, TEST, TEST_BACK, VISIT_BACK], 100, True),
        ([VISIT, VISIT_BACK], 100, True),
    ],
)
def test_the_amount_is_that_of_the_parts_that_are_denied(
    con: Connection, cast: Cast, files: list[bytes], amount: int, is_proposed: bool
) -> None:
    assert told_of_the_claim(con, cast, files) == [(Decimal(amount), is_proposed)]


@pytest.mark.parametrize("files", list(itertools.permutations([VISIT, TEST, TEST_BACK])))
def test_a_part_that_is_taken_back_counts_in_any_order(
    con: Connection, cast: Cast, files: tuple[bytes, ...]
) -> None:
    bring(con, cast, file_837(claim("A1")))

    for raw in files:
        bring(con, cast, raw)

    assert con.rows("SELECT amount, proposal IS NOT NULL FROM task") == [(Decimal(100), False)]


@pytest.mark.parametrize(
    "files", list(itertools.permutations([VISIT, TEST, TEST_BACK, VISIT_BACK]))
)
def test_all_parts_that_are_taken_back_propose_to_complete_in_any_order(
    con: Connection, cast: Cast, files: tuple[bytes, ...]
) -> None:
    bring(con, cast, file_837(claim("A1")))

    for raw in files:
        bring(con, cast, raw)

    assert con.rows("SELECT amount, proposal IS NOT NULL FROM task") == [(Decimal(100), True)]


def test_a_payment_of_every_part_before_its_denial_proposes_to_complete(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1", amount="100")))
    paid = part("99213", "0301").replace(b"CLP*A1*1*100*0", b"CLP*A1*1*100*60")
    paid = paid.replace(b"SVC*HC:99213*100*0", b"SVC*HC:99213*100*60")
    paid = paid.replace(b"CAS*CO*97*100", b"CAS*CO*45*40")

    for raw in (paid, VISIT):
        bring(con, cast, raw)

    assert con.rows("SELECT proposal IS NOT NULL FROM task") == [(True,)]


FIRST, SECOND = "20250113", "20250115"
FIRST_DAY, SECOND_DAY = (
    part("97110", "0210", service=FIRST), part("97110", "0211", service=SECOND),
)  # fmt: skip


@pytest.mark.parametrize(
    ("files", "amount", "is_proposed"),
    [
        ([FIRST_DAY, SECOND_DAY], 200, False),
        ([FIRST_DAY, part("97110", "0310", service=FIRST)], 100, False),
        ([FIRST_DAY, part("97110:GP", "0211", service=FIRST)], 200, False),
        ([FIRST_DAY, SECOND_DAY, part("97110", "0220", -100, service=SECOND)], 100, False),
        # without a day it is the only part that is alike
        ([FIRST_DAY, part("97110", "0220", -100)], 100, True),
    ],
)
def test_parts_of_one_procedure_are_told_apart_by_their_days(
    con: Connection, cast: Cast, files: list[bytes], amount: int, is_proposed: bool
) -> None:
    assert told_of_the_claim(con, cast, files) == [(Decimal(amount), is_proposed)]


def test_parts_of_two_days_that_are_paid_settle_the_claim(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))

    for raw in (
        FIRST_DAY,
        part("97110", "0301", service=FIRST, paid=60),
        part("97110", "0302", service=SECOND, paid=60),
    ):
        bring(con, cast, raw)

    [(settled,)] = con.rows("SELECT sum(charged) FROM claim_part")
    assert settled == Decimal(200)
