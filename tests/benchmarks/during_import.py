"""python -m tests.benchmarks.during_import [CLAIMS] [DATABASE]: how long people wait meanwhile.

Imports an 837P of that many claims (100,000) while ten threads save notes, edit charges, type
drafts, start tasks and sign in, with a moment between two clicks. DATABASE is the address of an
empty PostgreSQL database; without it the store is a DuckDB file. Never a test.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from lib import charges, drafts, notes, people, sessions, tasks, workflow
from lib.intake import imports
from lib.models import Person, Role, TaskType
from lib.store.database import Store
from lib.store.duckdb.store import DuckDBStore
from tests.benchmarks import intake
from tests.x12_texts import claim, file_837

PEOPLE, PAUSE = 10, 0.25  # seconds between two clicks, on average
BEFORE = 200  # claims that are there, each with a task


def main() -> None:
    """Run the benchmark and print its table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "claims.837"
        intake.write(path, count)
        store = opened(Path(folder) / "data", sys.argv[2] if len(sys.argv) > 2 else "")
        person, task_ids, practice_id = prepared(store)
        waits: dict[str, list[float]] = defaultdict(list)
        over = threading.Event()
        crowd = [
            threading.Thread(target=work, args=(store, person, task_ids[n::PEOPLE], waits, over, n))
            for n in range(PEOPLE)
        ]
        for each in crowd:
            each.start()
        con, began = store.connection(), time.perf_counter()
        report = imports.apply(
            con, path.name, path, actor=person, practice_id=practice_id, now=datetime.now(UTC)
        )
        took = time.perf_counter() - began
        over.set()
        for each in crowd:
            each.join()
        assert report.charges_new == count, report
        store.close()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count:,} claims in {took:.1f} s, most memory {most:,.0f} MB; waits in ms:")
    print(f"{'':<12}{'times':>7}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}")
    everything = [each for found in waits.values() for each in found]
    for name, found in [*sorted(waits.items()), ("all", everything)]:
        ranked = sorted(1000 * each for each in found)
        shown = [
            ranked[min(int(len(ranked) * part), len(ranked) - 1)] for part in (0.5, 0.95, 0.99)
        ]
        print(f"{name:<12}{len(ranked):>7}" + "".join(f"{n:>8.0f}" for n in (*shown, ranked[-1])))


def opened(folder: Path, address: str) -> Store:
    """Open an empty store."""
    if not address:
        return DuckDBStore(folder)
    from lib.store.postgres.store import PostgresStore

    return PostgresStore(folder, address)


def prepared(store: Store) -> tuple[Person, list[int], int]:
    """Bring in the claims that people work on, with a task each."""
    con, now = store.connection(), datetime.now(UTC)
    practice_id = people.add_practice(con, "Benchmark", now=now)
    person, biller = (
        people.person(
            con,
            people.add_person(
                con, name, f"{name}@example.com", {practice_id: role}, is_sample=False, now=now
            ),
        )
        for name, role in (("Ana", Role.MANAGER), ("Bo", Role.BILLER))
    )
    assert person
    assert biller
    held = file_837(*[claim(f"H{n:06d}") for n in range(BEFORE)])
    imports.apply(con, "held.837", held, actor=person, practice_id=practice_id, now=now)
    ids = [id_ for (id_,) in con.rows("SELECT id FROM charge ORDER BY id")]
    assert len(ids) == BEFORE
    found = [
        tasks.create(
            con, practice_id=practice_id, type=TaskType.CHARGE, title="Look", instructions="Look.",
            charge_id=id_, patient_id=None, document_label=None, due_on=None,
            token=uuid4().hex, actor=biller, now=now,
        )
        for id_ in ids
    ]  # fmt: skip
    for task_id in found:
        workflow.start(con, task_id, actor=person, now=now)
    return person, found, practice_id


def work(
    store: Store, person: Person, own: list[int], waits: dict[str, list[float]],
    over: threading.Event, seed: int,
) -> None:  # fmt: skip
    """Do what people do, over and over, on tasks of one's own."""
    con, drawn, place = store.connection(), random.Random(seed), 0
    while not over.is_set():
        place += 1
        task_id, now, token = own[place % len(own)], datetime.now(UTC), uuid4().hex
        task = tasks.get(con, task_id, actor=person)
        assert task.charge_id
        charge = charges.get(con, task.charge_id, actor=person)
        kind = drawn.choice(("note", "edit", "draft", "start", "sign in"))
        began = time.perf_counter()
        if kind == "note":
            notes.comment(con, task_id, f"Called {place}", token=token, actor=person, now=now)
        elif kind == "edit":
            edited = replace(charge, location=f"Room {place}")
            charges.save(
                con, task_id, edited, opened=charge, note="", token=token, actor=person, now=now
            )
        elif kind == "draft":
            drafts.keep(con, task_id, {"location": str(place)}, actor=person, now=now)
        elif kind == "start":  # of a task given back just before
            workflow.assign(con, task_id, to=None, seen=person.id, actor=person, now=now)
            workflow.start(con, task_id, actor=person, now=now)
        else:
            sessions.sign_in(con, person.id, now=now)
        waits[kind].append(time.perf_counter() - began)
        time.sleep(PAUSE * drawn.random() * 2)


if __name__ == "__main__":
    main()
