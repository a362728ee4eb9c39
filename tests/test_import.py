"""Files come in whole or not at all, once, and say what became of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from lib.errors import NotAllowed
from lib.import_report_models import ImportReport
from lib.intake import imports
from lib.store.database import Connection
from tests.conftest import NOON, Cast, shared
from tests.x12_texts import answer, claim, claims, envelope, file_835, file_837

TABLES = ("payer", "patient", "charge", "service_line", "task", "event", "intake_file")


def bring(con: Connection, cast: Cast, raw: bytes, name: str = "a.txt") -> ImportReport:
    report = imports.apply(con, name, raw, actor=cast.ana, practice_id=cast.practice, now=NOON)
    assert report.refused is None
    return report


def counts(con: Connection) -> dict[str, int]:
    return {table: con.value(f"SELECT count(*) FROM {table}") for table in TABLES}


def test_claims_become_charges_with_lines_people_and_history(con: Connection, cast: Cast) -> None:
    report = bring(con, cast, file_837(claim("A1"), claim("A2")))

    assert (report.format, report.charges_new, report.tasks_new) == ("837P", 2, 0)
    assert counts(con) == {
        "payer": 1, "patient": 1, "charge": 2, "service_line": 4,
        "task": 0, "event": 2, "intake_file": 1,
    }  # fmt: skip
    assert con.row(
        "SELECT filed_total, date_from, date_to, diagnoses, member_id, segment_number, created_at, "
        "version, is_edited FROM charge WHERE claim_number = 'A1'"
    ) == (
        Decimal("200.00"), date(2025, 1, 13), date(2025, 1, 15), ["J029", "R509"], "MEM1", 12,
        NOON.replace(tzinfo=None), 1, False,
    )  # fmt: skip
    assert con.rows(
        "SELECT position, procedure, modifiers, pointers, units, unit_charge, total "
        "FROM service_line JOIN charge ON charge.id = charge_id WHERE claim_number = 'A1' "
        "ORDER BY position"
    ) == [
        (1, "99213", ["25"], [1, 2], Decimal(1), Decimal("120.00"), Decimal("120.00")),
        (2, "87880", [], [1], Decimal(2), Decimal("40.00"), Decimal("80.00")),
    ]
    assert con.row("SELECT kind, detail, actor_id FROM event ORDER BY id") == (
        "imported",
        "From a.txt, segment 12",
        cast.ana.id,
    )


def test_what_the_checks_find_at_arrival_is_kept_with_the_charge(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")).replace(b"99213", b"9921"))

    [(problems,)] = con.rows("SELECT arrival_problems FROM charge")

    assert any(key.endswith("9921") for key in problems)
    assert not any(key.startswith("billing_npi") for key in problems)


def test_the_same_file_again_changes_nothing_and_says_so(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim()))
    before = counts(con)

    report = bring(con, cast, file_837(claim()), "other-name.txt")

    assert report.already_imported
    assert (report.format, report.charges_new, report.tasks_new) == ("837P", 0, 0)
    assert counts(con) == before


def test_the_same_claims_in_another_envelope_make_no_second_charge(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A1")))

    fewer = bring(con, cast, file_837(claim("A1"), control="000000002"))
    more = bring(con, cast, file_837(*[claim("A1")] * 5, control="000000003"))

    assert (fewer.charges_new, more.charges_new) == (0, 3)
    assert con.value("SELECT count(*) FROM charge") == 5
    assert "Held already: 1 claim." in fewer.warnings
    assert any("1 claim number, on 5 claims" in warning for warning in more.warnings)


def test_another_practice_holds_its_own_claims(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim()))

    report = imports.apply(
        con, "a.txt", file_837(claim()), actor=cast.carla, practice_id=cast.other_practice, now=NOON
    )

    assert not report.already_imported
    assert report.charges_new == 1
    assert con.rows("SELECT practice_id, count(*) FROM patient GROUP BY 1 ORDER BY 1") == [
        (cast.practice, 1),
        (cast.other_practice, 1),
    ]


def test_people_and_payers_are_found_again(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    nameless = file_837(claim("A2"), control="000000002").replace(b"*PI*PH-7", b"")
    bring(con, cast, nameless)
    younger = file_837(claim("A3"), control="000000003").replace(b"19800229", b"20100101")
    bring(con, cast, younger)

    held = counts(con)

    assert (held["payer"], held["patient"]) == (1, 2)
    assert con.value("SELECT count(DISTINCT patient_id) FROM charge") == 2


def test_payers_without_a_code_are_told_apart_by_name(con: Connection, cast: Cast) -> None:
    text = envelope(claims(claim("A1")), claims(claim("A2")), claims(claim("A3"))).replace(
        "PLAINS HEALTH*****PI*PH-7", "PH-7", 1
    )
    bring(con, cast, text.replace("PLAINS HEALTH*****PI*PH-7", "NAMED", 1).encode())

    assert con.rows(
        "SELECT claim_number, payer.code, payer.name FROM charge JOIN payer ON payer.id = payer_id "
        "ORDER BY claim_number"
    ) == [("A1", "", "PH-7"), ("A2", "", "NAMED"), ("A3", "PH-7", "PLAINS HEALTH")]


def test_a_denied_claim_becomes_a_task_about_its_charge(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))

    report = bring(con, cast, file_835(answer("A1"), answer("A2", status="1", paid="180")), "b.835")

    assert (report.format, report.tasks_new, report.tasks_amount) == ("835", 1, Decimal("200.00"))
    [task] = con.rows(
        """
        SELECT type, status, is_open, turn, title, claim_number, patient_name, payer_name,
               provider_name, date_of_service, amount, due_on, due_rule, source, codes,
               segment_number, claim_shape, assignee_id, version,
               charge_id = (SELECT id FROM charge), patient_id = (SELECT id FROM patient),
               payer_id = (SELECT id FROM payer)
        FROM task
        """
    )
    assert task == (
        "authorization", "open", True, "practice", "No authorization on file", "A1", "GREEN, EMMA",
        "PLAINS HEALTH", "NORTHSIDE", date(2025, 1, 13), Decimal("200.00"), date(2025, 3, 12),
        "30 days after the remittance, the practice's own rule", "835", "CO-197", 8,
        "a#", None, 1, True, True, True,
    )  # fmt: skip
    assert con.row("SELECT kind, detail FROM event WHERE task_id IS NOT NULL") == (
        "created",
        "From b.835, segment 8",
    )


def test_a_denial_of_a_claim_we_do_not_hold_says_what_the_remittance_says(
    con: Connection, cast: Cast
) -> None:
    report = bring(con, cast, file_835(answer("A9"), paid_on=""))

    assert report.tasks_new == 1
    assert any(
        "as the file writes it: 1 claim asked about" in warning for warning in report.warnings
    )
    assert con.row(
        "SELECT charge_id, patient_id, payer_id, patient_name, payer_name, provider_name, "
        "date_of_service, due_on, due_rule FROM task"
    ) == (
        None, None, None, "GREEN, EMMA", "PLAINS HEALTH", "REED, ADA", date(2025, 1, 13),
        date(2025, 4, 2), "30 days after the import, the practice's own rule",
    )  # fmt: skip


def test_of_several_charges_the_one_with_the_amount_is_meant_and_of_none_with_it_nobody(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(*(claim("A1", amount=amount) for amount in ("150", "200", "250"))))
    bring(con, cast, file_835(answer("A1", amount="150"), answer("A1", amount="9", control="P2")))

    assert con.rows(
        "SELECT amount, filed_total FROM task LEFT JOIN charge ON charge.id = charge_id "
        "ORDER BY task.id"
    ) == [(Decimal(150), Decimal(150)), (Decimal(9), None)]


def test_a_charge_of_another_practice_is_never_meant(con: Connection, cast: Cast) -> None:
    imports.apply(
        con, "a", file_837(claim("A1")), actor=None, practice_id=cast.other_practice, now=NOON
    )
    bring(con, cast, file_835(answer("A1")))

    assert con.row("SELECT practice_id, charge_id FROM task") == (cast.practice, None)


def test_the_same_request_in_another_envelope_makes_no_second_task(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_835(answer("A1"), answer("A1")))

    again = bring(con, cast, file_835(answer("A1"), control="000000002"))
    other = bring(con, cast, file_835(answer("A9"), control="000000003"))

    assert (again.tasks_new, again.tasks_amount, other.tasks_new) == (0, Decimal("0.00"), 1)
    assert any("already: 1 request" in warning for warning in again.warnings)
    assert con.value("SELECT count(*) FROM task") == 2


def test_only_denials_make_tasks_and_reversals_are_counted(con: Connection, cast: Cast) -> None:
    reversal = answer("A1", status="22", amount="-200", codes=("CAS*CO*45*-200",))
    report = bring(con, cast, file_835(reversal, answer("A2", status="1", paid="180")))

    assert report.tasks_new == 0
    assert report.summary == ("2 answers: 1 paid, 1 reversed.",)
    assert any("CLP02 = 22): 1 earlier answer" in warning for warning in report.warnings)


def test_one_file_may_hold_claims_and_remittances(con: Connection, cast: Cast) -> None:
    raw = file_837(claim("A1")) + file_835(answer("A1"))

    report = bring(con, cast, raw)

    assert (report.format, report.charges_new, report.tasks_new) == ("837P, 835", 1, 1)
    assert con.value("SELECT charge_id IS NOT NULL FROM task")


BROKEN = {
    "not X12": (b"%PDF-1.7 \xff\xfe", 1, "not an X12 file"),
    "empty": (b"", 1, "empty"),
    "cut off": (file_837(claim("A1"), claim("A2"))[:-60], 27, "cut off"),
    "one bad claim": (file_837(claim("A2", amount="x")), 12, "CLM02"),
    "a receipt": (envelope(["AK1*HC*1"], kind="999").encode(), 4, "whether batch 1 was accepted"),
    "a status": (envelope(["BHT*1"], kind="277").encode(), 3, "this is a 277"),
    "eligibility": (envelope(["BHT*1"], kind="270").encode(), 3, "this is a 270"),
    "enrollment": (envelope(["BGN*1"], kind="834").encode(), 3, "this is an 834"),
    "a receipt for an interchange": (
        envelope().replace("GS*XX", "TA1*000000005*250101*1200**000~GS*XX").encode(),
        2,
        "TA104 says neither accepted nor rejected",
    ),
    "a piece of claims": (b"CLM*A1*200***11:B:1~HI*ABK:J029~", 1, "a piece of an X12 file"),
    "a piece of a remittance": (b"\n LX|1~CLP|A1|4|200|0~", 1, "a piece of an X12 file"),
    "text like a piece": (b"START\x00of things", 1, "not an X12 file"),
    "unheard of": (envelope(["BHT*1"], kind="123").encode(), 3, "this is a 123"),
    "institutional": (envelope(claims(), version="005010X223A2").encode(), 3, "837I"),
    "no transaction": (envelope().encode(), 1, "no transaction"),
}


@pytest.mark.parametrize(("raw", "number", "what"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_read_is_refused_whole_with_one_sentence(
    con: Connection, cast: Cast, raw: bytes, number: int, what: str
) -> None:
    report = imports.apply(con, "b.x12", raw, actor=cast.ana, practice_id=cast.practice, now=NOON)

    assert report.refused is not None
    assert report.refused.startswith(f"b.x12 was refused at segment {number}: ")
    assert what in report.refused
    assert report.format is None
    assert not any(counts(con).values())


def test_a_preview_says_the_same_as_the_import_and_writes_nothing(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    before = counts(con)
    raws = [file_837(claim("A1"), claim("A2")), file_835(answer("A1"), answer("A7")), b"?"]

    def seen(raw: bytes) -> ImportReport:
        return imports.preview(con, "b", raw, actor=cast.dora, practice_id=cast.practice, now=NOON)

    previews = [seen(raw) for raw in raws]
    same = counts(con)
    applied = [
        imports.apply(con, "b", raw, actor=cast.dora, practice_id=cast.practice, now=NOON)
        for raw in raws
    ]

    assert same == before
    assert previews == applied
    assert seen(raws[0]).already_imported


def test_only_managers_and_billers_of_the_practice_import(con: Connection, cast: Cast) -> None:
    for person in (cast.ben, cast.alan, cast.carla):
        with pytest.raises(NotAllowed):
            imports.apply(
                con, "a", file_837(claim()), actor=person, practice_id=cast.practice, now=NOON
            )
        with pytest.raises(NotAllowed):
            imports.preview(
                con, "a", file_837(claim()), actor=person, practice_id=cast.practice, now=NOON
            )

    assert not any(counts(con).values())


def test_from_the_command_line_history_names_nobody(con: Connection, cast: Cast) -> None:
    imports.apply(con, "a", file_837(claim()), actor=None, practice_id=cast.practice, now=NOON)

    assert con.row("SELECT actor_id FROM event") == (None,)
    assert con.row("SELECT imported_by FROM intake_file") == (None,)


def test_a_failure_in_the_middle_leaves_nothing(
    con: Connection, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(imports, "_record", fails)
    with pytest.raises(KeyboardInterrupt):
        bring(con, cast, file_837(claim()))

    assert not any(counts(con).values())


@pytest.mark.slow
def test_the_real_files_give_what_an_independent_count_found(con: Connection, cast: Cast) -> None:
    batches = [shared(f"x12/837P/837P_batch_{number:03}.txt") for number in range(1, 6)]
    remits = [shared(f"x12/835/835_remit_{number:03}.txt") for number in range(1, 5)]

    for file in [*batches, *remits]:
        bring(con, cast, file.read_bytes(), file.name)

    assert con.row("SELECT count(*), sum(filed_total) FROM charge") == (250, Decimal("87477.00"))
    assert con.value("SELECT count(*) FROM service_line") == 670
    assert con.row("SELECT count(*), sum(amount), count(charge_id) FROM task") == (
        13,
        Decimal("4784.00"),
        13,
    )
    assert all(
        bring(con, cast, file.read_bytes(), file.name).already_imported
        for file in [*batches, *remits]
    )


def test_820_real_claims_come_in_once_in_any_envelope(con: Connection, cast: Cast) -> None:
    raw = shared("x12/837P/imsweb-many-claims.txt").read_bytes()

    first = bring(con, cast, raw)
    again = bring(con, cast, raw.replace(b"000000905", b"000000906"))

    assert (first.charges_new, again.charges_new, again.already_imported) == (820, 0, False)
