"""What became of a claim is read from what was paid and why: a row of the table each."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from lib.intake.files import parsed_file
from lib.intake.x12 import denial_requests_835, payer_decision_rules
from lib.intake.x12.claim_status_rules import STATUS_RULES
from lib.intake.x12.payer_decision_rules import RULES, Outcome
from lib.store.database import Connection
from tests.conftest import Cast
from tests.test_import import bring
from tests.x12_texts import answer, claim, file_835, file_837

DOCS = Path(__file__).parents[1] / "docs" / "decisions.md"


def of(status: str, charged: str, paid: str, *codes: str, filing: str = "12") -> Outcome:
    body = answer(status=status, amount=charged, paid=paid, codes=codes)
    body[0] = body[0].replace("**12*", f"**{filing}*")
    [found] = parsed_file.read("a", file_835(body)).answers
    return payer_decision_rules.outcome(found)


@pytest.mark.parametrize(
    ("status", "charged", "paid", "codes", "expected"),
    [
        ("1", "150", "0", ["CAS*CO*26*150"], Outcome.DENIED),
        ("2", "34", "0", ["CAS*CO*29*34"], Outcome.DENIED),
        ("3", "150", "0", ["CAS*PR*204*150"], Outcome.DENIED),
        ("1", "150", "0", ["CAS*CO*45*100", "CAS*CO*50*50"], Outcome.DENIED),
        ("1", "150", "0", ["CAS*PI*16*150"], Outcome.DENIED),
        ("1", "150", "0", [], Outcome.DENIED),
        ("1", "150", "0", ["CAS*CO*45*30"], Outcome.DENIED),  # 120.00 are not explained
        ("1", "150", "0", ["CAS*OA*22*150"], Outcome.DENIED),
        ("22", "150", "0", ["CAS*CO*97*150"], Outcome.DENIED),
        ("4", "150", "0", ["CAS*CO*45*150"], Outcome.DENIED),
        ("4", "150", "0", ["CAS*PR*1*150"], Outcome.DENIED),
        ("4", "0", "0", ["CAS*CO*24*0"], Outcome.DENIED),
        ("31", "150", "0", ["CAS*OA*109*150"], Outcome.DENIED),
        ("2", "150", "0", ["CAS*OA*23*100", "CAS*CO*29*50"], Outcome.DENIED),
        ("19", "150", "0", ["CAS*CO*16*150"], Outcome.DENIED),
        ("1", "150", "0", ["CAS*OA*133*100", "CAS*CO*16*50"], Outcome.DENIED),
        ("1", "150", "0", ["CAS*CO*24*100", "CAS*CO*16*50"], Outcome.DENIED),
        ("1", "150", "120", ["CAS*CO*45*30"], Outcome.PAID),
        ("19", "150", "10", ["CAS*CO*50*140"], Outcome.PAID),
        ("1", "0", "5", [], Outcome.PAID),
        ("4", "150", "120", ["CAS*CO*45*30"], Outcome.PAID),
        ("4", "150", "150", [], Outcome.PAID),
        ("4", "150", "-20", [], Outcome.REVERSED),
        ("1", "150", "0", ["CAS*CO*45*100", "CAS*PR*1*30**2*15**3*5"], Outcome.NOTHING_DUE),
        ("20", "150", "0", ["CAS*OA*45*150"], Outcome.NOTHING_DUE),
        ("2", "150", "0", ["CAS*OA*23*150"], Outcome.OTHER_PAYER),
        ("3", "150", "0", ["CAS*OA*23*100", "CAS*PR*2*20", "CAS*CO*45*30"], Outcome.OTHER_PAYER),
        ("21", "150", "0", ["CAS*CO*45*50", "CAS*PR*96*100"], Outcome.FORWARDED),
        ("23", "150", "0", ["CAS*OA*109*150"], Outcome.FORWARDED),
        ("24", "150", "0", [], Outcome.FORWARDED),
        ("25", "2302", "0", ["CAS*PR*204*2302"], Outcome.PREDETERMINED),
        ("25", "100", "0", ["CAS*OA*101*100"], Outcome.PREDETERMINED),
        ("1", "150", "0", ["CAS*OA*133*150"], Outcome.PENDED),
        ("5", "150", "0", [], Outcome.PENDED),
        ("5", "150", "0", ["CAS*CO*29*150"], Outcome.DENIED),
        ("16", "150", "0", ["CAS*OA*133*100", "CAS*CO*16*50"], Outcome.DENIED),
        ("10", "150", "0", ["CAS*OA*133*100"], Outcome.PENDED),
        ("1", "150", "0", ["CAS*CO*24*150"], Outcome.CAPITATED),
        ("1", "150", "0", ["CAS*CO*24*100", "CAS*CO*45*50"], Outcome.CAPITATED),
        ("1", "0", "0", ["CAS*CO*24*0"], Outcome.ENCOUNTER),
        ("2", "0", "0", [], Outcome.ENCOUNTER),
        ("1", "150", "0", ["AMT*I*3.2", "CAS*CO*18*150"], Outcome.INTEREST),
        ("1", "150", "0", ["AMT*I*3.2", "CAS*CO*B13*100", "CAS*CO*45*50"], Outcome.INTEREST),
        ("1", "150", "0", ["AMT*I*3.2"], Outcome.DENIED),  # 150.00 are not explained
        ("1", "150", "0", ["AMT*I*3.2", "CAS*CO*45*100"], Outcome.DENIED),
        ("1", "150", "0", ["AMT*I*3.2", "CAS*CO*45*150"], Outcome.INTEREST),
        ("1", "150", "0", ["AMT*I*3.2", "CAS*CO*29*150"], Outcome.DENIED),
        ("22", "-150", "-120", ["CAS*CO*45*-30"], Outcome.REVERSED),
        ("22", "-150", "0", ["CAS*CO*97*-150"], Outcome.REVERSED),
        ("1", "-150", "0", [], Outcome.REVERSED),
        ("1", "150", "-20", ["CAS*CO*45*170"], Outcome.REVERSED),
        ("22", "303", "184.96", ["CAS*OA*23*118.04"], Outcome.REVERSED),
        ("22", "150", "0", [], Outcome.DENIED),
        ("22", "150", "0", ["CAS*CO*45*150"], Outcome.REVERSED),
        ("22", "-150", "0", [], Outcome.REVERSED),
    ],
)
def test_what_was_paid_and_why_decides(
    status: str, charged: str, paid: str, codes: list[str], expected: Outcome
) -> None:
    assert of(status, charged, paid, *codes) is expected


PAID_LINE = "SVC*HC:99213*100*100**1"


@pytest.mark.parametrize(
    ("lines", "amount"),
    [
        ([PAID_LINE, "SVC*HC:87880*100*0**1"], "100.00"),  # nothing said
        (["SVC*HC:99213*100*60**1", "CAS*CO*45*40", "SVC*HC:87880*100*40**1"], "60.00"),
        ([PAID_LINE, "SVC*HC:87880*100*0**1", "CAS*CO*45*70"], "30.00"),  # too little
    ],
)
def test_a_line_of_a_paid_claim_that_is_left_open_without_a_reason_is_named(
    lines: list[str], amount: str
) -> None:
    [remark] = parsed_file.read("a", file_835(paid_claim(lines))).warnings
    assert f"{amount} US dollars of a paid claim are neither paid nor adjusted" in remark
    assert "service line 87880)" in remark


@pytest.mark.parametrize(
    ("lines", "of_claim", "owed"),
    [
        ([PAID_LINE, "SVC*HC:87880*100*0**1", "CAS*CO*45*100"], "", ""),
        ([PAID_LINE, "SVC*HC:87880*100*0**1"], "CAS*CO*45*100", ""),
        ([PAID_LINE, "SVC*HC:87880*100*0**1"], "", "100"),  # CLP05: the patient's
    ],
)
def test_a_paid_claim_that_adds_up_has_no_remark(
    lines: list[str], of_claim: str, owed: str
) -> None:
    body = paid_claim(lines, of_claim)
    body[0] = body[0].replace("**12*", f"*{owed}*12*")
    assert parsed_file.read("a", file_835(body)).warnings == ()


def paid_claim(lines: list[str], of_claim: str = "") -> list[str]:
    """Return an answer of 200.00 US dollars that pays 100.00, with these service lines."""
    first = answer(status="1", paid="100")[:4]
    return [*first[:1], *([of_claim] if of_claim else []), *first[1:], *lines]


@pytest.mark.parametrize(
    ("option", "lines", "amount"),
    [
        ("line_denials", [PAID_LINE, "SVC*HC:87880*100*0**1"], "100.00"),
        ("partial_denials", [PAID_LINE, "SVC*HC:87880*100*0**1"], "100.00"),
        ("line_denials", ["SVC*HC:1*60*60**1", "SVC*HC:2*50*40**1", "CAS*CO*45*10",
                          "SVC*HC:87880*90*0**1"], "90.00"),
        ("line_denials", [PAID_LINE, "SVC*HC:2*40*0**1", "CAS*CO*197*40",
                          "SVC*HC:87880*60*0**1"], "100.00"),
        ("partial_denials", ["SVC*HC:1*100*60**1", "CAS*CO*45*40", "SVC*HC:87880*100*40**1"],
         "60.00"),
        ("partial_denials", [PAID_LINE], "100.00"),  # the other line is not in the answer
    ],
)  # fmt: skip
def test_what_a_paid_claim_leaves_open_without_a_reason_is_a_task_where_lines_are(
    con: Connection, cast: Cast, option: str, lines: list[str], amount: str
) -> None:
    con.execute(f"UPDATE practice SET {option} = true WHERE id = $id", id=cast.practice)

    report = bring(con, cast, file_835(paid_claim(lines)))

    [(found, said)] = con.rows("SELECT amount, instructions FROM task")
    assert found == Decimal(amount)
    assert "Neither paid nor adjusted: " in said
    assert ("gave no reason code" in said) is ("CO*197" not in "".join(lines) and "87880" in said)
    assert not report.is_whole


def test_a_line_that_only_the_claim_explains_is_no_denied_line(con: Connection, cast: Cast) -> None:
    con.execute("UPDATE practice SET line_denials = true WHERE id = $id", id=cast.practice)

    body = paid_claim([PAID_LINE, "SVC*HC:87880*100*0**1"], of_claim="CAS*CO*45*100")
    report = bring(con, cast, file_835(body))

    assert con.rows("SELECT id FROM task") == []
    assert report.is_whole


@pytest.mark.parametrize("reason", ["CAS*CO*45*4O", "CAS*CO*45*", "CAS*CO*45*20**97*x"])
def test_of_an_adjustment_that_cannot_be_read_nobody_says_that_it_is_missing(
    con: Connection, cast: Cast, reason: str
) -> None:
    bring(con, cast, file_837(claim("A1", amount="200")))
    report = bring(con, cast, file_835(paid_claim([PAID_LINE, "SVC*HC:87880*100*0**1", reason])))

    assert report.is_whole
    assert "it was left empty" in " ".join(report.warnings)
    assert "neither paid nor adjusted" not in " ".join(report.warnings)
    assert con.rows("SELECT is_denied_in_part FROM claim_answer") == [("97" in reason,)]


def test_a_paid_claim_that_does_not_add_up_leaves_the_file_not_whole(
    con: Connection, cast: Cast
) -> None:
    report = bring(con, cast, file_835(paid_claim([PAID_LINE, "SVC*HC:87880*100*0**1"])))

    assert con.rows("SELECT id FROM task") == []
    assert not report.is_whole and "neither paid nor adjusted" in " ".join(report.warnings)


@pytest.mark.parametrize("filing", ["MA", "MB", "MC"])
def test_for_medicare_and_medicaid_a_managed_care_plan_is_to_be_billed(filing: str) -> None:
    assert of("1", "150", "0", "CAS*CO*24*150", filing=filing) is Outcome.DENIED


def test_adjustments_of_the_claim_and_of_its_lines_are_two_parts_or_said_twice() -> None:
    lines = ["SVC*HC:1*80*0**1", "CAS*CO*45*80"]
    parts = answer(status="1", amount="150", codes=lines)
    parts.insert(1, "CAS*CO*45*70")
    twice = answer(status="1", amount="150", codes=["SVC*HC:1*150*0**1", "CAS*CO*45*150"])
    twice.insert(1, "CAS*CO*45*150")

    found = parsed_file.read("a", file_835(parts, twice)).answers

    assert [payer_decision_rules.outcome(each) for each in found] == [Outcome.NOTHING_DUE] * 2


@pytest.mark.parametrize(
    ("of_claim", "lines", "expected"),
    [
        ("45*75", [("75", "45*75"), ("75", "")], Outcome.DENIED),
        ("45*75", [("40", "45*40"), ("35", "45*35"), ("75", "")], Outcome.DENIED),
        ("45*75**29*75", [("75", "45*75"), ("75", "29*75")], Outcome.DENIED),
        ("45*100", [("75", "45*75"), ("75", "")], Outcome.DENIED),
        ("45*75", [("75", "45*75")], Outcome.NOTHING_DUE),  # the other half has no line
        ("45*75", [("75", "45*75"), ("75", "45*75")], Outcome.NOTHING_DUE),
        ("253*75", [("75", "45*75"), ("75", "")], Outcome.NOTHING_DUE),
    ],
)
def test_what_a_claim_repeats_of_its_lines_explains_no_other_line(
    of_claim: str, lines: list[tuple[str, str]], expected: Outcome
) -> None:
    codes = []
    for charged, reason in lines:
        codes += [f"SVC*HC:1*{charged}*0**1", *([f"CAS*CO*{reason}"] if reason else [])]
    body = answer(status="1", amount="150", codes=codes)
    body = [each for each in body if not each.startswith("SVC*HC:99213")]
    body.insert(1, f"CAS*CO*{of_claim}")

    [found] = parsed_file.read("a", file_835(body)).answers

    assert payer_decision_rules.outcome(found) is expected


@pytest.mark.parametrize(
    ("codes", "filing", "expected"),
    [
        (("CAS*CO*24*150", "CAS*CO*29*50"), "12", ("Timely filing", Decimal(50), "CO-29")),
        (("CAS*CO*24*150",), "12", ("Denied without a reason", Decimal(50), "")),
        (("CAS*OA*133*150", "CAS*CO*29*50"), "12", ("Timely filing", Decimal(50), "CO-29")),
        (
            ("CAS*CO*24*150", "CAS*CO*29*50"),
            "MC",
            ("Covered by capitation or a managed-care plan", Decimal(200), "CO-24, CO-29"),
        ),
    ],
)
def test_what_capitation_covers_or_review_holds_back_is_not_what_is_asked(
    con: Connection,
    cast: Cast,
    codes: tuple[str, ...],
    filing: str,
    expected: tuple[str, Decimal, str],
) -> None:
    body = answer("A1", status="1", codes=codes)
    body[0] = body[0].replace("**12*", f"**{filing}*")

    bring(con, cast, file_835(body))

    assert con.rows("SELECT title, amount, codes FROM task") == [expected]


def test_what_the_patient_owes_may_stand_in_clp05_alone() -> None:
    body = answer(status="1", amount="150", codes=["CAS*CO*45*100"])
    body[0] = body[0].replace("*0**12", "*0*50*12")

    [found] = parsed_file.read("a", file_835(body)).answers

    assert payer_decision_rules.outcome(found) is Outcome.NOTHING_DUE


@pytest.mark.parametrize(
    ("owed", "codes", "is_proposed"),
    [("200", (), False), ("200", ("CAS*PR*1*200",), True), ("50", ("CAS*CO*45*150",), True)],
)
def test_what_is_left_to_the_patient_without_a_reason_completes_no_denial(
    con: Connection, cast: Cast, owed: str, codes: tuple[str, ...], is_proposed: bool
) -> None:
    bring(con, cast, file_835(answer()))
    body = answer(status="1", control="P2", codes=codes)
    body[0] = body[0].replace("*0**12", f"*0*{owed}*12")

    bring(con, cast, file_835(body, control="000000002", paid_on="20250301"), "b.835")

    assert con.rows("SELECT proposal IS NOT NULL FROM task") == [(is_proposed,)]


def test_a_secondary_denial_is_open_for_what_the_primary_left(con: Connection, cast: Cast) -> None:
    codes = ("CAS*OA*23*160", "CAS*CO*29*40")

    bring(con, cast, file_835(answer("A1", status="2", codes=codes)))

    [(kind, title, amount, codes_said)] = con.rows("SELECT type, title, amount, codes FROM task")
    assert (title, amount, codes_said) == ("Timely filing", Decimal(40), "CO-29")
    assert kind == "charge"


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("CAS*OA*23*200", "CAS*CO*45*-50", "CAS*CO*29*50"), 50),
        (("CAS*OA*23*250", "CAS*CO*45*-75", "CAS*PR*204*25"), 25),
        (("CAS*OA*23*100", "CAS*CO*24*100", "CAS*CO*45*-50", "CAS*CO*29*50"), 50),
        (("CAS*OA*23*220", "CAS*CO*45*-50"), 30),  # 30.00 are not explained
        (("CAS*OA*23*160", "CAS*CO*29*40"), 40),
    ],
)
def test_what_a_contract_adds_back_to_what_the_primary_paid_is_not_open_twice(
    codes: tuple[str, ...], expected: int
) -> None:
    [found] = parsed_file.read("a", file_835(answer(status="2", codes=codes))).answers

    assert payer_decision_rules.outcome(found) is Outcome.DENIED
    assert payer_decision_rules.open_amount(found) == expected


def test_every_answer_is_counted_and_in_words(con: Connection, cast: Cast) -> None:
    report = bring(
        con,
        cast,
        file_835(
            answer("A1"), answer("A2", status="1", paid="180"),
            answer("A3", status="2", control="P3"), answer("A4", status="23"),
            answer("A5", status="22", amount="-200"),
            answer("A6", status="1", codes=("CAS*PR*1*200",)),
        ),
    )  # fmt: skip

    assert report.tasks_new == 2
    assert report.summary == (
        "6 answers: 1 paid, 2 denied, 1 reversed, 1 forwarded to another payer, 1 left to the "
        "contract and the patient.",
    )


def test_what_decides_nothing_is_history_of_the_open_task(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_835(answer("A1")))
    later = [
        ("1", ("CAS*OA*133*200",), "it is still in review"),
        ("23", (), "it was passed on to another payer"),
        ("25", (), "it only says what a service would be paid"),
        ("1", ("CAS*CO*24*200",), "the capitation agreement"),
        ("2", ("CAS*OA*23*200",), "another payer has taken care of it"),
    ]

    for number, (status, codes, _) in enumerate(later, 2):
        said = answer("A1", status=status, codes=codes)
        report = bring(con, cast, file_835(said, control=f"00000000{number}"))
        assert report.tasks_new == 0

    told = con.rows("SELECT detail FROM event WHERE kind = 'answered again' ORDER BY id")
    assert [words in detail for (detail,), (_, _, words) in zip(told, later, strict=True)] == [
        True
    ] * len(later)
    assert con.value("SELECT count(proposal) FROM task") == 0


def test_every_outcome_has_its_row_and_its_words() -> None:
    assert {rule.outcome for rule in RULES} == set(Outcome)
    assert all(rule.source and rule.then for rule in (*RULES, *STATUS_RULES))
    spoken = {Outcome.DENIED, Outcome.REVERSED, Outcome.PAID, Outcome.NOTHING_DUE}
    assert set(denial_requests_835.TOLD) == set(Outcome) - spoken


def test_the_docs_say_the_same_as_the_tables() -> None:
    text = DOCS.read_text(encoding="utf-8")

    for rule in (*RULES, *STATUS_RULES):
        row = f"| {rule.when} | {rule.outcome.value} | {rule.then} | {rule.source} |"
        assert row in text


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("CAS*CO*45*50**197*150",), 150),
        (("CAS*PR*3*20", "CAS*PR*204*180"), 180),
        (("CAS*CO*253*4**50*196",), 196),
        (("CAS*CO*45*120**16*60", "CAS*PR*2*20"), 60),
        (("CAS*CO*45*50",), 150),  # 150.00 are not explained
        (("CAS*CO*45*200",), 200),  # of a patient whom the payer does not recognize
        (("CAS*CO*45*0**197*200",), 200),
        (("CAS*CO*45*50**197*250",), 200),  # no more than was charged
        ((), 200),
    ],
)
def test_the_contracts_and_the_patients_part_depend_on_no_answer(
    codes: tuple[str, ...], expected: int
) -> None:
    body = answer(status="4", codes=())
    body[1:1] = codes
    [found] = parsed_file.read("a", file_835(body[:-1])).answers

    assert payer_decision_rules.outcome(found) is Outcome.DENIED
    assert payer_decision_rules.open_amount(found) == expected


@pytest.mark.parametrize(
    ("codes", "amount"),
    [
        (("CAS*CO*97*80", "CAS*OA*133*120"), 80), (("CAS*OA*133*50**CO", "CAS*CO*16*150"), 150),
        (("CAS*OA*133*60", "CAS*CO*45*40", "CAS*CO*29*100"), 100),
    ],
)  # fmt: skip
def test_what_is_still_in_review_is_not_denied(
    con: Connection, cast: Cast, codes: tuple[str, ...], amount: int
) -> None:
    bring(con, cast, file_835(answer(status="1", codes=codes)))

    [(found, said)] = con.rows("SELECT amount, instructions FROM task")
    assert found == Decimal(amount)
    assert "still in review" in said
