"""The start of a task is the first in its history that nobody undid, also where several things
happen in one moment and where a clock steps back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from lib import tasks, workflow
from lib.errors import BillingError
from lib.models import Person
from lib.store import migrations
from lib.store.database import Connection, Store, transaction
from lib.upkeep import verify
from tests.conftest import Cast
from tests.given import add_task, minutes

Rows = list[tuple[object, ...]]


def do(
    con: Connection, task_id: int, verb: str, *, by: Person, manager: Person, now: datetime
) -> None:
    task = tasks.get(con, task_id, actor=by)
    match verb:
        case "take":
            workflow.assign(con, task_id, to=by.id, seen=task.assignee_id, actor=by, now=now)
        case "give back":
            workflow.assign(con, task_id, to=None, seen=task.assignee_id, actor=by, now=now)
        case "start":
            workflow.start(con, task_id, actor=by, now=now)
        case "undo":
            workflow.undo_start(con, task_id, actor=by, now=now)
        case "complete":
            count = con.value("SELECT count(*) FROM event")
            workflow.complete(con, task_id, note="Done.", token=f"{count}", actor=by, now=now)
        case "reopen":
            workflow.reopen(con, task_id, reason="Again", actor=manager, now=now)


def lived(con: Connection, cast: Cast, *verbs: str) -> int:
    """Return a task with which Ana did this, each word with its minute: "start 0"."""
    task_id = add_task(con, cast.practice)
    for said in verbs:
        verb, minute = said.rsplit(" ", 1)
        do(con, task_id, verb, by=cast.ana, manager=cast.ana, now=minutes(int(minute)))
    return task_id


def minute(at: datetime | None) -> int | None:
    if at is None:
        return None
    return round((at.replace(tzinfo=UTC) - minutes(0)).total_seconds() / 60)


def started(con: Connection, task_id: int) -> int | None:
    return minute(con.value("SELECT started_at FROM task WHERE id = $id", id=task_id))


def kept(con: Connection, task_id: int) -> list[tuple[int | None, int | None]]:
    """Return the start and the completion of each completion that was reopened."""
    rows = con.rows(
        "SELECT started_at, completed_at FROM reopened_completion WHERE task_id = $id "
        "ORDER BY completion_id",
        id=task_id,
    )
    return [(minute(begun), minute(done)) for begun, done in rows]


# What was done with a task, when it counts as started then, and its completions that were reopened.
STORIES = {
    "start 0, undo 1, take 1, complete 0, reopen 2": (None, [(0, 0)]),
    "start 0, undo 1, take 1, complete 0, reopen 2, complete 3": (0, [(0, 0)]),
    "start 0, undo 1, take 1, complete 0, reopen 2, give back 2, start 3": (3, [(0, 0)]),
    "take 0, complete 1, reopen 2, give back 2, start 1, undo 3, take 3, complete 4, reopen 5": (
        None, [(1, 1), (1, 4)]
    ),
    "start 0, give back 0, start 0, undo 1": (0, []),
    "start 0, complete 1, reopen 2, give back 2, start 0, undo 3": (0, [(0, 1)]),
    "start 0, complete 1, reopen 2, give back 2, start 0, undo 3, take 3, complete 4": (
        0, [(0, 1)]
    ),
    "start 0, undo 0, start 0, complete 0, reopen 0, complete 0": (0, [(0, 0)]),
    "take 0, complete 5, reopen 5, complete 3": (5, [(5, 5)]),
    "take 0, complete 5, reopen 5, complete 3, reopen 4, complete 4": (5, [(5, 5), (5, 3)]),
    "start 5, give back 5, start 3, complete 4, reopen 4": (5, [(5, 4)]),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_a_start_counts_as_long_as_nobody_undoes_it(
    con: Connection, cast: Cast, story: str
) -> None:
    task_id = lived(con, cast, *story.split(", "))

    assert (started(con, task_id), kept(con, task_id)) == STORIES[story]


def as_history_tells(con: Connection, task_id: int) -> tuple[datetime | None, Rows]:
    """Return the start and the completions that were reopened, walked event by event."""
    starts: list[datetime] = []
    completions: list[datetime] = []
    ended: Rows = []
    is_open = True
    for kind, at in con.rows(
        "SELECT kind, happened_at FROM event WHERE task_id = $id ORDER BY id", id=task_id
    ):
        match kind:
            case "started":
                starts.append(at)
            case "start undone":
                starts.pop()
            case "completed":
                completions.append(at)
                is_open = False
            case "reopened":
                ended.append(((*starts, *completions)[0], completions[-1], at))
                is_open = True
    first = (*starts, *([] if is_open else completions))
    return first[0] if first else None, ended


def as_kept(con: Connection, task_id: int) -> tuple[datetime | None, Rows]:
    return con.value("SELECT started_at FROM task WHERE id = $id", id=task_id), con.rows(
        "SELECT started_at, completed_at, reopened_at FROM reopened_completion "
        "WHERE task_id = $id ORDER BY completion_id",
        id=task_id,
    )


def walk(con: Connection, cast: Cast, seed: int, steps: int, count: int) -> Sequence[int]:
    """Return so many tasks with which two people did this and that, at few moments in any order;
    each was kept as its history tells after every step."""
    chance = random.Random(seed)
    ids = [add_task(con, cast.practice) for _ in range(count)]
    verbs = ("take", "give back", "start", "start", "undo", "undo", "complete", "reopen")
    for _ in range(steps):
        task_id = chance.choice(ids)
        holder = tasks.get(con, task_id, actor=cast.ana).assignee_id
        by = cast.ben if holder == cast.ben.id or chance.random() < 0.2 else cast.ana
        with suppress(BillingError):
            do(con, task_id, chance.choice(verbs), by=by, manager=cast.ana,
               now=minutes(chance.randrange(3)))  # fmt: skip
        assert as_kept(con, task_id) == as_history_tells(con, task_id)
    return ids


@pytest.mark.parametrize("seed", range(3))
def test_a_store_with_wrong_starts_gets_those_that_its_history_tells(
    con: Connection, cast: Cast, seed: int
) -> None:
    ids = walk(con, cast, seed, steps=150, count=4)
    right = [as_kept(con, task_id) for task_id in ids]
    with transaction(con):
        con.execute("UPDATE reopened_completion SET started_at = $now", now=minutes(9))
        con.execute(
            """
            UPDATE task SET started_at = CASE WHEN started_at IS NULL THEN $now END
            WHERE id IN (SELECT task_id FROM event WHERE kind IN ('start undone', 'reopened'))
            """,
            now=minutes(9),
        )
    wrong = [as_kept(con, task_id) for task_id in ids]
    with transaction(con):
        con.execute(migrations.as_written(migrations.SCHEMA / "296_first_starts.sql"))

    assert [as_kept(con, task_id) for task_id in ids] == right
    assert all(was != now for was, now in zip(wrong, right, strict=True))


def test_verify_finds_a_start_that_history_does_not_tell(
    store: Store, con: Connection, cast: Cast
) -> None:
    task_id = lived(con, cast, "start 0", "complete 1", "reopen 2")
    right = verify.verify_live(store)
    con.execute("UPDATE reopened_completion SET started_at = completed_at")
    con.execute("UPDATE task SET started_at = NULL")

    code, lines = verify.verify_live(store)

    assert right[0] == 0
    assert (code, lines) == (1, [
        f"Task {task_id} was reopened, and its history tells of other completions than are kept "
        "of it.",
        f"Task {task_id} was started at another time than its history tells.",
    ])  # fmt: skip
