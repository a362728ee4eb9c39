"""Whether a message asks the same again, asks otherwise, or asks something new."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lib.intake import imports
from lib.intake.imports import ChosenFile
from lib.intake.records import Request, Sent
from lib.intake.tasks import new_tasks
from lib.models import TaskType
from lib.store.database import Connection, transaction
from tests.conftest import NOON, Cast
from tests.test_fhir import concept as fhir_concept
from tests.test_fhir import task as fhir_task
from tests.test_fhir import wanted
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, document_request, patient
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # hundreds of imports


def complete_all(con: Connection) -> None:
    con.execute("UPDATE task SET status = 'completed', is_open = false, completed_at = $n", n=NOON)


def test_two_patients_rejected_under_one_number_are_two_tasks(con: Connection, cast: Cast) -> None:
    other = [
        part.replace("GREEN*EMMA", "GREEN*FAY")
        for part in patient("0", "STC*A7:562*20250121*U*200")
    ]

    report = bring(con, cast, acknowledgment(*patient("0", "STC*A7:562*20250121*U*200"), *other))

    assert report.tasks_new == 2


def test_the_same_rejection_reported_once_more_is_nothing_new(con: Connection, cast: Cast) -> None:
    said = patient("A1", "STC*A7:562*20250121*U*200")
    bring(con, cast, acknowledgment(*said))

    again = bring(con, cast, acknowledgment(*said, control="000000002"))

    assert (again.tasks_new, con.value("SELECT count(*) FROM task_answer")) == (0, 0)


def test_a_denial_by_the_same_number_and_code_of_a_later_check_is_a_task_again(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1")))
    complete_all(con)

    later = file_835(answer("A1"), control="000000002", paid_on="20250401")
    report = bring(con, cast, later)
    known = bring(con, cast, later + b"\n")

    assert (report.tasks_new, known.tasks_new) == (1, 0)
    assert con.rows("SELECT earlier_task_id FROM task ORDER BY id") == [(None,), (1,)]


def test_an_older_answer_that_comes_later_changes_no_due_date(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_835(answer("A1"), paid_on="20250225"))

    old = answer("A1", control="P0", codes=("CAS*CO*16*200", "LQ*HE*N290"))
    bring(con, cast, file_835(old, control="000000002", paid_on="20250201"))

    assert con.rows("SELECT due_on, codes FROM task") == [
        (date(2025, 3, 27), "CO-197, CO-16, N290")
    ]


@pytest.mark.parametrize(
    ("older", "title"),
    [("29", "timely filing"), ("197", "authorization"), ("11", "diagnosis")],
)
def test_an_older_answer_that_comes_later_is_said_after_the_newer_one(
    con: Connection, cast: Cast, older: str, title: str
) -> None:
    newer = answer("A1", codes=("CAS*CO*16*200",))
    bring(con, cast, file_835(newer, paid_on="20250225"))
    [(first, advice)] = con.rows("SELECT title, instructions FROM task")

    old = answer("A1", control="P0", codes=(f"CAS*CO*{older}*200",))
    bring(con, cast, file_835(old, control="000000002", paid_on="20250201"))

    [(now, said)] = con.rows("SELECT title, instructions FROM task")
    assert now.startswith(f"{first}; also ") and title in now.casefold()
    assert said.startswith(f"{advice}\n\nAsked before: ") and f"CO-{older}" in said


@pytest.mark.parametrize("day", ["20250201", "20250225"], ids=["older", "newer"])
@pytest.mark.parametrize("code", ["252", "226", "250"])
def test_a_day_that_the_payer_named_stands_until_it_names_another(
    con: Connection, cast: Cast, code: str, day: str
) -> None:
    bring(con, cast, file_837(claim("A1")))
    denied = file_835(answer("A1", codes=(f"CAS*CO*{code}*200",)), paid_on=day)
    for raw in (document_request(), denied):
        bring(con, cast, raw)

    named = con.rows("SELECT due_on, due_rule FROM task WHERE source = '277RFAI'")

    assert named == [(date(2025, 3, 1), "named by the payer")]


@pytest.mark.parametrize(
    "raw",
    [
        file_835(answer("A1"), paid_on="20991231"),
        file_835(answer("A1"), paid_on="20250404"),  # further ahead than payments are dated
        acknowledgment(*patient("A1", "STC*A7:562*20520121*U*200")),
        document_request()
        .replace(b"DTP*106*D8*20250301~", b"")
        .replace(b"20250120**", b"20600120**"),
        json.dumps(fhir_task(authoredOn="2060-02-10", restriction=None)).encode(),
    ],
)
def test_a_message_from_the_future_is_due_so_many_days_after_it_came(
    con: Connection, cast: Cast, raw: bytes
) -> None:
    bring(con, cast, raw)

    assert con.rows("SELECT due_on, due_rule FROM task") == [
        (date(2025, 4, 2), "30 days after the import, the practice's own rule")
    ]


@pytest.mark.parametrize(
    ("paid_on", "due_on"),
    [
        ("20250304", date(2025, 4, 3)),
        ("20250305", date(2025, 4, 4)),
        ("20250401", date(2025, 5, 1)),
    ],
)
def test_a_payment_dated_ahead_is_due_so_many_days_after_its_own_date(
    con: Connection, cast: Cast, paid_on: str, due_on: date
) -> None:
    bring(con, cast, file_835(answer("A1"), paid_on=paid_on))

    assert con.rows("SELECT due_on, due_rule FROM task") == [
        (due_on, "30 days after the remittance, the practice's own rule")
    ]


def test_what_comes_after_a_message_from_the_future_is_not_older(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1"), paid_on="20991231"))

    bring(con, cast, file_835(answer("A1", status="1", paid="200", codes=()), paid_on="20250303"))

    assert con.value("SELECT proposal FROM task").endswith("Complete the task?")


def test_three_reasons_are_all_said_and_the_first_stays_in_the_history(
    con: Connection, cast: Cast
) -> None:
    for number, (code, day) in enumerate([("16", "0301"), ("197", "0401"), ("11", "0501")], 1):
        said = answer("A1", control=f"P{number}", codes=(f"CAS*CO*{code}*200",))
        bring(con, cast, file_835(said, control=f"00000000{number}", paid_on=f"2025{day}"))

    [(title, codes)] = con.rows("SELECT title, codes FROM task")
    assert codes == "CO-11, CO-197, CO-16"
    assert title.count("; also ") == 2
    assert con.rows(
        "SELECT old_value FROM event WHERE field = 'Denial codes (CARC/RARC)' ORDER BY id"
    ) == [("CO-16",), ("CO-197, CO-16",)]


def test_a_reversed_denial_proposes_to_complete_and_a_new_denial_no_longer_does(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_835(answer("A1")))
    back = answer("A1", status="22", amount="-200", codes=("CAS*CO*197*-200",))
    bring(con, cast, file_835(back, control="000000002", paid_on="20250301"))
    proposed = con.value("SELECT proposal FROM task")

    again = answer("A1", control="P2", codes=("CAS*CO*16*200",))
    bring(con, cast, file_835(again, control="000000003", paid_on="20250401"))

    assert proposed == ("PLAINS HEALTH took this denial back on 03/01/2025. Complete the task?")
    assert con.rows("SELECT status, proposal FROM task") == [("open", None)]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("cancelled", "Plains Health has withdrawn this request"),
        ("entered-in-error", "Plains Health says that this request was sent by mistake"),
        ("completed", "The request of Plains Health was completed"),
        ("rejected", "The request of Plains Health was rejected"),
        ("failed", "The request of Plains Health has failed"),
    ],
)
def test_a_request_that_is_over_is_said_on_its_open_task_once(
    con: Connection, cast: Cast, state: str, said: str
) -> None:
    bring(con, cast, json.dumps(fhir_task()).encode(), "a.json")
    over = json.dumps(fhir_task(status=state)).encode()

    report = bring(con, cast, over, "b.json")
    bring(con, cast, over + b"\n", "c.json")

    is_withdrawn = state in {"cancelled", "entered-in-error"}
    word = "Withdrawn by the payer" if is_withdrawn else "Completed, rejected or failed since"
    assert any(each.startswith(f"{word}: 1 request;") for each in report.warnings)
    assert con.rows("SELECT status, proposal FROM task") == [
        ("open", f"{said}. Complete the task?")
    ]
    assert con.value("SELECT count(*) FROM event WHERE kind = 'withdrawn by the payer'") == 1


def test_a_cancellation_that_fits_two_open_requests_is_said_and_told_to_neither(
    con: Connection, cast: Cast
) -> None:
    for claim_number in ("A1", "B2"):
        other = fhir_task(id="t1", reasonReference={"identifier": {"value": claim_number}})
        other["identifier"] = [dict(other["identifier"][0], value=f"T-{claim_number}")]
        bring(con, cast, json.dumps(other).encode(), f"{claim_number}.json")
    over = {"resourceType": "Task", "id": "t1", "status": "cancelled", "intent": "order"}

    report = bring(con, cast, json.dumps(over).encode(), "over.json")

    assert con.rows("SELECT proposal FROM task") == [(None,), (None,)]
    said = "Withdrawn or closed, but could be one of several open tasks: 1 request"
    assert any(each.startswith(said) for each in report.warnings)


def at(hour: int, **changes: Any) -> bytes:
    """Return a FHIR Task as the payer changed it at that hour of 03/01/2025."""
    return json.dumps(fhir_task(lastModified=f"2025-03-01T{hour:02}:00:00Z", **changes)).encode()


def open_task(con: Connection) -> tuple[str, str | None]:
    [row] = con.rows("SELECT status, proposal FROM task")
    return row


@pytest.mark.parametrize("state", ["cancelled", "entered-in-error", "completed"])
@pytest.mark.parametrize("times", ["of the day", "days", "none"])
def test_a_request_that_is_asked_for_again_no_longer_proposes_to_complete(
    con: Connection, cast: Cast, state: str, times: str
) -> None:
    def sent(hour: int, **changes: Any) -> bytes:
        if times == "of the day":
            return at(hour, **changes)
        day = {"lastModified": "2025-03-01"} if times == "days" else {}
        return json.dumps(fhir_task(**day, **changes)).encode()

    bring(con, cast, sent(9), "a.json")
    bring(con, cast, sent(10, status=state), "b.json")
    assert open_task(con)[1]

    raw = sent(11, status="requested") + b"\n"
    seen = imports.preview(con, "c.json", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)
    report = bring(con, cast, raw, "c.json")

    assert seen == report and report.tasks_new == 0
    assert report.warnings == (
        "Asked for again after they were withdrawn: 1 request; the open tasks say so.",
    )
    assert open_task(con) == ("open", None)
    [(said,)] = con.rows("SELECT detail FROM event WHERE kind = 'asked again by the payer'")
    assert said.startswith("Plains Health had withdrawn this request and asks for it again.")
    bring(con, cast, sent(12, status=state) + b"\n\n", "d.json")
    assert open_task(con)[1]
    assert con.value("SELECT count(*) FROM event WHERE kind = 'withdrawn by the payer'") == 2


def test_an_older_state_that_comes_late_neither_asks_again_nor_withdraws(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, at(9), "a.json")
    bring(con, cast, at(11, status="cancelled"), "b.json")

    bring(con, cast, at(10), "c.json")
    assert open_task(con)[1]

    bring(con, cast, at(12), "d.json")
    bring(con, cast, at(11, status="cancelled") + b"\n", "e.json")
    bring(con, cast, at(10, status="cancelled"), "f.json")
    assert open_task(con) == ("open", None)


def test_of_several_states_in_one_file_the_last_counts(con: Connection, cast: Cast) -> None:
    states = [at(12), at(10), at(11, status="cancelled")]

    report = bring(con, cast, b"\n".join(states), "a.json")

    assert (report.tasks_new, open_task(con)) == (1, ("open", None))


def test_a_request_asked_for_again_after_its_task_was_completed_is_a_task_again(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, at(9), "a.json")
    bring(con, cast, at(10, status="cancelled"), "b.json")
    complete_all(con)

    stale = bring(con, cast, at(9) + b"\n", "c.json")
    again = bring(con, cast, at(11), "d.json")
    once = bring(con, cast, at(11) + b"\n", "e.json")
    bring(con, cast, at(12, status="cancelled"), "f.json")

    assert [each.tasks_new for each in (stale, again, once)] == [0, 1, 0]
    assert con.rows("SELECT earlier_task_id, proposal IS NOT NULL FROM task ORDER BY id") == [
        (None, True),
        (1, True),
    ]


@pytest.mark.parametrize("source", ["FHIR", "277RFAI", "CSV"])
def test_a_due_date_that_a_later_message_moves_back_is_moved_back(
    con: Connection, cast: Cast, source: str
) -> None:
    def sent(number: int, day: date) -> bytes:
        if source == "FHIR":
            return at(number, restriction={"period": {"end": str(day)}})
        if source == "CSV":
            rows = [
                f"A{each},Coding,Check it,{day:%m/%d/%Y}" for each in (1, *range(9, 9 + number))
            ]
            return "\n".join(["Claim,Type,Title,Due", *rows, ""]).encode()
        raw = document_request().replace(b"D8*20250301", f"D8*{day:%Y%m%d}".encode())
        return raw.replace(b"REF2*20250120", f"REF{number}*2025012{number}".encode())

    first, second = date(2025, 4, 15), date(2025, 4, 1)
    for number, day in enumerate((first, second, first), 1):
        bring(con, cast, sent(number, day), f"{number}.csv")

    assert con.value("SELECT due_on FROM task ORDER BY id") == first
    assert con.rows(
        "SELECT old_value, new_value FROM event WHERE kind = 'request changed' AND task_id = 1"
    ) == [("04/15/2025", "04/01/2025"), ("04/01/2025", "04/15/2025")]
    bring(con, cast, sent(2, second) + b"\n", "old.csv")  # an old message in another envelope
    assert con.value("SELECT due_on FROM task ORDER BY id") == first


def test_a_withdrawal_says_nothing_on_a_completed_task(con: Connection, cast: Cast) -> None:
    bring(con, cast, json.dumps(fhir_task()).encode(), "a.json")
    complete_all(con)

    bring(con, cast, json.dumps(fhir_task(status="cancelled")).encode(), "b.json")

    assert con.value("SELECT proposal FROM task") is None


@pytest.mark.parametrize("source", ["FHIR", "277RFAI", "CSV"])
def test_a_due_date_that_moves_is_shown_with_its_history_and_never_moves_back(
    con: Connection, cast: Cast, source: str
) -> None:
    def sent(day: date) -> bytes:
        if source == "FHIR":
            return json.dumps(fhir_task(restriction={"period": {"end": str(day)}})).encode()
        if source == "CSV":
            return f"Claim,Type,Title,Due\nA1,Coding,Check the modifier,{day:%m/%d/%Y}\n".encode()
        return document_request().replace(b"D8*20250301", f"D8*{day:%Y%m%d}".encode())

    first, second = date(2025, 4, 15), date(2025, 4, 1)
    bring(con, cast, sent(first), "a.csv")

    moved = bring(con, cast, sent(second), "b.csv")
    bring(con, cast, sent(first) + b"\n", "c.csv")

    assert moved.tasks_new == 0
    assert con.rows("SELECT due_on FROM task") == [(second,)]
    assert con.rows(
        "SELECT field, old_value, new_value FROM event WHERE kind = 'request changed'"
    ) == [("Due", "04/15/2025", "04/01/2025")]


EARLIER_KEYS = [
    (file_835(answer("A1")), "835|A1|PAYER1|CO-197"),
    (
        acknowledgment(*patient("A1", "STC*A7:116*20250121*U*200")),
        "277CA|claim|A1|BATCH1|2025-01-21|200.00|A7:116",
    ),
    (document_request(), "277RFAI|A1|R4:11506-3|PAYER77"),
]


@pytest.mark.parametrize(("raw", "key"), EARLIER_KEYS)
def test_what_a_store_made_before_knows_is_known_by_its_earlier_key(
    con: Connection, cast: Cast, raw: bytes, key: str
) -> None:
    bring(con, cast, raw)
    con.execute("UPDATE task SET request_key = $key", key=key)
    con.execute("DELETE FROM task_claim")

    again = bring(con, cast, raw + b"\n")
    joined = con.value("SELECT count(*) FROM task_answer")
    later = raw.replace(b"20250210", b"20250310").replace(b"20250121", b"20250221")
    later = later.replace(b"LOI*20250120", b"LOI*20250220")
    complete_all(con)
    other = bring(con, cast, later)

    assert (again.tasks_new, joined, other.tasks_new) == (0, 0, 1)


def test_a_later_check_with_the_same_amount_is_other_news(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1")))
    paid: Any = answer("A1", status="1", control="P2", codes=("CAS*CO*45*20",))
    raw = file_835(paid, control="000000002", paid_on="20250301").replace(b"*200*0*", b"*200*180*")
    bring(con, cast, raw)
    con.execute("UPDATE task SET proposal = NULL")

    same = bring(con, cast, raw + b"\n")
    other = bring(con, cast, raw.replace(b"20250301", b"20250401"))

    assert not any("Proposed" in said for said in same.warnings)
    assert any("Proposed" in said for said in other.warnings)
    assert con.value("SELECT amount FROM task") == Decimal(200)


def of_visit(day: str, first: str = "EMMA") -> dict[bytes, bytes]:
    return {b"20250113": day.encode(), b"GREEN*EMMA": f"GREEN*{first}".encode()}


def said_of(raw: bytes, changes: dict[bytes, bytes]) -> bytes:
    for old, new in changes.items():
        raw = raw.replace(old, new)
    return raw


LATER = {
    "payment": file_835(answer("A1", status="1", control="P2", codes=("CAS*CO*45*20",)),
                        control="000000005", paid_on="20250301").replace(b"*200*0*", b"*200*180*"),
    "reversal": file_835(
        answer("A1", status="22", amount="-200", codes=("CAS*CO*197*-200",)), control="000000006"
    ),
    "acceptance": acknowledgment(*patient("A1", "STC*A2:20*20250125*WQ*200")),
    "denial": file_835(answer("A1", control="P3", codes=("CAS*CO*16*200",)), control="000000007"),
    "request": document_request(control="000000008").replace(b"PAYER77", b"PAYER78"),
}  # fmt: skip


@pytest.mark.parametrize("is_held", [True, False])
@pytest.mark.parametrize("changes", [of_visit("20250120"), of_visit("20250113", "FAY")])
@pytest.mark.parametrize("kind", sorted(LATER))
def test_what_is_said_of_another_visit_or_patient_leaves_the_task_alone(
    con: Connection, cast: Cast, kind: str, changes: dict[bytes, bytes], is_held: bool
) -> None:
    if is_held:
        bring(con, cast, file_837(claim("A1")))
    first = document_request() if kind == "request" else file_835(answer("A1"))
    if kind == "acceptance":
        first = acknowledgment(*patient("A1", "STC*A7:116*20250121*U*200"))
    bring(con, cast, first)
    events = con.value("SELECT count(*) FROM event WHERE task_id = 1")

    bring(con, cast, said_of(LATER[kind], changes), "later")

    assert con.value("SELECT proposal FROM task WHERE id = 1") is None
    assert con.value("SELECT count(*) FROM event WHERE task_id = 1") == events
    own = said_of(LATER[kind], {b"CLP*A1*1": b"CLP*A1*1 "}) + b"\n"
    bring(con, cast, own, "own")
    assert con.value("SELECT count(*) FROM event WHERE task_id = 1") > events


def test_rows_that_are_as_before_are_known_without_a_look_at_what_was_told(
    con: Connection, cast: Cast
) -> None:
    """20,000 unchanged rows would be 20,000 scans of it."""
    rows = b"Type,Instructions,Claim number,Patient,Due date\nCoding,Why,A1,Doe,03/31/2025\n"
    assert bring(con, cast, rows, "tasks.csv").tasks_new == 1
    with transaction(con):
        con.execute("ALTER TABLE request_state RENAME TO hidden")

    again = bring(con, cast, rows + b"\n", "again.csv")

    assert (again.tasks_new, con.value("SELECT count(*) FROM task")) == (0, 1)


def test_two_parts_of_one_amount_are_told_apart_by_their_lines(con: Connection, cast: Cast) -> None:
    parts = []
    for procedure in ("99213", "87880"):
        part = answer("A1", amount="100", codes=("CAS*CO*197*100",))
        part[4] = f"SVC*HC:{procedure}*100*0**1"
        part.insert(1, "MOA***MA15")
        parts.append(part)

    bring(con, cast, file_835(*parts, parts[1]))

    assert con.value("SELECT sum(amount) FROM task") == Decimal(200)


@pytest.mark.parametrize(
    ("first", "older"),
    [
        (file_835(answer("A1"), paid_on="20250310"), said_of(LATER["payment"], {b"0301": b"0110"})),
        (
            acknowledgment(*patient("A1", "STC*A7:116*20250125*U*200")),
            acknowledgment(*patient("A1", "STC*A2:20*20250121*WQ*200"), control="000000002"),
        ),
        (
            file_835(answer("A1"), paid_on="20250310"),
            LATER["reversal"],
        ),
    ],
)
def test_good_news_older_than_what_is_asked_is_history_and_proposes_nothing(
    con: Connection, cast: Cast, first: bytes, older: bytes
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, first)

    report = bring(con, cast, older, "older")

    assert "Added to an open task as its history: 1 answer." in report.warnings
    assert con.rows("SELECT status, proposal FROM task") == [("open", None)]
    assert con.value("SELECT count(*) FROM event WHERE kind = 'answered again'") == 1


@pytest.mark.parametrize("is_correction_first", [True, False])
def test_a_claim_denied_anew_in_the_remittance_of_its_reversal_stays_denied(
    con: Connection, cast: Cast, is_correction_first: bool
) -> None:
    bring(con, cast, file_835(answer("A1")))
    back = answer("A1", status="22", amount="-200", codes=("CAS*CO*197*-200",))
    both = [answer("A1", control="P2"), back]

    said = both if is_correction_first else both[::-1]
    bring(con, cast, file_835(*said, control="000000002", paid_on="20250301"))

    assert con.rows("SELECT status, proposal FROM task") == [("open", None)]
    assert con.value("SELECT count(*) FROM event WHERE kind = 'answered again'") == 2


@pytest.mark.parametrize("days", [("0415", "0401"), ("0401", "0415")])
def test_of_one_request_twice_in_a_message_the_earliest_due_date_counts(
    con: Connection, cast: Cast, days: tuple[str, str]
) -> None:
    def request(day: str) -> Request:
        due = date(2025, int(day[:2]), int(day[2:]))
        return Request(
            key="K", type=TaskType.DOCUMENTS, title="T", instructions="I", source="277RFAI",
            segment_number=1, due_on=due, sent=Sent("R1", "2025-02-01"),
        )  # fmt: skip

    found = new_tasks.plan(con, cast.practice, map(request, days))

    assert [each.due_on for each in found.new] == [date(2025, 4, 1)]
    assert found.known == 1


def fhir(**changes: Any) -> bytes:
    return json.dumps(fhir_task(**changes)).encode()


def table(due: str) -> bytes:
    return f"Type,Task,Claim,Due\nDocuments,Send the notes,A1,{due}\nCoding,Look,B2,\n".encode()


def due_in(day: str) -> dict[str, Any]:
    return {"restriction": {"period": {"end": day}}}


IN_MARCH = "2025-03-01"
MOVED = [
    (document_request(), document_request(control="000000002").replace(b"20250301", b"20250401")),
    (fhir(**due_in("2025-03-10")), fhir(**due_in("2025-04-10"), lastModified=IN_MARCH)),
    (fhir(), fhir(input=[wanted("18842-5")], lastModified=IN_MARCH)),
    (table("04/01/2025"), table("05/01/2025")),
]


@pytest.mark.parametrize(("first", "later"), MOVED)
def test_a_request_that_changes_after_its_task_was_completed_is_a_task_again(
    con: Connection, cast: Cast, first: bytes, later: bytes
) -> None:
    bring(con, cast, first)
    complete_all(con)

    report = bring(con, cast, later)
    repeated = [bring(con, cast, raw + b"\n").tasks_new for raw in (first, later)]

    assert (report.tasks_new, repeated) == (1, [0, 0])
    assert con.rows("SELECT id, is_open, earlier_task_id FROM task WHERE is_open") == [
        (con.value("SELECT max(id) FROM task"), True, 1)
    ]


def test_a_request_that_changes_twice_is_a_task_each_time_it_was_completed(
    con: Connection, cast: Cast
) -> None:
    states = [fhir(**due_in(f"2025-04-{day}"), lastModified=f"2025-03-{day}") for day in (10, 20)]
    for raw in (fhir(), *states):
        bring(con, cast, raw)
        complete_all(con)

    late = [bring(con, cast, raw + b" ").tasks_new for raw in (fhir(), *states)]

    assert (con.value("SELECT count(*) FROM task"), late) == (3, [0, 0, 0])


QUESTIONS = {"type": fhir_concept("questionnaire"), "valueCanonical": "http://payer.example/q1"}


@pytest.mark.parametrize(
    ("first", "later", "shows"),
    [
        ([wanted()], [wanted("18842-5")], "LOINC 18842-5"),
        ([wanted()], [wanted(), wanted("11506-3")], "LOINC 11506-3"),
        ([wanted(line=2)], [wanted(line=3)], "line 3"),
        ([wanted("", words="the chart")], [wanted("", words="the X-ray")], "the X-ray"),
        ([QUESTIONS], [QUESTIONS | {"valueCanonical": "http://payer.example/q2"}], "example/q2"),
    ],
)
def test_a_request_without_a_due_date_that_asks_otherwise_changes_its_open_task(
    con: Connection, cast: Cast, first: list[Any], later: list[Any], shows: str
) -> None:
    bring(con, cast, fhir(restriction=None, input=first))
    due_on = con.value("SELECT due_on FROM task")

    bring(con, cast, fhir(restriction=None, input=later, lastModified=IN_MARCH))
    bring(con, cast, fhir(restriction=None, input=first) + b"\n")

    [(instructions, due)] = con.rows("SELECT instructions, due_on FROM task")
    assert (shows in instructions, due) == (True, due_on)


def test_a_named_due_date_stands_where_a_later_state_names_none(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, fhir())

    bring(con, cast, fhir(restriction=None, input=[wanted("18842-5")], lastModified=IN_MARCH))

    assert con.rows("SELECT due_on, due_rule, codes FROM task") == [
        (date(2025, 3, 15), "named by the payer", "18842-5")
    ]


@pytest.mark.parametrize(
    "left_out",
    [
        {"reasonReference": None},
        {"reasonReference": None, "requester": None},
        {"reasonReference": None, "reasonCode": None, "input": None},
        {"requester": {"display": "PLAINS HEALTH"}},
    ],
)
@pytest.mark.parametrize("state", ["entered-in-error", "cancelled"])
def test_a_withdrawal_that_says_less_finds_its_request_by_its_number(
    con: Connection, cast: Cast, left_out: dict[str, Any], state: str
) -> None:
    bring(con, cast, fhir())
    bring(con, cast, fhir(identifier=[{"system": "urn:ph", "value": "T-2"}]))

    report = bring(con, cast, fhir(status=state, lastModified=IN_MARCH, **left_out))

    proposals = con.rows("SELECT proposal IS NOT NULL FROM task ORDER BY id")
    assert proposals == [(True,), (False,)]
    assert any(said.startswith("Withdrawn by the payer: 1") for said in report.warnings)


@pytest.mark.parametrize(
    ("left_out", "proposed"),
    [
        ({"reasonReference": None}, True),
        ({"requester": None, "reasonReference": None, "input": None}, True),
        ({"id": "t9"}, False),
        ({"reasonReference": {"identifier": {"value": "A7"}}}, False),
        ({"requester": {"display": "OTHER HEALTH"}}, False),
        ({"for": {"display": "Green, Fay"}}, False),
    ],
)
def test_a_withdrawal_under_nothing_but_the_tasks_id_finds_its_request(
    con: Connection, cast: Cast, left_out: dict[str, Any], proposed: bool
) -> None:
    bring(con, cast, fhir())

    bring(con, cast, fhir(status="cancelled", lastModified=IN_MARCH, identifier=None, **left_out))

    assert con.rows("SELECT proposal IS NOT NULL FROM task") == [(proposed,)]


def test_a_withdrawal_by_an_id_that_two_requests_have_is_told_to_neither(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, fhir())
    bring(con, cast, fhir(identifier=[{"system": "urn:ph", "value": "T-2"}]))

    bring(con, cast, fhir(status="cancelled", identifier=None, reasonReference=None))

    assert con.value("SELECT count(*) FROM task WHERE proposal IS NOT NULL") == 0


def test_a_withdrawal_that_could_mean_two_requests_is_told_to_neither(
    con: Connection, cast: Cast
) -> None:
    for claim_number in ("A1", "A2"):
        bring(con, cast, fhir(reasonReference={"identifier": {"value": claim_number}}))

    bring(con, cast, fhir(status="cancelled", reasonReference=None))
    bring(con, cast, fhir(status="cancelled", reasonReference={"identifier": {"value": "A3"}}))

    assert con.value("SELECT count(*) FROM task WHERE proposal IS NOT NULL") == 0


@pytest.mark.parametrize("left_out", [{}, {"reasonReference": None}, {"requester": None}])
def test_a_request_withdrawn_by_a_later_state_that_came_first_makes_no_task(
    con: Connection, cast: Cast, left_out: dict[str, Any]
) -> None:
    over = fhir(status="cancelled", lastModified="2025-03-01", **left_out)
    older = fhir(lastModified="2025-02-01")
    files = [ChosenFile("over.json", over), ChosenFile("older.json", older)]
    seen = imports.preview_all(con, files, actor=cast.ana, practice_id=cast.practice, now=NOON)
    bring(con, cast, over)

    report = bring(con, cast, older)
    anew = bring(con, cast, fhir(lastModified="2025-03-02"))

    assert (
        report.warnings
        == seen[1].warnings
        == (
            "Withdrawn by the payer in a later message that came in before: 1 request, without a "
            "task.",
        )
    )
    assert (report.tasks_new, anew.tasks_new) == (0, 1)


OF_FAY = {"for": {"display": "Green, Fay"}}


def service(day: str) -> dict[str, Any]:
    return {"input": [wanted(), {"type": fhir_concept("service-date"), "valueDate": day}]}


@pytest.mark.parametrize("other", [OF_FAY, service("2025-01-20"), OF_FAY | service("2025-01-20")])
@pytest.mark.parametrize("is_one_file", [True, False])
def test_requests_alike_but_for_patient_or_day_are_two(
    con: Connection, cast: Cast, other: dict[str, Any], is_one_file: bool
) -> None:
    files = [fhir(), fhir(**other)]
    for raw in [b"\n".join(files)] if is_one_file else files:
        bring(con, cast, raw)
    again = bring(con, cast, b"\n".join(files) + b"\n")

    bring(con, cast, fhir(status="cancelled", lastModified=IN_MARCH, **other))

    assert again.tasks_new == 0
    proposals = con.rows("SELECT proposal IS NOT NULL FROM task ORDER BY id")
    assert proposals == [(False,), (True,)]


@pytest.mark.parametrize(
    "less", [{"for": None}, {"input": [wanted()]}, {"for": {"display": "GREEN, EMMA KAY"}}]
)
def test_a_later_state_that_says_more_or_less_of_the_patient_or_day_is_of_the_same_request(
    con: Connection, cast: Cast, less: dict[str, Any]
) -> None:
    later = {"restriction": {"period": {"end": "2025-03-20"}}, "lastModified": IN_MARCH}
    bring(con, cast, fhir())

    bring(con, cast, fhir(**(less | later)))

    assert con.rows("SELECT due_on FROM task") == [(date(2025, 3, 20),)]


def test_a_request_of_an_older_store_is_known_by_its_key_without_the_patient(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, fhir())
    con.execute("UPDATE task SET request_key = 'FHIR|urn:ph|T-1|PH-7|A1'")

    known = bring(con, cast, fhir() + b"\n")
    other = bring(con, cast, fhir(**OF_FAY))

    assert (known.tasks_new, other.tasks_new) == (0, 1)


SIGNED = {"type": fhir_concept("signature-flag"), "valueBoolean": True}


@pytest.mark.parametrize(
    ("first", "later", "shows"),
    [
        ([wanted()], [wanted(), SIGNED], "The document must be signed."),
        ([wanted(), SIGNED], [wanted()], "Attach: operative report"),
        (
            [wanted(line=1), wanted("11502-2", line=2)],
            [wanted(line=2), wanted("11502-2", line=1)],
            "(LOINC 11502-2) for line 1",
        ),
    ],
)
def test_a_state_that_changes_only_the_words_changes_its_open_task_with_history(
    con: Connection, cast: Cast, first: list[Any], later: list[Any], shows: str
) -> None:
    bring(con, cast, fhir(input=first))
    before = con.value("SELECT instructions FROM task")

    bring(con, cast, fhir(input=later, lastModified=IN_MARCH))
    bring(con, cast, fhir(input=first) + b"\n")

    now = con.value("SELECT instructions FROM task")
    assert shows in now and now != before
    assert con.rows(
        "SELECT field, old_value, new_value FROM event WHERE kind = 'request changed'"
    ) == [("Instructions", before, now)]
