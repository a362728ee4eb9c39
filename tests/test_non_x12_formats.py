"""Tables and FHIR come in through the same door as X12: once, with what they leave over kept."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from lib import people
from lib.errors import NoSuchFile, NotAllowed
from lib.import_report_models import ImportReport
from lib.intake import imports
from lib.intake.files import rejected_rows, saved_mappings
from lib.intake.files.non_x12_formats import TableOptions
from lib.intake.tables import columns, task_table
from lib.intake.tables.cells import DateOrder
from lib.intake.tables.columns import ColumnMapping, Field
from lib.intake.tables.table import Grid
from lib.models import Role
from lib.store.database import Connection
from tests.conftest import NOON, Cast, shared
from tests.test_fhir import bundle, task
from tests.test_task_table import HEAD, ROW

BAD = "Gossip,Why,A2,Green,01/01/2025,1"


def bring(
    con: Connection, cast: Cast, text: str | bytes, choice: TableOptions | None = None
) -> ImportReport:
    raw = text.encode() if isinstance(text, str) else text
    seen = imports.preview(
        con,
        "a.csv",
        raw,
        actor=cast.ana,
        practice_id=cast.practice,
        choice=choice,
        now=NOON,
    )
    done = imports.apply(
        con, "a.csv", raw, actor=cast.ana, practice_id=cast.practice, now=NOON, choice=choice
    )
    assert done == seen
    return done


def grid(text: str) -> Grid:
    found = task_table.open_table("a", text.encode())
    assert found is not None
    return found


def test_the_good_rows_of_a_table_become_tasks_with_their_line(con: Connection, cast: Cast) -> None:
    report = bring(con, cast, f"{HEAD}\n{BAD}\n{ROW}\n")

    assert (report.format, report.tasks_new, report.tasks_amount) == ("CSV", 1, Decimal("200.00"))
    assert [row.line for row in report.refused_rows] == [2]
    assert con.row("SELECT type, claim_number, source, segment_number, amount FROM task") == (
        "coding", "A1", "CSV", 3, Decimal("200.00"),
    )  # fmt: skip


def test_refused_rows_are_sent_to_who_may_import_there_and_to_nobody_else(
    con: Connection, cast: Cast
) -> None:
    report = bring(con, cast, f"{HEAD}\n{BAD}\n{ROW}\n")
    assert report.file_id is not None

    name, content = rejected_rows.content(con, report.file_id, actor=cast.dora)

    assert name == "a refused rows.csv"
    assert content.decode("utf-8-sig").splitlines()[1].startswith("Gossip,Why,A2,Green,01/01/2025")
    with pytest.raises(NoSuchFile):
        rejected_rows.content(con, report.file_id, actor=cast.carla)
    with pytest.raises(NotAllowed):
        rejected_rows.content(con, report.file_id, actor=cast.ben)
    for number in (report.file_id + 1, 2**80):
        with pytest.raises(NoSuchFile):
            rejected_rows.content(con, number, actor=cast.ana)


def test_corrected_rows_are_brought_back_and_nothing_comes_in_twice(
    con: Connection, cast: Cast
) -> None:
    first = bring(con, cast, f"{HEAD}\n{BAD}\n{ROW}\n")
    assert first.file_id is not None
    _, content = rejected_rows.content(con, first.file_id, actor=cast.ana)

    again = bring(con, cast, content.replace(b"Gossip", b"Coding") + ROW.encode())
    once_more = bring(con, cast, f"{HEAD}\n{BAD}\n{ROW}\n")

    assert (again.tasks_new, again.refused_rows) == (1, ())
    assert "Asked about by a task already: 1 request." in again.warnings
    assert once_more.already_imported


def test_a_table_of_which_no_row_came_in_can_be_tried_again(con: Connection, cast: Cast) -> None:
    text = f"{HEAD}\n{BAD}\n"
    assert bring(con, cast, text).tasks_new == 0

    assert not bring(con, cast, text).already_imported


def test_a_saved_mapping_is_used_for_every_table_with_these_columns(
    con: Connection, cast: Cast
) -> None:
    text = "Kind,Matter,Number,When\nCoding,Why,A1,01/02/2025\n"
    plan = ColumnMapping(
        {Field.TYPE: "Kind", Field.TITLE: "Matter", Field.CLAIM: "Number", Field.SERVICE: "When"},
        {Field.SERVICE: DateOrder.DAY_FIRST},
    )
    before = imports.preview(
        con, "a", text.encode(), actor=cast.ana, practice_id=cast.practice, now=NOON,
    )  # fmt: skip

    saved_mappings.save(con, cast.practice, grid(text), plan, actor=cast.ana, now=NOON)
    saved_mappings.save(con, cast.practice, grid(text), plan, actor=cast.ana, now=NOON)
    report = bring(con, cast, text)

    assert before.refused is not None
    assert report.tasks_new == 1
    assert con.value("SELECT date_of_service FROM task") == date(2025, 2, 1)
    assert con.value("SELECT count(*) FROM intake_mapping") == 1
    assert saved_mappings.find(con, cast.other_practice, grid(text)) is None
    with pytest.raises(NotAllowed):
        saved_mappings.save(con, cast.practice, grid(text), plan, actor=cast.ben, now=NOON)


def test_a_mapping_that_names_a_column_the_table_lacks_is_not_used(
    con: Connection, cast: Cast
) -> None:
    text = f"{HEAD}\n{ROW}\n"
    gone = ColumnMapping({Field.TYPE: "Gone"})
    saved_mappings.save(con, cast.practice, grid(text), gone, actor=cast.ana, now=NOON)

    assert saved_mappings.plan_for(con, cast.practice, grid(text)) == columns.guess(grid(text))


def test_the_mapping_on_the_screen_is_used_before_the_saved_one(
    con: Connection, cast: Cast
) -> None:
    text = f"{HEAD}\n{ROW}\n"
    plan = ColumnMapping({Field.TYPE: "Type", Field.TITLE: "Task", Field.CLAIM: "Claim #"})

    report = bring(con, cast, text, TableOptions(None, lambda _: plan))

    assert (report.tasks_new, report.tasks_amount) == (1, Decimal("0.00"))


def test_who_works_on_it_and_since_when_comes_along(con: Connection, cast: Cast) -> None:
    rows = f"{ROW},BEN,02/01/2025\n{ROW.replace('A1', 'A2')},Zoe,02/01/2026\n"

    report = bring(con, cast, f"{HEAD},Assigned to,Created\n{rows}")

    assert any(
        "a name that is nobody's in the practice, or two people's: 1 task" in each
        for each in report.warnings
    )
    assert con.rows(
        "SELECT assignee_id, status, created_at::DATE, due_on, due_rule FROM task ORDER BY id"
    ) == [
        (cast.ben.id, "open", date(2025, 2, 1), date(2025, 3, 3),
         "30 days after the request, the practice's own rule"),
        (None, "open", NOON.date(), date(2025, 4, 2),
         "30 days after the import, the practice's own rule"),
    ]  # fmt: skip
    assert con.rows("SELECT field, new_value FROM event WHERE kind = 'assigned'") == [
        ("Assignee", "Ben")
    ]


def test_a_name_that_two_people_have_assigns_nobody(con: Connection, cast: Cast) -> None:
    roles = {cast.practice: Role.STAFF}
    people.add_person(con, "Ben", "other@example.com", roles, is_sample=True, now=NOON)

    report = bring(con, cast, f"{HEAD},Assigned to,Created\n{ROW},BEN,02/01/2025\n")

    assert any("or two people's: 1 task" in each for each in report.warnings)
    assert con.value("SELECT assignee_id FROM task") is None


def test_the_published_fhir_example_makes_one_documents_task(con: Connection, cast: Cast) -> None:
    content = shared("fhir/cdex-task-example19.json").read_bytes()

    report = bring(con, cast, content)

    assert (report.format, report.charges_new, report.tasks_new) == ("FHIR", 0, 1)
    assert con.row(
        "SELECT type, due_on, due_rule, patient_name, codes, document_label FROM task"
    ) == (
        "documents", date(2022, 6, 21), "named by the payer", "Shaw, Amy", "11506-3",
        "Office notes",
    )  # fmt: skip


def test_the_same_fhir_request_in_a_bundle_makes_no_second_task(
    con: Connection, cast: Cast
) -> None:
    alone = bring(con, cast, json.dumps(task()))
    other = task(identifier=[{"value": "T-2"}])
    bundled = bring(con, cast, json.dumps(bundle(task(), other)))

    assert (alone.tasks_new, bundled.tasks_new) == (1, 1)
    assert con.value("SELECT count(*) FROM task") == 2


def test_prior_authorizations_and_bad_tasks_are_kept_and_say_why(
    con: Connection, cast: Cast
) -> None:
    prior = task(id="t2", reasonCode={"coding": [{"code": "preauthorization"}]})
    bad = task(id="t3", reasonReference=None)

    report = bring(con, cast, json.dumps(bundle(prior, task(), bad)))

    assert (report.tasks_new, report.quarantined) == (1, 1)
    assert any("prior authorization" in each for each in report.warnings)
    assert any("FHIR number 3: it does not say which claim" in each for each in report.warnings)
    assert con.rows("SELECT outcome, raw IS NULL FROM intake_message ORDER BY first_segment") == [
        ("recorded", True), ("applied", True), ("quarantined", False),
    ]  # fmt: skip
