"""A receipt that rejects makes a task that says what; one that accepts names the batch."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lib.import_report_models import ImportReport
from lib.intake import import_log, imports
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_cases_decisions import bring_case, task
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import claim, claims, envelope, file_835, file_837

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # hundreds of imports


def receipt(*body: str, kind: str = "999", sender: str = "CLEARING", to: str = "SENDER") -> bytes:
    """Return what CLEARING says to the one who sent our batches."""
    text = envelope([*body], kind=kind, version="005010X231A1", control="000000777")
    text = text.replace(f"{'RECEIVER':15}", f"{to:15}", 1)
    return text.replace(f"{'SENDER':15}", f"{sender:15}", 1).encode()


def rejected(group: str = "1", *sets: str, ak9: str = "R*1*1*0") -> bytes:
    body = [part for number in sets or ("0001",) for part in (f"AK2*837*{number}", "IK5*R*5")]
    return receipt(f"AK1*HC*{group}*005010X222A1", *body, f"AK9*{ak9}")


def ta1(code: str, note: str, control: str = "000000001") -> bytes:
    text = envelope().replace("GS*XX", f"TA1*{control}*250113*0924*{code}*{note}~GS*XX")
    start, end = text.index("GS*XX"), text.index("IEA*")
    return (text[:start] + text[end:]).replace("IEA*1", "IEA*0").encode()


def test_a_rejected_batch_makes_a_task_that_says_what_was_found(
    con: Connection, cast: Cast
) -> None:
    [report] = bring_case(con, cast, "29-")

    kind, title, _, said = task(con)
    assert (kind, title) == ("charge", "Batch 101 rejected")
    assert "(999: IK5*R, AK9*R)" in said
    assert "2 segments: CLM at 289 (it does not belong to this kind of message), CLM at 381" in said
    assert "No imported 837 file has this number" in said
    assert "the envelope of interchange" in report.summary[1]  # TA1


def test_the_batch_is_found_among_the_imported_files_with_its_claims_and_its_fault(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")), "batch.837")
    at = 20 - 2  # of the second CLM: the set begins at segment 3
    body = ["AK1*HC*1", "AK2*837*0001", f"IK3*CLM*{at}**8", f"IK3*HI*{at + 1}**3", "IK5*R*5"]
    raw = receipt(*body, "AK9*R*1*1*0")
    seen = imports.preview(con, "a.txt", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)

    report = bring(con, cast, raw)

    assert (seen, report.format, report.tasks_new) == (report, "999", 1)
    _, title, amount, said = task(con)
    assert (title, amount) == ("Batch 1 rejected: 2 claims", Decimal(400))
    assert "batch.837: 2 claims over 400.00 US dollars. The fault is in A2." in said
    assert "CLEARING rejected batch 1" in said


def test_the_same_rejection_again_makes_no_second_task(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")), "batch.837")

    reports = [bring(con, cast, rejected()), bring(con, cast, rejected() + b"\n")]

    assert [each.tasks_new for each in reports] == [1, 0]


def test_a_part_of_a_batch_is_the_sets_that_were_rejected(con: Connection, cast: Cast) -> None:
    text = envelope(claims(claim("A1")), claims(claim("A2"), claim("A3")))
    bring(con, cast, text.encode(), "batch.837")

    bring(con, cast, rejected("1", "0002", ak9="P*2*2*1"))

    _, title, amount, said = task(con)
    assert (title, amount) == ("Batch 1 rejected: 2 claims", Decimal(400))
    assert "a part of batch 1" in said and "that part sent again" in said


@pytest.mark.parametrize("ak9", ["R*1*1*0", "P*2*2*1", "R*2*2*0"])
def test_a_batch_without_the_set_that_is_named_is_another_one(
    con: Connection, cast: Cast, ak9: str
) -> None:
    bring(con, cast, file_837(claim("A1")), "batch.837")

    bring(con, cast, rejected("1", "0009", ak9=ak9))

    _, title, amount, said = task(con)
    assert (title, amount) == ("Batch 1 rejected", None)
    assert "What was imported under this number (batch.837) has no transaction 0009." in said
    assert "It is the imported file" not in said and "Find the batch by it" in said


def test_of_several_batches_of_one_number_the_one_with_the_set_that_is_named_is_meant(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "jan.837")
    text = envelope(claims(claim("A2")), claims(claim("A3")), control="000000002")
    bring(con, cast, text.encode(), "feb.837")

    bring(con, cast, rejected("1", "1", "2"))

    assert "It is the imported file feb.837: 2 claims" in task(con)[3]


def test_a_set_that_could_not_be_read_is_one_of_its_file(con: Connection, cast: Cast) -> None:
    text = envelope(claims(claim("A1")), claims(claim("A2", amount="much")))
    bring(con, cast, text.encode(), "batch.837")

    bring(con, cast, rejected("1", "0001", "0002", ak9="R*2*2*0"))

    assert "It is the imported file batch.837: 1 claim" in task(con)[3]


def test_of_several_batches_of_one_number_none_is_chosen_silently(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "jan.837")
    bring(con, cast, file_837(claim("A2"), control="000000002"), "feb.837")

    bring(con, cast, rejected())

    _, title, amount, said = task(con)
    assert (title, amount) == ("Batch 1 rejected", None)
    assert "Several imported files have this number (jan.837, feb.837)" in said


def test_the_batch_of_the_receiver_of_the_receipt_goes_before_one_of_somebody_else(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "ours.837")
    other = file_837(claim("A2"), control="000000002").replace(b"*ZZ*SENDER", b"*ZZ*OTHERS")
    bring(con, cast, other, "others.837")

    bring(con, cast, rejected())

    assert "ours.837" in task(con)[3]


def test_a_batch_of_another_practice_is_never_meant(con: Connection, cast: Cast) -> None:
    imports.apply(
        con, "a", file_837(claim("A1")), actor=None, practice_id=cast.other_practice, now=NOON
    )

    bring(con, cast, rejected())

    assert "No imported 837 file" in task(con)[3]


@pytest.mark.parametrize("ak9", ["R*1*1*0", "X*1*1*0", "M*1*1*0", "W*1*1*0"])
def test_a_group_that_is_rejected_without_a_set_is_rejected_whole(
    con: Connection, cast: Cast, ak9: str
) -> None:
    bring(con, cast, receipt("AK1*HC*7", f"AK9*{ak9}*6"))

    _, title, _, said = task(con)
    assert title == "Batch 7 rejected"
    assert "its control number is missing or wrong" in said


@pytest.mark.parametrize("kind", ["999", "997"])
@pytest.mark.parametrize(
    ("code", "noted"), [("A", ""), ("E", ", with errors noted")], ids=["accepted", "with errors"]
)
def test_an_accepted_batch_is_named_with_its_file_and_makes_no_task(
    con: Connection, cast: Cast, kind: str, code: str, noted: str
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")), "batch.837")
    names = {"999": "IK5", "997": "AK5"}
    body = ["AK1*HC*1", "AK2*837*0001", f"{names[kind]}*{code}", f"AK9*{code}*1*1*1"]
    raw = receipt(*body, kind=kind)
    seen = imports.preview(con, "a.txt", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)

    report = bring(con, cast, raw)

    assert (seen, report.is_whole, report.tasks_new, report.format) == (report, True, 0, kind)
    assert report.summary == (
        f"CLEARING accepted batch 1{noted} ({kind}: AK9*{code}). It is the imported file "
        "batch.837: 2 claims over 400.00 US dollars.",
    )
    assert report.warnings == ()
    _, [message] = import_log.get(con, report.file_id or 0, actor=cast.ana)
    assert (message.outcome, message.sentence) == ("applied", "batch 1 was accepted")


def test_the_errors_that_an_accepted_batch_has_are_named_with_their_claim(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")), "batch.837")
    body = ["AK1*HC*1", "AK2*837*0001", "IK3*CLM*18**8", "IK5*E*5", "AK9*E*1*1*1"]

    report = bring(con, cast, receipt(*body))

    [said] = report.summary
    assert "accepted batch 1, with errors noted (999: IK5*E, AK9*E)" in said
    assert "finds fault with 1 segment: CLM at 18" in said and "The fault is in A2." in said


def test_an_accepted_batch_that_is_nowhere_or_no_batch_of_claims_says_so(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "batch.837")

    other = bring(con, cast, receipt("AK1*HC*55", "AK9*A*1*1*1"))
    eligibility = bring(con, cast, receipt("AK1*HS*1", "AK9*A*1*1*1"))
    envelope_only = bring(con, cast, ta1("A", "000"))

    assert other.summary[0].endswith("(999: AK9*A). No imported 837 file has this number.")
    assert eligibility.summary == ("CLEARING accepted batch 1 (999: AK9*A).",)
    assert "the envelope of interchange 000000001" in envelope_only.summary[0]


@pytest.mark.parametrize(
    "raw",
    [
        receipt("AK1*HC*55", "AK2*837*0001", "IK5*A"),
        receipt("AK1*HC*55", "AK9**1*1*1"),
        receipt("AK1*HC*55", "AK9*Q*1*1*1"),
        receipt("BGN*11*1", "OTI*TQ*TN*1***2*3*9*0001*837", kind="824"),
        ta1("", "000"),
    ],
    ids=["no AK9", "empty", "unknown", "824", "TA1"],
)
def test_a_receipt_that_does_not_say_what_became_of_the_batch_is_refused(
    con: Connection, cast: Cast, raw: bytes
) -> None:
    report = imports.apply(con, "r", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)

    assert report.refused and "accepted" in report.refused


def test_a_batch_of_which_nothing_is_said_stops_no_other_of_the_receipt(
    con: Connection, cast: Cast
) -> None:
    report = bring(con, cast, receipt("AK1*HC*55", "AK1*HC*56", "AK9*A*1*1*1"))

    assert (report.quarantined, report.is_whole) == (1, False)
    assert any("whether batch 55 was accepted" in each for each in report.warnings)
    assert "accepted batch 56" in report.summary[0]


def test_a_batch_that_is_accepted_later_is_told_to_the_open_task_once(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, rejected("7"))
    accepted = receipt("AK1*HC*7", "AK9*A*1*1*1").replace(b"*250113*", b"*250120*", 1)

    report = bring(con, cast, accepted)
    bring(con, cast, accepted + b"\n")
    bring(con, cast, receipt("AK1*HC*7", "AK9*A*1*1*1", sender="OTHERS"))
    bring(con, cast, accepted.replace(b"*250120*", b"*250112*", 1))  # before it was rejected

    assert con.rows("SELECT status, proposal FROM task") == [
        (
            "open",
            "CLEARING accepted a batch of this number on 01/20/2025 (999: AK9*A). "
            "Complete the task?",
        )
    ]
    assert con.value("SELECT count(*) FROM event WHERE kind = 'proposed to complete'") == 1
    assert any("Proposed to be completed: 1 open task" in each for each in report.warnings)


@pytest.mark.parametrize(
    "raw",
    [
        receipt("AK1*HS*1", "AK2*270*0001", "IK5*R*5", "AK9*R*1*1*0"),
        receipt("AK1*HR*1", "AK9*R*1*1*0", kind="997"),
        receipt("AK1**1", "AK2*276*0001", "IK5*R*5", "AK9*R*1*1*0"),
        receipt("BGN*11*1", "OTI*GR*TN*1***2*3*1*0001*270", kind="824"),
    ],
    ids=["270", "276", "no group code", "824"],
)
def test_a_rejected_batch_of_inquiries_is_no_batch_of_claims(
    con: Connection, cast: Cast, raw: bytes
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")), "batch.837")

    bring(con, cast, raw)

    _, title, amount, said = task(con)
    assert (title, amount) == ("Batch 1 rejected", None)
    assert "batch.837" not in said and "837 file" not in said


def test_an_acceptance_of_inquiries_says_nothing_of_claims_of_that_number(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, rejected("1"))

    bring(con, cast, sent("250120", receipt("AK1*HS*1", "AK9*A*1*1*1")))

    assert con.value("SELECT proposal FROM task") is None


def sent(day: str, raw: bytes) -> bytes:
    return raw.replace(b"*250113*", f"*{day}*".encode(), 1)


@pytest.mark.parametrize(
    ("first", "accepted", "again", "codes"),
    [
        (
            rejected(),
            receipt("AK1*HC*1", "AK9*A*1*1*1"),
            receipt("AK1*HC*1", "AK2*837*0001", "IK5*R*4", "AK9*R*1*1*0"),
            "IK5*R, AK9*R",
        ),
        (ta1("R", "022"), ta1("A", "000"), ta1("R", "024"), "TA1*R*024, TA1*R*022"),
        (
            receipt("BGN*11*1", "OTI*GR*TN*1***2*3*1*0001*837", kind="824"),
            receipt("BGN*11*1", "OTI*GA*TN*1***2*3*1*0001*837", kind="824"),
            receipt("BGN*11*1", "OTI*GR*TN*1***2*3*1*0001*837", "TED*024", kind="824"),
            "OTI*GR, TED*024",
        ),
    ],
    ids=["999", "TA1", "824"],
)
def test_a_batch_rejected_once_more_proposes_to_complete_no_longer(
    con: Connection, cast: Cast, first: bytes, accepted: bytes, again: bytes, codes: str
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")), "batch.837")
    bring(con, cast, sent("250115", first))
    bring(con, cast, sent("250120", accepted))
    proposed = con.value("SELECT proposal FROM task")
    late = sent("250117", again)  # it was sent before the batch was accepted
    bring(con, cast, late)
    stands = con.value("SELECT proposal FROM task")

    report = bring(con, cast, sent("250122", again))
    known = bring(con, cast, sent("250122", again) + b"\n")

    assert proposed is not None and proposed == stands
    assert con.rows("SELECT proposal, amount, codes FROM task") == [(None, Decimal(400), codes)]
    assert (report.tasks_new, known.tasks_new) == (0, 0)
    assert known.warnings == ("Asked about by a task already: 1 request.",)
    last = con.value("SELECT detail FROM event WHERE kind = 'answered again' ORDER BY id DESC")
    assert last.startswith("Rejected again on 01/22/2025. ")


def test_an_older_rejection_that_comes_later_is_history_of_the_open_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "batch.837")
    bring(con, cast, sent("250122", rejected()))
    asked = con.rows("SELECT instructions, codes, due_on FROM task")

    bring(con, cast, sent("250115", receipt("AK1*HC*1", "AK9*R*1*1*0")))

    assert con.value("SELECT count(*) FROM task") == 2  # another part of it is asked about
    bring(con, cast, sent("250116", rejected()))
    assert con.rows("SELECT instructions, codes, due_on FROM task ORDER BY id")[:1] == asked
    assert con.value("SELECT count(*) FROM task") == 2


def test_a_batch_rejected_once_more_is_a_task_again_after_the_first_was_completed(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "batch.837")
    bring(con, cast, rejected())
    con.execute("UPDATE task SET status = 'completed', is_open = false, completed_at = $n", n=NOON)

    report = bring(con, cast, sent("250122", rejected()))

    assert report.tasks_new == 1


def test_an_interchange_that_is_rejected_is_found_by_its_number(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "batch.837")

    bring(con, cast, ta1("R", "006"))

    _, title, amount, said = task(con)
    assert (title, amount) == ("Batch 000000001 rejected: 1 claim", Decimal(200))
    assert "the sender's number is not known" in said and "batch.837" in said


@pytest.mark.parametrize(
    "raw", [ta1("R", "025"), receipt("AK1*HC*1", "AK9*R*1*1*0*19")], ids=["TA1", "999"]
)
def test_a_batch_that_was_received_before_is_not_to_be_sent_again(
    con: Connection, cast: Cast, raw: bytes
) -> None:
    bring(con, cast, raw)

    said = task(con)[3]
    assert "Do not send it again: check that the first batch" in said
    assert "sent again before the filing limit" not in said


def test_one_claim_that_an_application_rejects_is_a_task_about_its_charge(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "batch.837")
    body = [
        "BGN*11*1*20250120", "OTI*IR*IX*NA***20250113*0924*1*0001*837*005010X222A1", "REF*EJ*A1",
        "AMT*GW*200", "NM1*QC*1*GREEN*EMMA****MI*MEM1", "TED*024*Member is not known",
    ]  # fmt: skip

    bring(con, cast, receipt(*body, kind="824"))

    _, title, amount, said = task(con)
    assert (title, amount) == ("Claim rejected by a receiver", Decimal(200))
    assert "“Member is not known”" in said and "TED*024" in said
    assert con.value("SELECT charge_id IS NOT NULL FROM task")


@pytest.mark.parametrize(
    ("named", "number"),
    [
        ("IX*A1", "A1"),
        ("EJ*a1", "a1"),
        ("TN*REF1", ""),
        ("IX*NA", ""),
        ("TN*A1", "A1"),
        ("TN*00a1", "00a1"),
        ("tn*A1", "A1"),
        ("TN*NA", ""),
    ],
)
def test_one_claim_is_named_before_its_details(
    con: Connection, cast: Cast, named: str, number: str
) -> None:
    bring(con, cast, file_837(claim("A1")), "batch.837")
    qualifier, item = named.split("*")[:2]
    body = [
        "BGN*11*1*20250120", f"OTI*IR*{qualifier}*{item}***20250113*0924*1*0001*837",
        "AMT*GW*200", "NM1*QC*1*GREEN*EMMA****MI*MEM1", "TED*024*Member is not known",
    ]  # fmt: skip

    bring(con, cast, receipt(*body, kind="824"))

    assert con.rows("SELECT claim_number, charge_id IS NOT NULL FROM task") == [
        (number, bool(number))
    ]


def test_a_transactions_number_that_no_charge_has_names_no_claim(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "batch.837")
    body = ["BGN*11*1*20250120", "OTI*IR*TN*REF1***20250113*0924*1*0001*837", "TED*024*No"]

    bring(con, cast, receipt(*body, kind="824"))

    assert con.rows("SELECT claim_number, title FROM task") == [("", "Batch 1 rejected: 1 claim")]


@pytest.mark.parametrize(
    ("counted", "is_it"), [("1", True), ("2", True), ("3", False), ("99", False), ("", True)]
)
@pytest.mark.parametrize("code", ["R", "A"])
def test_a_file_with_fewer_transactions_than_the_receipt_counts_is_another_one(
    con: Connection, cast: Cast, counted: str, code: str, *, is_it: bool
) -> None:
    sent = envelope(claims(claim("A1")), claims(claim("A2")), version="005010X222A1")
    bring(con, cast, sent.encode(), "batch.837")

    report = bring(con, cast, receipt("AK1*HC*1", f"AK9*{code}*{counted}*2*0"))

    said = task(con)[3] if code == "R" else report.summary[0]
    assert ("It is the imported file batch.837: 2 claims" in said) is is_it
    assert ("(batch.837) has fewer transactions than the" in said) is not is_it


@pytest.mark.parametrize("code", ["TR", "GR", "BR", "TP"])
def test_what_an_application_rejects_is_found_by_group_and_set(
    con: Connection, cast: Cast, code: str
) -> None:
    bring(con, cast, file_837(claim("A1")), "batch.837")

    bring(con, cast, receipt("BGN*11*1", f"OTI*{code}*TN*1***20250113*0924*1*0001*837", kind="824"))

    assert "batch.837" in task(con)[3]


@pytest.mark.parametrize("code", ["TA", "TE", "GC", "BA"])
def test_what_an_application_accepts_makes_no_task(con: Connection, cast: Cast, code: str) -> None:
    raw = receipt("BGN*11*1", f"OTI*{code}*TN*1***2*3*9*0001*837", kind="824")

    report = bring(con, cast, raw)

    assert (report.tasks_new, report.is_whole) == (0, True)
    assert "batch 9" in report.summary[0]


def test_a_rejection_beside_other_messages_comes_in_with_them(con: Connection, cast: Cast) -> None:
    report: ImportReport = bring(con, cast, file_835() + rejected("8"))

    assert (report.format, report.tasks_new) == ("835, 999", 1)
    assert report.summary == ("1 batch rejection in receipts.",)


def dated(day: str, raw: bytes) -> bytes:
    """Return the receipt as it is when it was sent on another day (ISA09)."""
    return raw.replace(b"*250113*0924*^", f"*{day}*0924*^".encode())


FILE = ta1("R", "022").replace(
    b"*ZZ*SENDER         *ZZ*RECEIVER ", b"*ZZ*CLEARING       *ZZ*SENDER   "
)
ACCEPTED = receipt("AK1*HC*1", "AK2*837*0001", "IK5*A", "AK9*A*1*1*1")


@pytest.mark.parametrize(
    ("rejection", "kind"),
    [(FILE, "answered again"), (rejected(), "proposed to complete")],
    ids=["the file", "the batch"],
)
def test_an_acceptance_that_came_in_before_an_older_rejection_is_told_to_its_task(
    con: Connection, cast: Cast, rejection: bytes, kind: str
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, dated("250118", ACCEPTED))
    raw = dated("250115", rejection)
    seen = imports.preview(con, "b.999", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)

    report = bring(con, cast, raw, "b.999")

    assert (seen, report.tasks_new) == (report, 1)
    [(said,)] = con.rows("SELECT detail FROM event WHERE kind = $kind", kind=kind)
    assert said.startswith("CLEARING accepted a batch of this number on 01/18/2025 (999: AK9*A).")
    assert "came in before" in said
    bring(con, cast, raw + b"\n")
    assert con.value("SELECT count(*) FROM event WHERE kind = $kind", kind=kind) == 1


def test_an_acceptance_before_the_rejection_is_not_told_to_its_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, dated("250115", ACCEPTED))

    bring(con, cast, dated("250118", rejected()))

    assert not con.rows("SELECT detail FROM event WHERE detail LIKE '%accepted a batch%'")


@pytest.mark.parametrize("is_file_first", [True, False])
def test_a_file_and_its_only_batch_both_rejected_are_one_task(
    con: Connection, cast: Cast, is_file_first: bool
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")))
    both = [dated("250115", FILE), dated("250118", rejected())]

    reports = [bring(con, cast, raw) for raw in (both if is_file_first else both[::-1])]

    assert [each.tasks_new for each in reports] == [1, 0]
    assert con.rows("SELECT amount FROM task") == [(Decimal(400),)]


@pytest.mark.parametrize("days", [("250115", "250118"), ("250118", "250115"), ("250115",) * 2])
@pytest.mark.parametrize("is_file_first", [True, False])
def test_a_file_and_its_only_batch_rejected_in_one_file_of_receipts_are_one_task(
    con: Connection, cast: Cast, is_file_first: bool, days: tuple[str, str]
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")))
    both = [dated(days[0], FILE), dated(days[1], rejected())]
    raw = b"".join(both if is_file_first else both[::-1])
    seen = imports.preview(con, "r", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)

    report = bring(con, cast, raw)

    assert (report.tasks_new, report.tasks_amount) == (1, Decimal(400))
    assert (seen.tasks_new, seen.summary) == (1, report.summary)
    assert bring(con, cast, raw + b"\n").tasks_new == 0
    assert len(con.rows("SELECT id FROM event WHERE kind = 'answered again'")) == 1


def test_a_batch_rejected_twice_in_one_file_of_receipts_is_one_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")))

    bring(con, cast, dated("250115", rejected()) + dated("250118", rejected()))

    assert con.rows("SELECT amount FROM task") == [(Decimal(400),)]


def acknowledged(day: str, *numbers: str) -> bytes:
    """Return a 277CA that accepts these claims."""
    levels = [part for number in numbers for part in patient(number, f"STC*A2:20*{day}*WQ*200")]
    return acknowledgment(*levels)


@pytest.mark.parametrize("rejection", [FILE, rejected(), rejected("1", "0001")])
def test_claims_that_an_acknowledgment_accepts_are_told_to_the_rejected_batch(
    con: Connection, cast: Cast, rejection: bytes
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")))
    bring(con, cast, dated("250115", rejection))

    for _ in range(2):
        bring(con, cast, acknowledged("20250121", "A1", "A2") + b"\n" * _)

    assert con.rows("SELECT detail FROM event WHERE detail LIKE '%of this batch%'") == [
        ("PLAINS HEALTH accepted 2 claims of this batch on 01/21/2025 (277CA). From a.txt, "
         "segment 14.",)
    ]  # fmt: skip
    assert con.value("SELECT proposal FROM task") is None, "others of the batch may not be in"


@pytest.mark.parametrize(
    ("rejection", "accepted"),
    [
        (dated("250125", rejected()), acknowledged("20250121", "A1")),  # older
        (dated("250115", rejected()), acknowledged("20250121", "B7")),  # not of the batch
        (dated("250115", rejected("2")), acknowledged("20250121", "A1")),
        (dated("250115", rejected("1", "0002")), acknowledged("20250121", "A1")),
    ],
)
def test_other_acceptances_are_not_told_to_a_rejected_batch(
    con: Connection, cast: Cast, rejection: bytes, accepted: bytes
) -> None:
    bring(con, cast, envelope(claims(claim("A1")), claims(claim("A2"))).encode())
    bring(con, cast, file_837(claim("B7"), control="000000005").replace(b"*1*X*", b"*5*X*"))
    bring(con, cast, rejection)

    bring(con, cast, accepted)

    assert not con.rows("SELECT detail FROM event WHERE detail LIKE '%of this batch%'")


def test_a_file_and_one_of_its_batches_are_two_tasks(con: Connection, cast: Cast) -> None:
    bring(con, cast, envelope(claims(claim("A1")), claims(claim("A2"))).encode())

    bring(con, cast, FILE)
    bring(con, cast, rejected("1", "0002", ak9="P*2*2*1"))

    assert con.value("SELECT count(*) FROM task") == 2
