"""What a message decides, and what one bad element of it costs: inputs made from public reports,
each with what must happen, and more of their kinds."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from lib.import_report_models import ImportReport
from lib.intake import imports
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_command import run
from tests.test_import import bring
from tests.test_transaction_reader import acknowledgment, patient
from tests.x12_texts import answer, claim, claims, envelope, file_835, file_837, remittance

pytestmark = [pytest.mark.slow, pytest.mark.cases(3)]  # hundreds of imports

CASES = Path(__file__).parents[2] / "shared" / "cases"


def bring_case(con: Connection, cast: Cast, name: str) -> list[ImportReport]:
    """Import the files of one case in their order; skip, saying so, where they are not there."""
    found = sorted(path for path in CASES.glob(f"{name}*") if path.suffix != ".md")
    if not found:
        pytest.skip(f"{CASES}/{name}* is not here: cases stay outside the project")
    return [bring(con, cast, path.read_bytes(), path.name) for path in found]


def task(con: Connection) -> tuple[str, str, Decimal | None, str]:
    """Return the one task: type, title, amount and instructions."""
    [row] = con.rows("SELECT type, title, amount, instructions FROM task")
    return row


def wants(con: Connection, cast: Cast, option: str) -> None:
    con.execute(f"UPDATE practice SET {option} = true WHERE id = $id", id=cast.practice)


@pytest.mark.parametrize("option", ["", "partial_denials", "line_denials"])
def test_a_claim_of_which_nothing_was_paid_is_denied_whatever_its_status(
    con: Connection, cast: Cast, option: str
) -> None:
    bring(con, cast, file_837(claim("OTHER")))
    if option:
        wants(con, cast, option)

    *_, report = bring_case(con, cast, "01-")

    kind, title, amount, _ = task(con)
    assert (kind, amount) == ("insurance", Decimal("101.00"))
    assert "in part" not in title.lower()
    assert report.summary[0] == "1 answer: 1 denied."


def test_a_denial_in_an_acknowledgment_makes_a_task(con: Connection, cast: Cast) -> None:
    bring_case(con, cast, "03-")

    kind, title, amount, said = task(con)
    assert (kind, title, amount) == (
        "insurance", "Denied: not covered on the date of service", Decimal(150),
    )  # fmt: skip
    assert "disagree" in said  # STC03 says accepted


@pytest.mark.parametrize("stc", ["P3:317", "R4:294", "P4:1", "R0:0", "F5:21"])
def test_what_asks_or_denies_in_an_acknowledgment_makes_a_task(
    con: Connection, cast: Cast, stc: str
) -> None:
    report = bring(con, cast, acknowledgment(*patient("A1", f"STC*{stc}*20250121*WQ*200")))

    assert (report.tasks_new, report.is_whole) == (1, True)
    assert con.value("SELECT codes FROM task") == stc


@pytest.mark.parametrize("stc", ["A4:35", "E1:0", "P1:20", "F0:1", "F4:1", "D0:0", "Z9:1", ""])
def test_what_is_neither_accepted_nor_rejected_is_named_and_told_to_the_open_task(
    con: Connection, cast: Cast, stc: str
) -> None:
    bring(con, cast, acknowledgment(*patient("A1", "STC*A7:116*20250120*U*200")))
    raw = acknowledgment(*patient("A1", f"STC*{stc}*20250121*WQ*200"), control="000000002")
    seen = imports.preview(con, "a.txt", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)

    report = bring(con, cast, raw)

    assert (report.tasks_new, report.unclear, report.is_whole) == (0, 1, False)
    assert seen == report
    assert report.summary == ("1 claim status: 1 neither accepted nor rejected.",)
    [named] = [each for each in report.warnings if each.startswith("Neither accepted")]
    assert "claim A1" in named and (stc or "without a code") in named
    assert con.value("SELECT count(*) FROM event WHERE kind = 'answered again'") == 1


def test_the_exit_code_says_that_a_status_was_not_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.277"
    path.write_bytes(acknowledgment(*patient("A1", "STC*E1:0*20250121**200")))

    done = run(tmp_path / "data", "--json", path)

    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert said["summary"] == ["1 claim status: 1 neither accepted nor rejected."]
    assert "claim A1 with E1:0" in done.stderr


def test_a_receipt_without_an_action_is_counted_and_no_cause_for_alarm(
    con: Connection, cast: Cast
) -> None:
    report = bring(con, cast, acknowledgment(*patient("A1", "STC*A1:20*20250121**200")))

    assert (report.tasks_new, report.is_whole) == (0, True)
    assert report.summary == ("1 claim status: 1 received.",)


def test_a_bad_payment_date_costs_that_date(con: Connection, cast: Cast) -> None:
    [report] = bring_case(con, cast, "20-")

    assert (report.tasks_new, report.quarantined) == (2, 0)
    assert any("BPR16 is not a date" in warning for warning in report.warnings)


def test_an_empty_claim_between_others_is_skipped_with_a_word(con: Connection, cast: Cast) -> None:
    wants(con, cast, "takebacks")

    [report] = bring_case(con, cast, "21-")

    titles = [row[0] for row in con.rows("SELECT title FROM task ORDER BY id")]
    assert titles == [
        "Information missing, not named by the payer",
        "Recoupment by the payer",
    ]
    assert any("an empty claim (CLP) was skipped" in warning for warning in report.warnings)


def test_a_bad_birth_date_is_left_empty_and_found_by_the_checks(
    con: Connection, cast: Cast
) -> None:
    [report] = bring_case(con, cast, "23-")

    assert report.charges_new == 2
    assert con.rows(
        """
        SELECT claim_number, birth_date IS NULL,
               array_to_string(arrival_problems, ' ') LIKE '%birth_date:none%'
        FROM charge JOIN patient ON patient.id = patient_id ORDER BY 1
        """
    ) == [("A1", True, True), ("B1", False, False)]


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ("CLM*A2*200*", "CLM*A2**", ["A1", "A3"]),  # how much
        ("CLM*A2*200*", "CLM**200*", ["A1", "A3"]),  # which claim
        ("SV1*HC:99213:25*120*UN*1***9", "SV1*HC:99213*x*UN*1***1", ["A1", "A3"]),
        ("DTP*435*D8*20250101", "DTP*435*D8*2025", ["A1", "A2", "A3"]),
        ("DTP*435*D8*20250101", "DTP*096*D8*99991231", ["A1", "A2", "A3"]),
    ],
)
def test_a_bad_claim_is_set_aside_with_its_text_and_the_others_come_in(
    con: Connection, cast: Cast, old: str, new: str, kept: list[str]
) -> None:
    second = [part.replace("1***1:2", "1***9") for part in claim("A2")]
    second.insert(2, "DTP*435*D8*20250101")
    text = envelope(claims(claim("A1"), second, claim("A3")))
    assert old in text

    report = bring(con, cast, text.replace(old, new).encode())

    numbers = [row[0] for row in con.rows("SELECT claim_number FROM charge ORDER BY 1")]
    assert numbers == kept
    assert report.quarantined == 3 - len(kept)
    for (raw,) in con.rows("SELECT raw FROM intake_message WHERE outcome = 'quarantined'"):
        assert raw.startswith("CLM*") and raw.count("CLM*") == 1 and "SV1*" in raw
    assert report.quarantined or any("left empty" in each for each in report.warnings)


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (answer("A2", amount="x"), "CLP03"),
        (answer("A2", status=""), "CLP02"),
        (answer("A2", status="1", paid="120.005"), "CLP04"),
        (answer("A2", status="1", codes=("CAS*CO*45*x",)), "CAS03"),
    ],
)
def test_a_bad_answer_is_set_aside_with_its_text_and_the_others_come_in(
    con: Connection, cast: Cast, bad: list[str], what: str
) -> None:
    report = bring(con, cast, file_835(answer("A1"), bad, answer("A3", control="P3")))

    assert (report.tasks_new, report.quarantined, report.is_whole) == (2, 1, False)
    [named] = [each for each in report.warnings if each.startswith("Rejected: 835 answer")] or [
        each for each in report.warnings if each.startswith("Rejected: the 835 answer")
    ]
    assert what in named
    [(kind, raw)] = con.rows("SELECT kind, raw FROM intake_message WHERE outcome = 'quarantined'")
    assert kind == "835 answer"
    assert raw.splitlines()[0] == f"{bad[0]}~"
    assert len(raw.splitlines()) == len(bad)


def test_segments_that_end_with_a_line_and_spaces_are_read(con: Connection, cast: Cast) -> None:
    [report] = bring_case(con, cast, "39-")

    assert report.tasks_new == 1


@pytest.mark.parametrize("end", [" \n", "\t\r\n", "\r\n   ", "   \n\n  "])
def test_line_ends_with_blanks_around_them_end_a_segment(
    con: Connection, cast: Cast, end: str
) -> None:
    raw = file_835(answer("A1")).decode().replace("~", end)

    assert bring(con, cast, raw.encode()).tasks_new == 1


@pytest.mark.parametrize("end", ["~ \n", "~\t", "~\r\n\r\n  "])
def test_blanks_after_a_terminator_are_nothing(con: Connection, cast: Cast, end: str) -> None:
    raw = file_835(answer("A1")).decode().replace("~", end)

    report = bring(con, cast, raw.encode())

    assert con.rows("SELECT claim_number, codes FROM task") == [("A1", "CO-197")]
    assert not any("control" in warning for warning in report.warnings)


def test_a_capitated_encounter_opens_no_money_and_its_advice_names_both_meanings(
    con: Connection, cast: Cast
) -> None:
    [report] = bring_case(con, cast, "31-")

    _, _, amount, said = task(con)
    assert (report.tasks_amount, amount) == (Decimal("0.00"), Decimal("0.00"))
    assert "write the charge off" in said and "managed-care plan" in said
    assert "no money is open" in said


def test_a_batch_sent_twice_is_not_to_be_sent_again(con: Connection, cast: Cast) -> None:
    bring_case(con, cast, "32-")

    *_, said = task(con)
    assert "Do not send it again: check that the first batch was accepted" in said
    assert "sent again." not in said


@pytest.mark.parametrize("status", ["A8:746", "A3:54", "A7:78"])
def test_a_claim_sent_twice_is_not_to_be_sent_again_either(
    con: Connection, cast: Cast, status: str
) -> None:
    bring(con, cast, acknowledgment(*patient("A1", f"STC*{status}*20250121*U*200")))

    *_, said = task(con)
    assert "Do not send it again" in said
    assert "have it sent again" not in said


def test_a_batch_of_which_claims_are_named_or_accepted_is_not_said_to_have_none(
    con: Connection, cast: Cast
) -> None:
    provider = [
        "HL*3*2*19*1", "NM1*85*1*REED*ADA****XX*1679576722", "TRN*1*P1",
        "STC*A3:24:85*20250121*U*150", "QTY*QA*2", "QTY*QC*3",
    ]  # fmt: skip
    bring(con, cast, acknowledgment(*provider, *patient("A1", "STC*A2:20*20250121*WQ*200")))

    *_, said = task(con)
    assert "No claim is named" not in said and "Nothing of it" not in said
    assert "2 of its claims were accepted" in said


def test_a_code_that_may_name_what_is_missing_is_not_said_to_be_none(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, acknowledgment(*patient("A1", "STC*A7:21*20250121*U*200******A7:9999")))

    *_, said = task(con)
    assert "does not name" not in said
    assert "no plain-language hint for the other status code" in said


def plb(*entries: str, trace: str = "TRACE1", control: str = "000000001") -> bytes:
    """Return a remittance that pays one claim and adjusts the payment."""
    body = remittance(answer("A1", status="1", paid="180"))
    body = [part.replace("TRACE1", trace) for part in body]
    inside = [*body, *(f"PLB*1234567893*20251231*{entry}" for entry in entries)]
    return envelope(inside, kind="835", version="005010X221A1", control=control).encode()


def test_a_takeback_with_its_counter_entry_is_settled(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("OTHER")))
    wants(con, cast, "takebacks")

    *_, report = bring_case(con, cast, "28-")

    assert con.value("SELECT count(*) FROM task") == 0
    settled = "2 entries about whole payments (PLB): 0 recouped (0.00 US dollars)."
    assert settled in report.summary


@pytest.mark.parametrize(
    ("entries", "amounts"),
    [
        (["WO:I9*100*72:I9*-100"], []),
        (["72:I9*-100", "WO:I9*100"], []),
        (["WO: i-9 *100*72:I9*-100"], []),
        (["WO:I9*100*72:CHECK 7*-100"], []),  # a refund always has its counter-entry
        (["WO*100*72*-100"], []),
        (["WO:I9*100*72:I9*-60"], ["40.00"]),
        (["WO:I9*100*L6:I9*-100"], ["100.00"]),  # interest settles nothing
        (["WO:I9*100*WO:I8*-100"], ["100.00"]),
        (["WO:I9*100*WO:I9*100*72:I9*-100"], ["100.00"]),
        (["WO:I9*many*WO:I8*5"], ["5.00"]),
    ],
)
def test_entries_of_one_remittance_settle_each_other(
    con: Connection, cast: Cast, entries: list[str], amounts: list[str]
) -> None:
    wants(con, cast, "takebacks")

    bring(con, cast, plb(*entries))

    assert [str(row[0]) for row in con.rows("SELECT amount FROM task")] == amounts


@pytest.mark.parametrize(
    ("earlier", "later", "amounts"),
    [
        ("FB:CHK1*-100", "FB:CHK1*100", []),
        ("WO:I9*-37.5", "WO:I9*37.5", []),
        ("WO:I9*-100", "WO:I9*60", []),
        ("WO:I9*-60", "WO:I9*100", ["40.00"]),
        ("FB:CHK1*-100", "FB:CHK2*100", ["100.00"]),
    ],
)
def test_an_entry_of_an_earlier_remittance_settles_a_takeback(
    con: Connection, cast: Cast, earlier: str, later: str, amounts: list[str]
) -> None:
    wants(con, cast, "takebacks")
    bring(con, cast, plb(earlier))

    raw = plb(later, trace="TRACE2", control="000000002")
    seen = imports.preview(con, "b", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)
    report = bring(con, cast, raw)
    again = bring(con, cast, raw + b"\n")

    assert [str(row[0]) for row in con.rows("SELECT amount FROM task")] == amounts
    assert (seen.tasks_new, again.tasks_new) == (report.tasks_new, 0)


def test_a_balance_settles_one_takeback_only(con: Connection, cast: Cast) -> None:
    wants(con, cast, "takebacks")
    for number, entry in enumerate(["FB:CHK1*-100", "FB:CHK1*100", "FB:CHK1*100"], 1):
        bring(con, cast, plb(entry, trace=f"T{number}", control=f"00000000{number}"))

    assert [str(row[0]) for row in con.rows("SELECT amount FROM task")] == ["100.00"]


def test_an_entry_of_another_practice_settles_nothing(con: Connection, cast: Cast) -> None:
    wants(con, cast, "takebacks")
    imports.apply(
        con, "a", plb("FB:CHK1*-100"), actor=None, practice_id=cast.other_practice, now=NOON
    )

    bring(con, cast, plb("FB:CHK1*100", trace="TRACE2"))

    assert con.value("SELECT count(*) FROM task") == 1


@pytest.mark.parametrize(
    ("stc", "title"),
    [
        ("A2:20*20250121**200******A7:21", "Rejected"),
        ("A1:19*20250121**200*******A3:187", "Rejected"),
        ("A2:20*20250121**200******A1:19*A8:746", "Rejected"),
        ("A2:20*20250121**200******F2:1", "Denied"),
        ("A1:19*20250121*WQ*200******R4:298", "Asked by the payer"),
        ("A2:20*20250121**200******R4:298*A7:21", "Rejected"),
        ("F0:1*20250121**200******P3:123", "Asked by the payer"),
    ],
)
def test_of_several_codes_in_one_status_the_worst_decides(
    con: Connection, cast: Cast, stc: str, title: str
) -> None:
    report = bring(con, cast, acknowledgment(*patient("A1", f"STC*{stc}")))

    assert report.tasks_new == 1
    found, said, codes = con.row("SELECT title, instructions, codes FROM task") or ("", "", "")
    assert found.startswith(f"{title}: ")
    assert ("codes disagree" in said) is (title != "Asked by the payer")
    assert codes == ", ".join(each for each in stc.split("*") if ":" in each)


@pytest.mark.parametrize("code", ["A7:21", "A3:187", "F2:1"])
def test_a_refusal_beside_the_action_that_accepts_is_named(
    con: Connection, cast: Cast, code: str
) -> None:
    stc = f"STC*A2:20*20250121*WQ*200******{code}"
    report = bring(con, cast, acknowledgment(*patient("A1", stc)))

    assert (report.tasks_new, report.unclear) == (0, 1)
    assert any(f"A2:20, {code}" in each for each in report.warnings)


@pytest.mark.parametrize("stc", ["A2:20*20250121*WQ*200******A1:19", "A2:20*20250121*WQ*200"])
def test_codes_that_only_explain_an_acceptance_leave_it_one(
    con: Connection, cast: Cast, stc: str
) -> None:
    assert bring(con, cast, acknowledgment(*patient("A1", f"STC*{stc}"))).tasks_new == 0
