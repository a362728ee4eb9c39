"""A practice to work in, the load on it, and what is looked at after it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from lib import audit_log_integrity, people
from lib.models import Role, TaskType
from lib.upkeep import sweep, verify
from tests.conftest import NOON
from tests.given import add_charges, add_tasks
from tests.torture import load
from tests.torture.contents import Facts, facts, opened
from tests.torture.ledger import Ledger
from tests.torture.load import Plan
from tests.torture.processes import Process, asked, forked

TASKS = 8  # of each type, for each of two people


@dataclass(slots=True)
class Scene:
    """A store under torture: where it is, how to work in it, and what was told of it."""

    folder: Path
    database: str
    random: Random
    plan: Plan
    ledger: Ledger = field(default_factory=lambda: Ledger({}))

    @classmethod
    def begin(cls, folder: Path, database: str, random: Random) -> Scene:
        """Make the practice."""
        plan = asked(lambda: _practice(folder, database))
        hands = tuple((person, tuple(ids)) for person, ids in plan.pop("hands"))
        scene = cls(
            folder, database, random,
            Plan(folder, database, hands, keeps_up=True, seed=0, first=1, **plan),
        )  # fmt: skip
        scene.ledger = Ledger(scene.look())
        return scene

    def start(self, *, forgiven: tuple[str, ...] = (), keeps_up: bool = True) -> list[Process]:
        """Start the load: one process on DuckDB, two on PostgreSQL, where one imports as well."""
        self.random.seed(self.random.random())
        plan = replace(
            self.plan, seed=self.random.randrange(10**9), first=self.ledger.next_number,
            forgiven=forgiven, keeps_up=keeps_up,
        )  # fmt: skip
        if not self.database:
            return [self._started(plan)]
        (ana, hers), (ben, his) = plan.hands
        return [
            self._started(replace(plan, hands=((ana, hers), (ben, ())))),
            self._started(
                replace(plan, hands=((ana, ()), (ben, his)), importer=None, keeps_up=False)
            ),
        ]

    def _started(self, plan: Plan) -> Process:
        return forked(lambda handle: load.work(plan, handle))

    def look(self) -> Facts:
        """Return what the store holds, opened again."""

        def read() -> Facts:
            store = opened(self.folder, self.database)
            try:
                return facts(store)
            finally:
                store.close()

        found: Facts = asked(read)
        return found

    def settle(self, processes: list[Process], when: str) -> None:
        """Compare what these processes told with what is there."""
        self.hear(processes)
        self.ledger.compare(self.look(), when)

    def hear(self, processes: list[Process]) -> None:
        """Take in what these processes told."""
        for process in processes:
            for line in process.lines:
                self.ledger.hear(line)

    def verify(self, when: str) -> None:
        """Note what `verify` finds, in the store and in its newest backup, after the files of rows
        that never came were swept away."""
        lines = asked(lambda: _verified(self.folder, self.database))
        self.ledger.said["verified"] += 1
        self.ledger.findings += [f"{when}: {line}" for line in lines]


def _verified(folder: Path, database: str) -> list[str]:
    store = opened(folder, database)
    try:
        sweep.sweep(store, now=datetime.now(UTC) + timedelta(days=2))
        broken = list(audit_log_integrity.broken(store.connection()))
        code, lines = verify.verify_live(store)
    finally:
        store.close()
    lines = lines if code else []
    made = sorted(
        (folder / "backups").glob("billing-tasks-*"), key=lambda path: path.stat().st_ctime
    )
    for place in made[-1:]:
        lines += [f"backup: {line}" for line in verify.verify(place).all]
    return [*broken, *lines]


def _practice(folder: Path, database: str) -> dict[str, object]:
    store = opened(folder, database)
    con = store.connection()
    practice = people.add_practice(con, "Northside Clinic", now=NOON)

    def add(name: str, role: Role) -> int:
        email = f"{name.lower()}@example.com"
        return people.add_person(con, name, email, {practice: role}, is_sample=True, now=NOON)

    ana, ben, dora = (
        add("Ana", Role.MANAGER), add("Ben", Role.MANAGER), add("Dora", Role.BILLER),
    )  # fmt: skip
    hands = []
    for person in (ana, ben):
        charge_ids = add_charges(con, practice, TASKS)
        rows: list[dict[str, object]] = [
            {"charge_id": id_, "type": TaskType.CODING, "source": "torture"} for id_ in charge_ids
        ]
        for kind in (TaskType.DOCUMENTS, TaskType.INSURANCE):
            rows += [{"type": kind, "source": "torture"}] * TASKS
        hands.append((person, add_tasks(con, practice, rows)))
    store.close()
    return {"hands": hands, "biller": dora, "practice": practice, "importer": ana}


def copy(folder: Path, to: Path) -> Path:
    """Copy a data folder that nobody has open."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("backups"))
    return to
