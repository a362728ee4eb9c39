"""The insurance of a FHIR claim says under which member ID, to which payer and in which order it
was sent; what cannot be read of it is said, and nobody gets another's member ID."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from lib.intake.fhir import insurance
from lib.intake.files import non_x12_formats, parsed_file
from lib.intake.records import Request
from lib.store.database import Connection
from tests.conftest import Cast, shared
from tests.test_fhir import concept, task, wanted
from tests.test_import import bring
from tests.x12_texts import claim, claims, envelope

MB, MR = concept("MB"), concept("MR")
EMMA = {
    "resourceType": "Patient", "id": "1", "birthDate": "2010-01-05",
    "name": [{"family": "GREEN", "given": ["EMMA"]}],
    "identifier": [{"type": MB, "value": "EMMA-OWN"}],
}  # fmt: skip
OLIVER = EMMA | {
    "id": "2", "name": [{"family": "GREEN", "given": ["OLIVER"]}], "birthDate": "2012-03-04",
    "identifier": [{"type": MB, "value": "OLIVER-OWN"}],
}  # fmt: skip
MOTHER = EMMA | {
    "id": "9", "name": [{"family": "GREEN", "given": ["ADA"]}], "birthDate": "1980-02-29",
    "identifier": [{"type": MB, "value": "ADA-OWN"}],
}  # fmt: skip
PLAINS: dict[str, Any] = {
    "resourceType": "Organization", "id": "o", "name": "PLAINS HEALTH",
    "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"},
                   {"type": concept("NIIP"), "value": "PH-7"}],
}  # fmt: skip
COVERAGE = {
    "resourceType": "Coverage", "id": "v", "status": "active", "subscriberId": "INS-77",
    "subscriber": {"reference": "Patient/9"}, "beneficiary": {"reference": "Patient/1"},
    "relationship": concept("child"), "payor": [{"reference": "Organization/o"}],
}  # fmt: skip
OTHER = COVERAGE | {"id": "w", "subscriberId": "OTHER-5", "payor": [{"display": "OTHER PLAN"}]}
ENTRY = {"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/v"}}
SECOND = {"sequence": 2, "focal": False, "coverage": {"reference": "Coverage/w"}}
CLAIM: dict[str, Any] = {
    "resourceType": "Claim", "id": "c", "identifier": [{"system": "urn:n", "value": "A1"}],
    "patient": {"reference": "Patient/1"}, "insurance": [ENTRY],
    "billablePeriod": {"start": "2025-01-13", "end": "2025-01-15"},
}  # fmt: skip
AGAIN = PLAINS | {
    "id": "n", "identifier": [PLAINS["identifier"][0], {"system": "urn:p", "value": "PH-8"}],
}  # fmt: skip
PEOPLE = (EMMA, OLIVER, MOTHER, PLAINS)


def changed(resource: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the resource with other parts; None takes a part away."""
    return {name: part for name, part in (resource | changes).items() if part is not None}


def asked(**changes: Any) -> dict[str, Any]:
    """Return a Task that says of its claim only where it stands."""
    alone = {"contained": None, "for": None, "requester": None, "input": [wanted()]}
    return task(**{**alone, "reasonReference": {"reference": "Claim/c"}, **changes})


def bundle(*resources: dict[str, Any], server: str = "") -> bytes:
    entries = [
        {"resource": each}
        | ({"fullUrl": f"{server}/{each['resourceType']}/{each['id']}"} if server else {})
        for each in resources
    ]
    return json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries}).encode()


def read(raw: bytes) -> tuple[Request, tuple[str, ...]]:
    """Return the one request of a file, and what its import says."""
    found = non_x12_formats.read("a.json", raw)
    assert found is not None
    [request] = found.requests
    return request, found.warnings


def of(
    *coverages: dict[str, Any], people: Sequence[dict[str, Any]] = PEOPLE, **claims_: Any
) -> tuple[Request, tuple[str, ...]]:
    """Return what a file with these coverages and this claim asks, and what its import says."""
    return read(bundle(*people, *coverages, changed(CLAIM, **claims_), asked()))


def test_the_member_id_is_the_insureds_and_the_patients_own_is_named_too() -> None:
    request, said = of(COVERAGE)

    assert request.facts.member_ids == ("INS-77",)
    assert (request.payer_name, request.payer_code) == ("PLAINS HEALTH", "PH-7")
    assert "(member ID INS-77; the patient's record has EMMA-OWN)." in request.instructions
    assert said == (f"{insurance.DIFFERS}: 1 request, in place 7.",)


@pytest.mark.parametrize(
    ("parts", "ids", "words"),
    [
        ({"subscriberId": "888009335", "dependent": "01",
          "identifier": [{"type": MB, "value": "88800933501"}]},
         ("888009335", "88800933501"), "member ID 888009335, dependent 01"),
        ({"subscriberId": "10300007", "identifier": [{"type": MB, "value": "210300002"}]},
         ("10300007", "210300002"), "member ID 10300007, or 210300002"),
        ({"subscriberId": None, "identifier": [{"type": MB, "value": "M-1"}]},
         ("M-1",), "member ID M-1"),
        ({"subscriberId": None, "identifier": [{"system": "urn:certificate", "value": "12345"}]},
         ("12345",), "member ID 12345"),
        ({"subscriberId": None, "identifier": [{"type": concept("MC"), "value": "1EG4TE5MK73"}]},
         ("1EG4TE5MK73",), "member ID 1EG4TE5MK73"),
        ({"subscriberId": [{"system": "urn:s", "value": "R5-1"}, {"value": "R5-2"}]},
         ("R5-1", "R5-2"), "member ID R5-1, or R5-2"),
        ({"subscriberId": {"value": "R5-1"}}, ("R5-1",), "member ID R5-1"),
        ({"subscriberId": 12345678901}, ("12345678901",), "member ID 12345678901"),
        ({"identifier": [{"type": concept("plan"), "value": "58ee55f0"}]},
         ("INS-77",), "member ID INS-77"),
        ({"subscriberId": None}, ("ADA-OWN",), "member ID ADA-OWN"),
        ({"identifier": [{"type": MB, "use": "old", "value": "OLD-1"}]},
         ("INS-77",), "member ID INS-77"),
    ],
)  # fmt: skip
def test_a_member_id_is_read_wherever_a_coverage_has_it(
    parts: dict[str, Any], ids: tuple[str, ...], words: str
) -> None:
    request, said = of(changed(COVERAGE, **parts))

    assert request.facts.member_ids == ids
    assert f"({words}; the patient's record has EMMA-OWN)" in request.instructions
    assert [each for each in said if insurance.NO_TEXT in each] == []


@pytest.mark.parametrize(
    "parts",
    [
        {"subscriberId": 8.88e10}, {"subscriberId": True}, {"subscriberId": ""},
        {"subscriberId": ["A1"], "identifier": [{"type": MB, "value": 1.5}]},
        {"subscriberId": {"value": {"value": "X"}}}, {"subscriberId": [[1]]},
        {"subscriberId": "9" * 81},
        {"subscriberId": None, "identifier": [{"type": MB, "value": ["X"]}]},
        {"subscriberId": None, "identifier": [{"value": 12.5}]},
    ],
)  # fmt: skip
def test_a_member_id_that_is_no_text_is_left_out_and_said(parts: dict[str, Any]) -> None:
    request, said = of(changed(COVERAGE, subscriber=None, **parts))

    good = ("A1",) if parts["subscriberId"] == ["A1"] else ("EMMA-OWN",)
    assert request.facts.member_ids == good
    assert f"{insurance.NO_TEXT}: 1 request, in place 7." in said


def test_the_patients_own_record_counts_where_the_coverage_has_no_member_id() -> None:
    plain = changed(COVERAGE, subscriberId=None, subscriber=None)

    request, said = of(plain)

    assert request.facts.member_ids == ("EMMA-OWN",)
    assert "(member ID EMMA-OWN)." in request.instructions
    assert said == ()


@pytest.mark.parametrize(
    ("parts", "ids"),
    [
        ({"subscriberId": "emma own"}, ("emma own",)),
        ({"subscriberId": "00EMMA-OWN-01"}, ("00EMMA-OWN-01",)),
        ({"subscriberId": "XEH9", "identifier": [{"type": MB, "value": "EMMAOWN01"}]},
         ("XEH9", "EMMAOWN01")),
    ],
)  # fmt: skip
def test_one_member_id_in_two_spellings_is_no_difference(
    parts: dict[str, Any], ids: tuple[str, ...]
) -> None:
    request, said = of(changed(COVERAGE, **parts))

    assert request.facts.member_ids == ids
    assert "the patient's record" not in request.instructions
    assert said == ()


CONTAINED = {"contained": [changed(COVERAGE, id="in")]}
LOGICAL = {"system": "urn:cards", "value": "CARD-3"}


@pytest.mark.parametrize(
    ("coverages", "claims_"),
    [
        ((), {**CONTAINED, "insurance": [ENTRY | {"coverage": {"reference": "#in"}}]}),
        ((COVERAGE,), {"insurance": ENTRY}),
        ((COVERAGE,), {"insurance": [ENTRY | {"focal": "true"}]}),
        ((COVERAGE,), {"insurance": [{"coverage": {"reference": "Coverage/v/_history/4"}}]}),
        ((COVERAGE,), {"insurance": [ENTRY, ENTRY]}),
        ((COVERAGE, OTHER), {"insurance": [SECOND, ENTRY]}),
        ((changed(COVERAGE, identifier=[LOGICAL]),),
         {"insurance": [ENTRY | {"coverage": {"identifier": LOGICAL}}]}),
        ((changed(COVERAGE, identifier=[LOGICAL]), OTHER),
         {"insurance": [ENTRY | {"coverage": {"reference": "Coverage/x", "identifier": LOGICAL}}]}),
    ],
)  # fmt: skip
def test_the_coverage_is_found_however_the_claim_refers_to_it(
    coverages: tuple[dict[str, Any], ...], claims_: dict[str, Any]
) -> None:
    request, _ = of(*coverages, **claims_)

    assert request.facts.member_ids == ("INS-77",)
    assert request.payer_name == "PLAINS HEALTH"


def test_a_coverage_is_that_of_the_claims_own_server() -> None:
    here = json.loads(bundle(*PEOPLE, COVERAGE, CLAIM, asked(), server="https://a.org/fhir"))
    there = json.loads(
        bundle(changed(COVERAGE, subscriberId="THERE-1"), OLIVER, server="https://b.org/fhir")
    )
    here["entry"] = there["entry"] + here["entry"]

    request, _ = read(json.dumps(here).encode())

    assert request.facts.member_ids == ("INS-77",)


def test_of_two_coverages_with_one_address_neither_is_taken() -> None:
    request, said = of(COVERAGE, changed(COVERAGE, subscriberId="INS-78"))

    assert request.facts.member_ids == ("EMMA-OWN",)
    assert said == (f"{insurance.NOT_IN_FILE}: 1 request, in place 8.",)


def test_a_coverage_that_is_only_identified_has_that_number() -> None:
    number = {"type": MB, "system": "urn:cards", "value": "CARD-9"}

    request, _ = of(insurance=[ENTRY | {"coverage": {"identifier": number}}])

    assert request.facts.member_ids == ("CARD-9",)


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([{"focal": True, "coverage": {"reference": "Coverage/gone"}}], insurance.NOT_IN_FILE),
        ([{"focal": True, "coverage": {"reference": "#gone"}}], insurance.NOT_IN_FILE),
        ([{"focal": True, "coverage": {"display": "Medicare"}}], insurance.NOT_IN_FILE),
        ([{"focal": True}], insurance.NOT_IN_FILE),
        ([{"focal": True, "coverage": 7}], insurance.NOT_IN_FILE),
        ([{"focal": True, "coverage": [{"reference": "Coverage/v"}]}], insurance.NOT_IN_FILE),
        ([{"focal": True, "coverage": {"reference": 7}}], insurance.NOT_IN_FILE),
        ([{"focal": True, "coverage": {"reference": "Patient/1"}}], insurance.NO_COVERAGE),
        ([ENTRY, SECOND | {"focal": True}], insurance.SEVERAL_FOCAL),
        ([ENTRY, {"focal": True, "coverage": {"display": "Medicare"}}], insurance.SEVERAL_FOCAL),
        ([ENTRY, {"focal": True}], insurance.SEVERAL_FOCAL),
        ([SECOND], insurance.NONE_FOCAL),
        ([ENTRY | {"focal": 1}], insurance.NONE_FOCAL),
        ([ENTRY | {"focal": None}, SECOND], insurance.NONE_FOCAL),
        ([], insurance.NOT_WRITTEN), ("Coverage/v", insurance.NOT_WRITTEN),
        ([7, "x"], insurance.NOT_WRITTEN),
    ],
)  # fmt: skip
def test_an_insurance_that_cannot_be_told_is_said_and_nothing_of_it_is_read(
    entries: Any, why: str
) -> None:
    request, said = of(COVERAGE, OTHER, insurance=entries)

    assert request.facts.member_ids == ("EMMA-OWN",)
    assert (request.payer_name, request.payer_code, request.facts.payer_role) == ("", "", "")
    assert said == (f"{why}: 1 request, in place 8.",)


@pytest.mark.parametrize(
    ("beneficiary", "patient"),
    [
        ({"reference": "Patient/2"}, {"reference": "Patient/1"}),
        ({"reference": "Patient/9"}, {"reference": "Patient/1"}),
        ({"reference": "Patient/77"}, {"reference": "Patient/1"}),
        ({"reference": "Patient/2"}, {"reference": "Patient/77"}),
        ({"reference": "Patient/78"}, {"reference": "Patient/77"}),
        ({"reference": "https://b.org/Patient/77"}, {"reference": "https://a.org/Patient/77"}),
        ({"display": "GREEN, OLIVER"}, {"reference": "Patient/1"}),
        ({"display": "Oliver Green"}, {"display": "Emma Green"}),
        ({"identifier": {"system": "urn:p", "value": "2"}},
         {"identifier": {"system": "urn:p", "value": "1"}}),
        ({"reference": "Patient/3"}, {"reference": "Patient/1"}),
        ({"reference": "Patient/4"}, {"reference": "Patient/1"}),
    ],
)  # fmt: skip
def test_nobody_gets_the_member_id_of_another_patients_coverage(
    beneficiary: dict[str, Any], patient: dict[str, Any]
) -> None:
    """Patient 3 has Emma's name and another birth date; patient 4 has her name and none."""
    people = (*PEOPLE, changed(EMMA, id="3", birthDate="1950-01-01"),
              changed(EMMA, id="4", birthDate=None))  # fmt: skip
    theirs = changed(COVERAGE, beneficiary=beneficiary)

    request, said = of(theirs, people=people, patient=patient)

    assert "INS-77" not in f"{request}"
    assert f"{insurance.OF_ANOTHER}: 1 request, in place 9." in said


@pytest.mark.parametrize(
    ("beneficiary", "patient"),
    [
        (None, {"reference": "Patient/1"}), ({"reference": "Patient/1"}, None),
        ({"reference": "Patient/5"}, {"reference": "Patient/1"}),
        ({"reference": "Patient/77"}, {"reference": "https://a.org/fhir/Patient/77"}),
        ({"display": "Emma Green"}, {"reference": "Patient/1"}),
        ({"reference": "#copy"}, {"reference": "Patient/1"}),
        ({"identifier": {"value": "1"}}, {"reference": "Patient/77"}),
    ],
)  # fmt: skip
def test_a_beneficiary_that_can_be_the_patient_is_no_other(beneficiary: Any, patient: Any) -> None:
    """Patient 5 is a second record of Emma; her coverage contains a third without a birth date."""
    again = changed(EMMA, id="5", identifier=None)
    copy = changed(EMMA, id="copy", birthDate=None)
    hers = changed(COVERAGE, beneficiary=beneficiary, contained=[copy])

    request, said = of(hers, people=(*PEOPLE, again), patient=patient)

    assert request.facts.member_ids == ("INS-77",)
    assert [each for each in said if each.startswith(insurance.OF_ANOTHER)] == []


def test_a_coverage_of_another_than_whom_the_task_is_for_is_not_read() -> None:
    olivers = changed(COVERAGE, beneficiary={"reference": "Patient/2"})
    nobodys = changed(CLAIM, patient=None)

    request, said = read(
        bundle(*PEOPLE, olivers, nobodys, asked(**{"for": {"reference": "Patient/1"}}))
    )

    assert request.facts.member_ids == ("EMMA-OWN",)
    assert said == (f"{insurance.OF_ANOTHER}: 1 request, in place 7.",)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"status": "cancelled"}, insurance.STATES["cancelled"]),
        ({"status": "Canceled"}, insurance.STATES["cancelled"]),
        ({"status": "draft"}, insurance.STATES["draft"]),
        ({"period": {"start": "2024-01-01", "end": "2024-12-31"}}, insurance.NOT_IN_FORCE),
        ({"period": {"end": "2024"}}, insurance.NOT_IN_FORCE),
        ({"period": {"start": "2025-02-01"}}, insurance.NOT_IN_FORCE),
    ],
)
def test_a_coverage_that_was_not_in_force_is_read_and_said(parts: dict[str, Any], why: str) -> None:
    request, said = of(changed(COVERAGE, **parts))

    assert request.facts.member_ids == ("INS-77",)
    assert f"{why}: 1 request, in place 7." in said


@pytest.mark.parametrize(
    "parts",
    [
        {"period": {"start": "2025"}}, {"period": {"start": "2025-01-15"}},
        {"period": {"end": "2025-01"}}, {"period": "always"}, {"period": {"start": 2025}},
        {"status": 7}, {"status": None},
    ],
)  # fmt: skip
def test_a_coverage_that_can_have_been_in_force_needs_no_remark(parts: dict[str, Any]) -> None:
    _, said = of(changed(COVERAGE, **parts))

    assert said == (f"{insurance.DIFFERS}: 1 request, in place 7.",)


def test_a_coverage_entered_in_error_is_not_read() -> None:
    request, said = of(changed(COVERAGE, status="entered-in-error"))

    assert request.facts.member_ids == ("EMMA-OWN",)
    assert said == (f"{insurance.BY_MISTAKE}: 1 request, in place 7.",)


@pytest.mark.parametrize(
    ("parts", "payer"),
    [
        ({}, ("PLAINS HEALTH", "PH-7")),
        ({"payor": None, "insurer": {"reference": "Organization/o"}}, ("PLAINS HEALTH", "PH-7")),
        ({"payor": [{"display": "PLAINS HEALTH"}]}, ("PLAINS HEALTH", "")),
        ({"payor": [{"identifier": {"value": "PH-7"}}]}, ("PH-7", "PH-7")),
        ({"payor": {"reference": "Organization/o"}}, ("PLAINS HEALTH", "PH-7")),
        ({"payor": [{"reference": "Organization/n"}]}, ("PLAINS HEALTH", "PH-8")),
        ({"payor": [{"reference": "Patient/9"}]}, ("", "")),
        ({"payor": [{"reference": "RelatedPerson/gone", "display": "Ada Green"}]}, ("", "")),
        ({"payor": [{"type": "Patient", "display": "Ada Green"}]}, ("", "")),
        ({"payor": [{"display": "PLAINS HEALTH"}, {"display": "OTHER PLAN"}]}, ("", "")),
        ({"payor": 7}, ("", "")), ({"payor": ["PLAINS HEALTH"]}, ("", "")),
        ({"payor": [{"reference": "Organization/o"}, {"reference": "Patient/9"}]},
         ("PLAINS HEALTH", "PH-7")),
    ],
)  # fmt: skip
def test_the_payer_is_the_coverages_where_neither_task_nor_claim_names_one(
    parts: dict[str, Any], payer: tuple[str, str]
) -> None:
    request, _ = of(changed(COVERAGE, **parts), people=(*PEOPLE, AGAIN))

    assert (request.payer_name or request.payer_code, request.payer_code) == payer


def test_the_insurer_of_the_claim_and_who_asks_come_before_the_coverages_payer() -> None:
    of_claim, _ = of(COVERAGE, insurer={"display": "PLAINS OF TEXAS"})
    by_number, _ = of(COVERAGE, insurer={"identifier": {"value": "123456"}})
    alone, _ = of(insurance=None, insurer={"identifier": {"value": "123456"}})
    asks = asked(requester={"display": "PLAINS REVIEW"})
    of_task, _ = read(bundle(*PEOPLE, COVERAGE, CLAIM, asks))

    assert of_claim.payer_name == "PLAINS OF TEXAS"
    assert (by_number.payer_name, by_number.payer_code) == ("PLAINS HEALTH", "PH-7")
    assert (alone.payer_name, alone.payer_code) == ("", "123456")
    assert (of_task.payer_name, of_task.payer_code) == ("PLAINS REVIEW", "")


@pytest.mark.parametrize(
    ("entries", "role"),
    [
        ([ENTRY, SECOND], "P"),
        ([ENTRY | {"sequence": 2}, SECOND | {"sequence": 1}], "S"),
        ([ENTRY | {"sequence": 3}, SECOND | {"sequence": 1}, SECOND], "T"),
        ([ENTRY], ""), ([ENTRY | {"sequence": 2}], ""),
        ([ENTRY | {"sequence": 2}, SECOND | {"sequence": 3}], ""),
        ([ENTRY, SECOND | {"sequence": 1}], ""),
        ([ENTRY | {"sequence": "1"}, SECOND], ""), ([ENTRY | {"sequence": True}, SECOND], ""),
        ([ENTRY | {"sequence": 4}, *(SECOND | {"sequence": n} for n in (1, 2, 3))], ""),
    ],
)  # fmt: skip
def test_the_order_of_payers_is_stated_where_a_claim_lists_them_all(
    entries: list[dict[str, Any]], role: str
) -> None:
    request, _ = of(COVERAGE | {"order": 2}, OTHER, insurance=entries)

    assert request.facts.payer_role == role


@pytest.mark.parametrize(
    ("place", "role"), [(1, "P"), (2, "S"), (3, "T"), (4, ""), (0, ""), ("2", ""), (2.0, "")]
)
def test_an_explanation_of_benefits_says_the_order_of_payers(place: Any, role: str) -> None:
    decided = changed(CLAIM, resourceType="ExplanationOfBenefit", precedence=place)
    asks = asked(reasonReference={"reference": "ExplanationOfBenefit/c"})

    request, _ = read(bundle(*PEOPLE, COVERAGE, decided, asks))

    assert request.facts.payer_role == role


@pytest.mark.parametrize("kind", ["ClaimResponse", "ExplanationOfBenefit"])
@pytest.mark.parametrize("part", ["request", "claim"])
def test_an_answer_leads_to_its_claims_insurance(kind: str, part: str) -> None:
    reference = {"identifier": CLAIM["identifier"][0]} if kind == "ClaimResponse" else {
        "reference": "Claim/c"}  # fmt: skip
    answer = {"resourceType": kind, "id": "r", "patient": {"reference": "Patient/1"},
              part: reference, "insurance": [SECOND | {"focal": True}]}  # fmt: skip
    asks = asked(reasonReference={"reference": f"{kind}/r"})

    request, _ = read(bundle(*PEOPLE, COVERAGE, OTHER, CLAIM, answer, asks))

    assert request.facts.member_ids == ("INS-77",)


def test_an_answers_insurance_counts_where_the_claims_is_not_in_the_file() -> None:
    gone = changed(CLAIM, insurance=[ENTRY | {"coverage": {"reference": "Coverage/gone"}}])
    answer = {"resourceType": "ClaimResponse", "id": "r", "patient": {"reference": "Patient/1"},
              "request": {"reference": "Claim/c"}, "insurance": [ENTRY]}  # fmt: skip
    asks = asked(reasonReference={"reference": "ClaimResponse/r"})

    request, said = read(bundle(*PEOPLE, COVERAGE, gone, answer, asks))

    assert request.facts.member_ids == ("INS-77",)
    assert said == (f"{insurance.DIFFERS}: 1 request, in place 8.",)


@pytest.mark.parametrize(
    ("identifiers", "found"),
    [
        ([{"type": MR, "value": "MRN-1"}], ()), ([{"type": concept("SS"), "value": "999"}], ()),
        ([{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999"}], ()),
        ([{"value": "A"}, {"value": "B"}], ()),
        ([{"system": "urn:x:mrn", "value": "A"}, {"system": "urn:Member-Ids", "value": "B"}],
         ("B",)),
        ([{"type": MR, "value": "MRN-1"}, {"value": "M-1"}], ("M-1",)),
        ([{"type": MR, "value": "MRN-1"}, {"type": MB, "value": "M-1"}], ("M-1",)),
        ([{"type": MB, "use": "old", "value": "M-0"}, {"type": MB, "value": "M-1"}], ("M-1",)),
        ([{"value": "M-1"}], ("M-1",)),
    ],
)  # fmt: skip
def test_only_a_member_id_of_the_patients_record_is_one(
    identifiers: list[dict[str, Any]], found: tuple[str, ...]
) -> None:
    people = (changed(EMMA, identifier=identifiers), PLAINS)

    request, _ = of(people=people, insurance=None)

    assert request.facts.member_ids == found
    assert ("member ID" in request.instructions) == bool(found)


def outcome(con: Connection, cast: Cast, raw: bytes, *files: bytes) -> list[Any]:
    for at, each in enumerate(files):
        bring(con, cast, each, f"{at}.837")
    bring(con, cast, raw, "b.json")
    return con.rows("SELECT charge_id, outcome FROM task JOIN task_claim ON task_id = task.id")


def family(*, role: str = "P", member: str = "INS77") -> bytes:
    """Return the claim A1 of Emma, whom her mother has insured."""
    insured = [
        "HL*2*1*22*1", f"SBR*{role}********CI", f"NM1*IL*1*GREEN*ADA****MI*{member}",
        "DMG*D8*19800229*F", "NM1*PR*2*PLAINS HEALTH*****PI*PH-7", "HL*3*2*23*0", "PAT*19",
        "NM1*QC*1*GREEN*EMMA", "DMG*D8*20100105*F",
    ]  # fmt: skip
    return envelope(claims(claim("A1"), before=insured)).encode()


ALONE = changed(EMMA, identifier=None)


@pytest.mark.parametrize(
    ("filed", "parts", "result"),
    [
        (family(), {}, (1, "matched")),
        (family(member="OTHER5"), {}, (None, "contradicted")),
        (family(member="MEM-1"), {"subscriberId": None, "identifier": [{"value": "MEM1"}]},
         (1, "matched")),
        (family(role="S"), {}, (None, "contradicted")),
    ],
)  # fmt: skip
def test_it_means_what_the_fields_of_an_837_mean(
    con: Connection, cast: Cast, filed: bytes, parts: dict[str, Any], result: tuple[Any, str]
) -> None:
    """The member ID of the insured (NM109), the payer (2010BB), and its place (SBR01)."""
    raw = bundle(
        ALONE, MOTHER, PLAINS, changed(COVERAGE, **parts), OTHER,
        changed(CLAIM, insurance=[ENTRY, SECOND]), asked(),
    )  # fmt: skip

    assert outcome(con, cast, raw, filed) == [result]


def test_the_claims_of_a_real_file_are_found_by_their_insurance(
    con: Connection, cast: Cast
) -> None:
    raw = shared("x12/837P/837P_batch_001.txt").read_bytes()
    filed = parsed_file.read("a.837", raw).claims[:3]
    entries: list[dict[str, Any]] = []
    for at, each in enumerate(filed):
        coverage = {"resourceType": "Coverage", "id": f"v{at}", "subscriberId": each.member_id,
                    "payor": [{"display": each.payer.name}]}  # fmt: skip
        sent = {"resourceType": "Claim", "id": f"c{at}",
                "identifier": [{"value": each.claim_number}],
                "insurance": [ENTRY | {"coverage": {"reference": f"Coverage/v{at}"}}]}  # fmt: skip
        entries += [
            coverage, sent,
            asked(id=f"t{at}", identifier=[{"value": f"T-{at}"}],
                  reasonReference={"reference": f"Claim/c{at}"}),
        ]  # fmt: skip
    bring(con, cast, raw, "a.837")
    bring(con, cast, bundle(*entries), "b.json")

    assert (
        con.rows(
            """
        SELECT outcome, task.claim_number = charge.claim_number FROM task
        JOIN task_claim ON task_id = task.id JOIN charge ON charge.id = charge_id
        """
        )
        == [("matched", True)] * 3
    )


def test_the_published_example_has_the_insurance_of_the_claim_it_identifies() -> None:
    asks = json.loads(shared("fhir/cdex-task-example19.json").read_bytes())
    identifier = asks["reasonReference"]["identifier"]
    sent = changed(CLAIM, identifier=[identifier], patient=None, billablePeriod=None)
    amys = changed(COVERAGE, beneficiary={"display": "Amy Shaw"})

    request, said = read(bundle(asks, sent, amys, PLAINS))
    alone, nothing = read(bundle(asks))

    assert request.facts.member_ids == ("INS-77",)
    assert request.payer_name == "PLAINS HEALTH"
    assert "(member ID INS-77; the patient's record has Member123)" in request.instructions
    assert said == (f"{insurance.DIFFERS}: 1 request, in place 1.",)
    assert alone.facts.member_ids == ("Member123",)
    assert "(member ID Member123)." in alone.instructions
    assert nothing == ()


def test_requests_with_the_same_remark_are_named_in_one_sentence(
    con: Connection, cast: Cast
) -> None:
    tasks = [asked(id=f"t{n}", identifier=[{"value": f"T-{n}"}]) for n in range(3)]
    gone = changed(CLAIM, insurance=[ENTRY | {"coverage": {"reference": "Coverage/gone"}}])

    report = bring(con, cast, bundle(EMMA, gone, *tasks), "b.json")

    assert report.tasks_new == 3
    assert f"{insurance.NOT_IN_FILE}: 3 requests, in place 3, 4, 5." in report.warnings
