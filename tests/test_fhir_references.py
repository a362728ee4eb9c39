"""What a FHIR Task refers to says whose claim is meant: the patient of its own server, and the
Claim with its patient, days, amount and numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.intake import imports
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_fhir import task
from tests.test_import import bring
from tests.x12_texts import claim, claims, envelope, subscriber

EMMA, OLIVER = ("GREEN", "Emma", "1980-02-29"), ("GREEN", "Oliver", "2010-01-05")


def person(who: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    last, first, born = who
    name = [{"family": last, "given": [first]}]
    return {"resourceType": "Patient", "id": "1", "name": name, "birthDate": born, **more}


def asked(**changes: Any) -> dict[str, Any]:
    """Return a Task that names no day, whose patient stands in an entry of its own."""
    wanted = task()["input"][:1]
    return task(**({"contained": None, "input": wanted, "requester": None} | changes))


def bundle(**entries: dict[str, Any]) -> bytes:
    """Return a Bundle of entries by their full addresses; `a` and `b` name two servers."""
    return json.dumps({
        "resourceType": "Bundle", "type": "collection",
        "entry": [
            {"fullUrl": f"https://{name[0]}.org/fhir/{each['resourceType']}/{each['id']}",
             "resource": each}
            for name, each in entries.items()
        ],
    }).encode()  # fmt: skip


def matched(con: Connection, cast: Cast, raw: bytes) -> list[tuple[object, ...]]:
    """Return which charge a file finds where Emma and Oliver have a claim of one number."""
    oliver = [each.replace("19800229*F", "20100105*M") for each in subscriber(first="OLIVER")]
    bodies = claims(claim("A1")), claims(claim("A1"), before=oliver)
    bring(con, cast, envelope(*bodies).encode())
    report = bring(con, cast, raw, "b.json")
    assert report.tasks_new == 1
    return con.rows(
        """
        SELECT coalesce(patient.first_name, ''), outcome
        FROM task JOIN task_claim ON task_id = task.id
        LEFT JOIN charge ON charge.id = task.charge_id
        LEFT JOIN patient ON patient.id = charge.patient_id
        """
    )


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("Patient/1", "OLIVER"),
        ("https://b.org/fhir/Patient/1", "OLIVER"),
        ("https://a.org/fhir/Patient/1", "EMMA"),
        ("Patient/1/_history/2", "OLIVER"),
    ],
)
@pytest.mark.parametrize("order", [("a1", "b1", "b2"), ("b2", "b1", "a1"), ("b1", "a1", "b2")])
def test_a_reference_without_a_server_means_the_server_of_what_refers(
    con: Connection, cast: Cast, reference: str, found: str, order: tuple[str, ...]
) -> None:
    entries = {
        "a1": person(EMMA), "b1": person(OLIVER), "b2": asked(**{"for": {"reference": reference}}),
    }  # fmt: skip

    assert matched(con, cast, bundle(**{name: entries[name] for name in order})) == [
        (found, "matched")
    ]


def test_a_patient_of_another_server_only_is_not_the_one_meant(con: Connection, cast: Cast) -> None:
    raw = bundle(a1=person(EMMA), b1=asked(**{"for": {"reference": "Patient/1"}}))

    assert matched(con, cast, raw) == [("", "unproven")]


def test_of_two_servers_a_task_without_one_says_neither(con: Connection, cast: Cast) -> None:
    raw = json.loads(bundle(a1=person(EMMA), b1=person(OLIVER)))
    one = asked(**{"for": {"reference": "Patient/1"}})
    raw["entry"].append({"fullUrl": "urn:uuid:1", "resource": one})

    assert matched(con, cast, json.dumps(raw).encode()) == [("", "unproven")]


def test_of_two_patients_of_one_id_without_servers_neither_is_meant(
    con: Connection, cast: Cast
) -> None:
    one = asked(**{"for": {"reference": "Patient/1"}})
    entries = [
        {"fullUrl": f"urn:uuid:{at}", "resource": each}
        for at, each in enumerate((person(EMMA), person(OLIVER), one))
    ]
    raw = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})

    assert matched(con, cast, raw.encode()) == [("", "unproven")]


def test_a_payer_that_asks_in_a_role_is_compared(con: Connection, cast: Cast) -> None:
    role = {
        "resourceType": "PractitionerRole", "id": "r",
        "organization": {"reference": "Organization/o"},
    }  # fmt: skip
    plan = {"resourceType": "Organization", "id": "o", "name": "Other Plan"}
    one = asked(requester={"reference": "PractitionerRole/r"}, **{"for": None})

    found = matched(con, cast, bundle(b1=role, b2=plan, b3=one))

    assert found == [("", "contradicted")]


def about(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Claim", "id": "c", "identifier": [{"value": "A1"}],
        "patient": {"reference": "Patient/1"}, **more,
    }  # fmt: skip


CLAIM = {"reasonReference": {"reference": "Claim/c"}}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"b3": about()}, ("OLIVER", "matched")),
        ({"b3": about(billablePeriod={"start": "2025-01-13", "end": "2025-01-15"})},
         ("OLIVER", "matched")),
        ({"b3": about(billablePeriod={"start": "2025-01-20"})}, ("", "contradicted")),
        ({"b3": about(total={"value": 200.0, "currency": "USD"})}, ("OLIVER", "matched")),
        ({"b3": about(total={"value": 999})}, ("", "contradicted")),
        ({"b3": about(total={"value": 999, "currency": "EUR"})}, ("OLIVER", "matched")),
        ({"b3": about(identifier=[{"value": "ICN99"}, {"value": "A1"}])}, ("OLIVER", "matched")),
    ],
)  # fmt: skip
def test_what_the_claim_says_is_compared_with_the_charge(
    con: Connection, cast: Cast, parts: dict[str, Any], expected: tuple[str, str]
) -> None:
    one = asked(**CLAIM, **{"for": None})
    raw = bundle(a1=person(EMMA), b1=person(OLIVER), b2=one, **parts)

    assert matched(con, cast, raw) == [expected]


def test_a_contained_claim_says_whose_it_is(con: Connection, cast: Cast) -> None:
    inside = [about(patient={"reference": "#p"}), person(OLIVER, id="p")]
    one = asked(contained=inside, reasonReference={"reference": "#c"}, **{"for": None})

    assert matched(con, cast, json.dumps(one).encode()) == [("OLIVER", "matched")]


def test_a_task_and_its_claim_that_name_two_patients_find_none(con: Connection, cast: Cast) -> None:
    one = asked(**CLAIM, **{"for": {"reference": "https://a.org/fhir/Patient/1"}})
    raw = bundle(a1=person(EMMA), b1=person(OLIVER), b2=one, b3=about())

    report = imports.apply(con, "b.json", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)

    assert "another patient (for) than its claim" in str(report.refused)
    assert con.value("SELECT count(*) FROM task") == 0


def test_a_request_whose_patient_is_not_in_the_file_is_named(con: Connection, cast: Cast) -> None:
    gone = bring(con, cast, json.dumps(asked()).encode(), "a.json")
    named = bring(con, cast, json.dumps(task(identifier=[{"value": "T-2"}])).encode(), "b.json")

    said = "The file does not name the patient of 1 request, in place 1."
    assert said in gone.warnings
    assert said not in named.warnings
