"""What each answer decided is kept with it, and the denial rate of the Backlog counts that."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lib.backlog import payer_denials
from lib.backlog.report_scope import View
from lib.intake import imports
from lib.intake.x12.payer_decision_rules import Outcome
from lib.store import migrations
from lib.store.database import Connection, transaction
from tests.conftest import NOON, SHARED, Cast
from tests.test_import import bring
from tests.x12_texts import answer, claim, file_835, file_837

KEPT = "SELECT decision, is_denied_in_part, claim_key FROM claim_answer ORDER BY id"
# status, charged, paid, adjustments -> what it decides, and whether a part is denied
SAID: list[tuple[str, str, str, tuple[str, ...], str, bool]] = [
    ("1", "150", "0", ("CAS*CO*26*150",), "denied", False),
    ("2", "150", "0", ("CAS*PR*204*150",), "denied", False),
    ("3", "150", "0", ("CAS*CO*45*30",), "denied", False),
    ("22", "150", "0", ("CAS*CO*97*150",), "denied", False),
    ("4", "150", "0", ("CAS*CO*45*150",), "denied", False),
    ("19", "150", "0", ("CAS*CO*16*150",), "denied", False),
    ("1", "150", "100", ("CAS*CO*45*50",), "paid", False),
    ("1", "150", "100", ("CAS*CO*45*20", "CAS*CO*97*30"), "paid", True),
    ("1", "150", "100", (), "paid", True),
    ("22", "-150", "-100", ("CAS*CO*45*-50",), "reversed", False),
    ("25", "150", "0", ("CAS*OA*101*150",), "predetermined", False),
    ("23", "150", "0", ("CAS*OA*109*150",), "forwarded", False),
    ("21", "150", "0", ("CAS*PR*96*150",), "forwarded", False),
    ("1", "150", "2", ("CAS*CO*18*150", "CAS*OA*225*-2"), "interest", False),
    ("1", "0", "0", (), "encounter", False),
    ("1", "150", "0", ("CAS*OA*133*150",), "pended", False),
    ("13", "150", "0", ("CAS*CO*45*150",), "pended", False),
    ("1", "150", "0", ("CAS*CO*24*150",), "capitated", False),
    ("2", "150", "0", ("CAS*OA*23*150",), "other_payer", False),
    ("1", "150", "0", ("CAS*CO*45*100", "CAS*PR*1*50"), "nothing_due", False),
]


def brought(con: Connection, cast: Cast) -> None:
    answers = [
        answer(f"N{n}", status=status, amount=charged, paid=paid, codes=codes, control=f"P{n}")
        for n, (status, charged, paid, codes, *_) in enumerate(SAID)
    ]
    silent = answer("N99", status="1", amount="150", codes=())
    silent[0] = "CLP*N99*1*150*0*150*12*P99"  # all of it left to the patient, without a reason
    bring(con, cast, file_835(*answers, silent))


def asked_of(cast: Cast) -> View:
    return View(
        practice_ids=(cast.practice,), as_of=NOON, today=NOON.date(), since=date(2025, 1, 1),
        until=NOON.date(),
    )  # fmt: skip


def denials(con: Connection, cast: Cast) -> dict[str, Any]:
    [row] = payer_denials.denials(con, asked_of(cast)).dicts()
    return row


def migrated(con: Connection) -> list[tuple[Any, ...]]:
    """Forget what the answers decided, and tell it as the migration tells it of an older store."""
    text = (migrations.SCHEMA / "295_decisions.sql").read_text(encoding="utf-8")
    _, at, update = text.partition("WITH reason AS")
    with transaction(con):
        con.execute("UPDATE claim_answer SET decision = NULL, is_denied_in_part = NULL, "
                    "claim_key = NULL")  # fmt: skip
        con.execute(at + update)
    return con.rows(KEPT)


def test_each_answer_keeps_what_it_decided(con: Connection, cast: Cast) -> None:
    brought(con, cast)

    kept = [row[:2] for row in con.rows(KEPT)]
    assert kept == [*(said[4:] for said in SAID), ("unreasoned", False)]
    assert {name for name, _ in kept} == {each.name.lower() for each in Outcome}
    tasks = con.value("SELECT count(*) FROM task WHERE source = '835'")
    assert tasks == sum(decision == "denied" for decision, _ in kept)


def test_an_older_store_tells_the_same_of_its_answers(con: Connection, cast: Cast) -> None:
    brought(con, cast)
    kept = con.rows(KEPT)

    assert migrated(con) == kept


def test_an_older_store_tells_a_denied_co_24_by_the_task_it_made(
    con: Connection, cast: Cast
) -> None:
    medicare = answer(status="1", codes=("CAS*CO*24*200",))
    medicare[0] = medicare[0].replace("**12*", "**MB*")
    bring(con, cast, file_835(medicare))

    assert migrated(con) == [("denied", False, "A1|2025-01-13")]


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="real files stay outside the project")
def test_an_older_store_tells_the_same_of_real_answers(con: Connection, cast: Cast) -> None:
    for file in sorted([*SHARED.rglob("*"), *(SHARED.parent / "cases").rglob("*")]):
        if file.is_file() and file.suffix != ".md":
            imports.apply(con, file.name, file.read_bytes(), actor=None, practice_id=cast.practice,
                          now=NOON)  # fmt: skip
    kept = con.rows(KEPT)
    counts = Counter(decision for decision, *_ in kept)

    assert counts["denied"] > 20 and counts["paid"] > 100
    told = migrated(con)
    other = [(was, now) for was, now in zip(kept, told, strict=True) if was != now]
    assert other == []


@pytest.mark.duckdb
def test_the_denial_rate_counts_what_was_decided_not_the_claim_status(
    con: Connection, cast: Cast
) -> None:
    brought(con, cast)

    row = denials(con, cast)
    assert (row["Denied"], row["Denied in part"]) == (6, 2)
    # reversed, predetermined, passed on undecided, interest and two that are pended decide nothing
    assert row["Claims answered"] == len(SAID) + 1 - 6
    assert row["Denied amount"] == Decimal("900.00")


@pytest.mark.duckdb
def test_a_payment_of_another_visit_or_of_another_payer_overturns_no_denial(
    con: Connection, cast: Cast
) -> None:
    denied = answer(status="1")
    other_day = [each.replace("20250113", "20250120") for each in answer(
        status="1", paid="90", control="P2", codes=("CAS*CO*45*110",))]  # fmt: skip
    secondary = answer(status="2", paid="50", control="S1", codes=("CAS*OA*23*150",))
    bring(con, cast, file_835(denied))
    bring(con, cast, file_835(other_day, control="000000002", paid_on="20250215"))
    bring(con, cast, file_835(secondary, control="000000003", paid_on="20250216")
          .replace(b"PLAINS HEALTH", b"OTHER PAYER"))  # fmt: skip

    rows = payer_denials.denials(con, asked_of(cast)).dicts()
    assert sum(row["Claims denied"] for row in rows) == 1
    assert sum(row["Overturned"] for row in rows) == 0

    paid = answer(status="1", paid="90", control="P1", codes=("CAS*CO*45*110",))
    bring(con, cast, file_835(paid, control="000000004", paid_on="20250217"))
    rows = payer_denials.denials(con, asked_of(cast)).dicts()
    assert [(r["Overturned"], r["Recovered"]) for r in rows if r["Claims denied"]] == [
        (1, Decimal("90.00"))
    ]


@pytest.mark.duckdb
def test_a_claim_that_comes_in_between_leaves_its_denial_overturned(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_835(answer(status="1")).replace(b"PLAINS HEALTH", b"Plains Hlth"))
    before = denials(con, cast)
    bring(con, cast, file_837(claim()))
    assert denials(con, cast) == before

    paid = answer(status="1", paid="90", codes=("CAS*CO*45*110",))
    bring(con, cast, file_835(paid, control="000000002", paid_on="20250217")
          .replace(b"PLAINS HEALTH", b"Plains Hlth"))  # fmt: skip
    rows = payer_denials.denials(con, asked_of(cast)).dicts()
    assert sum(row["Overturned"] for row in rows) == 1
