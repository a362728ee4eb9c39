"""Acknowledgments, requests for documents, messages that are rejected, and what is known again."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from lib.intake.files import parsed_file
from lib.intake.x12 import transaction_reader as messages_module
from lib.store.database import Connection
from tests.conftest import Cast, shared
from tests.test_import import bring, counts
from tests.x12_texts import answer, claim, claims, envelope, file_835, file_837

pytestmark = pytest.mark.slow  # hundreds of imports

X214, X313 = "005010X214", "006020X313"


def acknowledgment(*levels: str, version: str = X214, control: str = "000000001") -> bytes:
    """Return a 277CA of Plains Health to Northside."""
    return envelope(
        [
            "BHT*0085*08*REF1*20250120*0924*TH",
            "HL*1**20*1",
            "NM1*PR*2*PLAINS HEALTH*****PI*PH-7",
            "TRN*1*T1",
            "HL*2*1*21*1",
            "NM1*41*2*NORTHSIDE*****46*N1",
            "TRN*2*BATCH1",
            "STC*A1:19:PR*20250120*WQ*400",
            *levels,
        ],
        kind="277",
        version=version,
        control=control,
    ).encode()


def patient(number: str, *rest: str) -> list[str]:
    return [
        "HL*4*3*PT",
        "NM1*QC*1*GREEN*EMMA****MI*MEM1",
        f"TRN*2*{number}",
        *rest,
        "DTP*472*D8*20250113",
    ]


def document_request(*rest: str, control: str = "000000001") -> bytes:
    """Return a request of Plains Health for documents about claim A1."""
    return envelope(
        [
            "BHT*0085*48*REF2*20250120*0924*RQ",
            "HL*1**20*1",
            "NM1*PR*2*PLAINS HEALTH*****PI*PH-7",
            "HL*2*1*21*1",
            "NM1*41*2*NORTHSIDE*****46*N1",
            "HL*3*2*19*1",
            "NM1*1P*2*NORTHSIDE*****XX*1234567893",
            "HL*4*3*PT",
            "NM1*QC*1*GREEN*EMMA****MI*MEM1",
            "TRN*1*PAYER77",
            "STC*R4:11506-3::LOI*20250120**200",
            "REF*EJ*A1",
            "DTP*472*D8*20250113",
            "DTP*106*D8*20250301",
            *rest,
        ],
        kind="277",
        version=X313,
        control=control,
    ).encode()


@pytest.mark.parametrize("status", ["A2:20*20250121*WQ*200", "A7:116*20250121*U*200"])
def test_a_charge_is_found_by_the_number_in_an_acknowledgment_and_not_replaced_by_it(
    con: Connection, cast: Cast, status: str
) -> None:
    """Only what was decided can be replaced (REF*F8)."""
    bring(con, cast, file_837(claim("A1"), claim("A2")))

    bring(con, cast, acknowledgment(*patient("A1", f"STC*{status}", "REF*1K*PAYER9")), "b.277")

    numbers = con.rows("SELECT claim_number, payer_claim_number FROM charge ORDER BY 1")
    assert numbers == [("A1", None), ("A2", None)]
    assert con.rows("SELECT kind, number FROM charge_number") == [("payer", "PAYER9")]


def test_a_rejected_claim_becomes_a_task_about_its_charge(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))

    report = bring(con, cast, acknowledgment(*patient("A1", "STC*A7:116*20250121*U*200")), "b.277")

    assert (report.format, report.tasks_new, report.tasks_amount) == ("277CA", 1, Decimal("200.00"))
    assert con.row(
        "SELECT type, title, source, codes, due_rule, charge_id IS NOT NULL FROM task"
    ) == (
        "insurance", "Rejected: wrong payer billed", "277CA", "A7:116",
        "30 days after the acknowledgment, the practice's own rule", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stc", "tasks", "doubt"),
    [
        ("STC*A2:20*20250121*WQ*200", 0, False),
        ("STC*A2:20*20250121*WQ*200******A3:187", 0, False),
        ("STC*A3:21*20250121*U*200", 1, False),
        ("STC*A6:21*20250121**200", 1, False),
        ("STC*A8:21*20250121*U*200", 1, False),
        ("STC*A7:21*20250121*WQ*200", 1, True),
        ("STC*A2:20*20250121*U*200", 1, True),
    ],
)
def test_action_or_category_reject_and_a_sender_that_disagrees_is_told(
    con: Connection, cast: Cast, stc: str, tasks: int, doubt: bool
) -> None:
    report = bring(con, cast, acknowledgment(*patient("A1", stc)))

    assert report.tasks_new == tasks
    said = "".join(row[0] for row in con.rows("SELECT instructions FROM task"))
    assert ("disagree" in said) is doubt


def test_rejected_lines_of_an_accepted_claim_make_one_task(con: Connection, cast: Cast) -> None:
    lines = ["SVC*HC:99213*120", "STC*A8:453**U", "SVC*HC:87880*80", "STC*A8:454**U"]

    report = bring(con, cast, acknowledgment(*patient("A1", "STC*A2:20*20250121*WQ*200", *lines)))

    assert (report.tasks_new, report.tasks_amount) == (1, Decimal("200.00"))
    assert "2 service lines of the claim (99213, 87880)" in con.value(
        "SELECT instructions FROM task"
    )


def test_a_rejected_provider_makes_one_task_without_a_patient(con: Connection, cast: Cast) -> None:
    provider = [
        "HL*3*2*19*0", "NM1*85*1*REED*ADA****XX*1679576722", "TRN*1*P1",
        "STC*A3:24:85*20250121*U*150", "QTY*QC*3", "AMT*YY*150",
    ]  # fmt: skip

    report = bring(con, cast, acknowledgment(*provider))

    assert (report.tasks_new, report.tasks_amount) == (1, Decimal("150.00"))
    assert con.row("SELECT type, title, patient_name, claim_number, provider_name FROM task") == (
        "provider", "Batch rejected: 3 claims", "", "", "REED, ADA",
    )  # fmt: skip


def test_a_rejected_batch_is_one_task_with_its_providers(con: Connection, cast: Cast) -> None:
    raw = acknowledgment(
        "HL*3*2*19*0", "NM1*85*1*REED*ADA****XX*1679576722", "TRN*1*P1", "STC*A8:496:85**U*65",
        "QTY*QC*1", "AMT*YY*65",
    )  # fmt: skip
    rejected = b"STC*A7:23*20250120*U*65~QTY*AA*1~AMT*YY*65"
    raw = raw.replace(b"STC*A1:19:PR*20250120*WQ*400", rejected)

    report = bring(con, cast, raw)

    assert (report.tasks_new, report.tasks_amount) == (1, Decimal("65.00"))
    assert con.value("SELECT codes FROM task") == "A7:23, A8:496:85"


def test_a_request_for_documents_says_what_for_which_line_and_until_when(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    line = ["SVC*HC:87880*80", "STC*R4:18842-5::LOI*20250120", "REF*FJ*2", "DTP*472*D8*20250114"]

    report = bring(con, cast, document_request(*line), "d.277")

    assert (report.format, report.tasks_new) == ("277RFAI", 1)
    [(kind, due_on, rule, codes, said, has_charge, label)] = con.rows(
        "SELECT type, due_on, due_rule, codes, instructions, charge_id IS NOT NULL, "
        "document_label FROM task"
    )
    assert (kind, due_on, rule) == ("documents", date(2025, 3, 1), "named by the payer")
    assert codes == "11506-3, 18842-5"
    assert "by 03/01/2025" in said
    assert "(18842-5) for service line 2 87880 of 01/14/2025" in said
    assert "PAYER77" in said
    assert has_charge
    assert label


@pytest.mark.parametrize(
    ("named", "is_said"),
    [("19250315", True), ("20200301", True), ("20240101", True), ("20241231", False)],
)
def test_a_day_long_before_the_request_is_not_when_it_is_due(
    con: Connection, cast: Cast, named: str, is_said: bool
) -> None:
    asked = document_request().replace(b"20250301", named.encode())

    bring(con, cast, asked)

    [(rule, words)] = con.rows("SELECT due_rule, instructions FROM task")
    assert (rule == "named by the payer") is not is_said
    assert ("(DTP*106) is long past" in words) is is_said


def test_a_request_is_due_on_the_first_day_that_it_names(con: Connection, cast: Cast) -> None:
    line = ["SVC*HC:87880*80", "STC*R4:18842-5::LOI*20250120", "DTP*106*D8*20250220"]

    bring(con, cast, document_request(*line))

    assert con.value("SELECT due_on FROM task") == date(2025, 2, 20)


def test_a_request_that_is_sent_again_is_history_of_its_open_task(
    con: Connection, cast: Cast
) -> None:
    again = document_request(control="000000002").replace(b"PAYER77", b"PAYER78")
    more = document_request("SVC*HC:87880*80", "STC*R4:18842-5::LOI*20250120")
    bring(con, cast, document_request())

    reports = [bring(con, cast, raw) for raw in (again, again + b"\n", more)]
    con.execute("UPDATE task SET status = 'completed', is_open = false")
    reports.append(bring(con, cast, again.replace(b"PAYER78", b"PAYER79")))

    assert [report.tasks_new for report in reports] == [0, 0, 1, 1]
    [(detail,)] = con.rows("SELECT detail FROM event WHERE kind = 'answered again'")
    assert "asks again on 01/20/2025 for documents by 03/01/2025" in detail
    assert "PAYER78" in detail


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"TRN*1*PAYER77", b"TRN*2*A1"),  # our own number, sent back
        (b"TRN*1*PAYER77", b"TRN*1*REQ9~REF*1K*PAYER1"),
        (b"TRN*1*PAYER77", b"TRN*1*PAYER1"),
    ],
)
def test_a_request_without_our_claim_number_finds_the_charge_all_the_same(
    con: Connection, cast: Cast, old: bytes, new: bytes
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", status="1", paid="180")))
    raw = document_request().replace(b"REF*EJ*A1~", b"").replace(old, new)

    bring(con, cast, raw)

    assert con.rows("SELECT claim_number, charge_id IS NOT NULL FROM task") == [("A1", True)]


def test_what_a_payer_adds_in_its_own_words_is_said(con: Connection, cast: Cast) -> None:
    words = "*" * 8 + "Member id has 9 digits"
    bring(con, cast, acknowledgment(*patient("A1", f"STC*A7:21*20250121*U*200{words}")))
    bring(con, cast, document_request().replace(b"**200~", f"**200{words}~".encode()))

    said = [row[0] for row in con.rows("SELECT instructions FROM task")]

    assert len(said) == 2
    assert all("PLAINS HEALTH adds: “Member id has 9 digits”." in each for each in said)


def test_the_same_request_in_another_envelope_makes_no_second_task(
    con: Connection, cast: Cast
) -> None:
    rejected = patient("A1", "STC*A7:116*20250121*U*200")
    bring(con, cast, acknowledgment(*rejected))
    bring(con, cast, document_request())

    again = [
        bring(con, cast, acknowledgment(*rejected, control="000000002")),
        bring(con, cast, document_request(control="000000002")),
    ]

    assert [report.tasks_new for report in again] == [0, 0]
    assert con.value("SELECT count(*) FROM task") == 2


def test_another_answer_about_the_state_of_claims_is_refused_by_name(
    con: Connection, cast: Cast
) -> None:
    raw = acknowledgment(version="005010X212")

    with pytest.raises(AssertionError, match=r"277 .an answer about the state of claims"):
        bring(con, cast, raw)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_bad_message_is_set_aside_and_the_good_ones_come_in(
    con: Connection, cast: Cast, encoding: str
) -> None:
    text = envelope(claims(claim("A1")), claims(claim("A2", amount="x")), claims(claim("A3")))
    raw = text.encode(encoding)

    report = bring(con, cast, raw)

    assert (report.charges_new, report.quarantined) == (2, 1)
    assert any("CLM02 is not an amount" in warning for warning in report.warnings)
    [(first, last, sentence, at, text)] = con.rows(
        "SELECT first_segment, last_segment, sentence, segment_number, raw FROM intake_message "
        "WHERE outcome = 'quarantined'"
    )
    assert (first, last, at, sentence) == (21, 38, 30, "CLM02 is not an amount")
    assert text.startswith("ST*837*0002")
    assert "CLM*A2*x" in text
    assert text.endswith("SE*18*0002~")


def test_a_message_without_its_end_is_set_aside_too(con: Connection, cast: Cast) -> None:
    text = envelope(claims(claim("A1")), claims(claim("A2"))).replace("SE*18*0001~", "")

    report = bring(con, cast, text.encode())

    assert (report.charges_new, report.quarantined) == (1, 1)
    assert con.value("SELECT claim_number FROM charge") == "A2"


def test_a_message_without_its_beginning_is_set_aside_too(con: Connection, cast: Cast) -> None:
    text = envelope(claims(claim("A1")), claims(claim("A2")), claims(claim("A3")))

    report = bring(con, cast, text.replace("ST*837*0002*005010X222A1~", "").encode())

    assert (report.charges_new, report.quarantined) == (2, 1)
    assert (
        "Rejected: the transaction from segment 21 to 37, because of segment 37: an SE segment "
        "ends a transaction that never began." in report.warnings
    )
    raw = con.value("SELECT raw FROM intake_message WHERE outcome = 'quarantined'")
    assert raw.startswith("BHT*")
    assert raw.endswith("SE*18*0002~")


def test_a_long_message_that_turns_out_to_be_bad_leaves_nothing(
    con: Connection, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages_module, "BATCH", 2)
    bodies = [claim(f"A{n}") for n in range(8)]
    text = envelope(claims(*bodies), claims(claim("B1")))
    raw = re.sub(r"SE\*[0-9]+\*0001~", "", text).encode()

    preview = parsed_file.read("a", raw)
    report = bring(con, cast, raw)

    assert [each.claim_number for each in preview.claims] == ["B1"]
    assert (report.charges_new, report.quarantined) == (1, 1)
    assert counts(con)["charge"] == 1


def test_an_inquiry_beside_claims_is_left_out_by_name(con: Connection, cast: Cast) -> None:
    raw = file_837(claim("A1")) + envelope(["BHT*1"], kind="270").encode()

    report = bring(con, cast, raw)

    assert (report.charges_new, report.quarantined) == (1, 0)
    assert any("this is a 270" in warning for warning in report.warnings)
    assert con.rows("SELECT kind, outcome FROM intake_message ORDER BY id") == [
        ("837P", "applied"),
        ("270", "recorded"),
    ]


def test_messages_are_known_by_their_identifiers(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_835(answer("A1")))
    bring(con, cast, file_835(answer("A1")) + b"\n")
    again = bring(con, cast, file_835(answer("A2")))

    assert con.rows("SELECT identifiers, outcome FROM intake_message ORDER BY id") == [
        ("SENDER|000000001|1|0001|TRACE1", "applied"),
        ("SENDER|000000001|1|0001|TRACE1", "duplicate"),
        ("SENDER|000000001|1|0001|TRACE1", "applied"),
    ]
    assert any("used the numbers of an earlier message" in warning for warning in again.warnings)


def test_the_file_is_kept_by_its_hash(con: Connection, cast: Cast) -> None:
    report = bring(con, cast, file_837(claim()))

    kept = con.store.folder / "intake" / report.sha256[:2] / report.sha256
    assert kept.read_bytes() == file_837(claim())


def test_the_real_acknowledgments_give_what_the_rule_says(con: Connection, cast: Cast) -> None:
    """ORIGIN.md counts three; the file holds a fourth, JONES44444 (A3:116, U, 100.00), and the
    provider's own totals (QTY*QC*2, AMT*YY*150) count it too."""
    report = bring(con, cast, shared("x12/277CA/hdi-277CA-all-fields.edi").read_bytes(), "h.277")
    accepted = bring(con, cast, shared("x12/277CA/imsweb-277CA-accepted.txt").read_bytes())

    assert con.rows("SELECT claim_number, amount, codes FROM task ORDER BY id") == [
        ("", Decimal(150), "A3:24:85"),
        ("PATIENT22222", Decimal(135), "A8:187, A8:453, A8:454"),
        ("PATIENT33333", Decimal(50), "A3:21, A3:187"),
        ("JONES44444", Decimal(100), "A3:116"),
    ]
    assert (report.format, report.quarantined) == ("277CA", 0)
    assert (accepted.format, accepted.tasks_new, accepted.refused) == ("277CA", 0, None)


@pytest.mark.parametrize("status", ["F0:3", "F1:65", "P1:20", "D0:35", "E1:0"])
def test_a_request_for_documents_that_only_says_how_the_claim_stands_asks_for_nothing(
    con: Connection, cast: Cast, status: str
) -> None:
    bring(con, cast, document_request())
    later = document_request(control="000000002").replace(
        b"R4:11506-3::LOI*20250120", f"{status}*20250220".encode()
    )

    report = bring(con, cast, later)

    assert (report.tasks_new, report.is_whole) == (0, False)
    assert report.summary == ("1 claim status: 1 neither accepted nor rejected.",)
    assert f"claim A1 with {status}" in report.warnings[0]
    assert con.rows("SELECT kind FROM event WHERE task_id IS NOT NULL ORDER BY id") == [
        ("created",), ("answered again",)
    ]  # fmt: skip


def test_beside_what_is_asked_a_status_is_not_read_as_another_document(
    con: Connection, cast: Cast
) -> None:
    bring(
        con, cast, document_request("STC*F0:3*20250121", "SVC*HC:99213*120", "STC*P1:20*20250121")
    )

    assert con.rows("SELECT codes, title FROM task") == [
        ("11506-3", "Documents requested: office notes")
    ]


def test_a_denial_within_a_request_for_documents_is_a_task(con: Connection, cast: Cast) -> None:
    raw = document_request().replace(b"R4:11506-3::LOI", b"F2:585")

    report = bring(con, cast, raw)

    assert (report.tasks_new, report.summary) == (1, ("1 claim status: 1 denied.",))
    assert con.value("SELECT source FROM task") == "277RFAI"


@pytest.mark.parametrize(
    ("on_lines", "outcome", "tasks"),
    [
        (("A2:20", "A2:20"), "accepted", 0),
        (("A2:20", "A1:19"), "received", 0),
        (("A1:19", "A1:19"), "received", 0),
        (("A2:20", "P1:20"), "neither accepted nor rejected", 0),
        (("A2:20", "A7:454"), "rejected", 1),
        (("A2:20", "R4:95"), "with a request", 1),
    ],
)
def test_a_claim_with_statuses_on_its_lines_only_is_counted_by_them(
    con: Connection, cast: Cast, on_lines: tuple[str, ...], outcome: str, tasks: int
) -> None:
    lines = [
        part for each in on_lines for part in ("SVC*HC:99213*100", f"STC*{each}*20250121")
    ]  # fmt: skip

    report = bring(con, cast, acknowledgment(*patient("A1", *lines)))

    assert (report.summary, report.tasks_new) == ((f"1 claim status: 1 {outcome}.",), tasks)
    assert not any("no claim" in said for said in report.warnings)


def test_lines_that_were_all_accepted_propose_to_complete_the_rejection(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, acknowledgment(*patient("A1", "STC*A7:562*20250120*U*200")))

    lines = ("SVC*HC:99213*100", "STC*A2:20*20250201", "SVC*HC:87880*100", "STC*A2:20*20250201")
    bring(con, cast, acknowledgment(*patient("A1", *lines), control="000000002"))

    assert con.value("SELECT proposal FROM task") == (
        "PLAINS HEALTH accepted this claim on 02/01/2025. Complete the task?"
    )
