"""Facts that analysts need: kept by every verb, found again in old stores, changed with history."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from lib import people, practice_settings, queue, tasks, timely_filing, workflow
from lib.backlog import day_notes, pending_tasks
from lib.backlog.report_scope import View
from lib.errors import NoSuchPractice, NotAllowed, NothingWritten, SettingsChanged, WrongInput
from lib.models import Resolution, TaskFilter, TaskType
from lib.store import migrations
from lib.store.database import Connection, transaction
from lib.store.duckdb.store import DuckDBStore
from lib.timely_filing import FilingLimit
from tests.conftest import NOON, Cast
from tests.given import add_charge, add_payer, add_task_of_charge, minutes
from tests.test_import import bring
from tests.x12_texts import answer, file_835

NONE = FilingLimit(None, "", None)
LIMIT = FilingLimit(95, "Provider manual, page 41", date(2025, 2, 1))


def test_an_old_store_learns_what_its_history_can_tell(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "schema"
    old.mkdir()
    for file in migrations.SCHEMA.glob("00*.sql"):
        shutil.copy(file, old)
    now = migrations.SCHEMA
    monkeypatch.setattr(migrations, "SCHEMA", old)
    store = DuckDBStore(tmp_path / "old")
    con = store.connection()
    with transaction(con):
        con.execute(
            """
            INSERT INTO practice (name, timezone, due_days, created_at)
            VALUES ('Old', 'America/Denver', 30, $now);
            """,
            now=NOON,
        )
        for name in ("Ana", "Ben", "Ben"):
            con.execute(
                "INSERT INTO person (name, email, is_sample, created_at) "
                "VALUES ($name, '', true, $now)", name=name, now=NOON,
            )  # fmt: skip
        for rule in ("30 days after the remittance, the practice's own rule", "named by the payer",
                     "30 days after the import, the practice's own rule"):  # fmt: skip
            con.execute(
                """
                INSERT INTO task (practice_id, type, status, is_open, turn, title, instructions,
                    assignee_id, due_on, due_rule, source, claim_shape, created_at)
                VALUES (1, 'coding', 'open', true, 'practice', 'T', 'I', 2, DATE '2025-03-31',
                    $rule, '835', '', $now)
                """,
                rule=rule,
                now=NOON,
            )
        for kind, was, then, actor in (
            ("assigned", None, "Ana", 1), ("completed", "Open", "Completed", 1),
            ("reopened", "Completed", "In progress", 1), ("assigned", "Ana", "Ben", 1),
        ):  # fmt: skip
            con.execute(
                "INSERT INTO event (practice_id, task_id, kind, old_value, new_value, actor_id, "
                "happened_at) VALUES (1, 1, $kind, $was, $then, $actor, $now)",
                kind=kind, was=was, then=then, actor=actor, now=NOON,
            )  # fmt: skip
    store.close()
    monkeypatch.setattr(migrations, "SCHEMA", now)

    store = DuckDBStore(tmp_path / "old")

    con = store.connection()
    found = con.rows("SELECT requested_on, resolution FROM task ORDER BY id")
    assert found == [(date(2025, 3, 1), None), (None, None), (None, None)]
    assert con.rows("SELECT came_at, taken_up_at FROM task ORDER BY id") == [
        (NOON.replace(tzinfo=None), NOON.replace(tzinfo=None)),
        (NOON.replace(tzinfo=None), None),
        (NOON.replace(tzinfo=None), None),
    ]
    noon = NOON.replace(tzinfo=None)
    assert con.rows("SELECT * FROM reopened_completion") == [(1, 1, 2, noon, noon, 1, None, noon)]
    told = con.rows("SELECT kind, assignee_id, was_assignee_id FROM event ORDER BY id")
    assert told == [
        ("assigned", 1, None), ("completed", 1, None), ("reopened", 1, None), ("assigned", 2, 1),
    ]  # fmt: skip
    store.close()


def test_events_keep_who_has_the_task(con: Connection, cast: Cast) -> None:
    task = add_task_of_charge(con, cast.practice)
    workflow.start(con, task, actor=cast.ana, now=NOON)
    workflow.assign(con, task, to=cast.ben.id, seen=cast.ana.id, actor=cast.ana, now=minutes(1))

    rows = con.rows(
        "SELECT kind, was_assignee_id, assignee_id FROM event WHERE task_id = $t ORDER BY id",
        t=task,
    )
    assert rows == [
        ("assigned", None, cast.ana.id), ("started", None, cast.ana.id),
        ("assigned", cast.ana.id, cast.ben.id),
    ]  # fmt: skip


@pytest.mark.parametrize("resolution", Resolution)
def test_a_resolution_is_kept_with_the_completion_and_gone_with_the_reopening(
    con: Connection, cast: Cast, resolution: Resolution
) -> None:
    task = add_task_of_charge(con, cast.practice)
    with transaction(con):
        con.execute("UPDATE task SET charge_id = NULL WHERE id = $id", id=task)
    workflow.start(con, task, actor=cast.ana, now=NOON)
    workflow.complete(
        con, task, note="Done.", resolution=resolution, token="t", actor=cast.ana, now=minutes(1)
    )

    assert tasks.get(con, task, actor=cast.ana).resolution is resolution
    workflow.reopen(con, task, reason="Again", actor=cast.ana, now=minutes(2))
    assert tasks.get(con, task, actor=cast.ana).resolution is None
    kept = con.rows("SELECT resolution FROM event WHERE kind = 'completed'")
    assert kept == [(resolution.value,)]


def test_every_way_in_keeps_the_day_it_was_asked_for(con: Connection, cast: Cast) -> None:
    bring(con, cast, file_835(answer("A1"), paid_on="20250210"))
    tasks.create(
        con, practice_id=cast.practice, type=TaskType.CODING, title="Q", instructions="Q",
        charge_id=add_charge(con, cast.practice), token="t", actor=cast.dora, now=NOON,
    )  # fmt: skip

    assert con.rows("SELECT source, requested_on FROM task ORDER BY id") == [
        ("835", date(2025, 2, 10)), ("hand", date(2025, 3, 3)),
    ]  # fmt: skip


def test_every_claim_of_a_remittance_is_kept_once_with_its_codes(
    con: Connection, cast: Cast
) -> None:
    both = (
        answer("A1", codes=("CAS*CO*16*100*1*45*20", "LQ*HE*N290")),
        answer("A2", status="1", paid="80", codes=("CAS*PR*3*20",)),
    )
    bring(con, cast, file_835(*both))
    bring(con, cast, file_835(*both, control="000000002"))

    assert con.rows("SELECT claim_number, status, paid FROM claim_answer ORDER BY id") == [
        ("A1", "4", 0), ("A2", "1", 80),
    ]  # fmt: skip
    codes = con.rows("SELECT kind, group_code, code FROM claim_answer_code ORDER BY 1, 2, 3")
    assert codes == [
        ("adjustment", "CO", "16"), ("adjustment", "CO", "45"), ("adjustment", "PR", "3"),
        ("remark", "", "N290"),
    ]  # fmt: skip


def test_a_filing_limit_is_written_with_source_and_history(con: Connection, cast: Cast) -> None:
    payer = add_payer(con, cast.practice)
    timely_filing.set_filing_limit(
        con, cast.practice, payer, LIMIT, seen=NONE, actor=cast.ana, now=NOON
    )

    [held] = timely_filing.filing_limits(con, cast.practice, actor=cast.alan)
    assert held.limit == LIMIT
    [told] = practice_settings.changes(con, cast.practice, actor=cast.ana)
    assert (told.field, told.old) == ("Filing limit of Blue Shield", "not recorded")
    with pytest.raises(SettingsChanged):
        timely_filing.set_filing_limit(
            con, cast.practice, payer, NONE, seen=NONE, actor=cast.ana, now=NOON
        )


@pytest.mark.parametrize(
    "wanted",
    [
        FilingLimit(0, "Manual", date(2025, 1, 1)), FilingLimit(95, " ", date(2025, 1, 1)),
        FilingLimit(95, "Manual", None), FilingLimit(95, "Manual", date(2026, 1, 1)),
    ],
    ids=str,
)  # fmt: skip
def test_a_filing_limit_without_a_source_is_refused(
    con: Connection, cast: Cast, wanted: FilingLimit
) -> None:
    payer = add_payer(con, cast.practice)
    with pytest.raises(WrongInput):
        timely_filing.set_filing_limit(
            con, cast.practice, payer, wanted, seen=NONE, actor=cast.ana, now=NOON
        )
    for actor, refused in ((cast.ben, NotAllowed), (cast.carla, NoSuchPractice)):
        with pytest.raises(refused):
            timely_filing.set_filing_limit(
                con, cast.practice, payer, LIMIT, seen=NONE, actor=actor, now=NOON
            )


def test_a_zone_is_assumed_until_somebody_names_it(con: Connection, cast: Cast) -> None:
    assert practice_settings.is_timezone_assumed(con, cast.practice)

    practice_settings.set_timezone(con, cast.practice, "America/Denver", actor=cast.ana, now=NOON)

    assert not practice_settings.is_timezone_assumed(con, cast.practice)
    person = people.person(con, cast.ana.id)
    assert person is not None
    assert person.memberships[0].practice.timezone == "America/Denver"
    with pytest.raises(WrongInput, match="no time zone"):
        practice_settings.set_timezone(con, cast.practice, "Mars/Base", actor=cast.ana, now=NOON)
    for actor, refused in ((cast.ben, NotAllowed), (cast.carla, NoSuchPractice)):
        with pytest.raises(refused):
            practice_settings.set_timezone(
                con, cast.practice, "America/Denver", actor=actor, now=NOON
            )


def test_a_note_on_a_day_is_the_practice_s_own(con: Connection, cast: Cast) -> None:
    day = date(2025, 3, 1)
    day_notes.write(con, cast.practice, day, " New\nclearinghouse ", actor=cast.alan, now=NOON)

    both = (cast.practice, cast.other_practice)
    [note] = day_notes.notes(con, both, actor=cast.ben)
    assert (note.day, note.text, note.author) == (day, "New clearinghouse", "Alan")
    assert day_notes.notes(con, both, actor=cast.carla) == []
    with pytest.raises(NothingWritten):
        day_notes.write(con, cast.practice, day, " ", actor=cast.ana, now=NOON)
    with pytest.raises(NotAllowed):
        day_notes.write(con, cast.practice, day, "x", actor=cast.ben, now=NOON)
    with pytest.raises(WrongInput, match="no such note"):
        day_notes.remove(con, note.id, actor=cast.carla, now=NOON)
    day_notes.remove(con, note.id, actor=cast.ana, now=NOON)
    assert day_notes.notes(con, both, actor=cast.ben) == []


def test_an_analyst_sees_no_patient_in_the_list_and_opens_no_task(
    con: Connection, cast: Cast
) -> None:
    task = add_task_of_charge(con, cast.practice, title="Ray, Ida: which plan?")

    [row] = queue.find(con, TaskFilter(), actor=cast.alan).rows
    assert (row.id, row.title, row.patient_name) == (task, "Coding", "")
    assert queue.find(con, TaskFilter(words=("ray",)), actor=cast.alan).count == 0
    assert queue.find(con, TaskFilter(words=("ray",)), actor=cast.ben).count == 1
    with pytest.raises(NotAllowed, match="cannot see patients"):
        tasks.get(con, task, actor=cast.alan)


def test_payers_of_one_name_are_told_apart_by_their_ids(con: Connection, cast: Cast) -> None:
    for name, code in (("Aetna", "60054"), ("Aetna", ""), ("Cigna", "62308")):
        add_payer(con, cast.practice, name=name, code=code)

    limits = timely_filing.filing_limits(con, cast.practice, actor=cast.ana)
    told = timely_filing.names(limits)

    assert [told[each.payer_id] for each in limits] == [
        "Aetna (60054)", "Aetna (no payer ID)", "Cigna",
    ]  # fmt: skip


@pytest.mark.duckdb
def test_payers_stand_in_the_order_of_their_bars(con: Connection, cast: Cast) -> None:
    for payer, amount, count in (("Rich", 9000, 1), ("Busy", 10, 3), ("Alike", 5000, 1)):
        for _ in range(count):
            add_task_of_charge(con, cast.practice, payer_name=payer, amount=amount)

    view = View(
        practice_ids=(cast.practice,), as_of=minutes(1), today=NOON.date(), since=NOON.date(),
        until=NOON.date(), zone="America/Chicago",
    )  # fmt: skip

    assert pending_tasks.by_payer(con, view).column("Payer") == ["Busy", "Rich", "Alike"]
