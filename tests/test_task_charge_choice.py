"""A task says why it has its charge; where nobody can tell, a person chooses, and only then may a
replacement of it leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from lib import charges, history, tasks, workflow
from lib.errors import AlreadyCompleted, ChargeChosen, NoSuchTask, NotAllowed
from lib.export import charges_to_refile
from lib.export.period import period
from lib.intake import imports
from lib.intake.charges import charge_mismatches, task_charge_choice
from lib.intake.matching.claim_matcher import Agreement
from lib.models import ServiceLine
from lib.store.database import Connection
from lib.store.duckdb.store import DuckDBStore
from tests.conftest import NOON, Cast
from tests.given import minutes
from tests.test_command import run_command
from tests.test_import import bring
from tests.x12_texts import answer, claim, envelope, file_835, file_837, remittance

pytestmark = [pytest.mark.slow, pytest.mark.cases(1)]  # many imports

TODAY = NOON.date()


def visit(body: list[str], day: str) -> list[str]:
    """Return a claim or an answer of another day."""
    return [
        part.replace("20250113", day).replace("20250114-20250115", f"{day}-{day}") for part in body
    ]


def two_twins(con: Connection, cast: Cast) -> int:
    """Two charges that say the same but for a modifier, and the task of an answer to one."""
    other = [part.replace("99213:25", "99213:59") for part in claim("A1")]
    bring(con, cast, file_837(claim("A1"), other))
    bring(con, cast, file_835(answer("A1")), "b.835")
    return int(con.value("SELECT id FROM task"))


def basis(con: Connection, cast: Cast, task_id: int) -> task_charge_choice.Basis:
    return task_charge_choice.basis(con, tasks.get(con, task_id, actor=cast.ben))


def test_a_task_its_preview_and_its_report_say_which_facts_agreed(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    raw = file_835(answer("A1"))
    preview = imports.preview(
        con, "a.txt", raw, actor=cast.ana, practice_id=cast.practice, now=NOON
    )
    report = bring(con, cast, raw)

    found = basis(con, cast, 1)

    said = "claim number, patient, date of service, amount charged, payer."
    sentence = f"Found their charge: 1 task. What agreed: {said}"
    assert (preview.matched, report.matched) == ((sentence,), (sentence,))
    assert found.is_certain
    assert found.options == ()
    assert found.comparison is not None
    agreed = {fact.name for fact in found.comparison.facts if fact.agreement > Agreement.NOT_STATED}
    assert agreed == {
        "Claim number", "Patient", "Date of service", "Amount charged", "Payer",
        "Payer's claim number",
    }  # fmt: skip


def test_of_several_charges_none_is_taken_and_both_are_offered(con: Connection, cast: Cast) -> None:
    task_id = two_twins(con, cast)

    found = basis(con, cast, task_id)

    assert con.row("SELECT charge_id, task.patient_name, outcome FROM task JOIN task_claim "
                   "ON task_id = id") == (None, "GREEN, EMMA", "several")  # fmt: skip
    assert sorted(option.charge_id for option in found.options) == [1, 2]
    assert all(option.comparison.agrees for option in found.options)
    assert con.rows("SELECT payer_claim_number FROM charge") == [(None,), (None,)]


def test_a_chosen_charge_is_shown_recorded_and_knows_its_payers_number(
    con: Connection, cast: Cast
) -> None:
    task_id = two_twins(con, cast)

    task_charge_choice.choose(con, task_id, 2, seen=None, token="t", actor=cast.ben, now=minutes(1))
    task_charge_choice.choose(con, task_id, 2, seen=None, token="t", actor=cast.ben, now=minutes(1))

    task = tasks.get(con, task_id, actor=cast.ben)
    assert (task.charge_id, task.provider_name) == (2, "NORTHSIDE")
    assert con.rows("SELECT id, payer_claim_number FROM charge ORDER BY id") == [
        (1, None), (2, "PAYER1"),
    ]  # fmt: skip
    [event] = [
        e for e in history.of_task(con, task_id, actor=cast.ben) if e.kind == "charge chosen"
    ]
    assert (event.actor, event.old) == ("Ben", None)
    assert event.new == "01/13/2025 · GREEN, EMMA · PLAINS HEALTH · 200.00 · A1"
    found = basis(con, cast, task_id)
    assert (found.chosen_by, found.is_certain, found.options) == ("Ben", True, ())


def test_the_second_of_two_who_choose_is_told_by_whom(con: Connection, cast: Cast) -> None:
    task_id = two_twins(con, cast)
    task_charge_choice.choose(con, task_id, 2, seen=None, token="b", actor=cast.ben, now=minutes(1))

    with pytest.raises(ChargeChosen, match=r"Ben chose another charge .* about 01/13/2025"):
        task_charge_choice.choose(
            con, task_id, 1, seen=None, token="a", actor=cast.ana, now=minutes(2)
        )

    assert con.value("SELECT charge_id FROM task") == 2


def test_who_may_choose_a_charge(con: Connection, cast: Cast) -> None:
    task_id = two_twins(con, cast)

    with pytest.raises(NoSuchTask):
        task_charge_choice.choose(con, task_id, 1, seen=None, token="c", actor=cast.carla, now=NOON)
    with pytest.raises(NotAllowed):
        task_charge_choice.choose(con, task_id, 1, seen=None, token="d", actor=cast.alan, now=NOON)
    con.execute("UPDATE task SET status = 'completed', is_open = false")
    with pytest.raises(AlreadyCompleted):
        task_charge_choice.choose(con, task_id, 1, seen=None, token="e", actor=cast.ben, now=NOON)


def test_a_name_that_a_payer_goes_by_is_learned_from_a_choice(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")))
    carrier = [
        file_835(answer(n, control=f"P{n}"), control=f"00000000{n[1]}") for n in ("A1", "A2")
    ]
    first, second = (raw.replace(b"N1*PR*PLAINS HEALTH", b"N1*PR*CGS ADMIN") for raw in carrier)
    bring(con, cast, first, "b.835")

    doubtful = con.value("SELECT charge_id FROM task")
    task_charge_choice.choose(con, 1, 1, seen=None, token="t", actor=cast.ben, now=minutes(1))
    bring(con, cast, second, "c.835")

    assert doubtful is None
    assert con.rows("SELECT charge_id FROM task ORDER BY id") == [(1,), (2,)]


def change(con: Connection, cast: Cast, task_id: int) -> None:
    """Correct a line of the task's charge and complete it."""
    workflow.start(con, task_id, actor=cast.ben, now=NOON)
    charge_id = tasks.get(con, task_id, actor=cast.ben).charge_id
    assert charge_id is not None
    opened = charges.get(con, charge_id, actor=cast.ben)
    lines: tuple[ServiceLine, ...] = (
        replace(opened.lines[0], procedure="99214"),
        *opened.lines[1:],
    )
    charges.save_and_complete(
        con, task_id, replace(opened, lines=lines), opened=opened, note="Done.",
        token=f"done {task_id}", actor=cast.ben, now=NOON,
    )  # fmt: skip


def written(con: Connection, cast: Cast) -> str:
    wanted = period(con, cast.practice, TODAY, TODAY, actor=cast.ana)
    return b"".join(charges_to_refile.claims_file(con, wanted, actor=cast.ana, now=NOON)).decode()


def test_the_replacement_is_of_the_visit_that_was_denied(con: Connection, cast: Cast) -> None:
    days = ("20250113", "20250120")
    bring(con, cast, file_837(*(visit(claim("A1"), day) for day in days)))
    bring(con, cast, file_835(visit(answer("A1", control="ICN-13"), "20250113")))
    change(con, cast, 1)

    text = written(con, cast)

    assert "DTP*472*D8*20250113" in text
    assert "20250120" not in text
    assert "REF*F8*ICN-13" in text


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("date_from", date(2025, 1, 20), "date of service"),
        ("patient_name", "BETA, BOB", "patient"),
        ("payer_name", "SECONDARY PLAN", "payer"),
        ("payer_role", "S", "order of payers"),
    ],
)
def test_a_charge_that_its_own_answer_contradicts_is_not_written(
    con: Connection, cast: Cast, column: str, value: object, why: str
) -> None:
    """As stores are that were filled when only the claim number was compared."""
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1")))
    con.execute(f"UPDATE task_claim SET {column} = $value", value=value)
    con.execute("UPDATE charge SET payer_role = 'P'")
    change(con, cast, 1)

    text = written(con, cast)
    review = charges_to_refile.review(con, period(con, cast.practice, TODAY, TODAY, actor=cast.ana))

    assert "CLM*" not in text
    assert (review.claims, review.left_out) == (0, 1)
    [(sentence, _)] = review.remarks
    assert f"is about another {why}" in sentence


@pytest.mark.parametrize("name", ["GREEN, EMM?", "GREEN, ?MMA", "GREEN, EM\ufffdA"])
def test_a_charge_whose_answer_lost_letters_is_not_written_until_somebody_chose_it(
    con: Connection, cast: Cast, name: str
) -> None:
    """As stores are that were filled when such a name agreed."""
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1")))
    con.execute("UPDATE task_claim SET patient_name = $name", name=name)

    basis = task_charge_choice.basis(con, tasks.get(con, 1, actor=cast.ana))
    [doubt] = charge_mismatches.review(con, cast.practice, actor=cast.ana).doubts
    change(con, cast, 1)
    before = written(con, cast)
    con.execute(
        "INSERT INTO charge_choice VALUES (1, $practice, 1, $ana, $now)",
        practice=cast.practice, ana=cast.ana.id, now=NOON,
    )  # fmt: skip

    assert not basis.is_certain
    assert [fact.stated for fact in doubt.facts] == [name]
    assert "CLM*" not in before
    assert "CLM*" in written(con, cast)


def without(*names: str, patient: str = "GREEN*EMMA") -> bytes:
    """Return the denial of A1 without some segments."""
    said = answer("A1", patient=patient)
    return file_835([each for each in said if not each.startswith(names)])


def of_payer(name: str) -> bytes:
    body = remittance(answer("A1"), payer=name)
    return envelope(body, kind="835", version="005010X221A1").encode()


@pytest.mark.parametrize(
    ("held", "said", "is_proven"),
    [
        ("HUMANA", "HUMANA MILITARY", False), ("TRICARE", "TRICARE FOR LIFE", False),
        ("AETNA", "AETNA STUDENT HEALTH", False), ("HUMANA GOLD PLUS", "HUMANA", False),
        ("UNITEDHEALTHCARE", "UHC COMMUNITY PLAN", False), ("HUMANA", "Humana Inc.", True),
        ("AETNA", "AETNA LIFE INSURANCE COMPANY", True), ("ANTHEM", "ANTHEM BLUE CROSS", True),
    ],
)  # fmt: skip
def test_the_other_plan_of_a_company_is_no_proof(
    con: Connection, cast: Cast, held: str, said: str, is_proven: bool
) -> None:
    bring(con, cast, file_837(claim("A1")).replace(b"PLAINS HEALTH", held.encode()))
    bring(con, cast, of_payer(said), "b.835")
    change(con, cast, 1)

    text = written(con, cast)

    assert con.value("SELECT charge_id FROM task") == 1
    assert ("CLM*A1*" in text) is is_proven


TABLE = "Type,Task,Claim,Patient,DOS,Payer\n"


@pytest.mark.parametrize(
    ("raw", "lacking"),
    [
        (without("NM1*QC"), "the patient's whole name"),
        (without("DTM"), "the date of service"),
        (without("DTM", patient="GREEN"), "the patient's whole name and the date of service"),
        (without(patient="GREEN"), "the patient's whole name"),
        (f'{TABLE}Charge,Check,A1,"GREEN, EMMA",,PLAINS HEALTH'.encode(), "the date of service"),
        (f"{TABLE}Charge,Check,A1,Green,1/13/2025,".encode(),
         "the patient's whole name and the payer"),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_say_whose_claim_it_is_proves_no_original_until_confirmed(
    con: Connection, cast: Cast, raw: bytes, lacking: str
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, raw, "b.835")
    asked = basis(con, cast, 1)
    change(con, cast, 1)
    before = written(con, cast)
    review = charges_to_refile.review(con, period(con, cast.practice, TODAY, TODAY, actor=cast.ana))
    completed = basis(con, cast, 1)

    task_charge_choice.choose(con, 1, 1, seen=1, token="t", actor=cast.ben, now=minutes(1))

    assert "CLM*" not in before
    assert review.remarks[0][0] == (
        f"left out, because the answer it was changed for leaves {lacking} open: confirm in the "
        "task that this charge is meant"
    )
    for found in (asked, completed):
        assert not found.is_certain
        assert [(each.charge_id, each.is_present) for each in found.options] == [(1, True)]
    assert "CLM*A1*" in written(con, cast)
    assert basis(con, cast, 1).options == ()
    [event] = [e for e in history.of_task(con, 1, actor=cast.ben) if e.kind == "charge chosen"]
    assert (event.actor, event.old, event.new) == (
        "Ben", None, "01/13/2025 · GREEN, EMMA · PLAINS HEALTH · 200.00 · A1",
    )  # fmt: skip


def test_a_last_name_and_birth_date_name_a_patient(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    table = TABLE.replace("Patient,", "Patient,DOB,")
    row = "Charge,Check,A1,Green,02/29/1980,01/13/2025,PLAINS HEALTH\n"
    bring(con, cast, f"{table}{row}".encode(), "b.csv")
    change(con, cast, 1)

    assert "CLM*A1*" in written(con, cast)


def test_an_answer_that_names_neither_patient_nor_day_finds_no_charge(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, without("NM1*QC", "DTM"), "b.835")

    assert con.value("SELECT charge_id FROM task") is None


def test_a_payers_number_that_another_answer_proved_names_the_claim(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1", status="1", paid="200", codes=())), "paid.835")
    bring(con, cast, without("NM1*QC", "DTM"), "b.835")
    change(con, cast, 1)

    assert basis(con, cast, 1).is_certain
    assert "CLM*A1*" in written(con, cast)


def test_another_task_of_the_charge_that_says_little_hinders_nothing(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, f"{TABLE}Coding,Look at it,A1,Green,,\n".encode(), "b.csv")
    bring(con, cast, file_835(answer("A1")), "c.835")
    change(con, cast, con.value("SELECT id FROM task WHERE source = '835'"))

    assert "CLM*A1*" in written(con, cast)


def test_a_charge_that_was_voided_after_it_was_changed_is_left_out_and_said(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(claim("A1"), claim("A2")))
    bring(con, cast, file_835(answer("A1"), answer("A2", control="P2")), "b.835")
    change(con, cast, 1)
    change(con, cast, 2)
    void = file_837(claim("A1"), control="000000002").replace(b"11:B:1", b"11:B:8")
    bring(con, cast, void, "c.837")

    review = charges_to_refile.review(con, period(con, cast.practice, TODAY, TODAY, actor=cast.ana))

    assert (review.claims, review.left_out) == (1, 1)
    assert ("left out, because the claim was voided", 1) in review.remarks
    assert "CLM*A1*" not in written(con, cast)


def test_what_is_typed_stays_when_the_charge_is_confirmed(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, without("NM1*QC"), "b.835")
    drafts = {
        "person_id": cast.ana.id, "task_id": 1, "practice_id": cast.practice, "form": "charge",
        "writer": "first", "content": "{}", "saved_at": NOON,
    }  # fmt: skip
    con.insert("draft", [drafts])

    task_charge_choice.choose(con, 1, 1, seen=1, token="t", actor=cast.ana, now=minutes(1))

    assert con.value("SELECT count(*) FROM draft") == 1


def test_a_payers_number_that_an_older_store_wrote_on_two_charges_proves_neither(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(*(visit(claim("A1"), day) for day in ("20250113", "20250120"))))
    bring(con, cast, file_835(visit(answer("A1"), "20250113")))
    con.execute("UPDATE charge SET payer_claim_number = 'PAYER1'")
    con.execute("UPDATE charge_number SET is_proven = false")
    change(con, cast, 1)

    assert "CLM*" not in written(con, cast)


def test_a_check_reads_the_files_of_an_older_store_and_names_what_disagrees(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(*(visit(claim("A1"), day) for day in ("20250113", "20250120"))))
    said = [visit(answer(f"A{n}", control=f"P{n}"), "20250113") for n in (1,)]
    bring(con, cast, file_835(*said))
    con.execute("DELETE FROM task_claim")
    con.execute("UPDATE task SET charge_id = 2")

    found = charge_mismatches.review(con, cast.practice, actor=cast.ana)

    assert (found.checked, found.unread) == (1, 0)
    [doubt] = found.doubts
    assert [(f.name, f.stated, f.held) for f in doubt.facts] == [
        ("Date of service", "01/13/2025", "01/20/2025")
    ]
    with pytest.raises(Exception, match="no such practice"):
        charge_mismatches.review(con, cast.practice, actor=cast.carla)


def test_a_charge_chosen_against_the_check_takes_the_payers_number_along(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(*(visit(claim("A1"), day) for day in ("20250113", "20250120"))))
    bring(con, cast, file_835(visit(answer("A1"), "20250113")))
    con.execute("UPDATE task SET charge_id = 2")  # as an older store had it
    con.execute("UPDATE charge SET payer_claim_number = 'PAYER1' WHERE id = 2")

    task_charge_choice.choose(con, 1, 1, seen=2, token="t", actor=cast.ana, now=minutes(1))

    assert con.rows("SELECT id, payer_claim_number FROM charge ORDER BY id") == [
        (1, "PAYER1"), (2, None),
    ]  # fmt: skip
    assert charge_mismatches.review(con, cast.practice, actor=cast.ana).doubts == ()


def test_a_split_claim_is_complete_when_its_parts_are(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_837(claim("A1")))
    bring(con, cast, file_835(answer("A1")))

    def part(amount: int, procedure: str, control: str) -> bytes:
        said = [
            f"CLP*A1*1*{amount}*{amount}**12*{control}", "NM1*QC*1*GREEN*EMMA", "MOA***MA15",
            "DTM*232*20250113", f"SVC*HC:{procedure}*{amount}*{amount}**1",
        ]  # fmt: skip
        inside = remittance(said, paid_on="20250301")
        return envelope(inside, kind="835", version="005010X221A1", control=control).encode()

    first = bring(con, cast, part(120, "99213", "000000011"), "p1.835")
    half = con.value("SELECT proposal FROM task")
    second = bring(con, cast, part(80, "87880", "000000012"), "p2.835")

    assert half is None
    assert any("Paid in part of a split claim: 1 answer" in said for said in first.warnings)
    assert any("Proposed to be completed: 1" in said for said in second.warnings)
    assert con.value("SELECT proposal IS NOT NULL FROM task")


@pytest.mark.duckdb
@pytest.mark.slow
def test_the_command_line_names_tasks_whose_charge_disagrees_and_no_patient(
    con: Connection, cast: Cast
) -> None:
    bring(con, cast, file_837(*(visit(claim("A1"), day) for day in ("20250113", "20250120"))))
    bring(con, cast, file_835(visit(answer("A1"), "20250113")))
    folder = con.store.folder
    con.store.close()
    fine = run_command(folder, "check")
    store = DuckDBStore(folder)
    store.connection().execute("UPDATE task SET charge_id = 2")
    store.close()

    found = run_command(folder, "check")

    assert (fine.returncode, found.returncode) == (0, 1)
    assert fine.stdout.splitlines()[0] == ("Northside Clinic: 1 task checked, 0 of them disagree.")
    assert "  task 1: date of service\n" in found.stdout
    assert "GREEN" not in found.stdout + found.stderr
