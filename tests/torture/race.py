"""Two people on every task at once: on DuckDB in one process, since a second one is refused; on
PostgreSQL in two."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path

from lib import people, workflow
from lib.errors import AlreadyAssigned, StoreInUse
from lib.models import Role, TaskType
from lib.store.database import Store
from tests.conftest import NOON
from tests.given import add_tasks
from tests.torture.contents import opened
from tests.torture.processes import PATIENCE, asked, forked, run_for
from tests.torture.scene import Scene

TASKS = 150


def torture(scene: Scene) -> None:
    """Let two people start the same tasks; each is started once, and history says so."""
    folder, database = scene.folder.with_name("race"), scene.database
    folder = folder if not database else scene.folder
    person_ids, ids = asked(lambda: _practice(folder, database))
    if database:
        go = [forked(partial(_start_all, folder, database, [person], ids)) for person in person_ids]
    else:
        go = [forked(partial(_start_all, folder, "", person_ids, ids))]
        run_for(go, PATIENCE, until="open")
        if not asked(lambda: _is_refused(folder)):
            scene.ledger.findings.append("a second process was let into a DuckDB file")
    run_for(go, PATIENCE)
    for process in go:
        process.kill()
    if not all(process.has_ended_by_itself for process in go):
        scene.ledger.findings.append(f"race: not at its end after {PATIENCE} seconds")
        return
    started = asked(lambda: _started(folder, database, ids))
    scene.ledger.said["tasks two people raced for"] += len(ids)
    if wrong := [id_ for id_ in ids if started.get(str(id_)) != [1, 1, "in_progress"]]:
        scene.ledger.findings.append(f"race: not started exactly once: {wrong}")


def _practice(folder: Path, database: str) -> tuple[list[int], list[int]]:
    store = opened(folder, database)
    con = store.connection()
    practice = people.add_practice(con, "Race Clinic", now=NOON)
    who = [
        people.add_person(
            con, name, f"{name}@example.com", {practice: Role.MANAGER}, is_sample=True, now=NOON
        )
        for name in ("Eve", "Finn")
    ]
    ids = add_tasks(con, practice, [{"type": TaskType.INSURANCE, "source": "race"}] * TASKS)
    store.close()
    return who, ids


def _is_refused(folder: Path) -> bool:
    try:
        opened(folder, "").close()
    except StoreInUse:
        return True
    return False


def _start_all(
    folder: Path, database: str, person_ids: list[int], ids: list[int], handle: int
) -> None:
    """Start every task, each person in a thread."""
    store = opened(folder, database)
    os.write(handle, b'{"open": true}\n')
    threads = [
        threading.Thread(target=_start_in, args=(store, person, ids)) for person in person_ids
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()


def _start_in(store: Store, person_id: int, ids: list[int]) -> None:
    con = store.connection()
    actor = people.person(con, person_id)
    assert actor is not None
    for id_ in ids:
        with suppress(AlreadyAssigned):
            workflow.start(con, id_, actor=actor, now=NOON)


def _started(folder: Path, database: str, ids: list[int]) -> dict[int, list[object]]:
    """Return how often each task was started and assigned, and what it is now."""
    store = opened(folder, database)
    rows = store.connection().rows(
        """
        SELECT task.id, count(*) FILTER (WHERE kind = 'started'),
            count(*) FILTER (WHERE kind = 'assigned'), status
        FROM task JOIN event ON event.task_id = task.id WHERE task.id = ANY($ids)
        GROUP BY task.id, status
        """,
        ids=ids,
    )
    store.close()
    return {row[0]: list(row[1:]) for row in rows}
