from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from lib import charges, history, workflow
from lib.history_event_kinds import EventKind
from lib.intake import imports
from lib.models import Event
from lib.store import migrations
from lib.store.database import Connection, transaction
from tests.conftest import Cast
from tests.given import add_charge, add_task_of_charge, minutes
from tests.histories import live, world


def record(con: Connection, cast: Cast, kind: EventKind, minute: int, task_id: int = 1) -> None:
    with transaction(con):
        history.record(
            con,
            kind,
            practice_id=cast.practice,
            actor_id=cast.ana.id,
            now=minutes(minute),
            task_id=task_id,
            field="Status",
            old="Open",
            new="Completed",
            detail="why",
        )


def test_a_line_of_history_says_who_did_what_when_and_old_and_new(
    con: Connection, cast: Cast
) -> None:
    record(con, cast, EventKind.COMPLETED, 3)

    assert history.of_task(con, 1, actor=cast.ana) == [
        Event(EventKind.COMPLETED, "Status", "Open", "Completed", "why", "Ana", minutes(3))
    ]


def test_history_stands_in_the_order_it_was_written_in_also_where_a_clock_steps_back(
    con: Connection, cast: Cast
) -> None:
    for kind, minute in (
        (EventKind.CREATED, 1),
        (EventKind.ASSIGNED, 3),
        (EventKind.STARTED, 2),
        (EventKind.COMPLETED, 3),
    ):
        record(con, cast, kind, minute)

    assert [event.kind for event in history.of_task(con, 1, actor=cast.ana)] == [
        EventKind.COMPLETED,
        EventKind.STARTED,
        EventKind.ASSIGNED,
        EventKind.CREATED,
    ]


def test_history_is_of_one_task_only(con: Connection, cast: Cast) -> None:
    record(con, cast, EventKind.CREATED, 1)
    record(con, cast, EventKind.REOPENED, 1, task_id=2)

    assert [event.kind for event in history.of_task(con, 1, actor=cast.ana)] == [EventKind.CREATED]


def test_what_a_file_did_has_no_actor(con: Connection, cast: Cast) -> None:
    with transaction(con):
        history.record(
            con,
            EventKind.CREATED,
            practice_id=cast.practice,
            actor_id=None,
            now=minutes(0),
            task_id=1,
        )

    (event,) = history.of_task(con, 1, actor=cast.ana)
    assert (event.actor, event.field, event.old, event.new) == (None, None, None, None)


def test_the_line_is_taken_back_with_its_transaction(con: Connection, cast: Cast) -> None:
    try:
        with transaction(con):
            history.record(
                con,
                EventKind.CREATED,
                practice_id=cast.practice,
                actor_id=None,
                now=minutes(0),
                task_id=1,
            )
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass

    assert history.of_task(con, 1, actor=cast.ana) == []


def test_another_practice_has_no_part_in_the_story(con: Connection, cast: Cast) -> None:
    record(con, cast, EventKind.CREATED, 1)

    assert history.of_task(con, 1, actor=cast.carla) == []


def test_every_kind_of_event_has_a_sentence_of_its_own() -> None:
    sentences = [kind.sentence for kind in EventKind]

    assert all(sentences)
    assert len(set(sentences)) == len(sentences)


@pytest.mark.duckdb
def test_the_row_of_a_task_says_when_it_came_and_was_taken_up_as_its_history_does(
    con: Connection, cast: Cast
) -> None:
    live(world(con, cast), date(2025, 3, 1), date(2025, 3, 12), 700)
    head = "Type,Task,Claim #,Patient Name,DOS,Amount,Assigned to,Received"
    for claim, actor in (("A1", cast.ana), ("A2", None)):
        row = f'Coding,Check it,{claim},"Green, Emma",01/13/2025,200.00,Ana,01/20/2025'
        report = imports.apply(
            con, f"{claim}.csv", f"{head}\n{row}".encode(), actor=actor,
            practice_id=cast.practice, now=minutes(5),
        )  # fmt: skip
        assert report.refused is None, report

    rows = con.rows("SELECT id, came_at, taken_up_at FROM task ORDER BY id")
    told = con.rows(
        """
        SELECT task_id, min(happened_at) FILTER (WHERE kind = 'created'),
               min(happened_at) FILTER (WHERE kind IN ('started', 'asked')
                                           OR (kind = 'assigned' AND actor_id IS NOT NULL))
        FROM event WHERE task_id IS NOT NULL GROUP BY task_id ORDER BY task_id
        """
    )
    assert rows == told
    assert [taken is None for *_, taken in rows[-2:]] == [False, True]
    assert {taken is None for *_, taken in rows} == {True, False}


def test_completions_that_were_reopened_are_kept_as_history_tells_them(
    con: Connection, cast: Cast
) -> None:
    where = world(con, cast)
    live(where, date(2025, 3, 1), date(2025, 3, 12), 700)
    day = datetime(2025, 3, 14, tzinfo=UTC)

    def work(task: int, charge: int, then: str, now: datetime) -> None:
        match then:
            case "complete":
                opened = charges.get(con, charge, actor=cast.ana)
                charges.save_and_complete(
                    con, task, opened, opened=opened, note="", token=str(now), actor=cast.ana,
                    now=now,
                )  # fmt: skip
            case "reopen":
                workflow.reopen(con, task, reason="Again", actor=cast.dora, now=now)
            case "start":
                workflow.assign(
                    con, task, to=None, seen=cast.ana.id, actor=cast.ana, now=now
                )  # fmt: skip
                workflow.start(con, task, actor=cast.ana, now=now)

    stories = ("complete reopen", "complete reopen complete", "complete reopen start complete",
               "complete reopen complete reopen start complete reopen")  # fmt: skip
    for story in stories:
        charge = add_charge(con, cast.practice)
        task = add_task_of_charge(
            con, cast.practice, charge_id=charge, assignee_id=cast.ana.id
        )  # fmt: skip
        for hours, then in enumerate(story.split()):
            work(task, charge, then, day + timedelta(hours=hours))

    kept = "SELECT * FROM reopened_completion ORDER BY completion_id"
    started = "SELECT id, started_at FROM task ORDER BY id"
    rows = con.rows(kept), con.rows(started)
    con.execute("DROP TABLE reopened_completion")
    for name in ("270_reopened_completions", "296_first_starts"):
        con.execute(migrations.as_written(migrations.SCHEMA / f"{name}.sql"))

    assert (con.rows(kept), con.rows(started)) == rows
    assert len(rows[0]) > 20
    after = [at and (at.replace(tzinfo=UTC) - day) // timedelta(hours=1) for _, at in rows[1][-4:]]
    assert after == [None, 0, 2, 4]
