"""An answer that comes again under other spellings of payer, number or patient is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lib.history_event_kinds import EventKind
from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_fhir import task as fhir_task
from tests.test_import import bring
from tests.test_same_request import complete_all
from tests.test_transaction_reader import acknowledgment, document_request, patient
from tests.x12_texts import answer, claim, envelope, file_837, remittance

pytestmark = pytest.mark.cases(2)


def denial(
    number: str = "AC-0012",
    payer: str = "PLAINS HEALTH",
    patient: str = "GREEN*EMMA",
    control: str = "PAYER1",
    paid_on: str = "20250210",
    more: str = "",
) -> bytes:
    said = answer(number, patient=patient, control=control)
    inside = remittance(said, payer=payer, paid_on=paid_on)
    return envelope([*inside, *filter(None, [more])], kind="835", version="005010X221A1").encode()


def rejection(number: str = "AC-0012", payer: str = "PLAINS HEALTH", who: str = "EMMA") -> bytes:
    said = acknowledgment(*patient(number, "STC*A7:562*20250121*U*200"))
    return said.replace(b"PLAINS HEALTH", payer.encode()).replace(b"EMMA", who.encode())


def request(number: str = "AC-0012", payer: str = "PLAINS HEALTH", who: str = "EMMA") -> bytes:
    said = document_request().replace(b"REF*EJ*A1", f"REF*EJ*{number}".encode())
    return said.replace(b"PLAINS HEALTH", payer.encode()).replace(b"EMMA", who.encode())


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "completed"])
@pytest.mark.parametrize("is_held", [True, False], ids=["with the claim", "without the claim"])
@pytest.mark.parametrize(
    ("made", "other"),
    [
        (denial, {"number": "ac0012"}),
        (denial, {"number": "AC-0-012"}),
        (denial, {"payer": "PLAINS HEALTH INC"}),
        (denial, {"patient": "GREEN*EMMA*ANN"}),
        (
            denial,
            {"patient": "GREEN*EMMA*ANN", "payer": "Plains Health, Inc.", "number": "ac 0012"},
        ),
        (rejection, {"number": "AC0012"}),
        (rejection, {"payer": "PLAINS HEALTH INC"}),
        (rejection, {"who": "EMMA ANN", "number": "ac0012"}),
        (request, {"number": "ac0012"}),
        (request, {"payer": "PLAINS HEALTH INC", "who": "EMMA ANN"}),
    ],
)
def test_an_answer_spelled_otherwise_is_nothing_new(
    con: Connection,
    cast: Cast,
    made: Callable[..., bytes],
    other: dict[str, str],
    *,
    is_held: bool,
    is_open: bool,
) -> None:
    if is_held:
        bring(con, cast, file_837(claim("AC-0012")))
    assert bring(con, cast, made()).tasks_new == 1
    if not is_open:
        complete_all(con)
    before = con.rows("SELECT id, title, codes, amount, due_on FROM task")

    again = bring(con, cast, made(**other))

    assert again.tasks_new == 0
    assert con.rows("SELECT id, title, codes, amount, due_on FROM task") == before
    told = "SELECT count(*) FROM event WHERE kind = $kind"
    assert con.value(told, kind=EventKind.ANSWERED_AGAIN) == 0


@pytest.mark.parametrize(
    "other",
    [
        {"number": "ac0012", "paid_on": "20250301"},
        {"number": "ac0012", "control": "PAYER2"},
        {"number": "ac0012", "patient": "GREEN*FAY"},
        {"number": "AC-0-013"},
        {"payer": "PEAK MUTUAL", "number": "ac0012"},
    ],
)
def test_another_answer_is_a_task_again(con: Connection, cast: Cast, other: dict[str, str]) -> None:
    bring(con, cast, denial())
    complete_all(con)

    assert bring(con, cast, denial(**other)).tasks_new == 1


def test_a_payment_spelled_otherwise_is_told_once(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("AC-0012")))
    bring(con, cast, denial())
    paid = [
        envelope(
            remittance(
                answer(number, status="1", paid="200", codes=()), paid_on="20250301", payer=payer
            ),
            kind="835",
            version="005010X221A1",
        ).encode()
        for number, payer in (("AC-0012", "PLAINS HEALTH"), ("ac0012", "PLAINS HEALTH INC"))
    ]
    bring(con, cast, paid[0])
    con.execute("UPDATE task SET proposal = NULL")

    bring(con, cast, paid[1])

    assert con.value("SELECT count(*) FROM task_answer") == 1
    assert con.value("SELECT proposal FROM task") is None


HEAD = "Type,Title,Claim Number,Patient,Date of Service,Amount,Payer"
ROW = {"number": "AC-0012", "who": "Green, Emma", "payer": "Plains Health", "line": ""}


def row(**changes: str) -> str:
    said = ROW | changes
    line = f",{said['line']}" if said["line"] else ""
    who = f'{said["number"]},"{said["who"]}",01/13/2025,200,"{said["payer"]}"'
    return f"Coding,Wrong modifier,{who}{line}"


def table(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows, ""]).encode()


def fhir(**changes: Any) -> bytes:
    return json.dumps(fhir_task(**changes)).encode()


def of_claim(number: str) -> dict[str, Any]:
    return {"reasonReference": {"identifier": {"value": number}}}


def of_payer(name: str, code: str = "") -> dict[str, Any]:
    contained = fhir_task()["contained"]
    payer = {"resourceType": "Organization", "id": "payer", "name": name}
    return {
        "contained": [contained[0], payer | ({"identifier": [{"value": code}]} if code else {})]
    }


SPELLED = [
    (table(row()), table(row(number="ac0012"))),
    (table(row()), table(row(who="GREEN, EMMA ANN", payer="Plains Health Inc"))),
    (table(row()), table(row(payer="PLAINS HEALTH, INC.", number="AC 0012"))),
    (fhir(**of_claim("AC-0012")), fhir(**of_claim("ac0012"), status="in-progress")),
    (fhir(), fhir(**of_payer("Plains Health Inc"))),
    (fhir(), fhir(**of_payer("PLAINS HEALTH, Inc.", "PLAINS"), **of_claim("a-1"))),
]


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "completed"])
@pytest.mark.parametrize("is_held", [True, False], ids=["with the claim", "without the claim"])
@pytest.mark.parametrize(("first", "later"), SPELLED)
def test_a_row_or_a_fhir_request_spelled_otherwise_is_nothing_new(
    con: Connection, cast: Cast, first: bytes, later: bytes, *, is_held: bool, is_open: bool
) -> None:
    if is_held:
        bring(con, cast, file_837(claim("AC-0012")))
        bring(con, cast, file_837(claim("A1")))
    assert bring(con, cast, first).tasks_new == 1
    if not is_open:
        complete_all(con)

    assert bring(con, cast, later).tasks_new == 0


@pytest.mark.parametrize(
    "other",
    [
        {"number": "AC-0013"}, {"number": "ac0012", "who": "Green, Fay"},
        {"number": "ac0012", "payer": "Peak Mutual"}, {"who": "Green, Emma Jr"},
        {"who": "Green, Emma Ann"},
    ],
)  # fmt: skip
def test_a_row_about_another_claim_patient_or_payer_is_a_task(
    con: Connection, cast: Cast, other: dict[str, str]
) -> None:
    bring(con, cast, file_837(claim("AC-0012")))

    assert bring(con, cast, table(row(), row(**other))).tasks_new == 2


def test_rows_about_two_lines_are_two_however_they_are_spelled(con: Connection, cast: Cast) -> None:
    rows = [
        row(line="99213"),
        row(line="87880", number="ac0012"),
        row(line="99213", who="GREEN EMMA"),
    ]

    report = bring(con, cast, table(*rows, head=f"{HEAD},CPT"))
    of_none = bring(con, cast, table(row(number="AC0012")))

    assert (report.tasks_new, of_none.tasks_new) == (2, 1)


@pytest.mark.parametrize(
    "other", [of_payer("Peak Mutual", "PM-1"), of_claim("A2"), {"for": {"display": "Green, Fay"}}]
)
def test_a_fhir_request_of_one_number_by_another_payer_or_of_another_claim_is_a_task(
    con: Connection, cast: Cast, other: dict[str, Any]
) -> None:
    bring(con, cast, fhir())

    assert bring(con, cast, fhir(**other)).tasks_new == 1


@pytest.mark.parametrize(
    "raw",
    [
        table(row(), row(number="ac0012"), row(who="GREEN, EMMA", payer="Plains Health Inc")),
        b"\n".join([fhir(), fhir(**of_claim("a-1"), status="received")]),
        envelope(
            remittance(
                answer("AC-0012"), answer("ac0012"), answer("AC0012", patient="GREEN*EMMA*ANN")
            ),
            kind="835", version="005010X221A1",
        ).encode(),
        acknowledgment(
            *patient("AC-0012", "STC*A7:562*20250121*U*200"),
            *patient("AC0012", "STC*A7:562*20250121*U*200"),
        ),
    ],
)  # fmt: skip
def test_what_one_file_says_twice_in_two_spellings_is_one_task(
    con: Connection, cast: Cast, raw: bytes
) -> None:
    report = bring(con, cast, raw)

    assert report.tasks_new == 1
    assert con.value("SELECT count(*) FROM task_answer WHERE answer_key NOT LIKE 'FHIR|id%'") == 0


def test_two_claims_of_one_spelling_but_for_the_payers_number_stay_two(
    con: Connection, cast: Cast
) -> None:
    said = remittance(answer("AC-0012"), answer("ac0012", control="PAYER2"))

    report = bring(con, cast, envelope(said, kind="835", version="005010X221A1").encode())

    assert report.tasks_new == 2


@pytest.mark.parametrize("said", [of_claim("a-1"), of_payer("Plains Health Inc")])
def test_a_withdrawal_that_spells_claim_or_payer_otherwise_is_told(
    con: Connection, cast: Cast, said: dict[str, Any]
) -> None:
    bring(con, cast, fhir())

    bring(con, cast, fhir(**said, status="cancelled"))

    assert "withdrawn" in con.value("SELECT proposal FROM task")
