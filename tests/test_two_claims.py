"""Two claims, patients or batches that a message names alike are told apart: by rows of tables, by
the payer's own numbers, and by the day of a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from lib.import_report_models import ImportReport
from lib.intake import imports
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_import import bring
from tests.test_later_messages import of
from tests.test_receipts_999 import receipt, rejected, ta1
from tests.test_same_request import complete_all
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import answer, claim, file_835, file_837

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # hundreds of imports

HEAD = "Type,Task,Claim #,Last Name,First Name,DOS,Amount\n"
TWO_TASKS = [(None,), (None,)]


def seen_and_brought(con: Connection, cast: Cast, raw: bytes, name: str = "a.txt") -> ImportReport:
    """Import a file; its preview says the same."""
    seen = imports.preview(con, name, raw, actor=cast.ana, practice_id=cast.practice, now=NOON)
    report = bring(con, cast, raw, name)
    assert (seen.tasks_new, seen.summary, seen.warnings) == (
        report.tasks_new, report.summary, report.warnings,
    )  # fmt: skip
    return report


def charges_of(con: Connection) -> list[tuple[int | None]]:
    return con.rows("SELECT charge_id FROM task ORDER BY id")


def proposals(con: Connection) -> list[bool]:
    rows = con.rows("SELECT proposal IS NOT NULL FROM task ORDER BY id")
    return [row[0] for row in rows]


# Rows of tables


@pytest.mark.parametrize(
    "others",
    [
        [("RIVERA", "ANA")],
        [("RIVERA", "LUIS JR"), ("RIVERA", "LUIS SR")],
        [("OKAFOR", "LUIS"), ("NGUYEN", "LUIS")],
    ],
)
def test_rows_alike_but_for_the_patient_are_a_task_each(
    con: Connection, cast: Cast, others: Sequence[tuple[str, str]]
) -> None:
    people = [("RIVERA", "LUIS"), *others]
    rows = [
        f"Coding,Check the units,FAM12,{last},{first},01/13/2025,80\n" for last, first in people
    ]

    report = seen_and_brought(con, cast, (HEAD + "".join(rows)).encode(), "a.csv")
    again = bring(con, cast, (HEAD + "".join(reversed(rows))).encode(), "b.csv")

    assert (report.tasks_new, again.tasks_new) == (len(people), 0)


def without_patient(claim: str) -> str:
    """Return in SQL the key of a row about Ana Rivera as the oldest stores have it."""
    return f"replace(replace(request_key, '|ana rivera', ''), '|{claim.lower()}|', '|{claim}|')"


def test_a_row_that_an_older_store_took_for_another_patients_comes_in_now(
    con: Connection, cast: Cast
) -> None:
    ana = "Coding,Check the units,FAM12,RIVERA,ANA,01/13/2025,80\n"
    bring(con, cast, (HEAD + ana).encode(), "a.csv")
    con.execute(f"UPDATE task SET request_key = {without_patient('FAM12')}")
    assert con.value("SELECT request_key NOT LIKE '%rivera%' FROM task")

    known = bring(con, cast, (HEAD + ana + "\n").encode(), "b.csv")
    rest = bring(con, cast, (HEAD + ana + ana.replace("ANA", "LUIS")).encode(), "c.csv")

    assert (known.tasks_new, rest.tasks_new) == (0, 1)
    assert con.rows("SELECT patient_name FROM task ORDER BY id") == [
        ("RIVERA, ANA",), ("RIVERA, LUIS",),
    ]  # fmt: skip


def test_a_row_of_an_older_store_is_known_by_its_patient_whatever_day_it_was_made(
    con: Connection, cast: Cast
) -> None:
    head, row = HEAD.replace("Amount", "Amount,Created"), "Coding,Check,F1,RIVERA,ANA,01/13/2025,80"
    bring(con, cast, f"{head}{row},01/20/2025\n".encode(), "a.csv")
    con.execute(f"UPDATE task SET request_key = {without_patient('F1')}")

    assert bring(con, cast, f"{head}{row},02/20/2025\n".encode(), "b.csv").tasks_new == 0


LIST_HEAD = "Claim,Patient,Payer,CPT,Mod,DOS,Carc,Billed\n"
LIST_ROW = "A1,GREEN EMMA,AETNA,99213,25,1/1/25,CO-97,200\n"


@pytest.mark.parametrize(
    ("told", "other"), [("AETNA", "CIGNA"), ("99213", "87880"), (",25,", ",59,")]
)
def test_rows_alike_but_for_the_payer_or_the_line_are_a_task_each(
    con: Connection, cast: Cast, told: str, other: str
) -> None:
    rows = [LIST_ROW, LIST_ROW.replace(told, other)]

    report = seen_and_brought(con, cast, (LIST_HEAD + "".join(rows)).encode(), "a.csv")
    again = bring(con, cast, (LIST_HEAD + "".join(reversed(rows))).encode(), "b.csv")

    assert (report.tasks_new, again.tasks_new) == (2, 0)


def test_a_row_of_an_older_store_is_known_by_its_payer(con: Connection, cast: Cast) -> None:
    bring(con, cast, (LIST_HEAD + LIST_ROW).encode(), "a.csv")
    con.execute("UPDATE task SET request_key = regexp_replace(request_key, '.payer=.*', '')")
    assert con.value("SELECT request_key NOT LIKE '%aetna%' FROM task")

    known = bring(con, cast, (LIST_HEAD + LIST_ROW + "\n").encode(), "b.csv")
    other = bring(con, cast, (LIST_HEAD + LIST_ROW.replace("AETNA", "CIGNA")).encode(), "c.csv")

    assert (known.tasks_new, other.tasks_new) == (0, 1)


# The payer's own numbers


DENIED = {
    "with one reason": [answer("A1", control="P1"), answer("A1", control="P2")],
    "with two reasons": [
        answer("A1", control="P1"), answer("A1", control="P2", codes=("CAS*CO*29*200",)),
    ],
    "written otherwise": [answer("00A-1", control="P-1"), answer("A1", control="P-2")],
}  # fmt: skip


@pytest.mark.parametrize("held", [0, 1, 2])
@pytest.mark.parametrize("kind", sorted(DENIED))
def test_two_payers_numbers_in_one_remittance_are_two_claims(
    con: Connection, cast: Cast, kind: str, held: int
) -> None:
    if held:
        bring(con, cast, file_837(*[claim("A1")] * held))

    report = seen_and_brought(con, cast, file_835(*DENIED[kind]))

    assert (report.tasks_new, report.tasks_amount) == (2, Decimal(400))
    assert charges_of(con) == TWO_TASKS, "which of the two is held cannot be told"
    assert con.value("SELECT count(*) FROM charge_number") == 0, "nor which number it has"


def test_where_the_payers_number_of_the_charge_is_known_its_answer_finds_it(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    accepted = acknowledgment(*patient("A1", "STC*A2:20*20250121*WQ*200", "REF*1K*P2"))
    bring(con, cast, accepted)

    bring(con, cast, file_835(answer("A1", control="P1"), answer("A1", control="P2")))

    assert charges_of(con) == [(None,), (1,)]


@pytest.mark.parametrize("first", ["tasks", "one charge at a time"])
def test_a_charge_that_comes_later_goes_to_neither_of_two_claims(
    con: Connection, cast: Cast, first: str
) -> None:
    bring(con, cast, file_835(answer("A1", control="P1"), answer("A1", control="P2")))

    bring(con, cast, file_837(claim("A1")))
    if first == "one charge at a time":
        bring(con, cast, file_837(claim("A1"), claim("A1"), control="000000002"))

    assert charges_of(con) == TWO_TASKS


@pytest.mark.parametrize(
    "codes", [("CAS*OA*18*200",), ("CAS*CO*B13*200",), ("CAS*OA*18*150*1", "CAS*CO*85*50")]
)
def test_a_duplicate_is_the_claim_that_was_denied_beside_it(
    con: Connection, cast: Cast, codes: Sequence[str]
) -> None:
    bring(con, cast, file_837(claim("A1")))
    duplicate = answer("A1", control="P2", codes=codes)

    bring(con, cast, file_835(answer("A1", control="P1"), duplicate))

    assert charges_of(con) == [(1,)]


def test_a_correction_with_a_new_number_beside_its_reversal_is_the_same_claim(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", control="P1")))
    back = answer("A1", status="22", amount="-200", control="P1", codes=("CAS*CO*197*-200",))
    corrected = answer("A1", control="P2", codes=("CAS*CO*29*200",))

    raw = file_835(corrected, back, control="000000002", paid_on="20250310")
    report = seen_and_brought(con, cast, raw)

    assert (report.tasks_new, charges_of(con), proposals(con)) == (0, [(1,)], [False])


@pytest.mark.parametrize("is_first", [True, False])
def test_a_correction_that_pays_is_what_is_proposed_beside_its_reversal(
    con: Connection, cast: Cast, is_first: bool
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", control="P1")))
    back = answer("A1", status="22", amount="-200", control="P1", codes=("CAS*CO*197*-200",))
    corrected = answer("A1", status="1", paid="180", control="P2", codes=("CAS*CO*45*20",))
    both = [corrected, back] if is_first else [back, corrected]

    bring(con, cast, file_835(*both, control="000000002", paid_on="20250310"))

    said = con.value("SELECT proposal FROM task")
    assert said == (
        "PLAINS HEALTH paid 180.00 US dollars for this claim on 03/10/2025. Complete the task?"
    )


@pytest.mark.parametrize(
    ("number", "expected"), [("P1", [True, False]), ("P2", [False, True]), ("P9", [False, False])]
)
def test_a_payment_suggests_completing_only_the_task_of_its_own_claim(
    con: Connection, cast: Cast, number: str, expected: list[bool]
) -> None:
    bring(con, cast, file_835(answer("A1", control="P1"), answer("A1", control="P2")))

    paid = answer("A1", status="1", paid="180", control=number, codes=("CAS*CO*45*20",))
    bring(con, cast, file_835(paid, control="000000002", paid_on="20250310"))

    assert proposals(con) == expected


def test_a_payment_beside_the_denial_of_another_claim_leaves_its_task_alone(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    paid = answer("A1", status="1", paid="180", control="P1", codes=("CAS*CO*45*20",))

    bring(con, cast, file_835(paid, answer("A1", control="P2")))

    assert (charges_of(con), proposals(con)) == ([(None,)], [False])


@pytest.mark.parametrize("number", ["P1", "P2", "P7"])
def test_a_later_denial_goes_to_the_claim_that_its_number_names(
    con: Connection, cast: Cast, number: str
) -> None:
    bring(con, cast, file_835(answer("A1", control="P1"), answer("A1", control="P2")))

    again = answer("A1", control=number, codes=("CAS*CO*29*200",))
    report = bring(con, cast, file_835(again, control="000000002", paid_on="20250310"))

    told = {"P1": [1], "P2": [2], "P7": []}[number]
    assert report.tasks_new == (not told)
    rows = con.rows("SELECT task_id FROM event WHERE kind = 'answered again'")
    assert [row[0] for row in rows] == told


def test_two_later_denials_of_one_file_do_not_both_go_to_one_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", control="P1")))

    both = [answer("A1", control="P1"), answer("A1", control="P2")]
    report = bring(con, cast, file_835(*both, control="000000002", paid_on="20250310"))

    assert (report.tasks_new, charges_of(con)) == (1, [(1,), (None,)])


FAR = [answer(f"Z{number}", control=f"Z{number}") for number in range(1000)]


@pytest.mark.parametrize("is_numbered", [False, True])
def test_two_payers_numbers_far_apart_in_one_remittance_are_two_claims(
    con: Connection, cast: Cast, is_numbered: bool
) -> None:
    bring(con, cast, file_837(claim("A1")))
    if is_numbered:
        con.execute(
            """
            INSERT INTO charge_number (practice_id, charge_id, kind, number, number_key, is_proven,
                                       recorded_at)
            VALUES ($practice, 1, 'payer', 'P2', 'p2', true, TIMESTAMP '2020-01-01')
            """,
            practice=cast.practice,
        )
    ends = [answer("A1", control=each) for each in ("P1", "P2", "P3")]
    raw = file_835(ends[0], *FAR, ends[1], *FAR[:999], ends[2])

    report = seen_and_brought(con, cast, raw)

    charges = con.rows("SELECT charge_id FROM task WHERE claim_number = 'A1' ORDER BY id")
    assert charges == [(None,), (1 if is_numbered else None,), (None,)]
    assert con.rows("SELECT number FROM charge_number WHERE kind = 'payer'") == (
        [("P2",)] if is_numbered else []
    )
    told = con.rows("SELECT task_id FROM event WHERE detail LIKE '%answers two claims%'")
    assert told[0] == (1,)
    assert any("Not certain of the charge" in each for each in report.warnings)


@pytest.mark.parametrize("numbers", [("P1", "P2"), ("P1", "P1"), ("P1", "P2", "P3")])
def test_two_payers_numbers_far_apart_in_one_acknowledgment_are_two_claims(
    con: Connection, cast: Cast, numbers: Sequence[str]
) -> None:
    bring(con, cast, file_837(claim("A1")))
    stc = "STC*A7:116*20250121*U*200"
    far = [part for at in range(1000) for part in patient(f"Z{at}", stc)]
    ends = [patient("A1", stc, f"REF*1K*{each}") for each in numbers]
    raw = acknowledgment(*[part for end in ends for part in (*end, *far)])

    bring(con, cast, raw)

    charges = con.rows("SELECT charge_id FROM task WHERE claim_number = 'A1' ORDER BY id")
    is_one = len(set(numbers)) == 1
    assert charges == ([(1,)] if is_one else [(None,)] * len(numbers))


def test_far_apart_in_one_remittance_a_correction_is_the_same_claim_as_its_reversal(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    back = answer("A1", status="22", amount="-200", control="P1", codes=("CAS*CO*16*-200",))

    bring(con, cast, file_835(back, *FAR, answer("A1", control="P2")))

    assert con.rows("SELECT charge_id FROM task WHERE claim_number = 'A1'") == [(1,)]


def without_day(segments: list[str]) -> list[str]:
    return [each for each in segments if not each.startswith("DTM")]


UNDATED = [
    file_835(without_day(answer("A1", control=""))),
    acknowledgment(*patient("A1", "STC*A7:116*20250121*U*200")).replace(
        b"DTP*472*D8*20250113~", b""),
    file_835([each for each in answer("A1", control="") if not each.startswith("NM1*QC")]),
]  # fmt: skip


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("undated", UNDATED)
def test_an_answer_that_names_more_than_a_task_without_a_charge_can_be_anothers(
    con: Connection, cast: Cast, undated: bytes, is_first: bool
) -> None:
    second = [each.replace("20250113", "20250120") for each in answer("A1", control="")]
    dated = [file_835(answer("A1", control="")), file_835(second, paid_on="20250310")]
    for raw in [undated, *dated] if is_first else [*dated, undated]:
        bring(con, cast, raw)

    assert charges_of(con) == [(None,)] * 3, "each may be of a visit of its own"


def test_what_names_no_day_joins_the_task_that_the_payers_number_names(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_835(without_day(answer("A1", control="P1"))))
    bring(con, cast, file_835(answer("A1", control="P1"), paid_on="20250310"))

    assert charges_of(con) == [(None,)]


def test_a_payment_of_one_visit_proposes_nothing_for_a_task_that_names_none(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_835(without_day(answer("A1", control=""))))
    paid = answer("A1", status="1", paid="180", control="", codes=("CAS*CO*45*20",))

    bring(con, cast, file_835(paid, paid_on="20250310"))

    assert proposals(con) == [False]
    [(said,)] = con.rows("SELECT detail FROM event WHERE kind = 'answered again'")
    assert "it can be about another claim of this number" in said


PAID = without_day(answer("A1", status="1", paid="180", control="P1", codes=("CAS*CO*45*20",)))
BACK = without_day(
    answer("A1", status="22", amount="-200", control="P1", codes=("CAS*CO*197*-200",))
)


@pytest.mark.parametrize("said", [PAID, BACK])
@pytest.mark.parametrize("held", ["both", "one", "numbered otherwise", "later"])
def test_good_news_without_a_day_proposes_nothing_where_two_visits_agree(
    con: Connection, cast: Cast, held: str, said: list[str]
) -> None:
    other = [each.replace("20250113", "20250120").replace("20250114-20250115", "20250120-20250121")
             for each in claim("A1")]  # fmt: skip
    visits = {"both": [claim("A1"), other], "one": [claim("A1")]}.get(held)
    if visits:
        bring(con, cast, file_837(*visits))
    denied = answer("A1", control="P1")
    second = [each.replace("20250113", "20250120") for each in answer("A1", control="P2")]
    bring(con, cast, file_835(denied, *([second] if visits is None else [])))
    if held == "later":
        bring(con, cast, file_837(claim("A1"), other))

    bring(con, cast, file_835(said, control="000000002", paid_on="20250310"))

    assert proposals(con)[0] == (held in {"one", "numbered otherwise"})
    assert not any(proposals(con)[1:])


def test_a_number_that_the_payer_cut_and_no_day_is_too_little_and_no_contradiction(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("VISIT2025011300017")))
    for number, control in (("VISIT20250113000", "P1"), ("VISIT2025011300", "P2")):
        raw = file_835(without_day(answer(number, control=control)), control=f"0000000{control}0")
        seen = imports.preview(
            con, "a.txt", raw, actor=cast.ana, practice_id=cast.practice, now=NOON
        )
        report = bring(con, cast, raw)

        assert [each.why for each in seen.tasks] == [
            "The number alone is not enough: choose the charge in the task"
        ]
        assert any("Not certain of the charge" in said for said in report.warnings)
    assert con.rows("SELECT DISTINCT outcome FROM task_claim") == [("unproven",)]
    history = con.rows("SELECT detail FROM event WHERE kind = 'charge not certain'")
    assert len(history) == 2
    assert all("too little" in said and "charges of this" not in said for (said,) in history)


@pytest.mark.parametrize("number", ["0", "ICN-1", "ORIG7"])
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("frequency", ["7", "8"])
def test_the_number_that_a_replacement_names_finds_it_while_its_original_is_not_held(
    con: Connection, cast: Cast, number: str, frequency: str, is_first: bool
) -> None:
    original = "ORIG7" if number == "ORIG7" else "ICN1"
    later = claim("B9", extra=[f"REF*F8*{original}"])
    later[0] = later[0].replace("11:B:1", f"11:B:{frequency}")
    files = [file_837(later), file_835(answer(number, control=original))]

    for raw in files if is_first else reversed(files):
        bring(con, cast, raw)

    assert charges_of(con) == [(1,)]


def test_a_denial_under_the_new_number_finds_the_charge_once_its_replacement_came(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("B9", control="ICN2")))
    later = claim("B9", extra=["REF*F8*A1"])
    later[0] = later[0].replace("11:B:1", "11:B:7")

    report = bring(con, cast, file_837(later, control="000000002"))

    assert charges_of(con) == [(1,)]
    assert "Found their claim: 1 open task." in report.warnings


REJECTED = {
    "claims": "STC*A7:562*20250121*U*200",
    "requests": "STC*R3:153*20250121**200",
    "by the clearinghouse": "STC*A3:21*20250121*U*200",
}


@pytest.mark.parametrize("held", [0, 1, 2])
@pytest.mark.parametrize("kind", sorted(REJECTED))
def test_two_payers_numbers_in_one_acknowledgment_are_two_claims(
    con: Connection, cast: Cast, kind: str, held: int
) -> None:
    if held:
        bring(con, cast, file_837(*[claim("A1")] * held))
    levels = [patient("A1", REJECTED[kind], f"REF*1K*{number}") for number in ("K1", "K2")]
    raw = acknowledgment(*levels[0], *levels[1])

    report = seen_and_brought(con, cast, raw)
    again = bring(con, cast, raw + b"\n")

    assert (report.tasks_new, again.tasks_new, charges_of(con)) == (2, 0, TWO_TASKS)


def test_what_an_older_store_knows_of_an_acknowledgment_is_known(
    con: Connection, cast: Cast
) -> None:
    raw = acknowledgment(*patient("A1", "STC*A7:562*20250121*U*200", "REF*1K*K1"))
    bring(con, cast, raw)
    con.execute("UPDATE task SET request_key = regexp_replace(request_key, '.K1$', '')")
    assert con.value("SELECT request_key NOT LIKE '%K1' FROM task")

    assert bring(con, cast, raw + b"\n").tasks_new == 0


# Batches


def on(day: str, raw: bytes) -> bytes:
    """Return a receipt that was sent on another day (YYMMDD)."""
    return raw.replace(b"*250113*0924*^", f"*{day}*0924*^".encode())


BATCHES = {
    "999": rejected(),
    "997": rejected().replace(b"ST*999", b"ST*997"),
    "TA1": ta1("R", "024"),
    "824": receipt("BGN*11*1", "OTI*TR*TN*1***20250113*0924*1*0001*837", kind="824"),
}


@pytest.mark.parametrize("is_held", [True, False])
@pytest.mark.parametrize("kind", sorted(BATCHES))
def test_a_batch_rejected_again_on_another_day_is_another_batch(
    con: Connection, cast: Cast, kind: str, is_held: bool
) -> None:
    if is_held:
        bring(con, cast, file_837(claim("A1")))
    first = bring(con, cast, BATCHES[kind])
    complete_all(con)

    known = bring(con, cast, BATCHES[kind] + b"\n")
    again = bring(con, cast, on("250220", BATCHES[kind]))

    assert (first.tasks_new, known.tasks_new, again.tasks_new) == (1, 0, 1)


def test_a_receipt_that_came_before_its_batch_is_known_after_it(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, BATCHES["999"])
    bring(con, cast, file_837(claim("A1")))

    assert bring(con, cast, BATCHES["999"] + b"\n").tasks_new == 0


@pytest.mark.parametrize("kind", sorted(BATCHES))
def test_a_receipt_that_an_older_store_knows_is_known_on_its_own_day_only(
    con: Connection, cast: Cast, kind: str
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, BATCHES[kind])
    message = con.value("SELECT id FROM intake_message WHERE kind = '837P'")
    con.execute(
        """
        UPDATE task SET request_key =
            replace(replace(request_key, 'of 250113 0924|', ''), '|250113|', '|' || $id || '|')
        """,
        id=str(message),
    )
    assert con.value("SELECT request_key NOT LIKE '%250113%' FROM task")
    complete_all(con)

    known = bring(con, cast, BATCHES[kind] + b"\n")
    other = bring(con, cast, on("250220", BATCHES[kind]))

    assert (known.tasks_new, other.tasks_new) == (0, 1)


# A batch and what is in it


def rejected_batch(*claims: list[str], stc: str = "STC*A3:24*20250121*U*200") -> bytes:
    raw = acknowledgment(*(part for each in claims for part in each))
    return raw.replace(b"STC*A1:19:PR*20250120*WQ*400", stc.encode())


def test_a_batch_and_its_only_claim_rejected_in_one_message_are_one_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    raw = rejected_batch(patient("A1", "STC*A3:116*20250121*U*200"))

    report = seen_and_brought(con, cast, raw)

    assert (report.tasks_new, report.tasks_amount) == (1, Decimal(200))
    [(codes, charge_id, said)] = con.rows("SELECT codes, charge_id, instructions FROM task")
    assert (codes, charge_id) == ("A3:116, A3:24", 1)
    assert "The batch in which it was sent was rejected as well" in said


BOTH = rejected_batch(patient("A1", "STC*A3:116*20250121*U*200"))


def test_a_batch_that_is_rejected_after_its_only_claim_is_told_to_the_claims_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    alone = acknowledgment(*patient("A1", "STC*A3:116*20250121*U*200"))
    bring(con, cast, alone)

    report = seen_and_brought(con, cast, BOTH)

    assert report.tasks_new == 0
    assert report.warnings[0] == "Added to an open task as its history: 1 answer."
    [(codes, amount, said)] = con.rows("SELECT codes, amount, instructions FROM task")
    assert (set(codes.split(", ")), amount) == ({"A3:116", "A3:24"}, Decimal(200))
    assert "The batch in which it was sent was rejected as well" in said
    for raw in (alone, BOTH, rejected_batch()):
        assert bring(con, cast, raw + b"\n").warnings[0].startswith("Asked about by a task already")


def test_what_both_say_of_a_batch_and_its_only_claim_is_known_when_one_of_them_comes_again(
    con: Connection, cast: Cast
) -> None:
    raws = [BOTH, acknowledgment(*patient("A1", "STC*A3:116*20250121*U*200")), rejected_batch()]

    assert [bring(con, cast, raw).tasks_new for raw in raws] == [1, 0, 0]


def test_a_claim_that_names_no_amount_is_the_only_one_of_its_batch(
    con: Connection, cast: Cast
) -> None:
    seen_and_brought(con, cast, rejected_batch(patient("A1", "STC*A3:116*20250121*U")))

    assert con.rows("SELECT claim_number, amount FROM task") == [("A1", Decimal(200))]


@pytest.mark.parametrize(
    ("claims", "stc"),
    [
        ([patient("A1", "STC*A3:116*20250121*U*200"), patient("A2", "STC*A3:116*20250121*U*200")],
         "STC*A3:24*20250121*U*400"),
        ([patient("A1", "STC*A3:116*20250121*U*200")], "STC*A3:24*20250121*U*400"),
        ([patient("A1", "STC*A3:116*20250121*U*200")], "STC*A3:24*20250121*U*200~QTY*QC*2"),
        ([patient("A1", "STC*A2:20*20250121*WQ*200")], "STC*A3:24*20250121*U*200"),
    ],
)  # fmt: skip
def test_a_batch_that_is_more_than_its_rejected_claim_is_a_task_of_its_own(
    con: Connection, cast: Cast, claims: list[list[str]], stc: str
) -> None:
    seen_and_brought(con, cast, rejected_batch(*claims, stc=stc))

    rows = con.rows("SELECT claim_number FROM task ORDER BY title")
    named = sum("A3:116" in part for each in claims for part in each)
    assert len(rows) == named + 1
    assert ("",) in rows


def test_an_acceptance_of_a_batch_is_told_to_the_rejection_of_its_file(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")), "batch.837")
    told = ta1("R", "006").replace(f"{'SENDER':15}".encode(), f"{'CLEARING':15}".encode(), 1)
    bring(con, cast, told.replace(f"{'RECEIVER':15}".encode(), f"{'SENDER':15}".encode(), 1))
    others = receipt("AK1*HC*2", "AK2*837*0001", "IK5*A", "AK9*A*1*1*1")
    whole = receipt("AK1*HC*1", "AK2*837*0001", "IK5*A", "AK9*A*1*1*1")

    reports = [seen_and_brought(con, cast, raw) for raw in (others, whole, whole + b"\n")]

    assert [any("Added to an open task" in said for said in each.warnings) for each in reports] == [
        False,
        True,
        False,
    ]
    assert proposals(con) == [False]
    [(said,)] = con.rows("SELECT detail FROM event WHERE kind = 'answered again'")
    assert said.startswith("CLEARING accepted a batch of this number")


def test_a_denial_of_a_claim_that_was_voided_here_says_so(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_837(of(claim("A1"), "8"), control="000000002"))

    bring(con, cast, file_835(answer("A1")))

    [(charge_id, said)] = con.rows("SELECT charge_id, instructions FROM task")
    assert charge_id == 1
    assert "The claim was voided here before this answer came in" in said


def test_a_task_whose_answer_names_no_number_is_counted_among_what_is_not_held(
    con: Connection, cast: Cast
) -> None:
    report = bring(con, cast, file_835(answer("0", control="")))
    table = bring(con, cast, b"Type,Title,Patient\nCoding,Look,Doe\n", "a.csv")

    assert any(
        said.startswith("No charge has the claim number as the file writes it: 1 claim")
        for said in report.warnings
    )
    assert not any(said.startswith("No charge has the claim number") for said in table.warnings)


def test_parts_of_a_split_claim_in_one_file_are_counted_with_all_their_dollars(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    parts = []
    for procedure, amount in (("99213", "120"), ("87880", "80")):
        part = answer("A1", amount=amount, codes=(f"CAS*CO*197*{amount}",))
        part[4] = f"SVC*HC:{procedure}*{amount}*0**1"
        part.insert(1, "MOA***MA15")
        parts.append(part)

    report = seen_and_brought(con, cast, file_835(*parts))

    assert (report.tasks_new, report.tasks_amount) == (1, Decimal(200))
