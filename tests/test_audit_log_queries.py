from __future__ import annotations

from datetime import date, timedelta

import pytest

from lib import audit_log, audit_log_queries, practice_holidays, workflow
from lib.audit_log import Activity, Line
from lib.audit_log_queries import Group, Wanted
from lib.backlog import day_notes
from lib.errors import NotAllowed
from lib.models import Person
from lib.practice_holidays import Holiday
from lib.store.database import Connection
from tests.conftest import NOON, Cast
from tests.given import add_task, add_task_of_charge, administrator, minutes


@pytest.fixture
def gina(con: Connection, cast: Cast) -> Person:
    """Somebody who administers Northside, where Ana started a task and Ben looked at it; at
    Southside Carla did both with a task there."""
    gina = administrator(con, cast.practice)
    for who, other, practice in (
        (cast.ana, cast.ben, cast.practice), (cast.carla, cast.carla, cast.other_practice),
    ):  # fmt: skip
        task_id = add_task_of_charge(con, practice)
        audit_log.record(con, Line(Activity.SIGNED_IN, NOON, who.id))
        workflow.start(con, task_id, actor=who, now=minutes(1))
        audit_log.saw(
            con, Activity.SAW_TASK, practice_id=practice, actor=other, now=minutes(2),
            task_id=task_id, patient_id=patient_of(con, task_id),
        )  # fmt: skip
    return gina


def patient_of(con: Connection, task_id: int) -> int:
    return int(con.value("SELECT patient_id FROM task WHERE id = $id", id=task_id))


def told(con: Connection, actor: Person, **wanted: object) -> list[tuple[str | None, str]]:
    lines = audit_log_queries.find(con, Wanted(**wanted), actor=actor)  # type: ignore[arg-type]
    return [(line.actor, line.what) for line in lines]


def test_an_administrator_sees_looks_changes_and_sign_ins_of_their_practice_newest_first(
    con: Connection, cast: Cast, gina: Person
) -> None:
    assert told(con, gina) == [
        ("Ben", "Saw the task"), ("Ana", "Started"), ("Ana", "Assigned"), ("Ana", "Signed in"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        ({"group": Group.LOOKS}, [("Ben", "Saw the task")]),
        ({"group": Group.CHANGES}, [("Ana", "Started"), ("Ana", "Assigned")]),
        ({"group": Group.SIGN_INS}, [("Ana", "Signed in")]),
        ({"group": Group.REFUSALS}, []),
        ({"since": minutes(2)}, [("Ben", "Saw the task")]),
        ({"until": minutes(1)}, [("Ana", "Signed in")]),
    ],
)
def test_lines_are_chosen_by_what_and_when(
    con: Connection, gina: Person, wanted: dict[str, object], lines: list[tuple[str, str]]
) -> None:
    assert told(con, gina, **wanted) == lines


def test_lines_are_chosen_by_person_also_by_whose_account_it_is_about(
    con: Connection, cast: Cast, gina: Person
) -> None:
    audit_log.record(con, Line(Activity.SIGN_IN_REFUSED, minutes(3), person_id=cast.ben.id))

    assert told(con, gina, person_id=cast.ben.id) == [
        (None, "Sign-in refused"), ("Ben", "Saw the task"),
    ]  # fmt: skip


def test_managers_see_who_saw_a_patient_and_nothing_else(
    con: Connection, cast: Cast, gina: Person
) -> None:
    (mine,) = [patient_of(con, id_) for (id_,) in con.rows(
        "SELECT id FROM task WHERE practice_id = $id", id=cast.practice)]  # fmt: skip
    (theirs,) = [patient_of(con, id_) for (id_,) in con.rows(
        "SELECT id FROM task WHERE practice_id = $id", id=cast.other_practice)]  # fmt: skip

    assert told(con, cast.ana, patient_ids=(mine,))[0] == ("Ben", "Saw the task")
    assert told(con, cast.ana, patient_ids=(theirs,)) == []
    with pytest.raises(NotAllowed, match="Ask an administrator"):
        told(con, cast.ana)
    for nobody in (cast.ben, cast.dora, cast.alan):
        with pytest.raises(NotAllowed):
            told(con, nobody, patient_ids=(mine,))
    assert audit_log_queries.patient_name(con, theirs, actor=cast.ana) is None
    assert audit_log_queries.patient_name(con, mine, actor=cast.ana) == "Ray, Ida"


def test_a_patient_is_found_by_any_words_of_the_name_in_ones_own_practices(
    con: Connection, cast: Cast, gina: Person
) -> None:
    for words in ("ray", "IDA ray", "Ray, Ida", "id"):
        assert [name for _, name in audit_log_queries.patients(con, words, actor=gina)] == [
            "Ray, Ida"
        ]
    assert audit_log_queries.patients(con, "rayx", actor=gina) == []
    assert audit_log_queries.patients(con, "ray", actor=cast.ben) == []


def test_a_line_says_the_change_from_old_to_new(con: Connection, cast: Cast, gina: Person) -> None:
    task_id = add_task(con, cast.practice)
    workflow.assign(
        con, task_id, to=cast.ben.id, seen=None, actor=cast.ana, now=NOON + timedelta(days=1)
    )

    (line, *_) = audit_log_queries.find(con, Wanted(), actor=gina)
    assert line.cells()[2:8] == [str(task_id), "", "Assignee", "", "Ben", "Northside Clinic"]


def test_days_that_history_keeps_are_written_as_on_every_page(con: Connection, cast: Cast) -> None:
    gina = administrator(con, cast.practice)
    practice_holidays.add(
        con, cast.practice, [Holiday(date(2025, 12, 24), "Closed early")], actor=gina, now=NOON
    )
    day_notes.write(con, cast.practice, date(2025, 2, 3), "Snow", actor=cast.ana, now=NOON)

    lines = audit_log_queries.find(con, Wanted(), actor=gina)
    cells = [cell for line in lines for cell in line.cells()]
    assert "holidays added: 12/24/2025 Closed early" in cells
    assert "Note · 02/03/2025" in cells
