"""What later messages do to charges and tasks that are here: answers, payments, replacements."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from lib import charges, workflow
from lib.errors import ChargeChanged
from lib.intake import imports
from lib.intake.files import provenance
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.given import minutes
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, document_request, patient
from tests.x12_texts import answer, claim, envelope, file_835, file_837, remittance

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # hundreds of imports


def of(body: list[str], frequency: str, original: str = "") -> list[str]:
    """Return a claim that replaces (7) or voids (8) another."""
    changed = [part.replace("11:B:1", f"11:B:{frequency}") for part in body]
    if original:
        changed.insert(1, f"REF*F8*{original}")
    return changed


def test_a_later_answer_to_the_same_claim_is_history_of_its_open_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_835(answer("A1")))
    again = answer("A1", control="PAYER2", codes=("CAS*CO*18*200",))

    later = bring(con, cast, file_835(again, control="000000002"), "c.835")
    known = bring(con, cast, file_835(again, control="000000003"))

    assert (later.tasks_new, known.tasks_new) == (0, 0)
    assert "Added to an open task as its history: 1 answer." in later.warnings
    assert "Asked about by a task already: 1 request." in known.warnings
    [(detail,)] = con.rows("SELECT detail FROM event WHERE kind = 'answered again'")
    assert "denied the claim on 02/10/2025 with CO-18" in detail
    assert detail.endswith("From c.835, segment 8.")


def test_two_answers_to_one_claim_in_one_file_make_one_task(con: Connection, cast: Cast) -> None:
    other = answer("A1", codes=("CAS*CO*16*200",))
    report = bring(con, cast, file_835(answer("A1"), other))

    assert report.tasks_new == 1
    assert con.value("SELECT count(*) FROM event WHERE kind = 'answered again'") == 1


def test_denials_without_our_claim_number_are_told_apart(con: Connection, cast: Cast) -> None:
    """A payer that does not know our number writes 0 (005010X221A1, CLP01)."""
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", status="1", paid="180", control="PAYER1")))

    raw = file_835(
        answer("0", control="PAYER1"), answer("0", control="PAYER2"), answer("", control=""),
        [segment.replace("EMMA", "FAY") for segment in answer("0", control="")],
    )  # fmt: skip
    report = bring(con, cast, raw)

    assert report.tasks_new == 4
    assert con.rows("SELECT claim_number, charge_id IS NOT NULL FROM task ORDER BY id") == [
        ("A1", True), ("", False), ("", False), ("", False),
    ]  # fmt: skip


def test_denials_of_one_account_number_are_told_apart_where_no_claim_is_held(
    con: Connection, cast: Cast
) -> None:
    """Many practices send the patient's account number as the number of every claim."""

    def visit(day: str, control: str, first: str = "EMMA") -> list[str]:
        said = answer("A1", control=control)
        return [each.replace("20250113", day).replace("EMMA", first) for each in said]

    one = bring(con, cast, file_835(visit("20250113", "P1"), visit("20250120", "P2")))
    more = bring(
        con,
        cast,
        file_835(
            visit("20250127", "P3"), visit("20250113", "P4", "FAY"), visit("20250120", "P5"),
            control="000000002",
        ),
    )  # fmt: skip

    assert (one.tasks_new, more.tasks_new) == (2, 2)
    assert con.rows("SELECT task_id FROM event WHERE kind = 'answered again'") == [(2,)]


def test_after_the_task_is_completed_a_later_answer_makes_a_new_one(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_835(answer("A1")))
    con.execute("UPDATE task SET status = 'completed', is_open = false")

    again = bring(con, cast, file_835(answer("A1", control="PAYER2"), control="000000002"))

    assert again.tasks_new == 1


def test_a_charge_that_a_file_replaced_meanwhile_names_no_person_as_its_editor(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1")))
    [(task_id, charge_id)] = con.rows("SELECT id, charge_id FROM task")
    workflow.start(con, task_id, actor=cast.ben, now=NOON)
    opened = charges.get(con, charge_id, actor=cast.ben)
    corrected = [part.replace("99213", "99214") for part in of(claim("A1"), "7", "PAYER1")]
    bring(con, cast, file_837(corrected, control="000000002"))

    with pytest.raises(ChargeChanged, match="A claim that replaces it changed this charge"):
        charges.save(
            con, task_id, opened, opened=opened, note="", token="t", actor=cast.ben, now=minutes(1)
        )


def test_a_payment_proposes_to_complete_the_open_task_and_completes_nothing(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1")))
    paid = file_835(
        answer("A1", status="1", control="P2", codes=()), control="000000002", paid_on="20250301"
    ).replace(b"*200*0*", b"*200*180*")

    report = bring(con, cast, paid)
    again = bring(con, cast, paid + b"\n")

    assert con.rows("SELECT proposal, proposal_at IS NOT NULL, status FROM task") == [
        (
            "PLAINS HEALTH paid 180.00 US dollars for this claim on 03/01/2025. Neither paid nor "
            "adjusted: 20.00 US dollars; ask the payer about them. Complete the task?",
            True,
            "open",
        )
    ]
    assert any("Proposed to be completed: 1" in warning for warning in report.warnings)
    assert not any("Proposed" in warning for warning in again.warnings)
    assert con.value("SELECT count(*) FROM event WHERE kind = 'proposed to complete'") == 1


def test_an_answer_that_decides_nothing_yet_and_a_reversal_are_history_and_propose_nothing(
    con: Connection, cast: Cast
) -> None:
    waiting = answer("A1", status="1", codes=("CAS*OA*133*200",))
    taken_back = answer("A1", status="22", amount="-200", codes=("CAS*CO*45*-200",))
    for number, said in enumerate([waiting, taken_back], 1):
        bring(con, cast, file_835(said, control=f"00000002{number}"))
    bring(con, cast, file_835(answer("A1")))

    later = [
        bring(con, cast, file_835(said, control=f"00000003{number}", paid_on="20250301"))
        for number, said in enumerate([waiting, taken_back], 1)
    ]

    assert [report.tasks_new for report in later] == [0, 0]
    assert con.rows("SELECT count(*), count(proposal) FROM task") == [(1, 0)]
    first, second = con.rows("SELECT detail FROM event WHERE kind = 'answered again' ORDER BY id")
    assert "answered the claim on 03/01/2025 without a payment: it is still in review" in first[0]
    assert "reversed its earlier answer" in second[0]


def test_what_a_patient_owes_alone_is_as_good_as_paid(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_835(answer("A1")))
    owed = answer("A1", status="1", codes=("CAS*CO*45*150", "CAS*PR*1*50"))

    bring(con, cast, file_835(owed, control="000000002", paid_on="20250301"))

    assert con.value("SELECT proposal FROM task") == (
        "PLAINS HEALTH processed this claim on 03/01/2025 and paid nothing. Complete the task?"
    )


def test_a_payment_that_is_taken_back_proposes_no_longer(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_835(answer("A1")))
    paid = file_835(answer("A1", status="1", codes=()), control="000000002")
    bring(con, cast, paid.replace(b"*200*0*", b"*200*180*"))
    assert con.value("SELECT proposal FROM task")

    taken_back = answer("A1", status="22", amount="-200", codes=())
    bring(con, cast, file_835(taken_back, control="000000003"))

    assert con.rows("SELECT proposal, proposal_at, status FROM task") == [(None, None, "open")]


def test_an_accepted_acknowledgment_answers_a_rejection_but_not_a_denial(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, acknowledgment(*patient("A1", "STC*A7:116*20250121*U*200")))
    bring(con, cast, file_835(answer("A2")))
    bring(con, cast, document_request())

    bring(
        con,
        cast,
        acknowledgment(
            *patient("A1", "STC*A2:20*20250125*WQ*200"), *patient("A2", "STC*A2:20*20250125*WQ*200")
        ),
    )

    assert con.rows("SELECT source, proposal IS NULL FROM task ORDER BY id") == [
        ("277CA", False),
        ("835", True),
        ("277RFAI", True),
    ]


def test_a_later_rejection_joins_the_open_denial_but_a_request_for_documents_does_not(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_835(answer("A1")))

    joined = bring(con, cast, acknowledgment(*patient("A1", "STC*A7:116*20250121*U*200")))
    asked = bring(con, cast, document_request())

    assert (joined.tasks_new, asked.tasks_new) == (0, 1)


def test_a_claim_that_comes_after_its_denial_is_linked_to_the_open_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_835(answer("A1")))

    report = bring(con, cast, file_837(claim("A1")))

    assert "Found their claim: 1 open task." in report.warnings
    assert con.value("SELECT charge_id = (SELECT id FROM charge) FROM task")
    assert con.value("SELECT provider_name FROM task") == "NORTHSIDE"
    assert con.value("SELECT count(*) FROM event WHERE kind = 'claim found'") == 1


def test_of_several_claims_that_come_later_the_one_of_the_day_is_linked(
    con: Connection, cast: Cast
) -> None:
    def on(day: str, segments: list[str]) -> list[str]:
        return [re.sub(r"\b202501\d\d(-\d+)?", day, each) for each in segments]

    days = ("20250120", "20250113")
    answers = [on(day, answer("A1", control=day)) for day in days]
    bring(con, cast, file_835(*answers))

    bring(con, cast, file_837(*(on(day, claim("A1")) for day in reversed(days))))

    assert con.rows(
        "SELECT charge.date_from FROM task JOIN charge ON charge.id = charge_id ORDER BY task.id"
    ) == [(date(2025, 1, 20),), (date(2025, 1, 13),)]


def test_a_replacement_updates_its_charge_and_the_open_task_stays_attached(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1")))
    newer = file_837(of(claim("A1", amount="250"), "7", "PAYER1"), control="000000002")

    report = bring(con, cast, newer)
    again = bring(con, cast, newer + b"\n")
    old = bring(con, cast, file_837(claim("A1"), control="000000003"))

    assert [each.charges_new for each in (report, again, old)] == [0, 0, 0]
    assert "Replaced: 1 charge held before." in report.warnings
    assert con.rows("SELECT filed_total, frequency, version FROM charge") == [
        (Decimal("250.00"), "7", 2)
    ]
    assert con.value("SELECT count(*) FROM service_line") == 2
    assert con.value("SELECT count(charge_id) FROM task") == 1
    assert con.value("SELECT count(*) FROM event WHERE kind = 'replaced' AND task_id > 0") == 1


def test_the_original_is_found_by_the_payers_number(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", status="1", paid="180")))

    report = bring(con, cast, file_837(of(claim("B9"), "8", "PAYER1"), control="000000002"))

    assert report.charges_new == 0
    assert con.rows("SELECT claim_number, is_voided FROM charge") == [("A1", True)]


@pytest.mark.parametrize("frequency", ["7", "8"])
def test_the_original_is_found_by_our_own_number_where_a_sender_repeats_that(
    con: Connection, cast: Cast, frequency: str
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")))
    raw = file_837(of(claim("B9", amount="250"), frequency, "A1"), control="000000002")
    preview = imports.preview(
        con, "a.txt", raw, actor=cast.ana, practice_id=cast.practice, now=NOON
    )

    report = bring(con, cast, raw)

    assert (preview.charges_new, report.charges_new) == (0, 0)
    assert (
        con.value(
            "SELECT count(*) FROM charge_arrival WHERE charge_id = (SELECT min(id) FROM charge)"
        )
        == 1
    )


def test_an_answer_to_a_replacement_of_another_number_reaches_the_open_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1")))
    bring(con, cast, file_837(of(claim("B9"), "7", "PAYER1"), control="000000002"))

    again = answer("B9", control="PAYER2", codes=("CAS*CO*18*200",))
    denied = bring(con, cast, file_835(again, control="000000003"))
    paid = file_835(answer("B9", status="1", control="P3", codes=()), control="000000004")
    bring(con, cast, paid.replace(b"*200*0*", b"*200*180*"))

    assert denied.tasks_new == 0
    assert con.rows("SELECT claim_number, proposal IS NOT NULL FROM task") == [("A1", True)]


def test_a_charge_somebody_edited_is_not_overwritten(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    con.execute("UPDATE charge SET is_edited = true")

    bring(con, cast, file_837(of(claim("A1", amount="250"), "7"), control="000000002"))

    assert con.rows("SELECT filed_total, version FROM charge") == [(Decimal("200.00"), 1)]
    assert con.value("SELECT count(*) FROM event WHERE kind = 'replacement arrived'") == 1


@pytest.mark.parametrize(("frequency", "is_voided"), [("7", False), ("8", True)])
def test_a_claim_that_comes_after_what_replaces_it_makes_no_second_charge(
    con: Connection, cast: Cast, frequency: str, is_voided: bool
) -> None:
    bring(con, cast, file_837(of(claim("A1", amount="250"), frequency)))
    raw = file_837(claim("A1"), control="000000002")
    preview = imports.preview(
        con, "a.txt", raw, actor=cast.ana, practice_id=cast.practice, now=NOON
    )

    report = bring(con, cast, raw)
    again = bring(con, cast, file_837(claim("A1"), claim("A2"), control="000000003"))

    assert (preview.charges_new, report.charges_new, again.charges_new) == (0, 0, 1)
    assert con.rows("SELECT filed_total, is_voided FROM charge ORDER BY id LIMIT 1") == [
        (Decimal("250.00"), is_voided)
    ]
    assert con.value("SELECT count(*) FROM event WHERE kind = 'original arrived'") == 1
    said = provenance.of_charge(con, con.value("SELECT min(id) FROM charge"), cast.ana)
    assert [each.what for each in said] == ["The claim", "The claim before it"]


def test_another_claim_of_the_number_of_a_replacement_is_a_charge(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(of(claim("A1"), "7")))
    other_day = [line.replace("20250113", "20250120") for line in claim("A1")]

    report = bring(con, cast, file_837(other_day, control="000000002"))

    assert report.charges_new == 1


def test_a_replacement_of_a_claim_that_is_not_held_is_a_charge(con: Connection, cast: Cast) -> None:
    raw = file_837(of(claim("A1"), "7"))
    preview = imports.preview(
        con, "a.txt", raw, actor=cast.ana, practice_id=cast.practice, now=NOON
    )
    both = file_837(
        claim("B1"),
        of(claim("B1", amount="250"), "7"),
        of(claim("B2", amount="250"), "8", "B1"),
        control="000000002",
    )

    report = bring(con, cast, raw)
    seen = imports.preview(con, "a.txt", both, actor=cast.ana, practice_id=cast.practice, now=NOON)
    done = bring(con, cast, both)

    assert preview == report
    assert report.charges_new == 1
    assert (seen, done.charges_new) == (done, 1)


LINES = ("CAS*CO*45*20", "SVC*HC:87880*80*0**1", "CAS*CO*197*80")


@pytest.mark.parametrize(
    ("option", "status", "codes", "amounts"),
    [
        ("", "1", LINES, []),
        ("line_denials", "1", LINES, [Decimal(80)]),
        ("partial_denials", "1", LINES, [Decimal(80)]),
        ("partial_denials", "1", ("CAS*CO*45*80", "CAS*PR*1*10**2*5**3*5"), []),
        ("line_denials", "1", ("CAS*CO*45*120",), []),
        ("line_denials", "1", ("CAS*OA*45*120",), []),
        ("partial_denials", "1", ("CAS*PI*45*120",), []),
        (
            "partial_denials",
            "1",
            ("CAS*CO*50*30**45*45", "SVC*HC:87880*80*50**1", "CAS*CO*50*25"),
            [Decimal(55)],
        ),
        ("", "22", (), [Decimal(200)]),  # a charge above zero, unpaid without a reason
        ("", "22", ("CAS*CO*45*200",), []),
        ("reversals", "22", ("CAS*CO*45*200",), [Decimal(200)]),
    ],
)
def test_what_else_makes_a_task_is_the_choice_of_the_practice(
    con: Connection,
    cast: Cast,
    option: str,
    status: str,
    codes: tuple[str, ...],
    amounts: list[Decimal],
) -> None:
    if option:
        con.execute(f"UPDATE practice SET {option} = true WHERE id = $id", id=cast.practice)

    paid = "100" if status == "1" else "0"
    bring(con, cast, file_835(answer("A1", status=status, paid=paid, codes=codes)))

    assert [row[0] for row in con.rows("SELECT amount FROM task")] == amounts


def test_money_taken_back_makes_a_task_where_it_is_wanted(con: Connection, cast: Cast) -> None:
    body = [
        *remittance(answer("A1", status="1", paid="180")),
        "PLB*1234567893*20251231*WO:OLD1*55.5*L6*-2",
    ]
    raw = envelope(body, kind="835", version="005010X221A1").encode()
    bring(con, cast, raw)
    con.execute("UPDATE practice SET takebacks = true WHERE id = $id", id=cast.practice)

    report = bring(con, cast, raw + b"\n")

    assert (report.tasks_new, report.tasks_amount) == (1, Decimal("55.50"))
    assert con.value("SELECT codes FROM task") == "WO"


def test_a_cancel_leaves_nothing_half_in(con: Connection, cast: Cast) -> None:
    def stop(progress: imports.Progress) -> None:
        assert 0 < progress.done <= progress.size
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imports.apply(
            con, "a", file_837(claim()), actor=cast.ana, practice_id=cast.practice, now=NOON,
            watch=stop,
        )  # fmt: skip

    assert con.value("SELECT count(*) FROM charge") == 0
    assert con.value("SELECT count(*) FROM intake_file") == 0


def denied(amount: str, paid_on: str, *codes: str) -> bytes:
    said = answer("A1", amount=amount, codes=codes or (f"CAS*CO*197*{amount}",))
    return file_835(said, control=paid_on.zfill(9), paid_on=paid_on)


def rejected(amount: str) -> bytes:
    return acknowledgment(*patient("A1", f"STC*A7:562*20250201*U*{amount}"))


@pytest.mark.parametrize(
    ("first", "later", "amount"),
    [
        # the replacement of a claim is denied or rejected, on the same day or later
        (denied("200", "20250210"), denied("230", "20250210"), 230),
        (denied("200", "20250201"), denied("230", "20250210"), 230),
        (rejected("200"), denied("230", "20250210"), 230),
        (denied("200", "20250115"), rejected("230"), 230),
        # the same claim is denied again, after another payer covered a part
        (denied("200", "20250201"),
         denied("200", "20250210", "CAS*CO*29*150", "CAS*OA*23*50"), 150),
        # an acknowledgment knows no more than what was charged
        (denied("200", "20250115", "CAS*CO*29*150", "CAS*OA*23*50"), rejected("200"), 150),
        # what is older changes nothing
        (denied("200", "20250210"),
         denied("200", "20250201", "CAS*CO*29*150", "CAS*OA*23*50"), 200),
    ],
)  # fmt: skip
def test_the_amount_is_what_the_last_answer_leaves_open(
    con: Connection, cast: Cast, first: bytes, later: bytes, amount: int
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, first, "first")
    replacement = of(claim("A1", amount="230"), "7", "PAYER1")
    replacement = [part.replace("*80*UN", "*110*UN") for part in replacement]
    bring(con, cast, file_837(replacement, control="000000009"), "replacement")

    bring(con, cast, later, "later")

    assert con.rows("SELECT amount FROM task") == [(Decimal(amount),)]


@pytest.mark.parametrize(
    ("number", "frequency", "original", "named"),
    [("B9", "7", "P1", "B9 (for P1)"), ("B9", "8", "P1", "B9 (for P1)"), ("B9", "7", "", "B9")],
)
def test_a_replacement_of_a_claim_that_no_charge_is_known_as_is_said(
    con: Connection, cast: Cast, number: str, frequency: str, original: str, named: str
) -> None:
    bring(con, cast, file_837(claim("A1")))
    raw = file_837(of(claim(number), frequency, original), control="000000002")

    previewed = imports.preview(con, "b.837", raw, actor=cast.ana, practice_id=1, now=NOON)
    report = bring(con, cast, raw, "b.837")

    said = (
        f"Replace or void a claim that is not held, or whose number no charge has yet: {named}; "
        "each is a charge of its own."
    )
    assert said in report.warnings
    assert said in previewed.warnings


def test_of_many_replacements_without_their_originals_the_first_are_named(
    con: Connection, cast: Cast
) -> None:
    report = bring(con, cast, file_837(*(of(claim(f"B{n}"), "7", f"P{n}") for n in range(30))))

    [said] = [each for each in report.warnings if "no charge has yet" in each]
    assert "B19 (for P19) and 10 more;" in said


def test_a_replacement_that_finds_its_charge_or_one_that_contradicts_it_is_not_said_to_lack_one(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    other = [each.replace("20250113", "20250120") for each in of(claim("A1", amount="90"), "7")]

    found = bring(con, cast, file_837(of(claim("A1"), "7"), control="000000002"))
    unclear = bring(con, cast, file_837(other, control="000000003"))

    for report in (found, unclear):
        assert not [each for each in report.warnings if "no charge has yet" in each]
