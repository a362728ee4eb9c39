"""What the practice completed leaves as one ZIP that a biller can read."""

from __future__ import annotations

import csv
import dataclasses
import io
import zipfile
from datetime import date, datetime, timedelta

import pytest

from lib import (
    audit_log_integrity,
    audit_log_queries,
    charges,
    documents,
    notes,
    tasks,
    workflow,
)
from lib.audit_log_queries import Group, Wanted
from lib.errors import NoSuchPractice, NotAllowed, WrongInput
from lib.export.charges_to_refile import claims_file
from lib.export.completed_tasks import Attached
from lib.export.completed_tasks_zip import COLUMNS, cell, file_name, write_zip
from lib.export.period import period
from lib.file_type_detection import PDF
from lib.intake import imports
from lib.models import DocumentDetails, DocumentStatus, TaskType
from lib.samples import pdf
from lib.store.database import Connection, transaction
from tests.conftest import NOON, Cast
from tests.given import add_patient, administrator, kept_at
from tests.x12_texts import claim, file_837

pytestmark = pytest.mark.slow  # many exports

TODAY = NOON.date()


@pytest.fixture
def charge(con: Connection, cast: Cast) -> int:
    """Claim A1 of Emma Green, held at Northside."""
    return held(con, cast, "A1")


def held(con: Connection, cast: Cast, number: str) -> int:
    imports.apply(
        con, f"{number}.837", file_837(claim(number)), actor=cast.ana,
        practice_id=cast.practice, now=NOON,
    )  # fmt: skip
    return int(con.value("SELECT id FROM charge WHERE claim_number = $n", n=number))


def add_task(
    con: Connection, cast: Cast, charge_id: int, *, title: str = "Check the modifier",
    kind: TaskType = TaskType.CODING, now: datetime = NOON,
) -> int:  # fmt: skip
    task_id = tasks.create(
        con, practice_id=cast.practice, type=kind, title=title, instructions="Please look.",
        charge_id=charge_id, token=f"{title} {kind} {now}", actor=cast.dora, now=now,
    )  # fmt: skip
    workflow.start(con, task_id, actor=cast.ben, now=now)
    return task_id


def complete(
    con: Connection, cast: Cast, task_id: int, *, member: str = "MEM1", note: str = "Done.",
    now: datetime = NOON,
) -> None:  # fmt: skip
    charge_id = tasks.get(con, task_id, actor=cast.ben).charge_id
    assert charge_id
    opened = charges.get(con, charge_id, actor=cast.ben)
    changed = dataclasses.replace(opened, member_id=member)
    charges.save_and_complete(
        con, task_id, changed, opened=opened, note=note, token=f"done {task_id}",
        actor=cast.ben, now=now,
    )  # fmt: skip


def attach(con: Connection, cast: Cast, task_id: int, name: str) -> None:
    content = pdf.page("Northside", name, ["Seen and treated."])
    documents.upload_and_complete(
        con, task_id, content, "scan.pdf",
        details=DocumentDetails(name, "Operative report", DocumentStatus.NEW, TODAY),
        token=f"up {task_id}",
        actor=cast.ben, now=NOON,
    )  # fmt: skip


def taken(
    con: Connection, cast: Cast, *, since: date = TODAY, until: date = TODAY
) -> tuple[list[dict[str, str]], zipfile.ZipFile]:
    wanted = period(con, cast.practice, since, until, actor=cast.dora)
    ids, pieces = write_zip(con, wanted, actor=cast.dora, now=NOON)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert archive.testzip() is None
    text = archive.read("manifest.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(ids)
    return rows, archive


def test_a_row_says_what_was_asked_and_done(con: Connection, cast: Cast, charge: int) -> None:
    task_id = add_task(con, cast, charge)
    notes.ask(con, task_id, "Which card?", token="q", actor=cast.ben, now=NOON)
    notes.answer(con, task_id, "The new one.", token="a", actor=cast.dora, now=NOON)
    notes.write_from_biller(con, task_id, "Refile it.", token="n", actor=cast.dora, now=NOON)
    complete(con, cast, task_id, member="MEM2", note="Card seen.")

    [row], archive = taken(con, cast)

    assert list(row) == list(COLUMNS)
    assert row == {
        "Claim number": "A1",
        "Patient": "GREEN, EMMA",
        "Payer": "PLAINS HEALTH",
        "Type": "Coding",
        "Task": "Check the modifier",
        "Date of service": "01/13/2025",
        "Amount": "200.00",
        "Completed": "03/03/2025 12:00",
        "Completed by": "Ben",
        "Notes to Biller": "03/03/2025 12:00 Ben: Card seen.",
        "Notes from Biller": "03/03/2025 12:00 Dora: Refile it.",
        "Questions & Comments": "03/03/2025 12:00 Ben: Which card?\n"
        "03/03/2025 12:00 Dora: The new one.",
        "Changed fields": "Member ID: MEM1 → MEM2",
        "Documents": "",
    }
    assert archive.namelist() == ["manifest.csv"]


def test_documents_lie_beside_the_manifest_each_once_under_a_safe_name(
    con: Connection, cast: Cast, charge: int
) -> None:
    first = add_task(con, cast, charge, kind=TaskType.DOCUMENTS)
    second = add_task(con, cast, charge, kind=TaskType.DOCUMENTS, title="Again")
    attach(con, cast, first, "../März/Op: Report\n")
    [document] = documents.attached(con, first, actor=cast.ben)
    documents.attach_and_complete(
        con, second, document.id, token="t", actor=cast.ben, now=NOON + timedelta(seconds=1)
    )

    rows, archive = taken(con, cast)

    name = f"{document.id}_Marz-Op-Report.pdf"
    assert [row["Documents"] for row in rows] == [name, name]
    assert archive.namelist() == ["manifest.csv", f"documents/{name}"]
    assert archive.read(f"documents/{name}") == (kept_at(con, document.sha256).read_bytes())


def test_a_document_whose_file_was_lost_is_said_to_be(
    con: Connection, cast: Cast, charge: int
) -> None:
    task_id = add_task(con, cast, charge, kind=TaskType.DOCUMENTS)
    attach(con, cast, task_id, "Report")
    [document] = documents.attached(con, task_id, actor=cast.ben)
    kept_at(con, document.sha256).unlink()

    [row], archive = taken(con, cast)

    assert row["Documents"] == "Report (file lost)"
    assert archive.namelist() == ["manifest.csv"]


def test_a_document_that_was_changed_on_disk_is_not_in_it_and_said(
    con: Connection, cast: Cast, charge: int
) -> None:
    kept, changed = (
        add_task(con, cast, charge, kind=TaskType.DOCUMENTS, title=title) for title in "ab"
    )
    attach(con, cast, kept, "Report")
    attach(con, cast, changed, "Plan")
    [document] = documents.attached(con, changed, actor=cast.ben)
    path = kept_at(con, document.sha256)
    path.write_bytes(path.read_bytes().replace(b"Seen", b"SEEN"))

    rows, archive = taken(con, cast)

    assert {row["Task"]: row["Documents"] for row in rows}["b"] == "Plan (file changed on disk)"
    assert len(archive.namelist()) == 2
    said = con.value("SELECT detail FROM event WHERE kind = 'exported' ORDER BY id DESC LIMIT 1")
    assert said.startswith(f"not in it: document {document.id} was changed on disk")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", '=HYPERLINK("http://x")', "\n=1",
        "\xa0=1", "\u200b=1", "\ufeff=1", "＝1", "＋1", "－1", "＠A1",
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_ordinary_text_stays_as_it_is(con: Connection, cast: Cast, charge: int) -> None:
    complete(con, cast, add_task(con, cast, charge, title="=cmd|' /C calc'!A1"))

    [row], _ = taken(con, cast)

    assert cell("Rivera, Ada (3-4)") == "Rivera, Ada (3-4)"
    assert row["Task"] == "'=cmd|' /C calc'!A1"


def test_days_are_those_of_the_practice_and_both_ends_count(
    con: Connection, cast: Cast, charge: int
) -> None:
    late = datetime(2025, 3, 4, 5, 59, tzinfo=NOON.tzinfo)  # 11:59 pm of March 3rd in Chicago
    complete(con, cast, add_task(con, cast, charge), now=late)

    counts = [
        len(taken(con, cast, since=since, until=until)[0])
        for since, until in (
            (date(2025, 3, 3), date(2025, 3, 3)),
            (date(2025, 3, 4), date(2025, 3, 9)),
            (date(2025, 3, 1), date(2025, 3, 2)),
        )
    ]

    assert counts == [1, 0, 0]


def test_pending_and_reopened_tasks_are_no_answers(
    con: Connection, cast: Cast, charge: int
) -> None:
    add_task(con, cast, charge)
    reopened = add_task(con, cast, charge, title="Reopened")
    complete(con, cast, reopened)
    workflow.reopen(con, reopened, reason="Not yet.", actor=cast.dora, now=NOON)

    assert taken(con, cast)[0] == []


def test_who_took_how_many_answers_is_in_the_history(
    con: Connection, cast: Cast, charge: int
) -> None:
    complete(con, cast, add_task(con, cast, charge))

    taken(con, cast)

    assert con.rows("SELECT practice_id, actor_id, detail FROM event WHERE kind = 'exported'") == [
        (
            cast.practice,
            cast.dora.id,
            "1 completed task, completed 03/03/2025 to 03/03/2025",
        )
    ]


def test_who_took_which_patient_away_is_on_record(con: Connection, cast: Cast, charge: int) -> None:
    others = [held(con, cast, f"B{number}") for number in range(30)]
    for each in (charge, *others):
        complete(con, cast, add_task(con, cast, each), member="MEM2")
    other = int(con.value("SELECT patient_id FROM charge WHERE id = $id", id=charge))
    stranger = add_patient(con, cast.practice)
    with transaction(con):  # each of the others is about a patient of its own
        for each in others:
            patient = con.value(
                """
                INSERT INTO patient (practice_id, last_name, first_name, birth_date, sex)
                VALUES ($practice, 'Lee', 'Al', DATE '1980-05-04', 'F') RETURNING id
                """,
                practice=cast.practice,
            )
            con.execute("UPDATE task SET patient_id = $p WHERE charge_id = $id", p=patient, id=each)

    taken(con, cast)
    list(claims_file(con, period(con, cast.practice, TODAY, TODAY, actor=cast.dora),
                     actor=cast.dora, now=NOON))  # fmt: skip

    def lines(*patients: int, most: int | None = 500) -> list[tuple[str | None, str | None]]:
        wanted = Wanted(patient_ids=patients, group=Group.LOOKS)
        found = audit_log_queries.find(con, wanted, actor=gina, most=most)
        return [(each.actor, each.detail) for each in found]

    gina = administrator(con, cast.practice)
    days = "completed 03/03/2025 to 03/03/2025"
    assert lines(other) == [
        ("Dora", f"31 claims to replace (837P), {days}"),
        ("Dora", f"31 completed tasks, {days}"),
    ]
    assert lines(stranger) == []
    assert lines() == []  # the list itself has the export, not its patients
    assert len(lines(most=None)) == 31 + 1
    assert list(audit_log_integrity.broken(con)) == []


def test_only_managers_and_billers_of_the_practice_take_answers_away(
    con: Connection, cast: Cast
) -> None:
    for actor in (cast.ana, cast.dora, None):
        assert period(con, cast.practice, TODAY, TODAY, actor=actor).practice.id == cast.practice
    for actor in (cast.ben, cast.alan):
        with pytest.raises(NotAllowed):
            period(con, cast.practice, TODAY, TODAY, actor=actor)
    with pytest.raises(NoSuchPractice):
        period(con, cast.practice, TODAY, TODAY, actor=cast.carla)
    with pytest.raises(NoSuchPractice):
        period(con, 999, TODAY, TODAY, actor=None)
    with pytest.raises(WrongInput):
        period(con, cast.practice, TODAY, TODAY - timedelta(days=1), actor=cast.ana)


def test_what_another_practice_completed_is_not_among_it(
    con: Connection, cast: Cast, charge: int
) -> None:
    complete(con, cast, add_task(con, cast, charge))
    wanted = period(con, cast.other_practice, TODAY, TODAY, actor=cast.carla)

    assert write_zip(con, wanted, actor=cast.carla, now=NOON)[0] == []


def test_the_zip_comes_in_pieces(con: Connection, cast: Cast, charge: int) -> None:
    """So that memory does not grow with what is exported."""
    for number in range(6):
        task_id = add_task(con, cast, charge, kind=TaskType.DOCUMENTS, title=f"T{number}")
        attach(con, cast, task_id, f"Report {number}")
    wanted = period(con, cast.practice, TODAY, TODAY, actor=cast.dora)
    _, chunks = write_zip(con, wanted, actor=cast.dora, now=NOON)

    sizes = [len(chunk) for chunk in chunks]

    assert len(sizes) > 6
    assert max(sizes) < sum(sizes) / 3


def test_every_name_is_unique_and_fits_every_system() -> None:
    def named(document_id: int, name: str) -> str:
        return file_name(Attached(1, document_id, "", PDF, name))

    assert named(1, "CON") != named(2, "CON")
    assert named(3, 'a/b\\c:d*e?f"g<h>i|j.exe') == "3_a-b-c-d-e-f-g-h-i-j-exe.pdf"
    assert named(4, "…") == "4_document.pdf"
    assert len(named(5, "x" * 500)) < 100
