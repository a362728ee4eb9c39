"""Months of work in two practices by random verbs, and what happened read back plainly.

Gus manages both practices, which have different clocks.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from lib import charges, notes, people, tasks, workflow
from lib.backlog.calendar_periods import Unit
from lib.backlog.report_scope import View
from lib.errors import BillingError
from lib.models import Person, Resolution, Role, Status, TaskType
from lib.store.database import Connection, Store, transaction
from lib.store.duckdb.store import DuckDBStore
from tests.conftest import Cast
from tests.given import add_charges

CHICAGO = "America/Chicago"
SANTIAGO = "America/Santiago"  # its clocks change at midnight


@dataclass(slots=True)
class World:
    con: Connection
    practices: dict[int, ZoneInfo]
    workers: dict[int, list[Person]]
    billers: dict[int, Person]
    charges: dict[int, list[int]]
    gus: Person
    chance: random.Random
    count: int = 0

    def token(self) -> str:
        self.count += 1
        return f"history {self.count}"


def world(con: Connection, cast: Cast, seed: int = 7) -> World:
    """Two practices with people and charges, and no task yet."""
    with transaction(con):
        con.execute(
            "UPDATE practice SET timezone = $zone WHERE id = $id",
            zone=SANTIAGO,
            id=cast.other_practice,
        )
    now = datetime(2025, 1, 1, tzinfo=UTC)

    def hire(name: str, roles: dict[int, Role]) -> Person:
        email = f"{name.lower()}@example.com"
        found = people.person(
            con, people.add_person(con, name, email, roles, is_sample=True, now=now)
        )
        assert found is not None
        return found

    gus = hire("Gus", {cast.practice: Role.MANAGER, cast.other_practice: Role.MANAGER})
    dina = hire("Dina", {cast.other_practice: Role.BILLER})
    again = {
        each.id: person
        for each in (cast.ana, cast.ben, cast.carla, cast.dora)
        if (person := people.person(con, each.id))
    }
    return World(
        con,
        {cast.practice: ZoneInfo(CHICAGO), cast.other_practice: ZoneInfo(SANTIAGO)},
        {
            cast.practice: [again[cast.ana.id], again[cast.ben.id], gus],
            cast.other_practice: [again[cast.carla.id], gus],
        },
        {cast.practice: again[cast.dora.id], cast.other_practice: dina},
        {
            practice: add_charges(con, practice, 6, patient=f"Ray{practice}")
            for practice in (cast.practice, cast.other_practice)
        },
        gus,
        random.Random(seed),
    )


@contextmanager
def opened(kept: Path, folder: Path) -> Iterator[Store]:
    """Yield a store in a copy of the data folder `kept`."""
    shutil.copytree(kept, folder)
    store = DuckDBStore(folder)
    try:
        yield store
    finally:
        store.close()


def moments(chance: random.Random, first: date, last: date, count: int) -> list[datetime]:
    """Moments in order, many of them at the very edges of local days."""
    found = []
    zones = [ZoneInfo(CHICAGO), ZoneInfo(SANTIAGO)]
    edges = (timedelta(0), timedelta(microseconds=-1), timedelta(hours=1))
    for _ in range(count):
        day = first + timedelta(days=chance.randint(0, (last - first).days))
        begin = datetime(day.year, day.month, day.day, tzinfo=chance.choice(zones)).astimezone(UTC)
        found.append(begin + chance.choice([*edges, timedelta(minutes=chance.randrange(1440))]))
    return sorted(found)


def act(where: World, now: datetime) -> None:
    """Do one thing that somebody of a practice might do then; what is refused is not done."""
    chance, con = where.chance, where.con
    practice = chance.choice(list(where.practices))
    worker, biller = chance.choice(where.workers[practice]), where.billers[practice]
    ids = [
        row[0]
        for row in con.rows("SELECT id FROM task WHERE practice_id = $p ORDER BY id", p=practice)
    ]
    if not ids or chance.random() < 0.25:
        task_id = tasks.create(
            con, practice_id=practice, type=chance.choice(list(TaskType)), title="Question",
            instructions="Please look.", charge_id=chance.choice(where.charges[practice]),
            token=where.token(), actor=biller, now=now,
        )  # fmt: skip
        if chance.random() < 0.5:  # as if a payer had asked some days before
            asked = (now - timedelta(days=chance.randint(1, 60))).date()
            with transaction(con):
                con.execute(
                    "UPDATE task SET requested_on = $day WHERE id = $id",
                    day=chance.choice([None, asked]), id=task_id,
                )  # fmt: skip
        return
    task_id = chance.choice(ids)
    with suppress(BillingError):
        _do(where, task_id, worker, biller, now)


def _do(where: World, task_id: int, worker: Person, biller: Person, now: datetime) -> None:
    chance, con = where.chance, where.con
    task = tasks.get(con, task_id, actor=worker)
    holder = next((p for p in where.workers[task.practice_id] if p.id == task.assignee_id), worker)
    match chance.choice(
        [
            "assign",
            "assign",
            "give back",
            "start",
            "undo",
            "complete",
            "complete",
            "complete",
            "ask",
            "answer",
            "reopen",
        ]
    ):
        case "assign":
            workflow.assign(
                con, task_id, to=worker.id, seen=task.assignee_id, actor=holder, now=now
            )
        case "give back":
            workflow.assign(
                con, task_id, to=None, seen=task.assignee_id, actor=holder, now=now
            )  # fmt: skip
        case "undo":
            workflow.start(con, task_id, actor=holder, now=now)
            workflow.undo_start(con, task_id, actor=holder, now=now + timedelta(seconds=1))
        case "start":
            workflow.start(con, task_id, actor=holder, now=now)
        case "ask":
            notes.ask(con, task_id, "Which?", token=where.token(), actor=worker, now=now)
        case "answer":
            notes.answer(con, task_id, "This.", token=where.token(), actor=biller, now=now)
        case "reopen":
            if chance.random() < 0.9:
                workflow.reopen(con, task_id, reason="Again", actor=biller, now=now)
        case "complete":
            if task.charge_id is None or task.type is TaskType.DOCUMENTS:
                return
            if task.status is Status.COMPLETED:
                return
            if task.assignee_id is None:
                workflow.start(con, task_id, actor=holder, now=now)
            opened = charges.get(con, task.charge_id, actor=holder)
            charges.save_and_complete(
                con, task_id, opened, opened=opened, note="", token=where.token(),
                resolution=chance.choice(list(Resolution)), actor=holder, now=now,
            )  # fmt: skip


def live(where: World, first: date, last: date, count: int) -> None:
    for now in moments(where.chance, first, last, count):
        act(where, now)


def view(where: World, today: date, days: int = 40, **more: object) -> View:
    """All of `today` by the clock of each practice, and the days before it."""
    asked: dict[str, object] = {
        "practice_ids": tuple(where.practices),
        "as_of": datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=2),
        "today": today,
        "since": today - timedelta(days=days - 1),
        "until": today,
        "closes_day": True,
        "unit": Unit.DAY,
        **more,
    }
    return View(**asked)  # type: ignore[arg-type]


def events(where: World) -> pd.DataFrame:
    """Every event with the day it fell on in its practice, in order."""
    rows = where.con.rows(
        """
        SELECT id, practice_id, task_id, kind, assignee_id, was_assignee_id, happened_at
        FROM event WHERE task_id IS NOT NULL ORDER BY id
        """
    )
    names = ["id", "practice", "task", "kind", "to", "was", "at"]
    frame = pd.DataFrame(rows, columns=names, dtype=object)
    frame["day"] = [
        at.replace(tzinfo=UTC).astimezone(where.practices[practice]).date()
        for practice, at in zip(frame["practice"], frame["at"], strict=True)
    ]
    return frame


@dataclass(slots=True)
class Told:
    """One task as its history tells it, up to a day."""

    task: int
    is_pending: bool = False
    person: int | None = None
    with_biller: bool = False
    completed_on: date | None = None


def told(frame: pd.DataFrame, day: date) -> Iterator[Told]:
    """Each task as it stood at the end of a day, walked event by event."""
    for task, rows in frame[frame["day"] <= day].groupby("task", sort=True):
        one = Told(int(str(task)))
        for kind, to, when in zip(rows["kind"], rows["to"], rows["day"], strict=True):
            if kind in ("created", "reopened"):
                one.is_pending, one.with_biller, one.completed_on = True, False, None
            elif kind == "completed":
                one.is_pending, one.with_biller, one.completed_on = False, False, when
            elif kind == "assigned":
                one.person = to
            elif kind in ("asked", "answered"):
                one.with_biller = kind == "asked"
        yield one
