"""Questions in SQL on the copy that names nobody: asked, waited for, stopped, saved by name."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lib import access
from lib.access import Verb
from lib.errors import BillingError, NoSuchPractice, NothingWritten, WrongInput
from lib.models import Person
from lib.snapshot import copies
from lib.snapshot.explore_process import MOST_WORK
from lib.store.database import Connection, transaction
from lib.store.process_store import ROOT

LONGEST = 60  # seconds until a question is stopped, also one that others leave no processor
MAX_LENGTH = 20_000
MAX_OUTPUT = 20_000_000  # bytes

EXAMPLES = {
    "Pending by type": (
        'SELECT type AS "Type", count(*) AS "Tasks", sum(amount) AS "Requested"\n'
        "FROM task WHERE is_open GROUP BY type ORDER BY 2 DESC"
    ),
    "Denials a month": (
        "SELECT date_trunc('month', answered_on) AS \"Month\", count(*) AS \"Answers\",\n"
        "       count(*) FILTER (WHERE decision = 'denied') AS \"Denied\"\n"
        "FROM claim_answer GROUP BY 1 ORDER BY 1"
    ),
    "Median days by type": (
        'SELECT type AS "Type", count(*) AS "Completions", median(lead_days) AS "Median days"\n'
        "FROM completion GROUP BY type ORDER BY 3 DESC"
    ),
    "Days with each side": (
        "SELECT waits_for AS \"Waiting on\",\n"
        "       round(sum(epoch(coalesce(until, (SELECT max(since) FROM task_state)) - since))\n"
        '             / 86400) AS "Days"\n'
        "FROM task_state WHERE is_pending GROUP BY 1"
    ),
}  # fmt: skip


class Refused(BillingError):
    """A question has no answer; the message is the engine's reason, for whoever asked."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows a question found, cut where there are too many to show."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    is_cut: bool  # there are more rows


@dataclass(slots=True)
class Running:
    """A question on its way, in a process of its own."""

    query: str
    process: subprocess.Popen[bytes]
    output: Any
    began_at: datetime
    why_stopped: str = f"a question may compute for {MOST_WORK} seconds. Ask for less at once"

    def is_done(self, now: datetime) -> bool:
        """Return True once there is an answer, or none will come; stop what takes too long."""
        if self.process.poll() is not None:
            return True
        if now - self.began_at > timedelta(seconds=LONGEST):
            self.stop(f"a question may take {LONGEST} seconds in all. Ask for less at once")
            return True
        return False

    def stop(self, why: str = "as you asked") -> None:
        """Stop the question that is running; `why` continues "Stopped: "."""
        self.why_stopped = why
        self.process.kill()
        self.process.wait()

    def discard(self) -> None:
        """Stop the question; nobody waits for its answer."""
        self.stop()
        self.output.close()

    def result(self) -> Found:
        """Return the answer. Raises Refused with the reason where there is none."""
        self.output.seek(0)
        text = self.output.read(MAX_OUTPUT + 1)
        self.output.close()
        if self.process.returncode < 0:
            raise Refused(f"Stopped: {self.why_stopped}.")
        if len(text) > MAX_OUTPUT or not text:
            raise Refused("The answer is too large to show. Ask for fewer rows or columns.")
        said = json.loads(text)
        if "problem" in said:
            raise Refused(said["problem"])
        rows = tuple(tuple(row) for row in said["rows"])
        return Found(tuple(said["names"]), rows, said["is_cut"])


def copy_of(con: Connection, practice_ids: tuple[int, ...], *, actor: Person, now: datetime,
            again: bool = False) -> Path:  # fmt: skip
    """Return the copy of these practices that Explore asks, written where there is none yet, or
    where an earlier version wrote one with fewer tables or columns. Raises NoSuchPractice,
    NotAllowed or NotWritten."""
    wanted = sorted(set(practice_ids))
    for practice in wanted:
        access.require(actor, Verb.TAKE_COPY, practice, NoSuchPractice())
    name = hashlib.sha256(",".join(map(str, wanted)).encode()).hexdigest()[:12]
    folder = con.store.folder / "copies" / name
    if again or not copies.is_there(folder):
        copies.write(con, folder, wanted, now=now)
    return folder / copies.FILE


def ask(file: Path, query: str, *, now: datetime) -> Running:
    """Begin to answer a question; the caller waits, or stops it."""
    if not query.strip():
        raise NothingWritten("a question in SQL")
    if len(query) > MAX_LENGTH:
        raise WrongInput("This question is too long.")
    output = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the answer)
    process = subprocess.Popen(
        [sys.executable, "-m", "lib.snapshot.explore_process", str(file)], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=output, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(query.encode())
    process.stdin.close()
    return Running(query, process, output, now)


@dataclass(frozen=True, slots=True)
class SavedQuestion:
    """A question kept under a name."""

    id: int
    name: str
    query: str


def saved(con: Connection, *, actor: Person) -> list[SavedQuestion]:
    """Return the actor's questions, by name."""
    return con.records(
        SavedQuestion,
        "SELECT id, name, query FROM saved_question WHERE person_id = $id ORDER BY name, id",
        id=actor.id,
    )


def shared(con: Connection, question_id: int, *, actor: Person) -> SavedQuestion | None:
    """Return a question by the id in its link: the actor's own, or one of somebody all of whose
    practices the actor may ask about too. None where there is no such question."""
    found = con.records(
        SavedQuestion,
        """
        SELECT id, name, query FROM saved_question WHERE id = $id AND (
            person_id = $person OR NOT EXISTS (
                SELECT 1 FROM membership WHERE membership.person_id = saved_question.person_id
                AND practice_id <> ALL ($practices)))
        """,
        id=question_id,
        person=actor.id,
        practices=access.may_anywhere(actor, Verb.TAKE_COPY),
    )
    return found[0] if found else None


def save(con: Connection, name: str, query: str, *, actor: Person, now: datetime) -> None:
    """Keep a question under a name; one of that name is replaced."""
    name = " ".join(name.split())
    if not name or not query.strip():
        raise NothingWritten("a name and the question")
    with transaction(con):
        con.execute(
            "DELETE FROM saved_question WHERE person_id = $id AND name = $name",
            id=actor.id,
            name=name,
        )
        con.execute(
            """
            INSERT INTO saved_question (person_id, name, query, saved_at)
            VALUES ($id, $name, $query, $now)
            """,
            id=actor.id,
            name=name,
            query=query,
            now=now,
        )
