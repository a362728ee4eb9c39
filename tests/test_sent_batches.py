"""Of several batches of one number the one is meant that was written when the receipt says."""

from __future__ import annotations

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_receipts_999 import receipt, ta1
from tests.x12_texts import claim, file_837


def written(raw: bytes, day: str, time: str = "0924", version: str = "") -> bytes:
    """Return the batch as one that was written then."""
    raw = raw.replace(b"*250113*0924*^", f"*{day}*{time}*^".encode())
    raw = raw.replace(b"*20250113*0924*1*X*", f"*20{day}*{time}*1*X*".encode())
    return raw.replace(b"X222A1~ST", f"X222A1{version}~ST".encode())


def said_of(raw: bytes, day: str, time: str) -> bytes:
    """Return the receipt (TA1) as one about a batch of that time."""
    return raw.replace(b"*250113*0924*R", f"*{day}*{time}*R".encode()).replace(
        b"*250113*0924*A", f"*{day}*{time}*A".encode()
    )


@pytest.fixture
def two(con: Connection, cast: Cast) -> None:
    """Bring in two batches of one number, of two days."""
    bring(con, cast, file_837(claim("A1")), "jan.837")
    bring(con, cast, written(file_837(claim("A2")), "250220"), "feb.837")


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("day", "time", "file"),
    [
        ("250113", "0924", "jan.837"), ("250220", "0924", "feb.837"), ("250220", "1000", "feb.837"),
        ("20250220", "0924", "feb.837"),
    ],
)  # fmt: skip
def test_a_rejected_interchange_is_the_one_of_its_day(
    con: Connection, cast: Cast, day: str, time: str, file: str
) -> None:
    bring(con, cast, said_of(ta1("R", "006"), day, time))

    assert f"It is the imported file {file}: 1 claim" in con.value("SELECT instructions FROM task")


def test_of_two_of_one_day_it_is_the_one_of_its_minute(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")), "early.837")
    bring(con, cast, written(file_837(claim("A2")), "250113", "1730"), "late.837")

    report = bring(con, cast, said_of(ta1("A", "000"), "250113", "1730"))

    assert "It is the imported file late.837" in report.summary[0]


@pytest.mark.usefixtures("two")
def test_one_written_on_a_third_day_is_neither(con: Connection, cast: Cast) -> None:
    bring(con, cast, said_of(ta1("R", "006"), "250301", "0924"))

    said = con.value("SELECT instructions FROM task")
    assert "(jan.837, feb.837) was written on another day" in said
    assert "It is the imported file" not in said


@pytest.mark.usefixtures("two")
def test_both_rejected_are_two_tasks_and_an_acceptance_is_told_to_its_own(
    con: Connection, cast: Cast
) -> None:
    for day in ("250113", "250220", "250220"):
        bring(con, cast, said_of(ta1("R", "006"), day, "0924") + b"\n" * int(day[3:4]))
    bring(con, cast, said_of(ta1("A", "000"), "250220", "0924"))

    found = con.rows("SELECT id, instructions FROM task ORDER BY id")
    assert ["jan.837" in said for _, said in found] == [True, False]
    assert con.rows("SELECT task_id FROM event WHERE detail LIKE '%accepted a batch%'") == [
        (found[1][0],)
    ]


@pytest.mark.usefixtures("two")
def test_an_application_names_the_time_of_the_group(con: Connection, cast: Cast) -> None:
    body = ["BGN*11*1", "OTI*GR*TN*1***20250220*0924*1*0001*837"]

    bring(con, cast, receipt(*body, kind="824"))

    assert "feb.837" in con.value("SELECT instructions FROM task")


def test_a_functional_receipt_names_the_guide_of_the_group(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")), "old.837")
    newer = written(file_837(claim("A2")), "250220").replace(b"X222A1", b"X222A2")
    bring(con, cast, newer, "new.837")

    bring(con, cast, receipt("AK1*HC*1*005010X222A2", "AK9*R*1*1*0"))

    assert "new.837" in con.value("SELECT instructions FROM task")


def test_files_of_before_fit_any_time(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")), "jan.837")
    con.execute("UPDATE intake_message SET written_at = NULL")

    bring(con, cast, said_of(ta1("R", "006"), "250301", "0924"))

    assert "jan.837" in con.value("SELECT instructions FROM task")
