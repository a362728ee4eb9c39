"""A claim that is sent again as an original, with a correction, is the charge it corrects."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lib.export.completed_tasks import FILED
from lib.intake import imports
from lib.intake.files import provenance
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.test_import import bring
from tests.x12_texts import answer, claim, claims, envelope, file_835, file_837

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # many imports


def undated() -> bytes:
    """Return a denial that names no day of service."""
    return file_835([each for each in answer("A1") if not each.startswith("DTM")])


def again(*changes: tuple[str, str]) -> bytes:
    """Return the file of claim A1 once more, with changes."""
    text = file_837(claim("A1"), control="000000009").decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


DIAGNOSIS = ("ABK:J02.9", "ABK:J03.9")


@pytest.mark.parametrize(
    "change", [DIAGNOSIS, ("MI*MEM1", "MI*MEM2"), ("HI*ABK", "REF*G1*AUTH7~HI*ABK")]
)
def test_a_corrected_claim_sent_as_an_original_keeps_the_task_with_its_charge(
    con: Connection, cast: Cast, change: tuple[str, str]
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, undated())
    raw = again(change)
    seen = imports.preview(con, "b.837", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)

    report = bring(con, cast, raw, "b.837")

    assert seen == report
    assert (report.charges_new, report.warnings[-1]) == (0, "Replaced: 1 charge held before.")
    assert con.rows("SELECT charge_id, is_open FROM task") == [(1, True)]
    [(said, task_id)] = con.rows("SELECT detail, task_id FROM event WHERE kind = 'replaced'")
    assert said.startswith("The claim was sent again as a new one.")
    assert task_id == 1
    assert con.rows(FILED) == [(1, 3, 12)]  # a replacement claim starts from what was sent again
    origins = provenance.of_charge(con, 1, actor=cast.ana, is_opened=False)
    assert [each.what for each in origins][-1] == "A claim that replaces it"


def test_the_same_file_of_it_again_is_held_already(con: Connection, cast: Cast) -> None:
    for raw in (file_837(claim("A1")), again(DIAGNOSIS)):
        bring(con, cast, raw)

    reports = [bring(con, cast, raw + b"\n") for raw in (file_837(claim("A1")), again(DIAGNOSIS))]

    assert [(each.charges_new, each.warnings[0]) for each in reports] == [
        (0, "Held already: 1 claim.")
    ] * 2
    assert con.value("SELECT diagnoses[1] FROM charge") == "J039"


@pytest.mark.parametrize(
    "change",
    [
        ("SV1*HC:87880*80", "SV1*HC:87881*80"),
        ("HC:99213:25*", "HC:99213:25:76*"),
        ("*120*UN*1", "*120*UN*2"),
        ("D8*20250113", "D8*20250112"),
        ("*PI*PH-7", "*PI*PH-8"),
        ("GREEN*EMMA", "GREEN*EMIL"),
        ("NORTHSIDE*****XX*1234567893", "SOUTHSIDE*****XX*1245319599"),
        ("HI*ABK", "NM1*82*1*REED*ADA****XX*1679576722~HI*ABK"),
        ("11:B:1", "22:B:1"),
    ],
)
def test_a_claim_that_bills_otherwise_is_a_charge_of_its_own(
    con: Connection, cast: Cast, change: tuple[str, str]
) -> None:
    bring(con, cast, file_837(claim("A1")))

    assert bring(con, cast, again(change)).charges_new == 1


def both_in_one_file(con: Connection, cast: Cast) -> None:
    corrected = [each.replace(*DIAGNOSIS) for each in claim("A1")]
    bring(con, cast, file_837(claim("A1"), corrected))


def two_held(con: Connection, cast: Cast) -> None:
    both_in_one_file(con, cast)
    bring(con, cast, again(("ABK:J02.9", "ABK:J04.0")))


def two_sent_again(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    more = [[each.replace("J02.9", code) for each in claim("A1")] for code in ("J03.9", "J04.0")]
    bring(con, cast, envelope(claims(*more), control="000000009").encode())


@pytest.mark.parametrize(
    ("bring_them", "count"), [(both_in_one_file, 2), (two_held, 3), (two_sent_again, 3)]
)
def test_where_two_could_be_meant_each_is_a_charge_of_its_own(
    con: Connection, cast: Cast, bring_them: Callable[[Connection, Cast], None], count: int
) -> None:
    bring_them(con, cast)

    assert con.value("SELECT count(*) FROM charge") == count


def sent_on(day: str, raw: bytes) -> bytes:
    """Return the file of claims as it is when it was written on another day (BHT04)."""
    return raw.replace(b"BHT*0019*00*1*20250113", f"BHT*0019*00*1*{day}".encode())


def test_a_claim_that_was_voided_and_is_filed_anew_is_a_charge_that_is_denied(
    con: Connection, cast: Cast
) -> None:
    void = [each.replace("11:B:1", "11:B:8") for each in claim("A1")]
    first, anew = file_837(claim("A1")), sent_on("20250127", again())
    bring(con, cast, first)
    bring(con, cast, sent_on("20250120", file_837(void, control="000000002")))
    seen = imports.preview(con, "c.837", anew, actor=cast.ana, practice_id=cast.practice, now=NOON)

    report = bring(con, cast, anew, "c.837")

    assert (seen, report.charges_new) == (report, 1)
    bring(con, cast, file_835(answer("A1")))
    [(charge_id, said)] = con.rows("SELECT charge_id, instructions FROM task")
    assert charge_id == 2 and "voided" not in said
    for raw in (first, anew):
        assert bring(con, cast, raw + b"\n").charges_new == 0
    assert con.rows("SELECT is_voided FROM charge ORDER BY id") == [(True,), (False,)]


def test_an_older_filing_that_comes_in_after_its_correction_is_history(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, sent_on("20250120", again(DIAGNOSIS)))
    bring(con, cast, undated())

    report = bring(con, cast, file_837(claim("A1")))

    assert (report.charges_new, report.warnings) == (0, ("Held already: 1 claim.",))
    assert con.value("SELECT diagnoses[1] FROM charge") == "J039"
    [(said,)] = con.rows("SELECT detail FROM event WHERE kind = 'original arrived'")
    assert said.startswith("The claim as it was sent before came after it; nothing changed.")


def test_a_voided_claim_that_is_sent_again_is_another(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(
        con,
        cast,
        file_837([e.replace("11:B:1", "11:B:8") for e in claim("A1")], control="000000002"),
    )

    assert bring(con, cast, again(DIAGNOSIS)).charges_new == 1


def test_a_claim_number_that_is_written_otherwise_is_told(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))

    bring(con, cast, again(("CLM*A1*", "CLM*0A1*")))

    [(said,)] = con.rows("SELECT detail FROM event WHERE kind = 'replaced'")
    assert "Claim number: A1 → 0A1." in said


def test_a_charge_that_was_edited_here_is_not_said_to_be_replaced(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    con.execute("UPDATE charge SET is_edited = true")

    report = bring(con, cast, again(DIAGNOSIS))

    assert report.warnings == (
        "Replaced by its sender, but edited here and left as it is: 1 charge.",
    )
    assert con.value("SELECT diagnoses[1] FROM charge") == "J029"


@pytest.mark.parametrize(
    "change", [DIAGNOSIS, ("MI*MEM1", "MI*MEM2"), ("HI*ABK", "REF*G1*AUTH7~HI*ABK")]
)
def test_a_claim_that_is_sent_again_as_it_was_at_first_takes_its_correction_back(
    con: Connection, cast: Cast, change: tuple[str, str]
) -> None:
    first, corrected = file_837(claim("A1")), sent_on("20250120", again(change))
    back = sent_on("20250127", file_837(claim("A1"), control="000000003"))
    once_more = sent_on("20250203", again(change))
    bring(con, cast, first)
    content = "SELECT diagnoses[1], member_id, authorization_number FROM charge"
    was = con.rows(content)
    bring(con, cast, corrected)
    became = con.rows(content)

    report = bring(con, cast, back, "c.837")

    assert (report.charges_new, report.warnings) == (0, ("Replaced: 1 charge held before.",))
    assert con.rows(content) == was != became
    for raw in (first, corrected, back):
        assert "Held already: 1 claim." in bring(con, cast, raw + b"\n").warnings
    assert con.rows(content) == was
    bring(con, cast, once_more)
    assert con.rows(content) == became


def test_a_claim_sent_again_as_before_its_replacement_makes_no_second_charge(
    con: Connection, cast: Cast
) -> None:
    replacement = [each.replace("11:B:1", "11:B:7") for each in claim("A1", amount="170")]
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, sent_on("20250120", file_837(replacement, control="000000002")))

    report = bring(con, cast, sent_on("20250127", file_837(claim("A1"), control="000000003")))

    assert (report.charges_new, report.warnings) == (0, ("Held already: 1 claim.",))


def test_a_claim_that_is_filed_anew_at_the_time_of_its_void_is_a_charge(
    con: Connection, cast: Cast
) -> None:
    void = [each.replace("11:B:1", "11:B:8") for each in claim("A1")]
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, sent_on("20250120", file_837(void, control="000000002")))

    report = bring(con, cast, sent_on("20250120", again()))

    assert report.charges_new == 1
    assert con.rows("SELECT is_voided FROM charge ORDER BY id") == [(True,), (False,)]
    assert bring(con, cast, file_837(claim("A1")) + b"\n").charges_new == 0


@pytest.mark.parametrize(
    ("before", "between"), [([], []), ([], [claim("B2")]), ([claim("A1")], []), ([claim("B2")], [])]
)
def test_a_claim_that_follows_its_void_in_one_file_is_filed_anew(
    con: Connection, cast: Cast, before: list[list[str]], between: list[list[str]]
) -> None:
    void = [each.replace("11:B:1", "11:B:8") for each in claim("A1")]
    bring(con, cast, file_837(claim("A1")))
    raw = sent_on("20250127", file_837(*before, void, *between, claim("A1"), control="000000002"))
    seen = imports.preview(con, "b.837", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)

    assert seen == bring(con, cast, raw, "b.837")

    charges = "SELECT is_voided FROM charge WHERE claim_number = 'A1' ORDER BY id"
    assert con.rows(charges) == [(True,), (False,)]
    bring(con, cast, raw + b"\n")
    assert con.rows(charges) == [(True,), (False,)]
    bring(con, cast, file_835(answer("A1")))
    assert con.value("SELECT is_voided FROM charge JOIN task ON charge_id = charge.id") is False


def test_a_void_that_follows_the_claim_in_one_file_voids_it(con: Connection, cast: Cast) -> None:
    void = [each.replace("11:B:1", "11:B:8") for each in claim("A1")]

    bring(con, cast, file_837(claim("A1"), void))

    assert con.rows("SELECT is_voided FROM charge") == [(True,)]
