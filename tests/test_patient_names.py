"""People of one family account who differ by middle name or suffix only (NM105, NM107) are told
apart in every message, on their way in, and in stores that were made before."""

from __future__ import annotations

import pytest

from lib.intake.matching.spelling_comparison import could_be_person
from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, document_request, patient
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = [pytest.mark.slow, pytest.mark.cases(2)]  # hundreds of imports

# NM103 to NM107 of two people
PAIRS = [
    ("RIVERA*LUIS*ANTONIO", "RIVERA*LUIS*MANUEL"),
    ("RIVERA*LUIS*M", "RIVERA*LUIS*R"),
    ("RIVERA*LUIS***II", "RIVERA*LUIS***III"),
    ("RIVERA*LUIS***SENIOR", "RIVERA*LUIS***JR"),
    ("OKAFOR*BABYGIRL*1", "OKAFOR*BABYGIRL*2"),
    ("OKAFOR*BABYBOY***A", "OKAFOR*BABYBOY***B"),
]
SAME = [
    ("RIVERA*LUIS*ANTONIO", "RIVERA*LUIS*A"),
    ("RIVERA*LUIS*ANTONIO", "RIVERA*LUIS"),
    ("RIVERA*LUIS*A**JR", "RIVERA*LUIS***JR."),
    ("RIVERA*LUIS***2ND", "RIVERA*LUIS***II"),
    ("RIVERA*MARY*ANN", "RIVERA*MARYANN"),
    ("RIVERA*LUIS ANTONIO", "RIVERA*LUIS*ANTONIO"),
    ("RIVERA JR*LUIS", "RIVERA*LUIS***JR"),
]


def filed(*names: str, number: str = "FAM7", control: str = "000000001") -> bytes:
    raw = file_837(claim(number), control=control)
    return raw.replace(b"GREEN*EMMA****", _padded(names[0]))


def _padded(name: str) -> bytes:
    return ("*".join([*name.split("*"), "", "", "", ""][:5]) + "*").encode()


def said(name: str) -> dict[str, bytes]:
    """Return what payers say of the claim FAM7 of somebody, by the kind of message."""
    denied = file_835(answer("FAM7", patient=_padded(name).decode().rstrip("*")))
    rejected = acknowledgment(*patient("FAM7", "STC*A7:562*20250121*U*200"))
    asked = document_request().replace(b"REF*EJ*A1", b"REF*EJ*FAM7")
    named = {"277CA": rejected, "277RFAI": asked}
    return {"835": denied} | {
        kind: raw.replace(b"GREEN*EMMA****", _padded(name)) for kind, raw in named.items()
    }


KINDS = ["835", "277CA", "277RFAI"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("one", "other"), [*PAIRS, *(pair[::-1] for pair in PAIRS)])
def test_what_is_said_of_another_of_the_family_is_not_about_the_charge(
    con: Connection, cast: Cast, kind: str, one: str, other: str
) -> None:
    bring(con, cast, filed(one))

    bring(con, cast, said(other)[kind])

    [(charge_id, name, outcome)] = con.rows(
        "SELECT charge_id, task.patient_name, outcome FROM task JOIN task_claim ON task_id = id"
    )
    assert (charge_id, outcome) == (None, "contradicted")
    assert name.endswith(other[-1]), "the task says who is meant"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_of_two_that_are_held_the_one_that_is_named_is_meant(
    con: Connection, cast: Cast, kind: str, one: str, other: str
) -> None:
    charges = [bring(con, cast, filed(one)), bring(con, cast, filed(other, control="000000002"))]

    bring(con, cast, said(other)[kind])

    assert [each.charges_new for each in charges] == [1, 1], "they are two claims"
    assert con.rows("SELECT charge_id FROM task") == [(2,)]


@pytest.mark.parametrize(("one", "other"), [*SAME, *(pair[::-1] for pair in SAME)])
def test_a_name_in_another_form_is_the_same_person(
    con: Connection, cast: Cast, one: str, other: str
) -> None:
    bring(con, cast, filed(one))

    bring(con, cast, said(other)["835"])

    assert con.rows("SELECT charge_id FROM task") == [(1,)]


def test_twins_rejected_under_one_number_are_a_task_each(con: Connection, cast: Cast) -> None:
    level = patient("FAM7", "STC*A7:562*20250121*U*200")
    twins = [
        [each.replace("GREEN*EMMA****", f"GREEN*BABYBOY*{letter}***") for each in level]
        for letter in "AB"
    ]
    raw = acknowledgment(*twins[0], *twins[1])

    assert bring(con, cast, raw).tasks_new == 2
    assert bring(con, cast, raw + b"\n").tasks_new == 0


def test_a_replacement_of_one_twin_leaves_the_other_alone(con: Connection, cast: Cast) -> None:
    bring(con, cast, filed("GREEN*BABYBOY*A"))
    later = filed("GREEN*BABYBOY*B", control="000000002").replace(b"11:B:1", b"11:B:7")

    other = bring(con, cast, later)
    late = bring(con, cast, filed("GREEN*BABYBOY*B", control="000000003"))

    assert (other.charges_new, late.charges_new) == (1, 0)
    rows = con.rows(
        """
        SELECT patient_more, charge_arrival.id IS NOT NULL
        FROM charge LEFT JOIN charge_arrival ON charge_id = charge.id ORDER BY charge.id
        """
    )
    assert rows == [("A", False), ("B", True)]


def test_what_a_charge_was_before_keeps_its_patients_middle_name(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, filed("GREEN*BABYBOY*A"))
    later = filed("GREEN*BABYBOY*A", control="000000002", number="B9")
    later = later.replace(b"11:B:1", b"11:B:7").replace(b"HI*ABK", b"REF*F8*FAM7~HI*ABK")
    assert bring(con, cast, later).charges_new == 0

    bring(con, cast, said("GREEN*BABYBOY*B")["835"])
    bring(con, cast, said("GREEN*BABYBOY*A")["277CA"])

    assert con.rows("SELECT charge_id FROM task ORDER BY id") == [(None,), (1,)]


def test_an_older_store_knows_its_claims_and_requests_though_it_kept_no_middle_names(
    con: Connection, cast: Cast
) -> None:
    name = "RIVERA*LUIS*ANTONIO"
    bring(con, cast, filed("RIVERA*LUIS"))
    con.execute("UPDATE charge SET patient_more = NULL")
    messages = said(name)
    for raw in messages.values():
        bring(con, cast, raw)
    con.execute("UPDATE task SET request_key = replace(request_key, ' ANTONIO', '')")
    con.execute("UPDATE task_claim SET patient_name = 'RIVERA, LUIS'")

    again = bring(con, cast, filed(name, control="000000002"))
    known = [bring(con, cast, raw + b"\n").tasks_new for raw in messages.values()]

    assert (again.charges_new, known) == (0, [0, 0, 0])
    assert con.value("SELECT count(*) FROM task_answer") <= 2, "nor is it told again"


def test_a_first_name_that_is_a_suffix_elsewhere_stays_a_name() -> None:
    assert not could_be_person("DOE, JUNIOR", "DOE, JOHN", same_member=True)
    assert could_be_person("DOE, JUNIOR", "DOE, JUNIOR A", same_member=True)
    assert could_be_person("DOE, JOHN SR", "John Doe Sr.", same_member=True)
    assert not could_be_person("DOE, JOHN SR", "John Doe Jr", same_member=True)
