"""Numbers that are one only without their separators: 12-3 and 1-23 are visits of two accounts, and
whoever drops a separator (123) means the one whose patient, day and amount agree."""

from __future__ import annotations

import pytest

from lib.store.database import Connection
from lib.store.migrations import SCHEMA
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = [pytest.mark.slow, pytest.mark.cases(2)]  # many imports
PAIRS = [
    ("12-3", "1-23"),
    ("G7-11-2", "G7-1-12"),
    ("501-2", "50-12"),
    ("5012 1", "501/21"),
    ("2025-0114-78", "20-25011478"),
    ("1-23-4", "12-3-4"),
]
DROPPED = [
    ("2025-0114-78", "2025011478"),
    ("501-2", "5012"),
    ("5012", "50 12"),
    ("G7-1-12", "g7112"),
    ("2025-0114-78", "2025-011478"),  # one of two
    ("2025-0114-78", "20250114/78"),
    ("20250114-78", "2025 0114 78"),
]


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


@pytest.mark.parametrize(("held", "written"), DROPPED)
def test_an_answer_without_separators_finds_the_claim_that_agrees(
    con: Connection, cast: Cast, held: str, written: str
) -> None:
    other = [each.replace("20250113", "20250120") for each in answer(written, control="P2")]
    paid = answer(written, status="1", paid="200", codes=(), control="P3")
    bring(con, cast, file_837(claim(held)))

    for number, body in enumerate((answer(written), other, paid), start=2):
        bring(con, cast, file_835(body, control=f"00000000{number}", paid_on=f"2025021{number}"))

    assert charge_of(con) == [(written, 1), (written, None)]
    assert con.rows("SELECT charge_id, paid FROM claim_answer ORDER BY id") == [
        (1, 0), (None, 0), (1, 200),
    ]  # fmt: skip
    assert con.rows("SELECT proposal IS NOT NULL FROM task ORDER BY id") == [(True,), (False,)]
    assert con.value("SELECT payer_claim_number FROM charge") == "P3"


@pytest.mark.parametrize(("held", "written"), DROPPED)
@pytest.mark.parametrize("word", ["denied", "rejected", "paid first"])
def test_an_answer_without_separators_waits_for_its_claim(
    con: Connection, cast: Cast, held: str, written: str, word: str
) -> None:
    paid = file_835(answer(written, status="1", paid="200", codes=()), paid_on="20250301")
    rejection = acknowledgment(*patient(written, "STC*A7:116*20250121*U*200"))
    told = {"denied": file_835(answer(written)), "rejected": rejection, "paid first": paid}[word]
    bring(con, cast, told)

    bring(con, cast, file_837(claim(held)))

    assert all(charge == 1 for _, charge in charge_of(con))
    if word != "rejected":
        assert con.rows("SELECT charge_id FROM claim_answer") == [(1,)]
    if word == "paid first":
        bring(con, cast, file_835(answer(written), control="000000003"))
        assert con.value("SELECT proposal IS NOT NULL FROM task")


@pytest.mark.parametrize("held", [("12-3", "1-23"), ("1-23", "12-3")])
@pytest.mark.parametrize("claims_first", [1, 2, 0])
def test_where_two_claims_lose_their_separators_to_one_number_a_person_chooses(
    con: Connection, cast: Cast, held: tuple[str, str], claims_first: int
) -> None:
    """Whichever comes in first: the answer, or one claim, or both."""
    files = [file_837(claim(each), control=f"00000000{place}") for place, each in enumerate(held)]
    files.insert(claims_first, file_835(answer("123")))

    for raw in files:
        bring(con, cast, raw)

    assert charge_of(con) == [("123", None)]
    assert con.value("SELECT outcome FROM task_claim") == "several"


@pytest.mark.parametrize(("held", "written"), DROPPED)
def test_a_replacement_void_or_resent_claim_without_the_separators_is_of_the_charge(
    con: Connection, cast: Cast, held: str, written: str
) -> None:
    """In whichever order they come."""
    again = [each.replace("J02.9", "J03.9") for each in claim(written)]
    newer = [each.replace("11:B:1", "11:B:7").replace("J02.9", "J04.0") for each in claim(written)]
    void = [each.replace("11:B:1", "11:B:8") for each in claim(written)]
    for number, body in enumerate((newer, claim(held), again, void), start=1):
        bring(con, cast, file_837(body, control=f"00000000{number}"))

    assert con.rows("SELECT id, is_voided FROM charge") == [(1, True)]


def test_two_claims_of_one_file_are_two_though_their_digits_are_the_same(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("12-3")))

    bring(con, cast, file_837(claim("123"), claim("1-23"), control="000000002"))

    assert con.rows("SELECT claim_number FROM charge ORDER BY id") == [
        ("12-3",),
        ("123",),
        ("1-23",),
    ]


def test_the_payers_number_is_not_ours_without_its_separators(con: Connection, cast: Cast) -> None:
    """Some payers write our number where theirs belongs."""
    bring(con, cast, file_837(claim("2025-0114-78")))

    bring(con, cast, file_835(answer("2025011478", control="2025011478")))

    assert con.rows("SELECT number FROM charge_number") == []


KEYED = ("charge", "earlier_claim", "charge_number", "task_claim", "claim_answer", "good_news")


def test_a_store_that_is_older_finds_its_numbers_without_separators(
    con: Connection, cast: Cast
) -> None:
    """What the migration writes is what Python looks for; see tests/test_claim_matcher.py."""
    newer = [each.replace("11:B:1", "11:B:7") for each in claim("12-3", amount="250")]
    for raw in (
        file_837(claim("12-3", extra=["REF*D9*7 8"])), file_835(answer("45-6")),
        file_837(newer, control="000000003"),
        file_835(answer("45-6", status="1", paid="200", codes=()), control="000000004"),
    ):  # fmt: skip
        bring(con, cast, raw)
    for table in KEYED:
        keys = {row[0] for row in con.rows(f"SELECT number_key FROM {table}")}
        assert keys and keys <= {"123", "456", "78"}
        for plain, grouped in (("123", "12-3"), ("456", "45-6"), ("78", "7-8")):
            con.execute(
                f"UPDATE {table} SET number_key = $grouped WHERE number_key = $plain",
                grouped=grouped,
                plain=plain,
            )

    for statement in (SCHEMA / "290_number_lookup.sql").read_text().split(";")[:-1]:
        con.execute(statement)
    bring(con, cast, file_837(claim("456"), control="000000005"))
    bring(con, cast, file_835(answer("123", amount="250"), control="000000006"))

    assert con.rows("SELECT claim_number, charge_id FROM task ORDER BY id") == [
        ("45-6", 2), ("123", 1),
    ]  # fmt: skip
