"""What an 835 says becomes answers, and a denial becomes advice by its codes."""

from __future__ import annotations

import csv
import tomllib
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from lib.intake import denial_advice
from lib.intake.x12 import remittances_835, segment_reader
from lib.intake.x12.remittance_records import ClaimPayment, Recoupment
from lib.intake.x12.segment_reader import Unreadable
from lib.intake.x12.unreadable_claims import RejectedLoop
from lib.models import TaskType
from tests.conftest import shared
from tests.x12_texts import answer, envelope, remittance


def parse(text: str) -> list[ClaimPayment]:
    return [
        each
        for part in segment_reader.transactions(text, [])
        for said in remittances_835.parse(part)
        if isinstance(each := taken(said), ClaimPayment)
    ]


def taken(said: ClaimPayment | Recoupment | RejectedLoop) -> ClaimPayment | Recoupment:
    """Raise what is wrong with an answer; the intake sets that one aside."""
    if isinstance(said, RejectedLoop):
        raise said.problem
    return said


def remarked(text: str) -> tuple[list[ClaimPayment], list[str]]:
    """Return the answers of the one transaction, and what of it was left empty."""
    for part in segment_reader.transactions(text, []):
        said = [taken(each) for each in remittances_835.parse(part)]
        return [each for each in said if isinstance(each, ClaimPayment)], part.remarks
    raise AssertionError("there is no transaction")


def one(*codes: str, claim_codes: Sequence[str] = ()) -> ClaimPayment:
    body = answer(codes=codes)
    [found] = parse(envelope(remittance([*body[:4], *claim_codes, *body[4:]]), kind="835"))
    return found


def test_an_answer_says_which_claim_how_much_and_why() -> None:
    found = one("CAS*CO*197*120**45*80", "LQ*HE*N54", "LQ*RX*77")

    assert (found.claim_number, found.status, found.charged) == ("A1", "4", Decimal("200.00"))
    assert found.payer_claim_number == "PAYER1"
    assert (found.patient.name, found.payer.name, found.provider.name) == (
        "GREEN, EMMA",
        "PLAINS HEALTH",
        "REED, ADA",
    )
    assert found.dates == (date(2025, 1, 13), date(2025, 1, 13))
    assert found.remitted_on == date(2025, 2, 10)
    assert denial_advice.codes(found) == "CO-197, N54"
    assert found.segment_number == 8


def test_the_same_reason_on_claim_and_lines_is_said_once() -> None:
    found = one(
        "CAS*CO*197*120", "SVC*HC:1*80*0**1", "CAS*CO*197*80", claim_codes=["CAS*CO*197*200"]
    )

    assert [(str(reason), reason.amount) for reason in found.reasons] == [("CO-197", Decimal(200))]


@pytest.mark.parametrize(
    ("of_claim", "lines", "total"),
    [
        ("CAS*CO*197*50", ["CAS*CO*197*150"], 200),
        ("CAS*CO*197*80", ["CAS*CO*197*120"], 200),
        ("CAS*CO*197*40", ["CAS*CO*197*100", "SVC*HC:1*80*0**1", "CAS*CO*197*60"], 200),
        ("CAS*CO*197*150", ["CAS*CO*197*150"], 150),  # repeated: more than was charged
        ("CAS*CO*197*160", ["CAS*CO*197*120"], 160),
        ("CAS*CO*197*80", ["CAS*CO*197*80", "SVC*HC:1*80*0**1"], 80),  # the lines are all of it
    ],
)
def test_parts_of_one_reason_on_claim_and_lines_that_fit_the_charge_are_added(
    of_claim: str, lines: Sequence[str], total: int
) -> None:
    found = one(*lines, claim_codes=[of_claim])

    assert [(str(each), each.amount) for each in found.reasons] == [("CO-197", Decimal(total))]


def test_remarks_of_the_whole_claim_are_read_too() -> None:
    assert one(claim_codes=["MOA***MA01*N290"]).remarks == ("MA01", "N290")
    assert one(claim_codes=["MIA*1****N706"]).remarks == ("N706",)


def test_dates_and_provider_stand_in_where_the_claim_names_none() -> None:
    body = ["CLP*A1*4*5*0**12*P1", "SVC*HC:1*5*0**1", "DTM*472*20250120", "CAS*CO*18*5"]

    [found] = parse(envelope(remittance(body, paid_on=""), kind="835"))

    assert found.dates == (date(2025, 1, 20), date(2025, 1, 20))
    assert (found.provider.name, found.remitted_on) == ("NORTHSIDE", None)


def test_the_day_it_was_made_stands_in_where_no_payment_date_is_given() -> None:
    text = envelope(remittance(answer(), paid_on=""), kind="835")

    [found] = parse(text.replace("TRN*1*TRACE1*1234567890", "DTM*405*20250211"))

    assert found.remitted_on == date(2025, 2, 11)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["CAS*CO*197*200"], TaskType.AUTHORIZATION),
        (["CAS*CO*15*200"], TaskType.AUTHORIZATION),
        (["CAS*CO*27*200"], TaskType.INSURANCE),
        (["CAS*CO*22*200"], TaskType.INSURANCE),
        (["CAS*CO*11*200"], TaskType.CODING),
        (["CAS*CO*50*200"], TaskType.CODING),
        (["CAS*CO*140*200"], TaskType.PATIENT),
        (["CAS*CO*B7*200"], TaskType.PROVIDER),
        (["CAS*CO*18*200"], TaskType.CHARGE),
        (["CAS*CO*29*200"], TaskType.CHARGE),
        (["CAS*CO*252*200"], TaskType.DOCUMENTS),
        (["CAS*CO*252*200", "LQ*HE*M143"], TaskType.PROVIDER),
        (["CAS*CO*16*200", "LQ*HE*N382"], TaskType.PATIENT),
        (["CAS*CO*16*200", "LQ*HE*N290"], TaskType.PROVIDER),
        (["CAS*CO*16*200", "LQ*HE*M127"], TaskType.DOCUMENTS),
        (["CAS*CO*16*200", "LQ*HE*M76"], TaskType.CODING),
        (["CAS*CO*197*200", "LQ*HE*N382"], TaskType.PATIENT),
        (["CAS*CO*45*150**29*50"], TaskType.CHARGE),
        (["CAS*CO*16*150", "CAS*CO*197*50"], TaskType.AUTHORIZATION),
    ],
)
def test_the_type_comes_from_the_codes_remarks_before_reasons(
    codes: list[str], expected: TaskType
) -> None:
    assert denial_advice.find(one(*codes)).type is expected


@pytest.mark.parametrize(("reason", "type_"), [("16", "charge"), ("252", "documents")])
@pytest.mark.parametrize("informs", [[], ["LQ*HE*MA01"]])
def test_missing_information_without_a_remark_code_is_said_not_to_be_named(
    reason: str, type_: str, informs: list[str]
) -> None:
    found = one(f"CAS*CO*{reason}*200", *informs)

    said = denial_advice.instructions(found, denial_advice.find(found))

    assert denial_advice.find(found).type == type_
    assert "The payer did not name" in said
    assert f"CO-{reason}" in said


def test_a_remark_code_without_a_hint_is_not_called_unnamed() -> None:
    found = one("CAS*CO*16*200", "LQ*HE*N9999")

    said = denial_advice.instructions(found, denial_advice.find(found))

    assert "did not name" not in said
    assert "no plain-language hint" in said
    assert "N9999" in said


def test_a_reason_without_a_hint_and_no_reason_at_all_are_said_as_they_are() -> None:
    strange, none, owed = one("CAS*CO*999*200"), one(), one("CAS*PR*1*200")

    assert "no plain-language hint" in denial_advice.instructions(
        strange, denial_advice.find(strange)
    )
    assert "gave no reason code" in denial_advice.instructions(none, denial_advice.find(none))
    assert "with PR-1 alone, which does not say why" in denial_advice.instructions(
        owed, denial_advice.find(owed)
    )


def test_instructions_are_two_to_five_sentences_and_name_payer_day_and_codes() -> None:
    found = one("CAS*CO*197*200")

    said = denial_advice.instructions(found, denial_advice.find(found))

    assert said.startswith("PLAINS HEALTH denied the claim on 02/10/2025 with CO-197: ")
    assert 2 <= said.count(". ") + 1 <= 5


def test_every_code_of_the_table_leads_to_advice_and_every_advice_is_whole() -> None:
    with (denial_advice.REFERENCE / "denial_codes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (denial_advice.REFERENCE / "denial_advice.toml").open("rb") as file:
        advice = tomllib.load(file)
    informing = {row["code"] for row in rows if not row["advice"]}

    assert len({(row["list"], row["code"]) for row in rows}) == len(rows)
    assert {row["advice"] for row in rows} - {""} <= advice.keys()
    for entry in advice.values():
        assert TaskType(entry["type"])
        assert ("label" in entry) == (entry["type"] == "documents")
        assert entry["advice"].endswith(".") and not entry["answer"].endswith(".")
    assert {row["list"] for row in rows if row["code"] in informing} == {"RARC"}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("CLP*A1*4*200", "CLP*A1*4*x", "CLP03 is not an amount"),
        ("CLP*A1*4", "CLP*A1*", "CLP02"),
        ("CLP*A1*4*200*0", "CLP*A1*1*200*0.005", "CLP04 is not an amount in dollars"),
        ("4*200*0**12*PAYER1", "1*200*0**12*PAYER1", "CAS03 is not an amount"),
    ],
)
def test_what_cannot_be_read_is_refused(old: str, new: str, what: str) -> None:
    codes = ("CAS*CO*45*x",) if "CAS03" in what else ("CAS*CO*197*200",)
    text = envelope(remittance(answer(codes=codes)), kind="835")
    assert old in text

    with pytest.raises(Unreadable, match=what):
        parse(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("CAS*CO*197*200", "CAS*CO*197*x", "CAS03 is not an amount"),
        ("CAS*CO*197*200", "CAS*CO*197", "CAS03 is not an amount"),
        ("SVC*HC:99213*120*0", "SVC*HC:99213*a*0", "SVC02 is not an amount"),
        ("DTM*232*20250113", "DTM*232*20250140", "DTM02 is not a date"),
        ("20250210~", "20259999~", "BPR16 is not a date"),
        ("20250210~", "20250210~DTM*405*x~", "DTM02 is not a date"),
        ("20250210~", "99991231~", "BPR16 is 99991231, which stands for no end"),
        ("CAS*CO*197*200", "CAS*CO*197*200~PLB*1*2*WO:A*x", "PLB04 is not an amount"),
        ("CAS*CO*197*200", "CAS*CO*197*200~PLB*1*2*WO:A", "PLB04 names no amount"),
        ("CAS*CO*197*200", "CAS*CO*197*200~PLB*1*2*WO:A**L6:B*-1", "PLB04 names no amount"),
    ],
)
def test_what_nothing_depends_on_is_left_empty_with_a_remark(old: str, new: str, what: str) -> None:
    text = envelope(remittance(answer()), kind="835")
    assert old in text

    [found], [remark] = remarked(text.replace(old, new))

    assert denial_advice.codes(found) == "CO-197"
    assert what in remark and remark.endswith("it was left empty.")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("CLP*A1*4*", "CLP*A1*XX*", "the status 'XX' (CLP02) is none that payers use"),
        ("CLP*A1*4*", "CLP*A1*99*", "the status '99' (CLP02) is none that payers use"),
        ("CLP*A1*4*", "CLP*A1*denied by plan*", "the status 'denied by' (CLP02)"),
        ("*120*0**1", "*120*80**1", "paid 0.00 (CLP04), its service lines 80.00 (SVC03)"),
        ("DTM*232*20250113", "DTM*232*20520113", "a day of service lies more than a year after"),
        ("DTM*232*20250113", "DTM*233*20260301", "a day of service lies more than a year after"),
    ],
)
def test_what_cannot_be_so_is_said_and_the_answer_counts(old: str, new: str, what: str) -> None:
    text = envelope(remittance(answer("A1")), kind="835")
    assert old in text

    [found], [remark] = remarked(text.replace(old, new))

    assert denial_advice.codes(found) == "CO-197"
    assert what in remark


def test_a_status_may_be_padded_and_what_the_claim_takes_from_its_lines_balances() -> None:
    codes = ("CAS*CO*45*40", "SVC*HC:99214*80*80**1")
    body = answer("A1", status="04", amount="200", codes=codes)
    body.insert(1, "CAS*PR*1*160")
    body[5] = body[5].replace("*120*0*", "*120*80*")

    [found], remarks = remarked(envelope(remittance(body), kind="835"))

    assert (found.status, remarks) == ("4", [])


@pytest.mark.parametrize("amount", ["", "x"])
def test_an_adjustment_of_a_paid_claim_needs_no_amount(amount: str) -> None:
    body = answer(status="1", paid="100", codes=(f"CAS*CO*45*{amount}",))

    [found] = parse(envelope(remittance(body), kind="835"))

    assert found.paid == Decimal(100)


def test_an_empty_answer_is_skipped_with_a_remark_and_what_it_names_is_nobodys() -> None:
    body = [*answer("A1"), "CLP* * * * ", "NM1*QC*1*BLUE*BO", *answer("A2")]

    found, remarks = remarked(envelope(remittance(body), kind="835"))

    assert [(each.claim_number, each.patient.name) for each in found] == [
        ("A1", "GREEN, EMMA"), ("A2", "GREEN, EMMA"),
    ]  # fmt: skip
    assert remarks == ["Segment 14: an empty claim (CLP) was skipped."]


def test_the_real_remittances_hold_what_an_independent_count_found() -> None:
    files = [shared(f"x12/835/835_remit_{number:03}.txt") for number in range(1, 5)]
    found = [parse(segment_reader.decode(file.read_bytes())) for file in files]
    denied = [each for answers in found for each in answers if each.status == "4"]

    assert [len(answers) for answers in found] == [69, 41, 32, 25]
    assert sum(each.charged for each in denied) == Decimal("4784.00")
    assert Counter(denial_advice.codes(each) for each in denied) == {
        "CO-197": 7,
        "CO-18": 2,
        "CO-50": 2,
        "CO-16": 2,
    }
    assert Counter(denial_advice.find(each).type for each in denied) == {
        TaskType.AUTHORIZATION: 7,
        TaskType.CODING: 2,
        TaskType.CHARGE: 4,
    }


def test_a_real_denial_about_the_license_is_not_taken_for_a_request_for_documents() -> None:
    [found] = parse(segment_reader.decode(shared("x12/835/hdi-835-denial.dat").read_bytes()))

    assert denial_advice.codes(found) == "OA-252, M143"
    assert denial_advice.find(found).type is TaskType.PROVIDER
    assert (found.patient.name, found.payer.name) == ("DOE, JOHN", "ANY PLAN USA")


def test_a_reason_without_its_group_is_remarked() -> None:
    text = envelope(remittance(answer()), kind="835")

    [found], [remark] = remarked(text.replace("CAS*CO*197*200", "CAS**197*200"))

    assert "CAS01 names no group of reasons" in remark
    assert denial_advice.codes(found) == "197"


@pytest.mark.parametrize("of_claim", ["CAS*OA*23*-50", "CAS*CO*45*-0.01", "CAS*PR*1*-200"])
def test_a_claim_and_lines_that_are_both_unpaid_do_not_differ(of_claim: str) -> None:
    body = answer(codes=["CAS*CO*197*120"])
    text = envelope(remittance([*body[:1], of_claim, *body[1:]]), kind="835")

    assert remarked(text)[1] == []
