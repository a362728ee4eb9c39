"""Of two acknowledgments of one day the one that was written later counts (BHT05)."""

from __future__ import annotations

import itertools

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import claim, file_837

controls = itertools.count(11)


def said(stc: str, time: str) -> bytes:
    levels = patient("A1", f"STC*{stc}*200")
    return acknowledgment(*levels, control=f"{next(controls):09}").replace(
        b"*0924*TH", f"*{time}*TH".encode()
    )


REJECTED, AGAIN = said("A7:116*20250120*U", "1000"), said("A3:21*20250120*U", "0700")
EARLY, LATE = said("A2:20*20250120*WQ", "0800"), said("A2:20*20250120*WQ", "1500")


@pytest.mark.parametrize(
    ("files", "is_proposed"),
    [
        ([REJECTED, EARLY], False),
        ([REJECTED, LATE], True),
        ([REJECTED, LATE, AGAIN], True),
        ([REJECTED, AGAIN, LATE], True),
        ([AGAIN, EARLY, REJECTED], False),
        ([AGAIN, REJECTED, EARLY], False),
    ],
)
def test_the_acknowledgment_that_was_written_later_counts(
    con: Connection, cast: Cast, files: list[bytes], is_proposed: bool
) -> None:
    bring(con, cast, file_837(claim("A1")))

    for raw in files:
        bring(con, cast, raw)

    assert con.rows("SELECT proposal IS NOT NULL FROM task") == [(is_proposed,)]
