"""A payer's FHIR Task becomes one request; whatever makes none is told in a sentence."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from lib.errors import RefusedFile
from lib.file_type_detection import DOCUMENT_LABELS
from lib.intake import loinc
from lib.intake.fhir import attachment_requests
from lib.intake.fhir.attachment_requests import Recorded
from lib.intake.files import non_x12_formats
from lib.intake.records import Request
from lib.models import TaskType
from tests.conftest import shared

TEMP = "http://hl7.org/fhir/us/davinci-cdex/CodeSystem/cdex-temp"


def concept(code: str, system: str = TEMP, **more: Any) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], **more}


def wanted(code: str = "11504-8", line: int | None = 2, words: str = "") -> dict[str, Any]:
    extension = [{"url": "http://example.org/extension-paLineNumber", "valueInteger": line}]
    return {
        "type": concept("attachments-needed"),
        "valueCodeableConcept": concept(code, "http://loinc.org", text=words),
        **({"extension": extension} if line else {}),
    }


def task(**changes: Any) -> dict[str, Any]:
    """Return a request of Plains Health about claim A1 of Emma Green; None takes a part away."""
    made = {
        "resourceType": "Task",
        "id": "t1",
        "contained": [
            {
                "resourceType": "Patient",
                "id": "patient",
                "identifier": [{"type": concept("MB"), "value": "MEM1"}],
                "name": [{"family": "Green", "given": ["Emma", "K"]}],
                "birthDate": "1980-02-29",
            },
            {"resourceType": "Organization", "id": "payer", "name": "Plains Health",
             "identifier": [{"value": "PH-7"}]},
        ],
        "identifier": [{"type": concept("tracking-id"), "system": "urn:ph", "value": "T-1"}],
        "status": "requested",
        "intent": "order",
        "code": concept("attachment-request-code"),
        "for": {"reference": "#patient"},
        "authoredOn": "2025-02-10T23:30:00-06:00",
        "requester": {"reference": "#payer"},
        "owner": {"display": "Northside Clinic"},
        "reasonCode": concept("claim", "http://hl7.org/fhir/claim-use"),
        "reasonReference": {"identifier": {"value": "A1"}},
        "restriction": {"period": {"end": "2025-03-15"}},
        "input": [wanted(), {"type": concept("service-date"), "valueDate": "2025-01-13"}],
    } | changes  # fmt: skip
    return {name: part for name, part in made.items() if part is not None}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"fullUrl": f"urn:x:{each.get('id')}", "resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def read(*given: Any) -> tuple[list[Request], list[Recorded]]:
    requests, recorded = attachment_requests.read(
        "a.json", "\n".join(map(json.dumps, given)).encode()
    )
    return requests, recorded


def refusal(content: bytes) -> str:
    with pytest.raises(RefusedFile) as refused:
        attachment_requests.read("a.json", content)
    return str(refused.value)


def test_the_published_example_asks_for_one_document_of_one_line() -> None:
    content = shared("fhir/cdex-task-example19.json").read_bytes()

    found = non_x12_formats.read("example.json", content)

    assert found is not None
    assert (found.format, found.warnings) == ("FHIR", ())
    assert [message.outcome for message in found.messages] == ["applied"]
    [request] = found.requests
    assert request.type is TaskType.DOCUMENTS
    assert (request.codes, request.document_label) == ("11506-3", "Office notes")
    assert request.title == "Office notes requested for the claim, line 1"
    assert (request.claim_number, request.due_on) == ("Claim123", date(2022, 6, 21))
    assert (request.patient_name, request.birth_date) == ("Shaw, Amy", date(1987, 2, 20))
    assert (request.payer_name, request.provider_name) == ("Payer123", "NPI 9941339100")
    assert request.date_of_service == date(2022, 6, 13)
    for said in ("Member123", "06/21/2022", "trackingid123", "must be signed", "for line 1"):
        assert said in request.instructions


def test_who_asks_for_what_of_which_claim_is_read() -> None:
    [request], recorded = read(task())

    assert recorded == []
    assert request.key.startswith("FHIR|urn:ph|T-1|PH-7|A1|of|")
    assert request.earlier_keys == ("FHIR|urn:ph|T-1|PH-7|A1",)
    assert (request.payer_name, request.payer_code) == ("Plains Health", "PH-7")
    assert (request.patient_name, request.provider_name) == ("Green, Emma", "Northside Clinic")
    assert request.document_label == "Operative report"
    assert (request.asked_on, request.due_on) == (date(2025, 2, 10), date(2025, 3, 15))
    assert request.due_rule == "named by the payer"


def test_several_documents_are_one_task_that_names_them_all() -> None:
    inputs = [wanted("11504-8", 1), wanted("11502-2", 3), wanted("99999-9", None, "Photos")]

    [request], _ = read(task(input=inputs))

    assert request.title == "3 documents requested for the claim, line 1, 3"
    assert request.codes == "11504-8, 11502-2, 99999-9"
    assert "operative report" in request.instructions
    assert "lab results" in request.instructions
    assert "“Photos” (LOINC 99999-9)" in request.instructions


def test_a_questionnaire_is_asked_for_by_its_address() -> None:
    questionnaire = {"type": concept("questionnaire"), "valueCanonical": "http://example.org/q1"}

    [request], _ = read(task(input=[questionnaire]))

    assert request.title == "Questionnaire of the payer to be filled in"
    assert "http://example.org/q1" in request.instructions
    assert request.document_label == "Other"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"reasonCode": concept("preauthorization")}, "about a prior authorization"),
        (
            {"reasonCode": concept("treatment"), "reasonReference": None, "input": None},
            "does not say that it is about a claim",
        ),
        (
            {"reasonCode": None, "code": None, "reasonReference": None, "input": None},
            "does not say that it is about a claim",
        ),
        ({"status": "cancelled"}, "the payer has cancelled it"),
        ({"status": "completed"}, "it is completed already"),
    ],
)
def test_what_is_no_open_request_about_a_claim_is_recorded_and_says_why(
    changes: dict[str, Any], why: str
) -> None:
    requests, [recorded] = read(task(**changes))

    assert requests == []
    assert why in recorded.sentence
    assert not recorded.is_bad


@pytest.mark.parametrize(
    "changes",
    [{}, {"code": None}, {"reasonCode": {"text": "the claim"}}, {"reasonCode": concept("CLAIM")}],
)
def test_a_request_that_names_a_claim_is_about_it_without_a_reason(changes: dict[str, Any]) -> None:
    [request], recorded = read(task(**({"reasonCode": None} | changes)))

    assert (request.claim_number, recorded) == ("A1", [])


@pytest.mark.parametrize("code", ["CLMATTCH", "HPAYMT", "COVERAGE", "TREAT", "18657-7", "other"])
def test_a_reason_of_another_code_system_hides_no_request_about_a_claim(code: str) -> None:
    [request], recorded = read(task(reasonCode=concept(code)))

    assert (request.claim_number, recorded) == ("A1", [])


@pytest.mark.parametrize("changes", [{"reasonReference": None}, {"input": None}])
def test_what_asks_for_half_of_it_is_refused_and_not_left_out_in_silence(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(RefusedFile, match="does not say that it is about a claim"):
        read(task(reasonCode=concept("TREAT"), **changes))


def test_a_request_for_documents_about_nothing_is_not_overlooked() -> None:
    lost = task(id="t2", reasonCode=None, reasonReference=None)

    [_], [recorded] = read(task(), lost)

    assert recorded.is_bad and "which claim it is about" in recorded.sentence


@pytest.mark.parametrize("state", ["Cancelled", "CANCELLED", "canceled"])
def test_a_state_counts_in_any_spelling(state: str) -> None:
    requests, [recorded] = read(task(status=state))

    assert requests == []
    assert recorded.withdrawal and recorded.withdrawal.state == "cancelled"


def on(day: str) -> list[dict[str, Any]]:
    return [wanted(), {"type": concept("service-date"), "valueDate": day}]


def served(**value: Any) -> list[dict[str, Any]]:
    return [wanted(), {"type": concept("service-date"), **value}]


@pytest.mark.parametrize(
    ("period", "last", "said"),
    [
        (("2025-01-20", "2025-01-20"), date(2025, 1, 20), "service of 01/20/2025 without"),
        (("2025-01-20", "2025-01-22"), date(2025, 1, 22), "01/20/2025 to 01/22/2025 without"),
        (("2025-01-20T08:00:00Z", None), None, "service of 01/20/2025 without"),
    ],
)
def test_a_period_of_service_is_read_as_first_and_last_day(
    period: tuple[str, str | None], last: date | None, said: str
) -> None:
    start, end = period
    given = {"start": start} | ({"end": end} if end else {})

    [request], _ = read(task(input=served(valuePeriod=given)))

    assert (request.date_of_service, request.facts.dates) == (
        date(2025, 1, 20), (date(2025, 1, 20), last),
    )  # fmt: skip
    assert said in request.instructions
    assert request.left_empty == ""


@pytest.mark.parametrize("written", ["not a date", "2025-13-01", "10/02/2025"])
def test_a_bad_day_of_writing_is_said_to_whoever_imports(written: str) -> None:
    [request], _ = read(task(authoredOn=written))

    assert request.asked_on is None
    assert request.left_empty == f"the day it was written (“{written}”)"
    assert "Ask the payer" not in request.instructions


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"restriction": {"period": {"end": "15/03/2025"}}}, "the day it is due (“15/03/2025”)"),
        ({"restriction": {"period": {"end": "2025-02-30"}}}, "the day it is due (“2025-02-30”)"),
        ({"input": on("2025-13-13")}, "its day of service (“2025-13-13”)"),
        ({"input": on("0025-01-13")}, "its day of service (“0025-01-13”)"),
        ({"input": on("2025-01")}, "its day of service (“2025-01”)"),
        ({"input": on("2025")}, "its day of service (“2025”)"),
        ({"input": served(valueString="2025-01-20")}, "its day of service (“2025-01-20”)"),
        (
            {"input": served(valueTiming={"event": ["2025-01-20"]})},
            "its day of service (“valueTiming”)",
        ),
        (
            {"input": served(valuePeriod={"start": "2025-01", "end": "2025-02"})},
            "its day of service (“2025-01 - 2025-02”)",
        ),
        (
            {"input": served(valuePeriod={"start": "2025-01-20", "end": "2025-01-13"})},
            "its day of service (“2025-01-20 - 2025-01-13”)",
        ),
        (
            {"input": served(valuePeriod={"end": "2025-01-13"})},
            "its day of service (“ - 2025-01-13”)",
        ),
    ],
)
def test_a_day_that_cannot_be_read_is_said_and_left_empty(
    changes: dict[str, Any], what: str
) -> None:
    parsed = non_x12_formats.read("a.json", json.dumps(task(**changes)).encode())

    assert parsed
    [request] = parsed.requests
    assert None in {request.due_on, request.date_of_service}
    assert f"Ask the payer, since {what} cannot be read." in request.instructions
    assert parsed.warnings == (
        f"Left empty, since it cannot be read: {what} of the request in place 1.",
    )


@pytest.mark.parametrize(
    ("kind", "is_bad"),
    [
        ("CommunicationRequest", True), ("ClaimResponse", True), ("ExplanationOfBenefit", True),
        ("PaymentReconciliation", True), ("Communication", True), ("OperationOutcome", False),
        ("Observation", False),
    ],
)  # fmt: skip
def test_what_stands_beside_a_task_and_is_not_read_is_named(kind: str, is_bad: bool) -> None:
    other = {"resourceType": kind, "id": "o1"}

    requests, [recorded] = read(bundle(task(), other, {"resourceType": "Coverage", "id": "c"}))

    assert len(requests) == 1
    assert (recorded.number, recorded.is_bad) == (2, is_bad)
    assert recorded.sentence.startswith(kind) and "is not read" in recorded.sentence
    assert (recorded.text is not None) == is_bad


def test_what_a_task_points_to_is_part_of_it() -> None:
    other = {"resourceType": "CommunicationRequest", "id": "o1"}

    requests, recorded = read(
        bundle(task(basedOn=[{"reference": "CommunicationRequest/o1"}]), other)
    )

    assert (len(requests), recorded) == (1, [])


def test_bundles_and_lines_hold_several_tasks_each_known_by_its_number() -> None:
    second = task(id="t2", identifier=[{"value": "T-2"}], reasonReference={"reference": "Claim/c"})
    claim = {"resourceType": "Claim", "id": "c", "identifier": [{"value": "A2"}]}

    bundled, _ = read(bundle(task(), claim, second))
    lined, _ = read(task(), task(identifier=[{"value": "T-3"}]))

    assert [each.claim_number for each in bundled] == ["A1", "A2"]
    assert [each.segment_number for each in bundled] == [1, 3]
    assert lined[0].key == bundled[0].key
    assert lined[1].key.startswith("FHIR||T-3|PH-7|A1|")


REFERRING = task(
    contained=None,
    **{"for": {"reference": "Patient/p"}},
    requester={"display": "Plains Health"},
    reasonReference={"reference": "Claim/c"},
)
REFERRED = (
    {"resourceType": "Patient", "id": "p", "name": [{"family": "Stone", "given": ["Ada"]}]},
    {"resourceType": "Claim", "id": "c", "identifier": [{"value": "A2"}]},
)


@pytest.mark.parametrize(
    "given",
    [
        (bundle(*REFERRED, REFERRING),),
        (*REFERRED, REFERRING),
        (REFERRING, *REFERRED),
        ([*REFERRED, REFERRING],),
        (bundle(bundle(*REFERRED), bundle(REFERRING)),),
        (
            bundle(
                *REFERRED,
                REFERRING
                | {
                    "for": {"reference": "http://example.org/fhir/Patient/p/_history/3"},
                    "reasonReference": {"reference": "Claim/c/_history/1"},
                },
            ),
        ),
    ],
)
def test_what_a_task_refers_to_is_found_wherever_the_file_holds_it(given: tuple[Any, ...]) -> None:
    [request], recorded = read(*given)

    assert recorded == []
    assert (request.claim_number, request.patient_name) == ("A2", "Stone, Ada")


@pytest.mark.parametrize(
    ("role", "provider"),
    [
        ({"practitioner": {"reference": "Practitioner/d"}}, "Reed, Ada"),
        ({"organization": {"reference": "Organization/o"}}, "Northside Clinic"),
        ({"practitioner": {"reference": "Practitioner/gone"},
          "organization": {"reference": "Organization/o"}}, "Northside Clinic"),
    ],
)  # fmt: skip
def test_the_provider_is_found_behind_a_role(role: dict[str, Any], provider: str) -> None:
    doctor = {
        "resourceType": "Practitioner",
        "id": "d",
        "name": [{"family": "Reed", "given": ["Ada"]}],
    }
    clinic = {"resourceType": "Organization", "id": "o", "name": "Northside Clinic"}
    asked = task(owner={"reference": "PractitionerRole/r"})

    [request], _ = read(
        bundle(doctor, clinic, {"resourceType": "PractitionerRole", "id": "r"} | role, asked)
    )

    assert request.provider_name == provider


def test_an_old_identifier_of_a_claim_is_not_its_number() -> None:
    numbers = [{"use": "old", "value": "A0"}, {"use": "official", "value": "A2"}]
    claim = {"resourceType": "Claim", "id": "c", "identifier": numbers}

    [request], _ = read(bundle(claim, task(reasonReference={"reference": "Claim/c"})))

    assert request.claim_number == "A2"


def test_an_entry_is_referred_to_by_its_own_address_first() -> None:
    """Two Bundles in one file may use the same ids for different people."""
    other = [{"resourceType": "Patient", "id": "p", "name": [{"family": "Reed"}]}]

    requests, _ = read(bundle(*other), bundle(*REFERRED, REFERRING))

    assert [each.patient_name for each in requests] == ["Stone, Ada"]


def test_a_reference_to_another_server_is_not_to_a_resource_of_the_same_id() -> None:
    given = bundle(*REFERRED, REFERRING | {"for": {"reference": "http://a.example/Patient/p"}})
    given["entry"][0]["fullUrl"] = "http://b.example/Patient/p"

    [request], _ = read(given)

    assert (request.claim_number, request.patient_name) == ("A2", "")


def test_signs_that_only_look_like_line_breaks_do_not_end_a_line() -> None:
    lines = [task(description="a\u2028b\u0085c", identifier=[{"value": each}]) for each in "12"]
    content = "\n".join(json.dumps(each, ensure_ascii=False) for each in lines).encode()

    requests, recorded = attachment_requests.read("a.json", content)

    assert (len(requests), recorded) == (2, [])


def test_of_several_codes_for_one_document_the_loinc_counts() -> None:
    codings = [{"system": "http://example.org", "code": "PN"}]
    codings += [{"system": "http://loinc.org", "code": "11506-3"}]
    both = {"type": concept("attachments-needed"), "valueCodeableConcept": {"coding": codings}}

    [request], _ = read(task(input=[both]))

    assert (request.codes, request.document_label) == ("11506-3", "Office notes")


@pytest.mark.parametrize("line", ['{"a": 1}', '{"resourceType": "Task",}', "[]x", "7"])
def test_a_bad_line_does_not_keep_the_good_ones_out(line: str) -> None:
    good = [json.dumps(task(identifier=[{"value": each}])) for each in "12"]

    requests, [recorded] = attachment_requests.read(
        "a.ndjson", "\n".join((good[0], line, good[1])).encode()
    )

    assert [each.segment_number for each in requests] == [1, 3]
    assert recorded.is_bad
    assert (recorded.number, recorded.text) == (2, line)


def test_a_bad_task_does_not_keep_the_good_ones_out() -> None:
    [request], [recorded] = read(task(), task(reasonReference=None))

    assert request.claim_number == "A1"
    assert recorded.is_bad
    assert "which claim" in recorded.sentence


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "not whole or not JSON"),
        (b'{"a": 1}', "no resourceType"),
        (b"[]", "holds no FHIR resource"),
        (b"[1]", "no FHIR resource"),
        (b'{"resourceType": "Patient", "id": "p"}', "holds no Task"),
        (b'{"resourceType": "Bundle"}', "holds no FHIR resource"),
        (b'{"resourceType": "Task"}\n{"resourceType":', "at line 2"),
        (b'{"resourceType": "\xff"}', "cannot be decoded"),
        (b"[" * 100_000, "not whole or not JSON"),
        (b"[" + b"9" * 10_000 + b"]", "not JSON"),
        (b'<Task xmlns="http://hl7.org/fhir"/>', "FHIR in XML"),
        (json.dumps(task(identifier=None, id=None)).encode(), "no identifier"),
        (json.dumps(task(input=[])).encode(), "which documents are wanted"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_sentence(content: bytes, why: str) -> None:
    assert why in refusal(content)


def test_due_dates_without_a_day_are_the_last_day_they_allow() -> None:
    for end, day in (
        ("2024-02", date(2024, 2, 29)),
        ("2024-12", date(2024, 12, 31)),
        ("2024", date(2024, 12, 31)),
        ("2024-03-05T23:59:59Z", date(2024, 3, 5)),
        ("soon", None),
        ("2024-13-40", None),
        ("0001-01-01", None),
    ):
        [request], _ = read(task(restriction={"period": {"end": end}}))
        assert request.due_on == day


def test_half_letters_and_control_signs_do_not_come_through() -> None:
    patient = {"resourceType": "Patient", "id": "patient", "name": [{"family": "Gr\ud800een\0"}]}

    [request], _ = read(task(contained=[patient]))

    assert request.patient_name == "Green"


def test_every_code_in_the_table_asks_for_a_document_we_have_a_label_for() -> None:
    assert {loinc.label(code) for code in loinc._labels()} <= set(DOCUMENT_LABELS)
    assert loinc.label("00000-0") == loinc.OTHER


@pytest.mark.parametrize("last", ["end of file", '{"resourceType": "Task",}', "-- 1 row"])
def test_a_bad_last_line_is_set_aside_and_the_others_come_in(last: str) -> None:
    raw = "\n".join([json.dumps(task()), json.dumps(task(identifier=[{"value": "T-2"}])), last])

    requests, recorded = attachment_requests.read("a.ndjson", raw.encode())

    assert len(requests) == 2
    assert [(each.is_bad, each.text) for each in recorded] == [(True, last)]


def test_a_file_whose_last_line_was_cut_off_is_refused() -> None:
    raw = f"{json.dumps(task())}\n{json.dumps(task())[:-20]}"

    assert "not whole" in refusal(raw.encode())
