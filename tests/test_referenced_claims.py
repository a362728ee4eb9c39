"""What the claim that a FHIR Task points to says is compared with the charge; references lead to
the server they stand on, and days are the practice's."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lib.intake.fhir import resources
from lib.intake.records import Request
from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_fhir import concept, read, task, wanted
from tests.test_import import bring
from tests.x12_texts import claim, file_837

EMMA = {
    "resourceType": "Patient", "id": "1", "name": [{"family": "GREEN", "given": ["EMMA"]}],
    "identifier": [{"type": concept("MB"), "value": "MEM1"}],
}  # fmt: skip
OLIVER = EMMA | {
    "name": [{"family": "GREEN", "given": ["OLIVER"]}],
    "identifier": [{"type": concept("MB"), "value": "MEM2"}],
}
CLAIM = {
    "resourceType": "Claim", "id": "c", "identifier": [{"value": "A1"}],
    "patient": {"reference": "Patient/1"},
    "billablePeriod": {"start": "2025-01-13", "end": "2025-01-13"}, "total": {"value": 200},
}  # fmt: skip
NO_DAY = [wanted()]


def about(claim_: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a Task that says of its claim only what the claim says."""
    mine = {"contained": [claim_], "reasonReference": {"reference": "#c"}, "input": NO_DAY}
    return task(**{**mine, "for": None, "requester": {"display": "PLAINS HEALTH"}, **changes})


def bundle(*entries: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    made = [
        {"fullUrl": full, "resource": each} if full else {"resource": each}
        for full, each in entries
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": made}


def outcome(con: Connection, cast: Cast, given: dict[str, Any], *charges: bytes) -> list[Any]:
    for at, each in enumerate(charges or (file_837(claim("A1")),)):
        bring(con, cast, each, f"{at}.837")
    bring(con, cast, json.dumps(given).encode(), "b.json")
    return con.rows("SELECT charge_id, outcome FROM task JOIN task_claim ON task_id = task.id")


def family() -> tuple[bytes, bytes]:
    """Return the claims A1 of two children: EMMA's and OLIVER's."""
    other = file_837(claim("A1"), control="000000002").replace(b"MEM1", b"MEM2")
    return file_837(claim("A1")), other.replace(b"GREEN*EMMA", b"GREEN*OLIVER")


def test_what_the_claim_says_finds_its_charge(con: Connection, cast: Cast) -> None:
    assert outcome(con, cast, bundle(("", EMMA), ("", about(CLAIM)))) == [(1, "matched")]


@pytest.mark.parametrize(
    "changes",
    [
        {"billablePeriod": {"start": "2025-01-20", "end": "2025-01-20"}},
        {"billablePeriod": {"start": "2025-01-20"}},
        {"billablePeriod": None, "item": [{"servicedDate": "2025-01-20"}]},
        {"billablePeriod": None, "item": [{"servicedPeriod": {"start": "2025-01-20"}}]},
        {"total": {"value": 999}}, {"total": {"value": 999.5, "currency": "USD"}},
        {"patient": {"display": "GREEN, OLIVER"}}, {"patient": {"reference": "Patient/2"}},
        {"resourceType": "ExplanationOfBenefit", "billablePeriod": {"start": "2025-01-20"}},
        {"resourceType": "ExplanationOfBenefit",
         "total": [{"category": concept("submitted"), "amount": {"value": 999}}]},
    ],
)  # fmt: skip
def test_what_the_claim_says_otherwise_contradicts(
    con: Connection, cast: Cast, changes: dict[str, Any]
) -> None:
    said = {name: part for name, part in (CLAIM | changes).items() if part is not None}
    given = bundle(("", EMMA), ("", OLIVER | {"id": "2"}), ("", about(said)))

    assert outcome(con, cast, given) == [(None, "contradicted")]


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("identifier", [{"system": "http://payer", "value": "ICN99"}, {"value": "A1"}]),
        ("identifier", [{"use": "old", "value": "A1"}, {"value": "ICN99"}]),
        ("identifier", [{"value": "ICN99"}, {"value": "X"}, {"value": "a-1"}]),
    ],
)
def test_each_number_of_the_claim_finds_its_charge(
    con: Connection, cast: Cast, part: str, value: Any
) -> None:
    given = bundle(("", EMMA), ("", about(CLAIM | {part: value})))

    assert outcome(con, cast, given) == [(1, "matched")]


def test_the_claim_that_an_answer_is_about_is_meant(con: Connection, cast: Cast) -> None:
    answer = {
        "resourceType": "ClaimResponse", "id": "r", "identifier": [{"value": "ICN99"}],
        "patient": {"reference": "Patient/1"}, "request": {"reference": "Claim/c"},
    }  # fmt: skip
    asks = about(CLAIM, contained=None, reasonReference={"reference": "ClaimResponse/r"})
    given = bundle(("", EMMA), ("", CLAIM), ("", answer), ("", asks))

    assert outcome(con, cast, given) == [(1, "matched")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"for": {"reference": "Patient/2"}}, "it is for another patient"),
        ({"input": [wanted(), {"type": concept("service-date"), "valueDate": "2025-01-20"}]},
         "it names another day of service"),
    ],
)  # fmt: skip
def test_a_task_that_contradicts_its_claim_is_set_aside_and_said(
    changes: dict[str, Any], reason: str
) -> None:
    good = task(identifier=[{"value": "T-9"}])
    entries = (("", EMMA), ("", OLIVER | {"id": "2"}), ("", about(CLAIM, **changes)), ("", good))
    requests, recorded = read(bundle(*entries))

    assert len(requests) == 1
    assert [each.is_bad for each in recorded] == [True]
    assert recorded[0].sentence.startswith(reason)


def test_a_day_within_the_claims_days_contradicts_nothing() -> None:
    said = CLAIM | {"billablePeriod": {"start": "2025-01-10", "end": "2025-01-15"}}
    of_line = {"type": concept("service-date"), "valueDate": "2025-01-13"}
    [request], _ = read(bundle(("", EMMA), ("", about(said, input=[wanted(), of_line]))))

    assert request.date_of_service == date(2025, 1, 13)
    assert request.facts.dates == (date(2025, 1, 10), date(2025, 1, 15))
    assert request.facts.charged == Decimal(200)


A, B = "https://a.org/fhir", "https://b.org/fhir"
WHOSE = {"for": {"reference": "Patient/1"}, "contained": None, "requester": {"display": "PLAINS"}}


@pytest.mark.parametrize(
    ("emma", "oliver", "asks", "whose"),
    [
        (f"{A}/Patient/1", f"{B}/Patient/1", f"{B}/Task/t1", "GREEN, OLIVER"),
        (f"{A}/Patient/1", f"{B}/Patient/1", f"{A}/Task/t1/_history/2", "GREEN, EMMA"),
        (f"{A}/Patient/1", "", f"{B}/Task/t1", "GREEN, OLIVER"),
        (f"{A}/Patient/1", f"{B}/Patient/1", "", ""),
        (f"{A}/Patient/1", f"{B}/Patient/1", "https://c.org/fhir/Task/t1", ""),
        ("urn:uuid:aa", "urn:uuid:bb", "", ""), ("urn:uuid:aa", "urn:uuid:bb", "urn:uuid:cc", ""),
    ],
)  # fmt: skip
def test_a_relative_reference_is_to_the_server_it_stands_on(
    emma: str, oliver: str, asks: str, whose: str
) -> None:
    given = bundle((emma, EMMA), (oliver, OLIVER), (asks, task(**WHOSE)))
    [request], _ = read(given)

    assert request.patient_name == whose


def test_the_patient_of_a_claim_on_another_server_is_that_servers() -> None:
    asks = about(CLAIM, contained=None, reasonReference={"reference": f"{B}/Claim/c"})
    given = bundle(
        (f"{A}/Patient/1", EMMA), (f"{B}/Patient/1", OLIVER), (f"{B}/Claim/c", CLAIM),
        (f"{A}/Task/t1", asks),
    )  # fmt: skip
    [request], _ = read(given)

    assert request.patient_name == "GREEN, OLIVER"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"lastUpdated": "2025-01-01T00:00:00Z"}, {"lastUpdated": "2025-02-01T00:00:00Z"}),
        ({"versionId": "9"}, {"versionId": "10"}),
    ],
)
def test_of_versions_of_one_patient_the_newest_is_meant(
    first: dict[str, str], second: dict[str, str]
) -> None:
    old, new = OLIVER | {"meta": first}, EMMA | {"meta": second}
    at = f"{A}/Patient/1"
    [request], _ = read(bundle((at, old), (at, new), (f"{A}/Task/t1", task(**WHOSE))))

    assert request.patient_name == "GREEN, EMMA"


def test_of_two_children_the_one_on_the_tasks_server_is_found(con: Connection, cast: Cast) -> None:
    asks = (f"{B}/Task/t1", task(**WHOSE))
    given = bundle((f"{A}/Patient/1", EMMA), (f"{B}/Patient/1", OLIVER), asks)

    assert outcome(con, cast, given, *family()) == [(2, "matched")]


def test_a_payer_that_asks_through_a_role_is_compared(con: Connection, cast: Cast) -> None:
    role = {"resourceType": "PractitionerRole", "id": "r",
            "organization": {"reference": "Organization/o"}}  # fmt: skip
    plan = {"resourceType": "Organization", "id": "o", "name": "OTHER PLAN"}
    asks = about(CLAIM, requester={"reference": "PractitionerRole/r"})
    given = bundle(("", EMMA), ("", plan), ("", role), ("", asks))

    assert outcome(con, cast, given) == [(None, "contradicted")]


CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2025-03-16T03:59:59Z", date(2025, 3, 15)), ("2025-03-16T04:59:59Z", date(2025, 3, 15)),
        ("2025-03-15T23:59:59-05:00", date(2025, 3, 15)),
        ("2025-03-16T00:30:00-04:00", date(2025, 3, 15)),
        ("2025-03-15T23:30:00-07:00", date(2025, 3, 16)),
        ("2025-03-15T00:00:00Z", date(2025, 3, 15)),  # a day that was padded
        ("2025-03-15T00:00:00.000+00:00", date(2025, 3, 15)),
        ("2025-03-15", date(2025, 3, 15)), ("2025-03", date(2025, 3, 31)),
        ("2025-03-15T23:59:59", date(2025, 3, 15)), ("2025-03-15T99:00:00Z", date(2025, 3, 15)),
    ],
)  # fmt: skip
def test_a_moment_is_a_day_of_the_practices_zone(written: str, day: date) -> None:
    assert resources.last_day(written, CHICAGO) == day


@pytest.mark.parametrize("part", ["restriction", "authoredOn", "input"])
def test_each_day_of_a_request_is_the_practices(con: Connection, cast: Cast, part: str) -> None:
    late = "2025-03-16T03:59:59Z"
    value: Any = {
        "restriction": {"period": {"end": late}}, "authoredOn": late,
        "input": [wanted(), {"type": concept("service-date"), "valueDateTime": late}],
    }[part]  # fmt: skip
    bring(con, cast, json.dumps(task(**{part: value})).encode(), "b.json")

    row = con.row("SELECT due_on, requested_on, date_of_service FROM task")
    assert row is not None
    assert date(2025, 3, 15) in row
    assert date(2025, 3, 16) not in row


def only(given: dict[str, Any]) -> Request:
    [request], _ = read(given)
    return request


def test_a_task_known_without_its_claims_patient_is_the_same_request() -> None:
    before = only(about({**CLAIM, "patient": None}))
    now = only(bundle(("", EMMA), ("", about({**CLAIM, "billablePeriod": None}))))

    assert before.earlier_keys[-1] in now.earlier_keys
