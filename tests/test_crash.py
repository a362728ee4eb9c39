"""A power cut in the middle of work: what was acknowledged is there, nothing is there by half."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lib import people
from lib.models import Role, Status
from lib.store.database import Connection
from lib.store.duckdb.store import DuckDBStore
from tests.conftest import NOON
from tests.given import add_charges, add_tasks

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
COUNT = 150

OPEN = """
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from lib import charges, documents, people, tasks
from lib.store.duckdb.store import DuckDBStore
from lib.models import DocumentDetails, DocumentStatus
from tests.conftest import NOON

con = DuckDBStore(Path(sys.argv[1])).connection()
ana = people.person(con, int(sys.argv[2]))
print("open", flush=True)
for (id_,) in con.rows("SELECT id FROM task WHERE status = 'in_progress' ORDER BY id"):
"""
SAVE_AND_COMPLETE = """
    opened = charges.get(con, tasks.get(con, id_, actor=ana).charge_id, actor=ana)
    line = replace(opened.lines[0], procedure="99214")
    charges.save_and_complete(
        con, id_, replace(opened, member_id=f"W-{id_}", lines=(line,)), opened=opened,
        note=f"Note {id_}", token=f"form {id_}", actor=ana, now=NOON,
    )
    print(id_, flush=True)
"""
UPLOAD_AND_COMPLETE = """
    documents.upload_and_complete(
        con, id_, f"%PDF-1.4 {id_}".encode() * 5000, "scan.pdf",
        details=DocumentDetails(f"Scan {id_}", "Referral", DocumentStatus.NEW, date(2025, 2, 3)),
        token=f"form {id_}", actor=ana, now=NOON,
    )
    print(id_, flush=True)
"""


def prepared(folder: Path) -> int:
    """Ana's id; many tasks are hers and begun, each about a charge of its own."""
    store = DuckDBStore(folder)
    con = store.connection()
    practice_id = people.add_practice(con, "Northside Clinic", now=NOON)
    ana_id = people.add_person(
        con, "Ana", "a@example.com", {practice_id: Role.MANAGER}, is_sample=True, now=NOON
    )
    begun = {"status": Status.IN_PROGRESS, "assignee_id": ana_id, "started_at": NOON}
    charge_ids = add_charges(con, practice_id, COUNT)
    add_tasks(con, practice_id, [{"charge_id": each, **begun} for each in charge_ids])
    store.close()
    return ana_id


def killed(folder: Path, ana_id: int, work: str, *, after: int, pause: float) -> set[int]:
    """Return the tasks a process acknowledged until it was killed, `pause` seconds after so
    many."""
    worker = subprocess.Popen(
        [sys.executable, "-c", OPEN + work, str(folder), str(ana_id)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert worker.stdout is not None
    lines = [worker.stdout.readline() for _ in range(after + 1)]
    time.sleep(pause)
    worker.kill()
    lines += worker.stdout.readlines()
    worker.stdout.close()
    assert worker.wait() == -9  # it had not come to its end
    assert lines[0] == "open\n"
    return {int(line) for line in lines[1:] if line.endswith("\n")}


def ids(con: Connection, sql: str) -> set[int]:
    found = [id_ for (id_,) in con.rows(sql)]
    assert len(found) == len(set(found))  # each once
    return set(found)


COMPLETED = "SELECT id FROM task WHERE status = 'completed' AND NOT is_open"
EVENTS = "SELECT task_id FROM event WHERE kind = "
# The tasks for which each part of a completion is there: all the same tasks, or one is half done.
CHARGE_PARTS = (
    "SELECT task.id FROM task JOIN charge ON charge.id = charge_id WHERE charge.version = 2",
    "SELECT task.id FROM task JOIN charge ON charge.id = charge_id "
    "WHERE member_id = 'W-' || task.id",
    "SELECT task.id FROM task JOIN service_line AS line USING (charge_id) "
    "WHERE line.procedure = '99214' AND position = 1",
    "SELECT id FROM task WHERE (SELECT count(*) FROM service_line AS line "
    "WHERE line.charge_id = task.charge_id) = 1",
    "SELECT task_id FROM note WHERE text = 'Note ' || task_id",
    EVENTS + "'completed'",
    EVENTS + "'noted to the biller'",
    EVENTS + "'changed' AND field = 'Member ID'",
    EVENTS + "'changed' AND field = 'Service line 2'",
    "SELECT CAST(split_part(substr(token, 6), ':', 1) AS BIGINT) FROM submission",
)
DOCUMENT_PARTS = (
    "SELECT task_id FROM attachment JOIN document ON document.id = document_id "
    "WHERE name = 'Scan ' || task_id",
    EVENTS + "'uploaded'",
    EVENTS + "'attached'",
    EVENTS + "'completed'",
)


def test_after_a_kill_every_acknowledged_completion_is_there_and_none_is_half_there(
    tmp_path: Path,
) -> None:
    ana_id = prepared(tmp_path)
    before: set[int] = set()

    for turn in range(3):
        acknowledged = before | killed(
            tmp_path, ana_id, SAVE_AND_COMPLETE, after=5 + 9 * turn, pause=0.0023 * turn
        )

        store = DuckDBStore(tmp_path)
        con = store.connection()
        completed = ids(con, COMPLETED)
        assert acknowledged <= completed
        assert len(completed - acknowledged) <= 1  # the one in hand may be there, whole
        for whole in CHARGE_PARTS:
            assert ids(con, whole) == completed
        before = completed
        store.close()


def test_after_a_kill_no_document_is_without_its_file(tmp_path: Path) -> None:
    ana_id = prepared(tmp_path)
    before: set[int] = set()

    for turn in range(2):
        acknowledged = before | killed(
            tmp_path, ana_id, UPLOAD_AND_COMPLETE, after=5 + 4 * turn, pause=0.0037 * turn
        )

        store = DuckDBStore(tmp_path)
        con = store.connection()
        completed = ids(con, COMPLETED)
        assert acknowledged <= completed
        assert len(completed - acknowledged) <= 1
        for whole in DOCUMENT_PARTS:
            assert ids(con, whole) == completed
        hashes = {sha256 for (sha256,) in con.rows("SELECT sha256 FROM document")}
        assert len(hashes) == len(completed)
        for sha256 in hashes:
            content = (store.folder / "documents" / sha256[:2] / sha256).read_bytes()
            assert hashlib.sha256(content).hexdigest() == sha256
        before = completed
        store.close()
