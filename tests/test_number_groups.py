"""Numbers that are one only without their separators: 12-3 and 1-23 are visits of two accounts."""

from __future__ import annotations

import pytest

from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = pytest.mark.slow  # many imports
PAIRS = [("12-3", "1-23"), ("G7-11-2", "G7-1-12"), ("501-2", "5012"), ("5012 1", "501/21")]


def charge_of(con: Connection) -> list[tuple[str, int | None]]:
    return con.rows("SELECT claim_number, charge_id FROM task ORDER BY id")


@pytest.mark.parametrize(("held", "other"), PAIRS)
def test_an_answer_about_the_other_number_does_not_find_the_charge(
    con: Connection, cast: Cast, held: str, other: str
) -> None:
    bring(con, cast, file_837(claim(held)))
    rejection = acknowledgment(*patient(other, "STC*A7:116*20250121*U*200"))
    nameless = [each for each in answer(other, control="P9") if not each.startswith("NM1*QC")]

    for raw in (rejection, file_835(nameless)):
        bring(con, cast, raw)

    assert {charge for _, charge in charge_of(con)} == {None}
    assert con.value("SELECT count(*) FROM charge_number WHERE number = 'P9'") == 0


@pytest.mark.parametrize(("held", "other"), PAIRS)
def test_a_replacement_void_or_resent_claim_of_the_other_number_leaves_the_charge(
    con: Connection, cast: Cast, held: str, other: str
) -> None:
    bring(con, cast, file_837(claim(held)))
    again = [each.replace("11:B:1", "11:B:7") for each in claim(other, extra=["REF*F8*NEW"])]
    void = [each.replace("11:B:1", "11:B:8") for each in claim(other, extra=["REF*F8*NEW"])]

    for number, body in enumerate((again, void, claim(other))):
        bring(con, cast, file_837(body, control=f"00000000{number + 2}"))

    rows = con.rows("SELECT claim_number FROM charge ORDER BY id")
    assert rows[0] == (held,)
    assert (other,) in rows[1:]
    assert con.value("SELECT count(*) FROM earlier_claim WHERE claim_number = $n", n=held) == 0


@pytest.mark.parametrize(
    ("held", "written"), [("AB-123", "ab123"), ("0012-3", "12-3"), ("12-3", "12/3"), ("A1", "a-1")]
)
def test_where_the_groups_are_the_same_the_charge_is_found(
    con: Connection, cast: Cast, held: str, written: str
) -> None:
    bring(con, cast, file_837(claim(held)))

    bring(con, cast, file_835(answer(written)))

    assert charge_of(con) == [(written, 1)]


@pytest.mark.parametrize("said", ["REF*D9*B7", "REF*D9*A1"])
def test_our_own_number_outweighs_the_clearinghouses(
    con: Connection, cast: Cast, said: str
) -> None:
    bring(con, cast, file_837(claim("A1", extra=[said])))

    levels = patient("A9", "STC*A7:116*20250121*U*200")
    bring(con, cast, acknowledgment(*levels, said))

    assert charge_of(con) == [("A9", None)]


def test_a_store_that_is_older_knows_its_numbers_by_their_groups(
    con: Connection, cast: Cast
) -> None:
    """What the migration writes is what Python looks for; see tests/test_claim_matcher.py."""
    bring(con, cast, file_837(claim("12-3")))

    assert con.rows("SELECT number_key FROM charge") == [("12-3",)]
